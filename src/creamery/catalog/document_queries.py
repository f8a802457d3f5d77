"""The catalog's reads for those who build documents: what the Simple API, the JSON API, feeds and mirrors are told."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import F
from packaging.utils import canonicalize_version
from packaging.version import InvalidVersion, Version

from creamery.catalog.models import DEFAULT_INDEX, HIDDEN_STATUSES, Grant, Index, Project, Release, Serial
from creamery.catalog.queries import file_url
from creamery.kernel import rows
from creamery.spec.digests import Sha256
from creamery.spec.json_api import JsonFile, JsonProject, JsonRelease
from creamery.spec.metadata import CoreMetadata
from creamery.spec.names import NormalizedName, normalize_name
from creamery.spec.simple import FileEntry, ProjectPage, RootRow
from creamery.spec.versions import precedence
from creamery.storage.keys import IndexPlace

ROOT_PART = 10_000
MOST_PASSED_OVER = 20_000


@dataclass(frozen=True, slots=True)
class ProjectPlace:
    """What a project's documents are made for. `serial` was read before anything else of the project."""

    place: IndexPlace
    name: NormalizedName
    display_name: str
    serial: int
    status: str
    status_reason: str

    @property
    def is_unknown(self) -> bool:
        """Whether readers may not even know that there is such a project: it is gone and only its name is kept, or it is held."""
        return self.status in {"deleted", "held"}

    @property
    def is_offered(self) -> bool:
        """Whether readers may know of the project's files. Source: PEP 792."""
        return self.status not in HIDDEN_STATUSES


class _ReleaseFiles(NamedTuple):
    """One release with its files, by name: of each the release's id and then the columns that were asked for."""

    version: str
    yanked: bool
    yanked_reason: str
    files: list[tuple[Any, ...]]


# Only a wheel's metadata is what installing it will show; an sdist's may still change when it is built (CM-02).
_CORE_METADATA = "CASE WHEN kind = 'bdist_wheel' THEN metadata_sha256 ELSE '' END"
_PAGE_COLUMNS = (
    "filename", "sha256", "size_bytes", "uploaded_at", "requires_python", _CORE_METADATA, "yanked", "yanked_reason",
)  # fmt: skip
_JSON_COLUMNS = (*_PAGE_COLUMNS, "kind", "python_version", "md5", "blake2b_256")


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file whose listing may have to change: whether it may be served, under which keys, and whether there is content."""

    sha256: Sha256
    metadata_sha256: Sha256
    filename: str
    is_servable: bool
    is_kept: bool = True


def list_index_ids() -> list[int]:
    """List the ids of all indexes."""
    return list(Index.objects.order_by("pk").values_list("pk", flat=True))


def get_place(index_id: int) -> IndexPlace:
    """Read where an index's servable keys begin."""
    return IndexPlace(Index.objects.values_list("place", flat=True).get(pk=index_id))


def list_project_ids(index_id: int) -> Iterator[int]:
    """List the ids of an index's projects, without loading them all."""
    return Project.objects.filter(index_id=index_id).order_by("pk").values_list("pk", flat=True).iterator()


def current_serial() -> int:
    """Read the serial of the last change."""
    return Serial.objects.values_list("n", flat=True).get(pk=1)


def get_project_place(project_id: int) -> ProjectPlace:
    """Read what a project's documents are made for; to be read before the project's other rows."""
    row = rows.fetch_one(
        "SELECT i.place, p.normalized_name, p.name, p.serial, p.status, p.status_reason "
        "FROM project p JOIN package_index i ON i.id = p.index_id WHERE p.id = %s",
        project_id,
    )
    if row is None:
        raise Project.DoesNotExist(project_id)
    place, normalized, name, serial, status, reason = row
    return ProjectPlace(IndexPlace(place), NormalizedName(normalized), name, serial, status, reason)


def list_changed_files(project_id: int, *, since: int) -> list[ListedFile]:
    """List the files whose listing changed after a serial."""
    listed = rows.fetch_all(
        "SELECT f.sha256, f.metadata_sha256, f.filename, f.state, p.status "
        "FROM file f JOIN project p ON p.id = f.project_id WHERE f.project_id = %s AND f.serial > %s",
        project_id,
        since,
    )
    return [
        ListedFile(
            Sha256(sha),
            Sha256(meta),
            filename,
            is_servable=state == "live" and status not in HIDDEN_STATUSES,
            is_kept=state != "deleted",
        )
        for sha, meta, filename, state, status in listed
    ]


def get_project_page(project_id: int, project: ProjectPlace, *, public_path: str) -> ProjectPage:
    """
    Read a project as the Simple API shows it; versions ascending, files by version, then name.

    `project` was read before, so that its serial is never newer than its files.
    """
    releases = _list_files(project_id, _PAGE_COLUMNS) if project.is_offered else []
    return ProjectPage(
        name=project.name,
        versions=tuple([release.version for release in releases]),
        files=tuple(_file_entries(releases, public_path)),
        serial=project.serial,
        status=project.status,
        status_reason=project.status_reason,
    )


