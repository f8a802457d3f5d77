"""Pieces that the catalog's actions share. Each needs an open transaction."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from creamery.catalog.models import Index, JournalEntry, Project
from creamery.kernel import clock
from creamery.kernel.actor import Actor
from creamery.kernel.transactions import needs_transaction


@dataclass(frozen=True, slots=True)
class Change:
    """One line for the journal, in the words that mirrors know: `create`, `new release`, `add py3 file x.whl`."""

    action: str
    version: str = ""


def take_serials(index: Index, project: Project, changes: Sequence[Change], *, actor: Actor) -> int:
    """
    Number the changes, journal them, and stamp the project with the last number, which is returned.

    The counter's row stays locked until the commit, which is what puts serials in commit order without gaps. So an action
    does everything else first, and only what needs the number afterwards.
    """
    needs_transaction("take_serials")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE serial SET n = n + %s WHERE id = 1 RETURNING n", [len(changes)])
        last: int = cursor.fetchone()[0]
    first, now = last - len(changes) + 1, clock.now()
    JournalEntry.objects.bulk_create(
        JournalEntry(
            serial=first + place, index=index, name=project.name, version=change.version, action=change.action,
            at=now, username=actor.username,
        )
        for place, change in enumerate(changes)
    )  # fmt: skip
    Project.objects.filter(pk=project.pk).update(serial=last)
    return last
