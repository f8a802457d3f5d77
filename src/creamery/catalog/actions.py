"""The verbs of the catalog."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _
from packaging.utils import canonicalize_version
from packaging.version import Version

from creamery.catalog.events import FileAdded, ProjectCreated
from creamery.catalog.models import DEFAULT_INDEX, Blob, File, Grant, Index, Project, Release
from creamery.catalog.policy import About, may
from creamery.catalog.steps import Change, take_serials
from creamery.kernel import clock
from creamery.kernel.actor import Actor
from creamery.kernel.events import Subject, record
from creamery.kernel.refusals import Conflict, Forbidden, Limited
from creamery.kernel.transactions import writes
from creamery.spec.digests import Sha256
from creamery.spec.filenames import DistFilename
from creamery.spec.metadata import CoreMetadata
from creamery.storage.keys import DEFAULT_INDEX as DEFAULT_PLACE

SWEPT_AFTER = timedelta(hours=24)


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


class BlobSwept(Limited):
    """The content is being swept away at this very moment; it has to be put again afterwards."""

    status = 503
    code = "blob-swept"
    sentence = _("This content is being cleaned up at this moment. Send the same request again in a few seconds.")
    retry_after_seconds = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFile:
    """A file that is stored and wants to be recorded. Digests are lower-case hexadecimal."""

    dist: DistFilename
    metadata: CoreMetadata
    size_bytes: int
    sha256: Sha256
    md5: str
    blake2b_256: str
    metadata_sha256: Sha256


@dataclass(frozen=True, slots=True)
class AddedFile:
    """A file that is recorded; `is_new` is False when the very same one was there already."""

    file_id: int
    project_id: int
    is_new: bool


@writes
def note_blob(sha256: Sha256, size_bytes: int) -> None:
    """
    Say that this content is about to be put. The row comes before the bytes, so that the sweeper can find what a crash left.

    Raises:
        BlobSwept: its old bytes are being removed at the moment.
    """
    now = clock.now()
    if Blob.objects.filter(sha256=sha256, state="live").update(used_at=now):
        return
    Blob.objects.bulk_create([Blob(sha256=sha256, size_bytes=size_bytes, used_at=now)], ignore_conflicts=True)
    if not Blob.objects.filter(sha256=sha256, state="live").update(used_at=now):
        raise BlobSwept


@writes
def add_file(new: NewFile, *, actor: Actor, index_name: str = DEFAULT_INDEX) -> AddedFile:
    """
    Record a stored file; the first one of a project creates it, with the actor as owner.

    Raises:
        MayNotUpload, ProjectClosed: the actor may not add to this project, or nobody may.
        FileExists, FileWasDeleted, SameFileOtherName: the name is taken, for ever.
        BlobSwept: the content was swept between put and now; put it again.

    Records: ProjectCreated, FileAdded (seen by the project, the person).
    """
    index = Index.objects.get(name=index_name)
    project, is_new_project = _project_for(index, new, actor)
    existing = identify(index.pk, new.dist, new.sha256)
    if existing is not None:
        return AddedFile(existing.pk, existing.project_id, is_new=False)
    release, is_new_release = _release_for(project, new)
    try:
        with transaction.atomic():
            file = _insert_file(index, project, release, new, actor)
    except IntegrityError:
        # Somebody else's upload of the same name was committed between the look and the insert.
        existing = identify(index.pk, new.dist, new.sha256)
        if existing is None:
            raise
        return AddedFile(existing.pk, existing.project_id, is_new=False)
    _record_addition(file, project, release, is_new_project=is_new_project, actor=actor)
    changes = _changes(new, release, is_new_project=is_new_project, is_new_release=is_new_release, actor=actor)
    last = take_serials(index, project, changes, actor=actor)
    File.objects.filter(pk=file.pk).update(serial=last)
    return AddedFile(file.pk, project.pk, is_new=True)


def identify(index_id: int, dist: DistFilename, sha256: Sha256) -> File | None:
    """
    Find the very same file, if it is recorded already.

    Raises:
        FileExists, FileWasDeleted, SameFileOtherName: the name is taken by something else.
    """
    existing = File.objects.filter(index_id=index_id, filename=dist.filename).first()
    if existing is None:
        twin = (
            File.objects.filter(index_id=index_id, identity=identity(dist)).values_list("filename", flat=True).first()
        )
        if twin is not None:
            raise SameFileOtherName(filename=dist.filename, existing=twin)
        return None
    if existing.state == "deleted":
        raise FileWasDeleted(filename=existing.filename)
    if existing.sha256 != sha256:
        raise FileExists(filename=existing.filename)
    return existing


def identity(dist: DistFilename) -> str:
    """Digest what makes two file names the same distribution: name, version, build and the set of tags, not their spelling."""
    tags = ".".join(sorted(str(tag) for tag in dist.tags))
    parts = [dist.kind, dist.name, canonicalize_version(dist.version), dist.build, tags]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def require_upload(project: Project | None, normalized_name: str, *, actor: Actor) -> None:
    """
    Insist that the actor may add files to this project, or create it.

    Raises:
        MayNotUpload, ProjectClosed: as their names say.
    """
    if project is None:
        role, permission, shown = None, "project.create", normalized_name
    else:
        role = Grant.objects.filter(project=project, person_id=actor.person_id).values_list("role", flat=True).first()
        permission, shown = "project.upload", project.name
    if not may(actor, permission, About(normalized_name=normalized_name, role=role)):  # type: ignore[arg-type]
        raise MayNotUpload(project=shown, username=actor.username or "this caller")
    if project is not None and project.status not in {"active", "deprecated"}:
        raise ProjectClosed(project=project.name, status=project.status)


def _project_for(index: Index, new: NewFile, actor: Actor) -> tuple[Project, bool]:
    normalized = str(new.dist.name)
    project = Project.objects.filter(index=index, normalized_name=normalized).first()
    if project is not None:
        require_upload(project, normalized, actor=actor)
        return project, False
    require_upload(None, normalized, actor=actor)
    now = clock.now()
    project, is_new = Project.objects.get_or_create(
        index=index,
        normalized_name=normalized,
        defaults={"name": new.metadata.name, "created_at": now, "updated_at": now},
    )
    if not is_new:
        # Another upload created it since we looked, maybe another person's.
        require_upload(project, normalized, actor=actor)
    elif actor.person_id is not None:
        Grant.objects.create(project=project, person_id=actor.person_id, role="owner", created_at=now)
    return project, is_new


def _release_for(project: Project, new: NewFile) -> tuple[Release, bool]:
    version = new.dist.version
    return Release.objects.get_or_create(
        project=project,
        canonical_version=canonicalize_version(version),
        defaults={
            "version": str(version),
            "is_prerelease": version.is_prerelease,
            "metadata": new.metadata.to_json(),
            "description": new.metadata.description or "",
            "created_at": clock.now(),
        },
    )


def _insert_file(index: Index, project: Project, release: Release, new: NewFile, actor: Actor) -> File:
    return File.objects.create(
        index=index,
        project=project,
        release=release,
        blob_id=_use_blob(new.sha256),
        metadata_blob_id=_use_blob(new.metadata_sha256),
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
        serial=0,
    )


def _use_blob(sha256: Sha256) -> int:
    """Claim the content for this transaction: the update locks its row, so that the sweeper sees the new time or waits."""
    if not Blob.objects.filter(sha256=sha256, state="live").update(used_at=clock.now()):
        raise BlobSwept
    blob_id: int = Blob.objects.values_list("pk", flat=True).get(sha256=sha256)
    return blob_id


def _record_addition(file: File, project: Project, release: Release, *, is_new_project: bool, actor: Actor) -> None:
    about = [Subject("project", project.pk), Subject("file", file.pk)]
    if actor.person_id is not None:
        about.append(Subject("person", actor.person_id))
    if is_new_project:
        created = ProjectCreated(index_id=file.index_id, project_id=project.pk, name=project.name)
        record(created, actor=actor, about=about)
    added = FileAdded(
        index_id=file.index_id,
        project_id=project.pk,
        release_id=release.pk,
        file_id=file.pk,
        filename=file.filename,
        version=release.version,
        sha256=file.sha256,
    )
    record(added, actor=actor, about=about)
    _note_latest(project, release)


def _note_latest(project: Project, release: Release) -> None:
    latest = {"updated_at": clock.now()}
    if not project.latest_version or precedence(release.version) >= precedence(project.latest_version):
        latest |= {"latest_version": release.version, "summary": (release.metadata.get("summary") or "")[:512]}
    Project.objects.filter(pk=project.pk).update(**latest)


def precedence(version: str, *, yanked: bool = False) -> tuple[bool, bool, Version]:
    """Order versions by which is shown as the latest: not yanked, then final, then highest. Source: standards.md JS-06."""
    parsed = Version(version)
    return not yanked, not parsed.is_prerelease, parsed


def _changes(
    new: NewFile, release: Release, *, is_new_project: bool, is_new_release: bool, actor: Actor
) -> list[Change]:
    changes = []
    if is_new_project:
        changes.append(Change("create"))
        if actor.person_id is not None:
            changes.append(Change(f"add Owner {actor.username}"))
    if is_new_release:
        changes.append(Change("new release", release.version))
    changes.append(Change(f"add {new.dist.python_version} file {new.dist.filename}", release.version))
    return changes


@writes
def begin_sweep(sha256: Sha256) -> bool:
    """
    Claim unreferenced content for removal; False if somebody has referred to it, or is about to.

    One conditional statement. Whoever refers to content updates `used_at` in the same transaction, so on PostgreSQL this
    update waits for them and then finds the new time.
    """
    unused = Blob.objects.filter(sha256=sha256, used_at__lt=clock.now() - SWEPT_AFTER, files=None, metadata_of=None)
    claimed = Blob.objects.filter(pk__in=unused.values("pk"), used_at__lt=clock.now() - SWEPT_AFTER).update(
        state="sweeping"
    )
    return bool(claimed) or Blob.objects.filter(sha256=sha256, state="sweeping").exists()


@writes
def finish_sweep(sha256: Sha256) -> None:
    """Forget content whose bytes are gone."""
    Blob.objects.filter(sha256=sha256, state="sweeping").delete()


@writes
def ensure_default_index(policy: str) -> None:
    """Make the default index if there is none, and give it the policy that the operator has set. Safe to race."""
    Index.objects.get_or_create(
        name=DEFAULT_INDEX, defaults={"place": DEFAULT_PLACE, "policy": policy, "created_at": clock.now()}
    )
    Index.objects.filter(name=DEFAULT_INDEX).exclude(policy=policy).update(policy=policy)
