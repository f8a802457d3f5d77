"""What happened: events are recorded in the transaction of the change that they tell of."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import ClassVar, NamedTuple

from creamery.kernel import clock, outbox, rows
from creamery.kernel.actor import Actor
from creamery.kernel.models import EventRow, EventSubject
from creamery.kernel.transactions import needs_transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """
    The parent of every event: a frozen dataclass whose name is in the past tense and whose fields are plain values.

    `is_counted` is for the few that limits count over the last hour.
    """

    is_counted: ClassVar[bool] = False

    @classmethod
    def title(cls) -> str:
        """Name the event with its room: `catalog.FileAdded`."""
        return f"{cls.__module__.split('.')[1]}.{cls.__name__}"


class Subject(NamedTuple):
    """Something whose history shows an event."""

    kind: str
    id: int


def record(event: Event, *, actor: Actor, about: Iterable[Subject]) -> None:
    """Write the history row, a row for each subject, and a job for each reaction that the event has."""
    needs_transaction("record")
    row = EventRow(
        name=event.title(),
        at=clock.now(),
        data=asdict(event),
        actor_kind=actor.kind,
        proof=actor.proof,
        person_id=actor.person_id,
        username=actor.username,
        token_id=actor.token_id,
        address=actor.address,
        user_agent=actor.user_agent[:250],
        request_id=actor.request_id,
        is_counted=event.is_counted,
    )
    rows.insert(row)
    rows.insert_all([EventSubject(event_id=row.pk, kind=s.kind, subject_id=s.id) for s in sorted(set(about))])
    outbox.owe(type(event), row.data)
