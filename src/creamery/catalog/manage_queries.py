"""The reads for those who look after projects. Each fetches with permission: whoever may not know of a project gets none."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Count, Sum
from packaging.version import Version

from creamery.catalog.limits import Limits, get_limits
from creamery.catalog.models import DEFAULT_INDEX, HIDDEN_STATUSES, File, Grant, Project, Release
from creamery.catalog.policy import About, Permission, may
from creamery.catalog.queries import NoSuchProject, file_url
from creamery.catalog.upkeep_steps import NoSuchFile, get_release
from creamery.kernel.actor import Actor
from creamery.kernel.history import History, list_history
from creamery.spec.names import normalize_name

PROJECTS_AT_ONCE, RELEASES_AT_ONCE = 50, 50


@dataclass(frozen=True, slots=True)
class OwnProject:
    """A project in the list of somebody who has a role in it."""

    name: str
    normalized_name: str
    role: str
    status: str
    latest_version: str
    release_count: int
    size_bytes: int
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class OwnProjects:
    """One page of that list."""

    projects: tuple[OwnProject, ...]
    page: int
    has_more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedProject:
    """A project as its people see it, with what the one who asks may do. `role` is empty for the operator."""

    id: int
    name: str
    normalized_name: str
    status: str
    status_reason: str
    latest_version: str
    role: str
    may_yank: bool
    may_delete: bool
    may_change_status: bool
    release_count: int
    file_count: int
    size_bytes: int
    limits: Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedRelease:
    """A release as its project's people see it; a deleted one stays in their list, because its version stays taken."""

    version: str
    created_at: datetime
    is_prerelease: bool
    is_deleted: bool
    yanked: bool
    yanked_reason: str
    file_count: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class ManagedReleases:
    """One page of the releases, newest version first."""

    releases: tuple[ManagedRelease, ...]
    page: int
    pages: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedFile:
    """A file as its project's people see it. `url` begins below the public path, and is empty if the file is not served."""

    filename: str
    version: str
    kind: str
    size_bytes: int
    sha256_hex: str
    uploaded_at: datetime
    uploaded_by: str
    state: str
    yanked: bool
    yanked_reason: str
    url: str


def list_own_projects(*, actor: Actor, page: int = 1) -> OwnProjects:
    """List the projects in which the actor has a role, by name; a token shows those that it is for."""
    grants = Grant.objects.filter(person_id=actor.person_id or 0, project__index__name=DEFAULT_INDEX)
    grants = grants.exclude(project__status="deleted").select_related("project")
    if actor.projects is not None:
        grants = grants.filter(project__normalized_name__in=actor.projects)
    start = (page - 1) * PROJECTS_AT_ONCE
    rows = list(grants.order_by("project__normalized_name")[start : start + PROJECTS_AT_ONCE + 1])
    return OwnProjects(tuple(map(_own_project, rows[:PROJECTS_AT_ONCE])), page, len(rows) > PROJECTS_AT_ONCE)


def _own_project(grant: Grant) -> OwnProject:
    project = grant.project
    return OwnProject(
        project.name, project.normalized_name, grant.role, project.status,
        project.latest_version, project.release_count, project.size_bytes, project.updated_at,
    )  # fmt: skip


def get_managed_project(name: str, *, actor: Actor) -> ManagedProject:
    """
    Read a project for somebody who looks after it.

    Raises:
        NoSuchProject: there is none, or the actor may not see it as its manager.
    """
    project, about = _find(name, actor)

    def is_allowed(permission: Permission) -> bool:
        is_frozen = project.status == "held" or (project.status == "quarantined" and actor.kind != "system")
        return not is_frozen and may(actor, permission, about)

    return ManagedProject(
        id=project.pk,
        name=project.name,
        normalized_name=project.normalized_name,
        status=project.status,
        status_reason=project.status_reason,
        latest_version=project.latest_version,
        role=about.role or "",
        may_yank=is_allowed("project.yank"),
        may_delete=is_allowed("project.delete"),
        may_change_status=is_allowed("project.status"),
        release_count=project.release_count,
        file_count=project.file_count,
        size_bytes=project.size_bytes,
        limits=get_limits(project.index.policy, project_id=project.pk, actor=actor),
    )


def may_manage(name: str, *, actor: Actor) -> bool:
    """Tell whether the actor looks after a project; asks nothing for those who have not logged in."""
    if actor.person_id is None:
        return False
    try:
        _find(name, actor)
    except NoSuchProject:
        return False
    return True


