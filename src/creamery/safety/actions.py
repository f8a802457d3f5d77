"""The verbs about names."""

from collections.abc import Iterable
from typing import Literal

from django.utils.translation import gettext_lazy as _

from creamery.kernel import clock
from creamery.kernel.actor import Actor
from creamery.kernel.events import record
from creamery.kernel.refusals import Forbidden, Invalid
from creamery.kernel.transactions import writes
from creamery.safety.events import NamesListed, NamesUnlisted
from creamery.safety.models import ListedName, PopularKey
from creamery.safety.policy import may
from creamery.spec.look_alikes import list_keys
from creamery.spec.names import check_name, normalize_name
from creamery.spec.problems import InvalidInput, Problem

ListName = Literal["forbidden", "allowed", "popular"]


class InvalidNames(Invalid):
    """Some of the names can be no project's."""

    code = "invalid-names"
    sentence = _("These names cannot be listed.")


@writes
def list_names_as(list_name: ListName, names: Iterable[str], *, reason: str = "", actor: Actor) -> list[str]:
    """
    Put names on a list; those that are on it get the new reason. Projects that exist are not touched.

    Returns the names as they are compared, in order.

    Raises:
        Forbidden: the actor is neither the operator nor of the staff.
        InvalidNames: some are no project names.

    Records: NamesListed.
    """
    if not may(actor, "names.change"):
        raise Forbidden
    normalized = _normalize(names)
    now = clock.now()
    rows = [
        ListedName(list_name=list_name, normalized_name=n, reason=reason[:500], added_at=now, added_by=actor.username)
        for n in normalized
    ]
    ListedName.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["normalized_name", "list_name"],
        update_fields=["reason", "added_at", "added_by"],
        batch_size=500,
    )
    if list_name == "popular":
        _add_keys(normalized)
    record(NamesListed(list_name=list_name, names=normalized, reason=reason), actor=actor, about=[])
    return normalized


@writes
def unlist_names(names: Iterable[str], *, actor: Actor) -> int:
    """
    Take names off all lists; returns how many entries there were.

    Raises:
        Forbidden: the actor is neither the operator nor of the staff.

    Records: NamesUnlisted.
    """
    if not may(actor, "names.change"):
        raise Forbidden
    normalized = sorted({str(normalize_name(name)) for name in names})
    listed = ListedName.objects.filter(normalized_name__in=normalized)
    count = listed.count()
    listed.delete()
    if count:
        record(NamesUnlisted(names=normalized), actor=actor, about=[])
    return count


def _normalize(names: Iterable[str]) -> list[str]:
    found: set[str] = set()
    problems: list[Problem] = []
    for name in names:
        try:
            found.add(str(normalize_name(check_name(name))))
        except InvalidInput as error:
            problems += error.problems
    if problems:
        raise InvalidNames(problems[:50])
    return sorted(found)


def _add_keys(normalized: list[str]) -> None:
    """Write the keys of popular names that have none yet."""
    for begin in range(0, len(normalized), 500):
        new = ListedName.objects.filter(
            list_name="popular", normalized_name__in=normalized[begin : begin + 500], keys=None
        )
        PopularKey.objects.bulk_create(
            (PopularKey(name=row, key=key) for row in new for key in sorted(list_keys(row.normalized_name))),
            batch_size=2_000,
        )
