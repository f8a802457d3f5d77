"""
How much people may publish: per file, project and index, and how many new projects in an hour.

A limit is the operator's override for this project, else the one for this person, else the setting, else what the policy
of the index has. 0 is no limit. The operator at the command line has none.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from django.db.models import Max, Q, Sum
from django.db.models.functions import Coalesce
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from creamery.catalog.counting import lock_serials
from creamery.catalog.events import ProjectCreated
from creamery.catalog.models import File, Index, LimitOverride, Project
from creamery.catalog.policy import About, may
from creamery.kernel import clock, rows
from creamery.kernel.actor import Actor
from creamery.kernel.history import count_recent
from creamery.kernel.refusals import Forbidden, Limited
from creamery.settings import CONFIG

HOUR = timedelta(hours=1)
CAP_KEPT_SECONDS = 10
BOUNDLESS = 2**62
BY_POLICY = {
    "open": {"project-bytes": 0, "new-projects": 0, "new-projects-from": 0},
    "public": {"project-bytes": 10 * 1024**3, "new-projects": 20, "new-projects-from": 40},
}
"""What holds where nothing is set. For a public index it is what people know from the largest one."""


class FileOverLimit(Limited):
    """The file is larger than files of this project may be. Source: UPL-055, standards.md UP-27."""

    status = 413
    code = "file-over-limit"
    sentence = _(
        "content: this file has {size}, and files of {project} may have {limit}. To get a higher limit, ask {contact}."
    )


class ProjectFull(Limited):
    """
    The project would hold more than it may. Source: UPL-056, standards.md UP-27.

    Not 409, which upload tools take for "exists already" and pass over.
    """

    status = 403
    code = "project-full"
    sentence = _(
        "The project {project} holds {used} of {limit}, and this file has {size}. Delete what nobody needs, or ask "
        "{contact} for a higher limit."
    )


class IndexFull(Limited):
    """The whole index would hold more than it may."""

    status = 403
    code = "index-full"
    sentence = _("This index holds {used} of {limit}, and this file has {size}. Ask {contact} to make room.")


class TooManyProjects(Limited):
    """Somebody creates projects too fast. Source: UPL-039."""

    code = "too-many-new-projects"
    sentence = _(
        "{who} created {count} new projects in the last hour, and {limit} are allowed. Go on in {minutes} minutes, or ask "
        "{contact} for a higher limit. Files of projects that exist are not concerned."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What holds for one upload; 0 is no limit."""

    file_bytes: int = 0
    project_bytes: int = 0
    index_bytes: int = 0
    new_projects: int = 0
    new_projects_from_address: int = 0


NO_LIMITS = Limits()


def get_limits(policy: str, *, project_id: int | None, actor: Actor) -> Limits:
    """Read what holds for this actor and project, in one statement."""
    if actor.proof == "console" or actor.kind == "system":
        return NO_LIMITS
    given = rows.fetch_all(
        "SELECT kind, value, project_id FROM limit_override WHERE project_id = %s OR person_id = %s",
        project_id or 0,
        actor.person_id or 0,
    )
    # The later one counts: a project's own limit stands above its uploader's.
    found = {kind: value for kind, value, _project in sorted(given, key=lambda row: row[2] is not None)}
    usual = BY_POLICY[policy]
    return Limits(
        file_bytes=found.get("file-bytes", CONFIG.max_file_bytes),
        project_bytes=found.get("project-bytes", _set_or(CONFIG.max_project_bytes, usual["project-bytes"])),
        index_bytes=CONFIG.max_index_bytes,
        new_projects=found.get("new-projects", _set_or(CONFIG.max_new_projects_per_person, usual["new-projects"])),
        new_projects_from_address=_set_or(CONFIG.max_new_projects_per_address, usual["new-projects-from"]),
    )


def _set_or(given: int | None, usual: int) -> int:
    return usual if given is None else given


