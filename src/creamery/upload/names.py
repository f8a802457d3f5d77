"""Rules about names that are to become projects. One that exists already is asked nothing here."""

from collections.abc import Iterator
from dataclasses import dataclass

from creamery.catalog.limits import whom_to_ask
from creamery.catalog.steps import find_look_alike
from creamery.safety.queries import NameFindings, look_up_name
from creamery.settings import CONFIG
from creamery.spec.look_alikes import RESEMBLANCES
from creamery.spec.policy import Answer, Policy
from creamery.spec.problems import N_, Problem, fill
from creamery.spec.rules import Ruling, rule_on
from creamery.spec.standard_library import is_of_standard_library

_TYPO_ANSWERS: dict[str, Answer] = {"off": "allow", "warn": "warn", "hold": "warn", "refuse": "refuse"}
_OTHER = N_("Choose another name, or ask the staff of this index to allow it.")


@dataclass(frozen=True, slots=True)
class NewName:
    """
    What was found out about a new name.

    `may_look_alike` says that nothing more is to be asked when it is recorded. `held_because` says why the project is to be
    held, empty if it is not.
    """

    rulings: tuple[Ruling, ...]
    may_look_alike: bool
    held_because: str = ""


def rule_on_new_name(index_id: int, normalized: str, policy: Policy) -> NewName:
    """
    Find reasons why a name should not become a project of an index.

    Ids: NM-03, UPL-037, UPL-038, UPL-040.
    """
    found = look_up_name(normalized)
    rulings = list(_rule_on_lists(normalized, found))
    if not found.is_allowed:
        rulings += _rule_on_likeness(index_id, normalized, found, policy)
    resembling = [ruling.problem for ruling in rulings if ruling.problem.code == "resembles-popular"]
    held_because = fill(resembling[0].rule, resembling[0].params) if resembling and CONFIG.typo_squats == "hold" else ""
    return NewName(tuple(rulings), found.is_allowed or policy.look_alikes != "refuse", held_because)


def held_remark(filename: str) -> Problem:
    """Say what it means that a project is held, and who decides."""
    return Problem(
        code="held",
        field="name",
        value=filename,
        rule=N_(
            "This file is kept, and nobody can find or install it until the staff has looked at its project's name."
        ),
        remedy=N_("Its owners get a letter when that is decided. Questions: {contact}."),
        params={"contact": whom_to_ask()},
    )


def _rule_on_lists(normalized: str, found: NameFindings) -> Iterator[Ruling]:
    if found.forbidden_reason is not None:
        rule = N_("The staff of this index does not allow this name. {reason}")
        remedy = N_("Choose another name.")
        yield rule_on("refuse", "forbidden-name", "name", normalized, rule, remedy, reason=found.forbidden_reason)


def _rule_on_likeness(index_id: int, normalized: str, found: NameFindings, policy: Policy) -> Iterator[Ruling]:
    if is_of_standard_library(normalized):
        rule = N_("A module of Python's standard library has this name, now or in an earlier version.")
        yield rule_on(policy.standard_library_names, "standard-library-name", "name", normalized, rule, _OTHER)
    other = find_look_alike(index_id, normalized)
    if other is not None:
        rule = N_("This name is too similar to that of the project {other}: people would take one for the other.")
        yield rule_on(policy.look_alikes, "looks-like-another", "name", normalized, rule, _OTHER, other=other)
    elif found.resemblance is not None:
        rule = N_("Who mistypes {other} may write this name: {how}.")
        how, answer = RESEMBLANCES[found.resemblance], _TYPO_ANSWERS[CONFIG.typo_squats]
        yield rule_on(answer, "resembles-popular", "name", normalized, rule, _OTHER, other=found.resembles, how=how)
