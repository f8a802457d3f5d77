"""What happened to something, read back from the record."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from creamery.kernel import clock
from creamery.kernel.events import Event
from creamery.kernel.models import EventRow, EventSubject

PAGE_SIZE = 25


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One thing that happened: what, when, who did it and how that was proved. `data` are the event's own fields."""

    event: str
    at: datetime
    data: dict[str, Any]
    actor_kind: str
    proof: str
    person_id: int | None
    username: str
    token_id: int | None
    address: str
    user_agent: str


@dataclass(frozen=True, slots=True)
class History:
    """One page of it, newest first; `has_more` says that there are older ones."""

    lines: tuple[HistoryLine, ...]
    page: int
    has_more: bool


_COLUMNS = (
    "name", "at", "data", "actor_kind", "proof", "person_id", "username", "token_id", "address", "user_agent",
)  # fmt: skip


def list_history(kind: str, subject_id: int, page: int = 1) -> History:
    """Read a page of the history of something: of the project 7, of the person 3. Pages count from 1."""
    about = EventSubject.objects.filter(kind=kind, subject_id=subject_id).order_by("-event_id")
    start = (page - 1) * PAGE_SIZE
    rows = list(about.values_list(*(f"event__{name}" for name in _COLUMNS))[start : start + PAGE_SIZE + 1])
    return History(tuple(HistoryLine(*row) for row in rows[:PAGE_SIZE]), page, len(rows) > PAGE_SIZE)


def count_recent(
    event: type[Event], within: timedelta, *, person_id: int | None = None, address: str | None = None
) -> tuple[int, datetime | None]:
    """
    Count how often something happened lately, by one person or from one address, and tell when it first did.

    Only for events with `is_counted`, which have an index for it.
    """
    rows = EventRow.objects.filter(is_counted=True, name=event.title(), at__gt=clock.now() - within)
    rows = rows.filter(person_id=person_id) if address is None else rows.filter(address=address)
    moments = list(rows.order_by("at").values_list("at", flat=True))
    return len(moments), moments[0] if moments else None
