"""Pieces that the catalog's actions share, with the refusals that they raise. What writes needs an open transaction."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.utils.translation import gettext_lazy as _

from creamery.catalog.counting import count_project, lock_serials
from creamery.catalog.events import FileAdded, FileHeld, ProjectCreated
from creamery.catalog.limits import NO_LIMITS, Limits
from creamery.catalog.models import File, Grant, Index, JournalEntry, Project, Release
from creamery.catalog.policy import About, Permission, may
from creamery.kernel import clock, rows
from creamery.kernel.actor import Actor
from creamery.kernel.events import Subject, record
from creamery.kernel.failpoints import reach
from creamery.kernel.refusals import Conflict, Forbidden, Invalid, Limited
from creamery.kernel.transactions import needs_transaction
from creamery.settings import CONFIG
from creamery.spec.digests import Sha256
from creamery.spec.filenames import DistFilename
from creamery.spec.look_alikes import fold_name
from creamery.spec.metadata import CoreMetadata

_CREATE: Permission = "project.create"
_UPLOAD: Permission = "project.upload"
_RETAKE: Permission = "project.retake"


class MayNotUpload(Forbidden):
    """The actor has no grant on the project, or the token is for others."""

    code = "may-not-upload"
    sentence = _(
        "You may not upload to the project {project}: {username} has no role in it, or the token is limited to other "
        "projects. Ask an owner of {project} for a role, use a token that covers it, or choose another name."
    )


class ProjectClosed(Forbidden):
    """The project's status does not let uploads in. Source: PEP 792."""

    code = "project-closed"
    sentence = _(
        "The project {project} is {status} and takes no uploads. An owner or the staff of this index can change that."
    )


class NameWasDeleted(Forbidden):
    """The name belonged to a project that was deleted. Source: security.md GEN-3."""

    code = "name-was-deleted"
    sentence = _("The project {project} was deleted, and its name is not given to others. Choose another name.")


class FileExists(Conflict):
    """The name is in use for other content, or was; it never changes what it means. Source: standards.md UP-21, UP-22."""

    code = "file-exists"
    sentence = _(
        "File already exists: {filename} was uploaded before with other content, and a file never changes. "
        "Publish the change under a new version."
    )


class FileWasDeleted(Conflict):
    """The name belonged to a file that was deleted. Source: standards.md UP-22."""

    code = "file-was-deleted"
    sentence = _("{filename} was previously used by a file that has since been deleted. Use a different version.")


class SameFileOtherName(Conflict):
    """The same wheel or sdist by another spelling of its name. Source: standards.md FN-09, SD-07."""

    code = "file-exists-otherwise-spelled"
    sentence = _(
        "File already exists: {filename} is the same distribution as {existing}, in another spelling. Use a different version."
    )


class LooksLikeAnother(Invalid):
    """A new project's name cannot be told from that of another. Source: standards.md NM-03; UPL-038."""

    code = "looks-like-another"
    sentence = _(
        "The name {project} is too similar to that of the project {other}: people would take one for the other. "
        "Choose another name, or ask the staff of this index to allow it."
    )


class BlobSwept(Limited):
    """The content is being swept away at this very moment; it has to be put again afterwards."""

    status = 503
    code = "blob-swept"
    sentence = _("This content is being cleaned up at this moment. Send the same request again in a few seconds.")
    retry_after_seconds = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFile:
    """
    A file that is stored and wants to be recorded. Digests are lower-case hexadecimal.

    `may_look_alike` lets it create a project whose name looks like another's. `held_because` says why a project that it
    creates is to be held. `limits` are what it has to fit into.
    """

    dist: DistFilename
    metadata: CoreMetadata
    size_bytes: int
    sha256: Sha256
    md5: str
    blake2b_256: str
    metadata_sha256: Sha256
    may_look_alike: bool = True
    held_because: str = ""
    limits: Limits = NO_LIMITS


@dataclass(frozen=True, slots=True)
class Change:
    """One line for the journal, in the words that mirrors know: `create`, `new release`, `add py3 file x.whl`."""

    action: str
    version: str = ""


def take_serials(index: Index, project: Project, changes: Sequence[Change], *, actor: Actor) -> int:
    """
    Number the changes, journal them, stamp the project with the last number, which is returned, and count it again.

    The counter's row stays locked until the commit, which is what puts serials in commit order without gaps. So an action
    does everything else first, and only what needs the number afterwards.
    """
    needs_transaction("take_serials")
    taken = rows.fetch_one("UPDATE serial SET n = n + %s WHERE id = 1 RETURNING n", len(changes))
    assert taken is not None, "the migration that made the table wrote its row"
    last: int = taken[0]
    reach("catalog.serial-taken")
    first, now = last - len(changes) + 1, clock.now()
    rows.insert_all([
        JournalEntry(
            serial=first + place, index_id=index.pk, name=project.name, version=change.version, action=change.action,
            at=now, username=actor.username,
        )
        for place, change in enumerate(changes)
    ])  # fmt: skip
    count_project(project.pk, serial=last)
    return last


