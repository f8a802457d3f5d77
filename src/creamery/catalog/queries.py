"""The catalog's reads, shaped for those who ask."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from django.db.models import Count, Q, Value
from django.db.models.functions import Concat
from django.utils.translation import gettext_lazy as _
from packaging.version import Version

from creamery.catalog.models import (
    DEFAULT_INDEX,
    HIDDEN_STATUSES,
    Blob,
    File,
    Grant,
    Index,
    JournalEntry,
    Project,
    Release,
)
from creamery.kernel import rows
from creamery.kernel.refusals import Missing
from creamery.spec.digests import Sha256
from creamery.spec.metadata import CoreMetadata
from creamery.spec.names import normalize_name
from creamery.spec.versions import precedence
from creamery.storage.keys import IndexPlace

MOST_WORDS, MOST_PAGES, LONGEST_WALK = 8, 200, 50_000
_PLAIN_FILENAME = re.compile(r"[A-Za-z0-9._~+!-]+")


class NoSuchProject(Missing):
    """No project of that name."""

    code = "no-such-project"
    sentence = _("There is no project named {project} here.")


class NoSuchRelease(Missing):
    """The project has no such version."""

    code = "no-such-release"
    sentence = _("The project {project} has no version {version}.")


@dataclass(frozen=True, slots=True)
class ProjectCard:
    """A project in a list."""

    name: str
    normalized_name: str
    version: str
    summary: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a list of projects."""

    cards: tuple[ProjectCard, ...]
    total: int
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class FileLine:
    """A file on its project's page. `url` and `metadata_url` begin below the public path."""

    filename: str
    kind: str
    python_version: str
    size_bytes: int
    sha256_hex: str
    md5_hex: str
    blake2b_256_hex: str
    uploaded_at: datetime
    url: str
    metadata_url: str | None
    requires_python: str
    yanked: bool
    yanked_reason: str


@dataclass(frozen=True, slots=True)
class ReleaseLine:
    """A release in a project's list of releases."""

    version: str
    uploaded_at: datetime
    is_prerelease: bool
    yanked: bool
    yanked_reason: str
    file_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectView:
    """All that a project's page shows of one release. `versions` are newest first."""

    name: str
    normalized_name: str
    status: str
    status_reason: str
    serial: int
    people: tuple[str, ...]
    versions: tuple[ReleaseLine, ...]
    version: str
    latest_version: str
    uploaded_at: datetime
    is_prerelease: bool
    yanked: bool
    yanked_reason: str
    metadata: CoreMetadata
    description: str
    files: tuple[FileLine, ...]


@dataclass(frozen=True, slots=True)
class IndexFigures:
    """How much an index holds."""

    projects: int
    releases: int
    files: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class IndexPlaceAndPolicy:
    """What the upload needs to know about an index."""

    id: int
    place: IndexPlace
    policy: str


def get_index(name: str = DEFAULT_INDEX) -> IndexPlaceAndPolicy:
    """Read an index by name."""
    row = rows.fetch_one("SELECT id, place, policy FROM package_index WHERE name = %s", name)
    if row is None:
        raise Index.DoesNotExist(name)
    return IndexPlaceAndPolicy(row[0], IndexPlace(row[1]), row[2])


@dataclass(frozen=True, slots=True)
class KnownRelease:
    """What a release says so far, which is what its first file said."""

    metadata: CoreMetadata
    description: str

    def has_description(self, text: str, content_type: str) -> bool:
        """Say whether the release has this very description."""
        return (self.description, self.metadata.description_content_type) == (text, content_type)


def find_project(index_id: int, normalized_name: str) -> Project | None:
    """Find a project of an index."""
    return rows.find(Project, "index_id = %s AND normalized_name = %s", index_id, normalized_name)


def file_url(sha256: str, filename: str, *, public_path: str) -> str:
    """Build the address of a file below the public path. It never changes."""
    # Almost every name is as it is; to find that out takes a tenth of the time that quoting takes.
    name = filename if _PLAIN_FILENAME.fullmatch(filename) else quote(filename, safe="+!~")
    return f"{public_path}/packages/{sha256[:2]}/{sha256[2:4]}/{sha256[4:]}/{name}"