def require_room(limits: Limits, project: Project, size_bytes: int, *, is_new_project: bool, actor: Actor) -> None:
    """
    Insist that this file fits into what the project, which need not be recorded yet, and its index may hold.

    Asked before the file is unpacked, to be cheap, and when it is recorded, to be right.

    Raises:
        FileOverLimit, ProjectFull, IndexFull, TooManyProjects: as their names say.
    """
    if limits.file_bytes and size_bytes > limits.file_bytes:
        raise FileOverLimit(
            size=show_bytes(size_bytes),
            project=project.name,
            limit=show_bytes(limits.file_bytes),
            contact=whom_to_ask(),
        )
    used = project.size_bytes if project.status != "held" else _count_held_bytes(project)
    if limits.project_bytes and used + size_bytes > limits.project_bytes:
        raise ProjectFull(
            project=project.name,
            used=show_bytes(used),
            limit=show_bytes(limits.project_bytes),
            size=show_bytes(size_bytes),
            contact=whom_to_ask(),
        )
    if limits.index_bytes:
        _require_room_in_index(limits.index_bytes, project.index_id, size_bytes)
    if is_new_project:
        _require_rate(limits, actor)


def _count_held_bytes(project: Project) -> int:
    """Add up what is held: a project that nobody sees has no figures of its own, and must not grow for that."""
    held: int = File.objects.filter(project=project, state="held").aggregate(n=Coalesce(Sum("size_bytes"), 0))["n"]
    return held


def _require_room_in_index(limit: int, index_id: int, size_bytes: int) -> None:
    used = Index.objects.values_list("size_bytes", flat=True).get(pk=index_id)
    if used + size_bytes > limit:
        raise IndexFull(
            used=show_bytes(used), limit=show_bytes(limit), size=show_bytes(size_bytes), contact=whom_to_ask()
        )


def _require_rate(limits: Limits, actor: Actor) -> None:
    """Count new projects in the record, so that neither a restart nor another process forgets any."""
    if limits.new_projects and actor.person_id is not None:
        count, first = count_recent(ProjectCreated, HOUR, person_id=actor.person_id)
        if first is not None and count >= limits.new_projects:
            raise _too_many(actor.username, count, limits.new_projects, (first + HOUR - clock.now()).total_seconds())
    if limits.new_projects_from_address and actor.address:
        count, first = count_recent(ProjectCreated, HOUR, address=actor.address)
        if first is not None and count >= limits.new_projects_from_address:
            wait_seconds = (first + HOUR - clock.now()).total_seconds()
            raise _too_many(actor.address, count, limits.new_projects_from_address, wait_seconds)


def _too_many(who: str, count: int, limit: int, wait_seconds: float) -> TooManyProjects:
    refusal = TooManyProjects(
        who=who, count=count, limit=limit, minutes=int(wait_seconds // 60) + 1, contact=whom_to_ask()
    )
    refusal.retry_after_seconds = max(1, int(wait_seconds) + 1)
    return refusal


def hold_counts(limits: Limits, *, is_new_project: bool) -> None:
    """Keep others from creating projects or adding bytes until the transaction ends, if a limit has to be exact."""
    if limits.index_bytes or (is_new_project and (limits.new_projects or limits.new_projects_from_address)):
        lock_serials()


def most_file_bytes(usual: int) -> int:
    """Tell how large a file may be at all, before it is known whose it is; an override counts after 10 s."""
    return _most_file_bytes(usual, int(clock.now().timestamp()) // CAP_KEPT_SECONDS)


@lru_cache(maxsize=1)
def _most_file_bytes(usual: int, _moment: int) -> int:
    values = LimitOverride.objects.filter(kind="file-bytes")
    found = values.aggregate(most=Max("value"), boundless=Max("pk", filter=Q(value=0)))
    return max(usual, found["most"] or 0) if found["boundless"] is None else BOUNDLESS


@dataclass(frozen=True, slots=True)
class LimitLine:
    """A limit of one project or one person; the other of the two is empty."""

    kind: str
    value: int
    project: str
    username: str
    set_at: datetime
    set_by: str


def list_limits(*, actor: Actor) -> list[LimitLine]:
    """
    List the limits of single projects and people.

    Raises:
        Forbidden: the actor is neither the operator nor of the staff.
    """
    if not may(actor, "limits.change", About()):
        raise Forbidden
    rows = LimitOverride.objects.order_by("project__name", "person__username", "kind")
    columns = rows.values_list("kind", "value", "project__name", "person__username", "set_at", "set_by")
    return [LimitLine(kind, value, name or "", user or "", at, by) for kind, value, name, user, at, by in columns]


def whom_to_ask() -> str:
    """Say whom people ask for more."""
    return CONFIG.contact or gettext("the staff of this index")


def show_bytes(size_bytes: int) -> str:
    """Write a size for people."""
    return filesizeformat(size_bytes).replace("\xa0", " ")