class KnownFile(NamedTuple):
    """A file that is recorded."""

    id: int
    project_id: int
    state: str
    sha256: str
    filename: str


def identify(index_id: int, dist: DistFilename, sha256: Sha256) -> KnownFile | None:
    """
    Find the very same file, if it is recorded already.

    Raises:
        FileExists, FileWasDeleted, SameFileOtherName: the name is taken by something else.
    """
    found = rows.fetch_all(
        "SELECT id, project_id, state, sha256, filename FROM file WHERE index_id = %s AND filename = %s "
        "UNION SELECT id, project_id, state, sha256, filename FROM file WHERE index_id = %s AND identity = %s",
        index_id,
        dist.filename,
        index_id,
        identity(dist),
    )
    known = [KnownFile(*row) for row in found]
    existing = next((file for file in known if file.filename == dist.filename), None)
    if existing is None:
        if known:
            raise SameFileOtherName(filename=dist.filename, existing=known[0].filename)
        return None
    if existing.state == "deleted":
        raise FileWasDeleted(filename=existing.filename)
    if existing.sha256 != sha256:
        raise FileExists(filename=existing.filename)
    return existing


def identity(dist: DistFilename) -> str:
    """Digest what makes two file names the same distribution, so that it fits a column whatever the tags."""
    return hashlib.sha256(dist.identity.encode()).hexdigest()


def require_upload(project: Project | None, normalized_name: str, *, actor: Actor) -> None:
    """
    Insist that the actor may add files to this project, or create it.

    Raises:
        MayNotUpload, ProjectClosed, NameWasDeleted: as their names say.
    """
    if project is None:
        role, shown, permission = None, normalized_name, _CREATE
    else:
        role, shown = find_role(project.pk, actor), project.name
        permission = _RETAKE if project.status == "deleted" else _UPLOAD
    is_allowed = may(actor, permission, About(normalized_name=normalized_name, role=role))
    if permission == _RETAKE:
        if not is_allowed or (CONFIG.deleted_names == "nobody" and actor.kind != "system"):
            raise NameWasDeleted(project=shown)
        return
    if not is_allowed:
        raise MayNotUpload(project=shown, username=actor.username or "this caller")
    if project is not None and project.status not in {"active", "deprecated", "held"}:
        raise ProjectClosed(project=project.name, status=project.status)


def find_role(project_id: int, actor: Actor) -> str | None:
    """Tell which role the actor has in a project, if any."""
    role = "SELECT role FROM project_grant WHERE project_id = %s AND person_id = %s"
    row = rows.fetch_one(role, project_id, actor.person_id or 0)
    return None if row is None else row[0]


def find_locked(index_id: int, normalized_name: str) -> Project | None:
    """
    Find a project, and keep its row as it is until the transaction ends.

    Whatever changes a project takes this lock first: so no file is added to a release while that is deleted.
    """
    needs_transaction("find_locked")
    return rows.find(Project, "index_id = %s AND normalized_name = %s", index_id, normalized_name, for_update=True)


def project_for(index: Index, new: NewFile, actor: Actor) -> tuple[Project, bool]:
    """
    Find the project that a file belongs to, or create it with the actor as owner; says whether it is new.

    One that was deleted is as good as new for those who may have it again: all that it had stays deleted.
    """
    needs_transaction("project_for")
    normalized = str(new.dist.name)
    project = find_locked(index.pk, normalized)
    require_upload(project, normalized, actor=actor)
    is_new = project is None or project.status == "deleted"
    if project is None:
        return _create_project(index, normalized, new, actor)
    if is_new:
        _retake(project, new)
    return project, is_new


def _retake(project: Project, new: NewFile) -> None:
    project.name, project.status_reason = new.metadata.name, new.held_because[:500]
    project.status = "held" if new.held_because else "active"
    project.save(update_fields=["name", "status", "status_reason"])