def _find(name: str, actor: Actor) -> tuple[Project, About]:
    normalized = str(normalize_name(name))
    projects = Project.objects.select_related("index").filter(index__name=DEFAULT_INDEX, normalized_name=normalized)
    project = projects.exclude(status="deleted").first()
    grants = Grant.objects.filter(project=project, person_id=actor.person_id or 0) if project else Grant.objects.none()
    about = About(normalized_name=normalized, role=grants.values_list("role", flat=True).first())
    if project is None or not may(actor, "project.see", about):
        raise NoSuchProject(project=name)
    return project, about


def list_managed_releases(project: ManagedProject, *, page: int = 1) -> ManagedReleases:
    """List a page of the releases of a project; beyond the last page there are none."""
    rows = list(Release.every.filter(project_id=project.id).defer("description", "metadata"))
    rows.sort(key=lambda release: Version(release.version), reverse=True)
    start = (page - 1) * RELEASES_AT_ONCE
    shown = rows[start : start + RELEASES_AT_ONCE]
    pages = max(1, -(-len(rows) // RELEASES_AT_ONCE))
    return ManagedReleases(tuple(_with_sums(shown)), page, pages, len(rows))


def get_managed_release(project: ManagedProject, version: str) -> ManagedRelease:
    """
    Read one release of a project, by any spelling of its version.

    Raises:
        NoSuchRelease: the project does not have it.
    """
    (release,) = _with_sums([get_release(Project.objects.get(pk=project.id), version)])
    return release


def _with_sums(releases: Sequence[Release]) -> list[ManagedRelease]:
    files = File.objects.filter(release__in=releases).exclude(state="deleted")
    sums = files.values_list("release").annotate(Count("pk"), Sum("size_bytes"))
    counted = {release_id: (count, size_bytes) for release_id, count, size_bytes in sums}
    return [_managed_release(release, *counted.get(release.pk, (0, 0))) for release in releases]


def _managed_release(release: Release, file_count: int, size_bytes: int) -> ManagedRelease:
    return ManagedRelease(
        version=release.version,
        created_at=release.created_at,
        is_prerelease=release.is_prerelease,
        is_deleted=release.deleted_at is not None,
        yanked=release.yanked,
        yanked_reason=release.yanked_reason,
        file_count=file_count,
        size_bytes=size_bytes,
    )


def list_managed_files(project: ManagedProject, version: str, *, public_path: str = "") -> tuple[ManagedFile, ...]:
    """List the files of a release by name, the deleted ones too, because their names stay taken."""
    files = File.objects.filter(project_id=project.id, release__version=version)
    rows = files.select_related("release", "uploaded_by").order_by("filename")
    return tuple(_managed_file(file, project, public_path) for file in rows)


def get_managed_file(project: ManagedProject, filename: str, *, public_path: str = "") -> ManagedFile:
    """
    Read one file of a project.

    Raises:
        NoSuchFile: the project never had it.
    """
    files = File.objects.filter(project_id=project.id, filename=filename)
    file = files.select_related("release", "uploaded_by").first()
    if file is None:
        raise NoSuchFile(project=project.name, filename=filename)
    return _managed_file(file, project, public_path)


def _managed_file(file: File, project: ManagedProject, public_path: str) -> ManagedFile:
    is_served = file.state == "live" and project.status not in HIDDEN_STATUSES
    return ManagedFile(
        filename=file.filename,
        version=file.release.version,
        kind=file.kind,
        size_bytes=file.size_bytes,
        sha256_hex=file.sha256,
        uploaded_at=file.uploaded_at,
        uploaded_by=file.uploaded_by.username if file.uploaded_by is not None else "",
        state=file.state,
        yanked=file.yanked,
        yanked_reason=file.yanked_reason,
        url=file_url(file.sha256, file.filename, public_path=public_path) if is_served else "",
    )


def list_project_history(project: ManagedProject, *, actor: Actor, page: int = 1) -> History:
    """
    Read a page of what happened to a project, newest first.

    From where somebody came is for owners, who have to find out what went wrong; others see it of their own acts alone.
    """
    history = list_history("project", project.id, page)
    if may(actor, "project.addresses", About(project.normalized_name, project.role)):
        return history
    lines = (
        line if line.person_id == actor.person_id else replace(line, address="", user_agent="")
        for line in history.lines
    )
    return replace(history, lines=tuple(lines))
