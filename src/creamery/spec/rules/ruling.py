"""How a rule says what it found: the problem, and what the index's policy makes of it."""

from collections.abc import Iterable
from dataclasses import dataclass

from creamery.spec.policy import Answer
from creamery.spec.problems import Problem

MAX_PROBLEMS = 50


@dataclass(frozen=True, slots=True)
class Ruling:
    """A broken rule, with the answer to it."""

    answer: Answer
    problem: Problem


@dataclass(frozen=True, slots=True)
class Judgement:
    """All that rules found: `problems` refuse the file, `warnings` are worth telling its uploader."""

    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


def rule_on(
    answer: Answer, code: str, field: str, value: str, rule: str, remedy: str, source: str = "", **params: str | int
) -> Ruling:
    """Shape a ruling; `rule` and `remedy` are marked sentences, filled from `params`."""
    problem = Problem(code=code, field=field, value=value, rule=rule, remedy=remedy, params=params, source=source)
    return Ruling(answer, problem)


def sort_rulings(rulings: Iterable[Ruling]) -> Judgement:
    """Part what refuses from what warns; at most 50 of each, because nobody reads more."""
    found: dict[Answer, list[Problem]] = {"allow": [], "warn": [], "refuse": []}
    for ruling in rulings:
        if len(found[ruling.answer]) < MAX_PROBLEMS:
            found[ruling.answer].append(ruling.problem)
    return Judgement(tuple(found["refuse"]), tuple(found["warn"]))
