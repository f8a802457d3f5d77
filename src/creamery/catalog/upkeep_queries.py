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