def _create_project(index: Index, normalized: str, new: NewFile, actor: Actor) -> tuple[Project, bool]:
    if not new.may_look_alike:
        _require_distinct(index, normalized)
    now = clock.now()
    project = Project(
        index_id=index.pk,
        normalized_name=normalized,
        name=new.metadata.name,
        folded_name=fold_name(normalized),
        status="held" if new.held_because else "active",
        status_reason=new.held_because[:500],
        created_at=now,
        updated_at=now,
        size_bytes=0,
    )
    if not rows.insert(project, unless_taken=True):
        # Another upload created it since we looked, maybe another person's.
        found = find_locked(index.pk, normalized)
        assert found is not None, "names stay for ever"
        require_upload(found, normalized, actor=actor)
        return found, False
    if actor.person_id is not None:
        rows.insert(Grant(project_id=project.pk, person_id=actor.person_id, role="owner", created_at=now))
    return project, True


def _require_distinct(index: Index, normalized: str) -> None:
    """
    Insist that no project of the index looks like this name.

    Changes go one after another from here on, so that two that look alike cannot both be new.
    """
    lock_serials()
    other = find_look_alike(index.pk, normalized)
    if other is not None:
        raise LooksLikeAnother(project=normalized, other=other)


def find_look_alike(index_id: int, normalized_name: str) -> str | None:
    """Find a project of another name that looks like this one, whatever became of it; names are never given away."""
    alike = "SELECT name FROM project WHERE index_id = %s AND folded_name = %s AND normalized_name <> %s ORDER BY id LIMIT 1"
    row = rows.fetch_one(alike, index_id, fold_name(normalized_name), normalized_name)
    return None if row is None else row[0]


def insert_file(index: Index, project: Project, release: Release, new: NewFile, actor: Actor) -> File | None:
    """
    Write the row of a file; its serial comes when it is taken. None if the name was taken since the caller looked.

    Raises:
        BlobSwept: the content is gone, or going.
    """
    needs_transaction("insert_file")
    # In the order of the digests, as everybody who locks several: else two could wait for each other.
    blobs = {sha256: _use_blob(sha256) for sha256 in sorted({new.sha256, new.metadata_sha256})}
    file = File(
        index_id=index.pk,
        project_id=project.pk,
        release_id=release.pk,
        blob_id=blobs[new.sha256],
        metadata_blob_id=blobs[new.metadata_sha256],
        filename=new.dist.filename,
        identity=identity(new.dist),
        kind=new.dist.kind,
        python_version=new.dist.python_version[:60],
        size_bytes=new.size_bytes,
        sha256=new.sha256,
        md5=new.md5,
        blake2b_256=new.blake2b_256,
        metadata_sha256=new.metadata_sha256,
        requires_python=new.metadata.requires_python or "",
        uploaded_at=clock.now(),
        uploaded_by_id=actor.person_id,
        state="held" if project.status == "held" else "live",
        serial=0,
    )
    return file if rows.insert(file, unless_taken=True) else None


def _use_blob(sha256: Sha256) -> int:
    """Claim the content for this transaction: the update locks its row, so that the sweeper sees the new time or waits."""
    use = "UPDATE blob SET used_at = %s WHERE sha256 = %s AND state = 'live' RETURNING id"
    row = rows.fetch_one(use, rows.as_parameter(clock.now()), sha256)
    if row is None:
        raise BlobSwept
    return int(row[0])


def record_addition(file: File, project: Project, release: Release, *, is_new_project: bool, actor: Actor) -> None:
    """Record the events of an added file."""
    needs_transaction("record_addition")
    about = [Subject("project", project.pk), Subject("file", file.pk)]
    if actor.person_id is not None:
        about.append(Subject("person", actor.person_id))
    if is_new_project:
        created = ProjectCreated(index_id=file.index_id, project_id=project.pk, name=project.name)
        record(created, actor=actor, about=about)
    event = FileHeld if file.state == "held" else FileAdded
    added = event(
        index_id=file.index_id,
        project_id=project.pk,
        release_id=release.pk,
        file_id=file.pk,
        filename=file.filename,
        version=release.version,
        sha256=file.sha256,
    )
    record(added, actor=actor, about=about)


def changes_of(
    new: NewFile, project: Project, release: Release, *, is_new_project: bool, is_new_release: bool, actor: Actor
) -> list[Change]:
    """Say what an added file changes, in the words of the journal; nothing for readers while its project is held."""
    changes: list[Change] = []
    if project.status == "held":
        return changes
    if is_new_project:
        changes.append(Change("create"))
        if actor.person_id is not None:
            changes.append(Change(f"add Owner {actor.username}"))
    if is_new_release:
        changes.append(Change("new release", release.version))
    changes.append(Change(f"add {new.dist.python_version} file {new.dist.filename}", release.version))
    return changes
