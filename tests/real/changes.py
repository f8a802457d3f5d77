"""
Changes that the operator makes to what is published, with all that follows for readers done when they return.

    python -m tests.real.changes yank_release name 1.0 reason       for an index that runs as processes of its own
"""

import sys
from collections.abc import Callable
from datetime import timedelta

from django.db import transaction


def yank_release(name: str, version: str, reason: str = "") -> None:
    """Yank a release."""
    from creamery.catalog import upkeep_actions as upkeep
    from creamery.kernel.actor import CONSOLE

    upkeep.yank_release(name, version, reason=reason, actor=CONSOLE)
    _finish()


def unyank_release(name: str, version: str) -> None:
    """Take the yank of a release back."""
    from creamery.catalog import upkeep_actions as upkeep
    from creamery.kernel.actor import CONSOLE

    upkeep.unyank_release(name, version, actor=CONSOLE)
    _finish()


def yank_file(filename: str, reason: str = "") -> None:
    """Yank one file."""
    from creamery.catalog import upkeep_actions as upkeep
    from creamery.kernel.actor import CONSOLE
    from creamery.spec.filenames import parse_filename

    upkeep.yank_file(parse_filename(filename).name, filename, reason=reason, actor=CONSOLE)
    _finish()


def set_status(name: str, status: str, reason: str = "") -> None:
    """Give a project another status. Source: PEP 792."""
    from creamery.catalog import upkeep_actions as upkeep
    from creamery.kernel.actor import CONSOLE

    if status == "quarantined":
        _quarantine(name, reason)
    else:
        upkeep.set_project_status(name, status, reason=reason, actor=CONSOLE)
    _finish()


def delete_file(filename: str) -> None:
    """Delete a file for ever."""
    from creamery.catalog import upkeep_actions as upkeep
    from creamery.kernel.actor import CONSOLE
    from creamery.spec.filenames import parse_filename

    upkeep.delete_file(parse_filename(filename).name, filename, actor=CONSOLE)
    _finish()


def _quarantine(name: str, reason: str) -> None:
    """Do what an action of the staff will have to do; none does it yet."""
    from creamery.catalog.events import ProjectStatusChanged
    from creamery.catalog.models import File, Project
    from creamery.catalog.steps import Change, take_serials
    from creamery.kernel.actor import CONSOLE
    from creamery.kernel.events import record

    with transaction.atomic(durable=True):
        project = Project.objects.select_related("index").get(normalized_name=name)
        event = ProjectStatusChanged(
            index_id=project.index_id,
            project_id=project.pk,
            name=project.name,
            before=project.status,
            status="quarantined",
            reason=reason,
        )
        Project.objects.filter(pk=project.pk).update(status="quarantined", status_reason=reason)
        record(event, actor=CONSOLE, about=[])
        serial = take_serials(project.index, project, [Change("project quarantined")], actor=CONSOLE)
        File.objects.filter(project=project).update(serial=serial)


def _finish() -> None:
    """Write what is to be seen before the answer, then what is left to the worker."""
    from creamery.kernel import clock, outbox

    outbox.run_soon()
    with clock.moved(timedelta(minutes=1)):
        while outbox.run_due():
            pass


CHANGES: dict[str, Callable[..., None]] = {
    change.__name__: change for change in (yank_release, unyank_release, yank_file, set_status, delete_file)
}


if __name__ == "__main__":
    from creamery import config

    config.load_django()
    CHANGES[sys.argv[1]](*sys.argv[2:])