def list_projects(words: str, page: int, page_size: int = 50) -> Listing:
    """
    Search the public projects: every word in the name or the summary, by name.

    Only so many pages can be leafed through: what comes later costs the more, the later it comes. A page that is not
    there is the last one.
    """
    projects = Project.objects.filter(index__name=DEFAULT_INDEX, release_count__gt=0)
    sought = words.split()[:MOST_WORDS]
    for word in sought:
        normalized = normalize_name(word) if word.isascii() else word
        projects = projects.filter(Q(normalized_name__contains=normalized) | Q(summary__icontains=word))
    everything = index_figures().projects
    total = projects.count() if sought else everything
    pages = max(1, min(-(-total // page_size), MOST_PAGES))
    number = min(max(page, 1), pages)
    # To walk along the names until enough match is quick when many do. Else it looks most rows up, one by one, which
    # takes many times as long as to read all and sort what matches; an expression is not in the index of names.
    is_walk = number * page_size * everything < total * LONGEST_WALK
    ordered = projects.order_by("normalized_name" if is_walk else Concat("normalized_name", Value("")))
    shown = ordered[(number - 1) * page_size : number * page_size] if total else ()
    return Listing(tuple(_card(project) for project in shown), total, number, pages)


def newest_releases(limit: int) -> list[ProjectCard]:
    """List the projects that changed last."""
    projects = Project.objects.filter(index__name=DEFAULT_INDEX, release_count__gt=0)
    return [_card(project) for project in projects.order_by("-updated_at")[:limit]]


def _card(project: Project) -> ProjectCard:
    return ProjectCard(
        project.name, project.normalized_name, project.latest_version, project.summary, project.updated_at
    )


def index_figures() -> IndexFigures:
    """Say what the default index holds; it was counted when it last changed."""
    columns = "project_count", "release_count", "file_count", "size_bytes"
    found = Index.objects.filter(name=DEFAULT_INDEX).values_list(*columns).first()
    return IndexFigures(*(found or (0, 0, 0, 0)))


def get_project_view(name: str, version: str | None = None, *, public_path: str = "") -> ProjectView:
    """
    Read what a project's page shows; without a version, of the latest release.

    Raises:
        NoSuchProject, NoSuchRelease: as their names say.
    """
    project = Project.objects.filter(index__name=DEFAULT_INDEX, normalized_name=normalize_name(name)).first()
    if project is None or project.status in HIDDEN_STATUSES:
        raise NoSuchProject(project=name)
    releases = list(
        project.releases.annotate(file_count=Count("files", filter=Q(files__state="live"))).defer(
            "description", "metadata"
        )
    )
    releases.sort(key=lambda r: precedence(r.version, yanked=r.yanked), reverse=True)
    shown = _chosen(releases, project, version)
    shown = Release.objects.get(pk=shown.pk)
    lines = sorted(releases, key=lambda r: Version(r.version), reverse=True)
    return ProjectView(
        name=project.name,
        normalized_name=project.normalized_name,
        status=project.status,
        status_reason=project.status_reason,
        serial=project.serial,
        people=tuple(
            Grant.objects.filter(project=project)
            .order_by("person__username")
            .values_list("person__username", flat=True)
        ),
        versions=tuple(_release_line(release) for release in lines),
        version=shown.version,
        latest_version=releases[0].version,
        uploaded_at=shown.created_at,
        is_prerelease=shown.is_prerelease,
        yanked=shown.yanked,
        yanked_reason=shown.yanked_reason,
        metadata=CoreMetadata.from_json(shown.metadata),
        description=shown.description,
        files=tuple(
            _file_line(file, public_path) for file in shown.files.filter(state="live").order_by("kind", "filename")
        ),
    )


def _chosen(releases: Sequence[Release], project: Project, version: str | None) -> Release:
    if version is None and releases:
        return releases[0]
    found = [release for release in releases if release.version == version]
    if not found:
        raise NoSuchRelease(project=project.name, version=version or "")
    return found[0]


def _release_line(release: Release) -> ReleaseLine:
    count: int = release.file_count  # type: ignore[attr-defined]
    return ReleaseLine(
        release.version, release.created_at, release.is_prerelease, release.yanked, release.yanked_reason, count
    )


def _file_line(file: File, public_path: str) -> FileLine:
    url = file_url(file.sha256, file.filename, public_path=public_path)
    return FileLine(
        filename=file.filename,
        kind=file.kind,
        python_version=file.python_version,
        size_bytes=file.size_bytes,
        sha256_hex=file.sha256,
        md5_hex=file.md5,
        blake2b_256_hex=file.blake2b_256,
        uploaded_at=file.uploaded_at,
        url=url,
        metadata_url=f"{url}.metadata" if file.kind == "bdist_wheel" else None,
        requires_python=file.requires_python,
        yanked=file.yanked,
        yanked_reason=file.yanked_reason,
    )


def list_blobs_to_sweep(before: datetime, limit: int = 1000) -> list[Sha256]:
    """List content that nothing has referred to since a moment, and content whose removal was begun and not finished."""
    unused = Blob.objects.filter(files=None, metadata_of=None).filter(Q(used_at__lt=before) | Q(state="sweeping"))
    return [Sha256(sha) for sha in unused.order_by("used_at").values_list("sha256", flat=True)[:limit]]


def list_journal(since: int, limit: int = 50_000) -> list[tuple[str, str | None, datetime, str, int]]:
    """List changes after a serial: name, version, moment, action, serial; ascending."""
    entries = JournalEntry.objects.filter(serial__gt=since).order_by("serial")[:limit]
    return [(e.name, e.version or None, e.at, e.action, e.serial) for e in entries]
