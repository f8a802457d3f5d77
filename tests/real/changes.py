"""
Changes that readers must see and that no action makes yet: yanking, a project's status, deleting a file.

    python -m tests.real.changes yank_release name 1.0 reason       for an index that runs as processes of its own

Each does what an action has to do: rows, serials and journal in one transaction, then what follows for readers.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import transaction


def yank_release(name: str, version: str, reason: str = "") -> None:
    """Yank a release."""
    from creamery.catalog.models import Release

    with _changing(name, f"yank release {version}", version):
        Release.objects.filter(project__normalized_name=name, version=version).update(yanked=True, yanked_reason=reason)


def unyank_release(name: str, version: str) -> None:
    """Take the yank of a release back."""
    from creamery.catalog.models import Release

    with _changing(name, "unyank release", version):
        Release.objects.filter(project__normalized_name=name, version=version).update(yanked=False, yanked_reason="")


def yank_file(filename: str, reason: str = "") -> None:
    """Yank one file."""
    from creamery.catalog.models import File

    file = File.objects.select_related("project").get(filename=filename)
    with _changing(file.project.normalized_name, f"yank file {filename}"):
        File.objects.filter(pk=file.pk).update(yanked=True, yanked_reason=reason)


def set_status(name: str, status: str, reason: str = "") -> None:
    """Give a project another status. Source: PEP 792."""
    from creamery.catalog.models import Project

    with _changing(name, f"project {status}"):
        Project.objects.filter(normalized_name=name).update(status=status, status_reason=reason)


def delete_file(filename: str) -> None:
    """Delete a file; its row stays."""
    from creamery.catalog.models import File

    file = File.objects.select_related("project").get(filename=filename)
    with _changing(file.project.normalized_name, f"remove file {filename}"):
        File.objects.filter(pk=file.pk).update(state="deleted")


@contextmanager
def _changing(name: str, action: str, version: str = "") -> Iterator[None]:
    from creamery.catalog.models import File, Project
    from creamery.catalog.steps import Change, take_serials
    from creamery.kernel.actor import CONSOLE

    with transaction.atomic(durable=True):
        yield
        project = Project.objects.select_related("index").get(normalized_name=name)
        serial = take_serials(project.index, project, [Change(action, version)], actor=CONSOLE)
        File.objects.filter(project=project).update(serial=serial)
    _render(project.pk, project.index_id)


def _render(project_id: int, index_id: int) -> None:
    from creamery.kernel import outbox
    from creamery.kernel.outbox import JobKey, React
    from creamery.publish import feeds, json_page, project_page, root_page

    follows: list[tuple[React, int]] = [
        (project_page.render, project_id),
        (json_page.render, project_id),
        (feeds.render_project, project_id),
        (root_page.render, index_id),
        (feeds.render_index, index_id),
    ]
    for react, identity in follows:
        with outbox.claimed(JobKey(outbox.Reaction(react, None, is_soon=False).name, str(identity))) as claim:
            react(identity, claim=claim)


CHANGES: dict[str, Callable[..., None]] = {
    change.__name__: change for change in (yank_release, unyank_release, yank_file, set_status, delete_file)
}


if __name__ == "__main__":
    from creamery import config

    config.load_django()
    CHANGES[sys.argv[1]](*sys.argv[2:])
