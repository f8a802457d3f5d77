"""Doing now what a worker would do a little later, and changing the record as staff will."""

from datetime import timedelta
from typing import Any

from django.db import transaction

from creamery.catalog.models import File, Index, Project, Release
from creamery.catalog.steps import Change, take_serials
from creamery.kernel import clock, outbox
from creamery.kernel.actor import SYSTEM
from creamery.kernel.outbox import JobKey
from creamery.publish import project_page

RENDER = "publish.project_page.render"


def run_all_due() -> int:
    """Run what is owed, with its delays over. Says how many keys ran."""
    count = 0
    with clock.moved(timedelta(minutes=1)):
        while ran := outbox.run_due():
            count += ran
    return count


def change(
    project: Project, *, files: dict[str, Any] | None = None, release: dict[str, Any] | None = None, **own: Any
) -> None:
    """Change a project, its files or its releases as an action does, and render its page."""
    with transaction.atomic():
        changed = File.objects.filter(project=project)
        if files:
            changed.update(**files)
        if release:
            Release.objects.filter(project=project).update(**release)
        if own:
            Project.objects.filter(pk=project.pk).update(**own)
        changed.update(serial=take_serials(Index.objects.get(), project, [Change("change")], actor=SYSTEM))
    with outbox.claimed(JobKey(RENDER, str(project.pk))) as claim:
        project_page.render(project.pk, claim=claim)
