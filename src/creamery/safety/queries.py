"""The reads about names."""

from dataclasses import dataclass
from datetime import datetime

from creamery.kernel.actor import Actor
from creamery.kernel.refusals import Forbidden
from creamery.safety.models import ListedName
from creamery.safety.policy import may
from creamery.spec.look_alikes import Resemblance, find_resemblance, list_keys

MOST_CANDIDATES = 100


@dataclass(frozen=True, slots=True)
class NameLine:
    """A name on a list."""

    list: str
    name: str
    reason: str
    added_at: datetime
    added_by: str


@dataclass(frozen=True, slots=True)
class NameFindings:
    """
    What the lists say of a name that wants to become a project.

    `forbidden_reason` is None where it is not forbidden. `resembles` is the popular name that it could be mistaken for.
    """

    is_allowed: bool
    forbidden_reason: str | None
    resembles: str = ""
    resemblance: Resemblance | None = None


def look_up_name(normalized: str) -> NameFindings:
    """Ask all lists about a name, in two statements however long they are."""
    rows = dict(ListedName.objects.filter(normalized_name=normalized).values_list("list_name", "reason"))
    if "popular" in rows or "allowed" in rows:
        return NameFindings("allowed" in rows, rows.get("forbidden"))
    known = ListedName.objects.filter(keys__key__in=list_keys(normalized)).order_by("normalized_name").distinct()
    for name in known.values_list("normalized_name", flat=True)[:MOST_CANDIDATES]:
        resemblance = find_resemblance(normalized, name)
        if resemblance is not None:
            return NameFindings(False, rows.get("forbidden"), name, resemblance)
    return NameFindings(False, rows.get("forbidden"))


def list_names(list_name: str | None = None, *, actor: Actor) -> list[NameLine]:
    """
    List the names on one list, or on all.

    Raises:
        Forbidden: the actor is neither the operator nor of the staff.
    """
    if not may(actor, "names.list"):
        raise Forbidden
    rows = ListedName.objects.order_by("list_name", "normalized_name")
    if list_name is not None:
        rows = rows.filter(list_name=list_name)
    return [NameLine(r.list_name, r.normalized_name, r.reason, r.added_at, r.added_by) for r in rows]