def _list_files(project_id: int, columns: Sequence[str]) -> list[_ReleaseFiles]:
    """
    List a project's releases by version, each with these columns of its files; the first one is the name.

    By hand, and the columns as they are stored: for 10,000 files Django's conversions take longer than all the rest.
    """
    found = rows.fetch_all(
        "SELECT version, yanked, yanked_reason, id FROM release WHERE project_id = %s AND deleted_at IS NULL",
        project_id,
    )
    known = {
        identity: _ReleaseFiles(version, bool(yanked), reason, [])
        for version, yanked, reason, identity in sorted(found, key=lambda row: Version(row[0]))
    }
    as_stored = {"uploaded_at": "uploaded_at || ''", "yanked": "+yanked"} if connection.vendor == "sqlite" else {}
    chosen = ", ".join([as_stored.get(column, column) for column in columns])
    with connection.cursor() as cursor:
        # No word of this comes from anybody else.
        query = f"SELECT release_id, {chosen} FROM file WHERE project_id = %s AND state = 'live'"  # noqa: S608
        cursor.execute(query, [project_id])
        for row in cursor.fetchall():
            # A release that was added since the others were read is for the rendering that it leads to.
            if row[0] in known:
                known[row[0]].files.append(row)
    for release in known.values():
        release.files.sort()
    return list(known.values())


def _moment(value: str | datetime) -> datetime:
    """Read a moment as it is stored: in SQLite as text without its zone, which is UTC."""
    return datetime.fromisoformat(value + "+00:00") if isinstance(value, str) else value


def _file_entries(releases: Iterable[_ReleaseFiles], public_path: str) -> Iterator[FileEntry]:
    for _, release_yanked, release_reason, files in releases:
        for _, filename, sha256, size_bytes, uploaded_at, requires_python, metadata_sha256, yanked, reason in files:
            yield FileEntry(
                filename,
                file_url(sha256, filename, public_path=public_path),
                sha256,
                size_bytes,
                _moment(uploaded_at),
                requires_python,
                metadata_sha256 or None,
                (reason or release_reason or True) if yanked or release_yanked else False,
            )


def find_json_project(project_id: int, *, version: str | None = None, public_url: str) -> JsonProject | None:
    """
    Read a project as the JSON API tells of it: one release in full, and the files of all.

    Without a version it is the latest release. None where there is none, or the project is quarantined. A version that
    is spelt otherwise is found by its canonical form (API-041).
    """
    project = get_project_place(project_id)
    releases = list(Release.objects.filter(project_id=project_id).defer("metadata", "description"))
    chosen = _choose(releases, version)
    if chosen is None or not project.is_offered:
        return None
    release = Release.objects.get(pk=chosen.pk)
    listed = _list_files(project_id, _JSON_COLUMNS)
    return JsonProject(
        name=project.display_name,
        normalized_name=project.name,
        serial=project.serial,
        public_url=public_url,
        release=JsonRelease(
            version=release.version,
            metadata=CoreMetadata.from_json(release.metadata),
            description=release.description,
            yanked=release.yanked,
            yanked_reason=release.yanked_reason,
        ),
        files={one.version: [_json_file(row, one, public_url) for row in one.files] for one in listed},
        roles=list_roles(project_id),
    )


def _choose(releases: Sequence[Release], version: str | None) -> Release | None:
    if version is None:
        return max(releases, key=lambda r: precedence(r.version, yanked=r.yanked), default=None)
    try:
        canonical = canonicalize_version(Version(version))
    except InvalidVersion:
        return None
    return next((r for r in releases if r.canonical_version == canonical), None)


def list_roles(project_id: int) -> list[tuple[str, str]]:
    """List who has which role in a project, owners first."""
    grants = Grant.objects.filter(project_id=project_id, role__in=["owner", "maintainer"])
    rows = grants.order_by("person__username").values_list("role", "person__username")
    return sorted(((role.capitalize(), user) for role, user in rows), key=lambda row: row[0] != "Owner")


def _json_file(row: tuple[Any, ...], release: _ReleaseFiles, public_url: str) -> JsonFile:
    _, filename, sha256, size_bytes, uploaded_at, requires_python, metadata_sha256, yanked, reason, *more = row
    kind, python_version, md5, blake2b_256 = more
    return JsonFile(
        filename=filename,
        url=file_url(sha256, filename, public_path=public_url),
        kind=kind,
        python_version=python_version,
        size_bytes=size_bytes,
        sha256_hex=Sha256(sha256),
        md5_hex=md5,
        blake2b_256_hex=blake2b_256,
        upload_time=_moment(uploaded_at),
        requires_python=requires_python,
        core_metadata_sha256=metadata_sha256 or None,
        yanked=bool(yanked or release.yanked),
        yanked_reason=reason or release.yanked_reason,
    )


