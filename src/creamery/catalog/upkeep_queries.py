"""The reads of those who look after what is published."""

from dataclasses import dataclass
from datetime import datetime

from creamery.catalog.models import DEFAULT_INDEX, Project
from creamery.catalog.policy import About, may
from creamery.kernel.actor import Actor
from creamery.kernel.refusals import Forbidden


@dataclass(frozen=True, slots=True)
class ProjectLine:
    """A project in the operator's list."""

    name: str
    status: str
    latest_version: str
    releases: int
    files: int
    size_bytes: int
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class HeldProject:
    """A project that waits for a decision: why, who uploaded it, and what."""

    name: str
    reason: str
    people: tuple[str, ...]
    filenames: tuple[str, ...]
    since: datetime


def list_held(*, actor: Actor) -> list[HeldProject]:
    """
    List the projects of the default index that are held, the oldest first.

    Raises:
        Forbidden: the actor is neither the operator nor of the staff.
    """
    if not may(actor, "held.list", About()):
        raise Forbidden
    held = Project.objects.filter(index__name=DEFAULT_INDEX, status="held").order_by("created_at", "pk")
    return [
        HeldProject(
            project.name,
            project.status_reason,
            tuple(project.grants.order_by("person__username").values_list("person__username", flat=True)),
            tuple(project.files.filter(state="held").order_by("filename").values_list("filename", flat=True)),
            project.created_at,
        )
        for project in held
    ]


def count_held() -> int:
    """Count the projects that wait for a decision."""
    return Project.objects.filter(status="held").count()


def list_all_projects(status: str | None = None, *, actor: Actor) -> list[ProjectLine]:
    """
    List the projects of the default index by name, whatever became of them; only those of one status if it is given.

    Raises:
        Forbidden: the actor is not the operator.
    """
    if not may(actor, "project.list", About()):
        raise Forbidden
    projects = Project.objects.filter(index__name=DEFAULT_INDEX).order_by("normalized_name")
    if status is not None:
        projects = projects.filter(status=status)
    columns = "name", "status", "latest_version", "release_count", "file_count", "size_bytes", "updated_at"
    return [ProjectLine(*row) for row in projects.values_list(*columns)]
