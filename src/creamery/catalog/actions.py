"""The verbs of the catalog."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from creamery.catalog import mail
from creamery.catalog.counting import count_index, count_project, lock_serials
from creamery.catalog.limits import hold_counts, require_room
from creamery.catalog.models import DEFAULT_INDEX, Blob, Index
from creamery.catalog.release_steps import note_latest, release_for
from creamery.catalog.steps import (
    BlobSwept,
    NewFile,
    changes_of,
    identify,
    insert_file,
    project_for,
    record_addition,
    take_serials,
)
from creamery.kernel import clock, rows
from creamery.kernel.actor import Actor
from creamery.kernel.failpoints import reach
from creamery.kernel.transactions import writes
from creamery.spec.digests import Sha256
from creamery.storage.keys import DEFAULT_INDEX as DEFAULT_PLACE

SWEPT_AFTER = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class AddedFile:
    """
    A file that is recorded; `is_new` is False when the very same one was there already. `is_held` says that readers are not
    told of it, because its project is held.
    """

    file_id: int
    project_id: int
    is_new: bool
    is_held: bool


@writes
def note_blobs(sizes: Mapping[Sha256, int]) -> None:
    """
    Say that these contents, of so many bytes each, are about to be put. The rows come before the bytes, so that the sweeper
    can find what a crash left.

    Raises:
        BlobSwept: old bytes of one are being removed at the moment.
    """
    now = rows.as_parameter(clock.now())
    # In the order of the digests: two uploads with the same two contents would else wait for each other's row.
    for sha256 in sorted(sizes):
        noted = rows.change(
            "INSERT INTO blob (sha256, size_bytes, state, used_at) VALUES (%s, %s, 'live', %s) "
            "ON CONFLICT (sha256) DO UPDATE SET used_at = excluded.used_at WHERE blob.state = 'live'",
            sha256,
            sizes[sha256],
            now,
        )
        if noted != 1:
            raise BlobSwept


@writes
def add_file(new: NewFile, *, actor: Actor, index_name: str = DEFAULT_INDEX) -> AddedFile:
    """
    Record a stored file; the first one of a project creates it, with the actor as owner.

    Raises:
        MayNotUpload, ProjectClosed, NameWasDeleted: the actor may not add to this project, or nobody may.
        ReleaseClosed, ReleaseWasDeleted: the release takes no more files.
        FileOverLimit, ProjectFull, IndexFull, TooManyProjects: a limit is reached.
        FileExists, FileWasDeleted, SameFileOtherName: the name is taken, for ever.
        BlobSwept: the content was swept between put and now; put it again.

    Records: ProjectCreated, FileAdded or FileHeld (seen by the project, the person).
    """
    index = rows.find(Index, "name = %s", index_name)
    if index is None:
        raise Index.DoesNotExist(index_name)
    project, is_new_project = project_for(index, new, actor)
    existing = identify(index.pk, new.dist, new.sha256)
    if existing is not None:
        return AddedFile(existing.id, existing.project_id, is_new=False, is_held=existing.state == "held")
    hold_counts(new.limits, is_new_project=is_new_project)
    require_room(new.limits, project, new.size_bytes, is_new_project=is_new_project, actor=actor)
    release, is_new_release = release_for(project, new.dist.version, new.metadata, actor=actor)
    reach("catalog.release-made")
    file = insert_file(index, project, release, new, actor)
    if file is None:
        # Somebody else's upload of the same name was committed between the look and the insert.
        existing = identify(index.pk, new.dist, new.sha256)
        assert existing is not None, "names of files stay for ever"
        return AddedFile(existing.id, existing.project_id, is_new=False, is_held=existing.state == "held")
    reach("catalog.file-inserted")
    record_addition(file, project, release, is_new_project=is_new_project, actor=actor)
    if is_new_project and project.status == "held":
        mail.post_held(project, actor=actor)
    note_latest(project, release)
    reach("catalog.event-recorded")
    changes = changes_of(
        new, project, release, is_new_project=is_new_project, is_new_release=is_new_release, actor=actor
    )
    last = take_serials(index, project, changes, actor=actor)
    rows.change("UPDATE file SET serial = %s WHERE id = %s", last, file.pk)
    reach("catalog.before-commit")
    return AddedFile(file.pk, project.pk, is_new=True, is_held=file.state == "held")


@writes
def begin_sweep(sha256: Sha256) -> bool:
    """
    Claim unreferenced content for removal; False if somebody has referred to it, or is about to.

    Whoever refers to content updates its row in the same transaction, so on PostgreSQL our update waits for them. It then
    looks at the new row, but at no other: so the references are asked for again, now that nobody can add one.
    """
    old = Blob.objects.filter(sha256=sha256, used_at__lt=clock.now() - SWEPT_AFTER)
    unused = old.filter(files=None, metadata_of=None)
    old.filter(pk__in=unused.values("pk")).update(state="sweeping")
    sweeping = Blob.objects.filter(sha256=sha256, state="sweeping")
    if sweeping.exclude(files=None, metadata_of=None).update(state="live"):
        return False
    return sweeping.exists()


@writes
def finish_sweep(sha256: Sha256) -> None:
    """Forget content whose bytes are gone."""
    Blob.objects.filter(sha256=sha256, state="sweeping").delete()


@writes
def ensure_default_index(policy: str, *, only_new: bool = False) -> None:
    """
    Make the default index if there is none, and give it the policy that the operator has set; with `only_new`, one that is
    there keeps its own. Safe to race.
    """
    Index.objects.get_or_create(
        name=DEFAULT_INDEX, defaults={"place": DEFAULT_PLACE, "policy": policy, "created_at": clock.now()}
    )
    if not only_new:
        Index.objects.filter(name=DEFAULT_INDEX).exclude(policy=policy).update(policy=policy)


@writes
def recount_project(project_id: int) -> None:
    """Count a project's releases and files again."""
    lock_serials()
    count_project(project_id)


@writes
def recount_index(index_id: int) -> None:
    """Add up again what an index holds."""
    lock_serials()
    count_index(index_id)