def list_root_rows(index_id: int) -> Iterator[list[RootRow]]:
    """
    List every project of an index that readers may know of, in parts, in the order of the names' characters.

    By hand, because it reads 700,000 rows: Django would take half as long again. SQLite sorts what it reads of the table
    (`+` forbids its index), which is twice as quick as to look up every row. PostgreSQL sorts by characters and not by the
    rules of a language, and sends a part at a time, for which it needs a transaction.
    """
    is_postgres = connection.vendor == "postgresql"
    order = 'normalized_name COLLATE "C"' if is_postgres else "+normalized_name"
    with transaction.atomic() if is_postgres else nullcontext(), connection.chunked_cursor() as cursor:
        query = (
            "SELECT name, normalized_name, serial FROM project "
            "WHERE index_id = %s AND status NOT IN (%s, %s, %s) ORDER BY "
        )
        cursor.execute(query + order, [index_id, *HIDDEN_STATUSES])
        while rows := cursor.fetchmany(ROOT_PART):
            yield rows


def release_text(release_id: int) -> tuple[str, str | None]:
    """Read a release's description and its content type; no text if the release is gone by now."""
    row = Release.objects.values_list("description", "metadata").filter(pk=release_id).first()
    return (row[0], row[1].get("description_content_type")) if row is not None else ("", None)


def find_project_id(name: str) -> int | None:
    """Find a project of the default index, however its name is spelt."""
    projects = Project.objects.filter(index__name=DEFAULT_INDEX, normalized_name=normalize_name(name))
    return projects.shown().values_list("pk", flat=True).first()


def list_serials() -> dict[str, int]:
    """Tell the last serial of every project that readers may know of, by name."""
    projects = Project.objects.filter(index__name=DEFAULT_INDEX).shown()
    return dict(projects.values_list("name", "serial").iterator(chunk_size=10_000))


def list_projects_of(person_id: int) -> list[tuple[str, str]]:
    """List a person's projects with the role in each."""
    grants = Grant.objects.filter(person_id=person_id, role__in=["owner", "maintainer"]).exclude(
        project__status__in=HIDDEN_STATUSES
    )
    rows = grants.order_by("project__name").values_list("role", "project__name")
    return [(role.capitalize(), name) for role, name in rows]


def list_releases_with(classifiers: Sequence[str], limit: int = 10_000) -> list[tuple[str, str]]:
    """List the latest releases that have all these classifiers, by name."""
    latest = Release.objects.filter(version=F("project__latest_version"), project__index__name=DEFAULT_INDEX)
    rows = latest.order_by("project__name").values_list("project__name", "version", "metadata")
    wanted = set(classifiers)
    found = ((n, v) for n, v, said in rows.iterator(chunk_size=2_000) if wanted <= set(said.get("classifiers", ())))
    return list(islice(found, limit))


@dataclass(frozen=True, slots=True)
class NewRelease:
    """A release, or a project by its latest one, in a feed."""

    name: str
    normalized_name: str
    version: str
    summary: str
    at: datetime


def list_new_projects(index_id: int, limit: int) -> list[NewRelease]:
    """List the projects that were created last, newest first."""
    projects = Project.objects.filter(index_id=index_id).shown().order_by("-pk")[:limit]
    return [NewRelease(p.name, p.normalized_name, p.latest_version, p.summary, p.created_at) for p in projects]


def list_new_releases(index_id: int, limit: int) -> list[NewRelease]:
    """
    List the releases that were created last, newest first; of other indexes' releases it passes over a bounded number.

    The newest rows are read first and sieved then. A database that is asked for both at once may begin with all projects.
    """
    found: list[Release] = []
    newest = Release.objects.order_by("-pk").select_related("project").defer("description")
    for start in range(0, MOST_PASSED_OVER, 2 * limit):
        part = list(newest[start : start + 2 * limit])
        found += [r for r in part if r.project.index_id == index_id and r.project.status not in HIDDEN_STATUSES]
        if len(found) >= limit or len(part) < 2 * limit:
            break
    return _new_releases(found[:limit])


def list_releases_of(project_id: int, limit: int) -> list[NewRelease]:
    """List a project's releases that were created last, newest first."""
    releases = Release.objects.filter(project_id=project_id).order_by("-pk")
    return _new_releases(releases.select_related("project").defer("description")[:limit])


def _new_releases(found: Iterable[Release]) -> list[NewRelease]:
    return [
        NewRelease(r.project.name, r.project.normalized_name, r.version, r.metadata.get("summary", ""), r.created_at)
        for r in found
    ]


def list_site_map_parts(index_id: int, size: int) -> Iterator[tuple[int, list[tuple[str, datetime]]]]:
    """List projects in parts of at most so many: the number of each part, then names with the time of the last change."""
    projects = Project.objects.filter(index_id=index_id).shown().order_by("pk")
    rows = projects.values_list("normalized_name", "updated_at").iterator(chunk_size=10_000)
    number = 0
    while part := list(islice(rows, size)):
        yield number, part
        number += 1


def get_sizes(index_id: int, largest: int) -> tuple[int, list[tuple[str, int]]]:
    """Tell the size of all files in bytes, and the projects with the largest sizes."""
    total = Index.objects.values_list("size_bytes", flat=True).get(pk=index_id)
    projects = Project.objects.filter(index_id=index_id, file_count__gt=0).order_by("-size_bytes", "name")
    return total, list(projects.values_list("name", "size_bytes")[:largest])
