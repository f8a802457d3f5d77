"""The sweeper against uploads of the same content, at every step of either."""

import hashlib
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta

import pytest

from creamery.catalog.models import Blob, File
from creamery.catalog.steps import BlobSwept
from creamery.kernel import clock, outbox
from creamery.kernel.actor import Actor
from creamery.kernel.models import Job, Lease
from creamery.kernel.outbox import JobKey
from creamery.kernel.stores import the_store
from creamery.settings import CONFIG
from creamery.spec.digests import Sha256
from creamery.storage import keys
from creamery.storage.store import NoSuchBlob
from creamery.upload import sweep
from tests.factories import build, create_person, publish
from tests.races.together import in_the_middle, left_off
from tests.real.distributions import Distribution
from tests.real.inside import Inside

WHAT = Distribution(name="curd", readme="")
A_DAY = timedelta(hours=25)
PAST_THE_LEASE = timedelta(seconds=31)
SWEEP = JobKey("upload.sweep.sweep", "")
UPLOADING = [
    "upload.received",
    "upload.admitted",
    "upload.validated",
    "upload.noted",
    "upload.put",
    "upload.stored",
    "catalog.release-made",
    "catalog.file-inserted",
    "catalog.event-recorded",
    "catalog.serial-taken",
    "catalog.before-commit",
    "upload.recorded",
    "outbox.claimed",
    "publish.name",
    "publish.exposed",
    "publish.put:3",
    "outbox.reacted",
    "upload.rendered",
]
SWEEPING = ["sweep.begun:1", "sweep.deleted:1", "sweep.begun:2", "sweep.deleted:2"]


@pytest.fixture
def ada(inside: Inside) -> Actor:
    """Give somebody who publishes."""
    return create_person("ada")


@pytest.fixture
def forgotten(ada: Actor) -> None:
    """Leave the content of an upload in the store for a day, with nothing that refers to it, as a crash does."""
    with clock.moved(-A_DAY), left_off("upload.stored"):
        publish(WHAT, actor=ada)
    assert Blob.objects.count() == 2
    assert not File.objects.exists()


def sweep_now() -> bool | None:
    """Let the sweeper run."""
    Job.objects.create(reaction=SWEEP.reaction, key=SWEEP.key, created_at=clock.now(), due_at=clock.now())
    return outbox.run(SWEEP)


def sweep_a_day_later() -> bool | None:
    """Let the sweeper run when everything that is there now is old."""
    with clock.moved(A_DAY):
        return sweep_now()


def assert_whole(inside: Inside) -> None:
    """The file is listed, and its bytes and those of its metadata are what they were, in the store and for readers."""
    filename, content = build(WHAT)
    file = File.objects.get()
    assert inside.list_files(WHAT.name) == [filename]
    path = f"/packages/{file.sha256[:2]}/{file.sha256[2:4]}/{file.sha256[4:]}/{filename}"
    assert inside.get(path).body == content
    assert inside.get(f"{path}.metadata").body == WHAT.metadata()
    assert the_store().read(keys.blob(Sha256(file.sha256))) == content
    assert the_store().read(keys.blob(Sha256(file.metadata_sha256))) == WHAT.metadata()
    assert set(Blob.objects.values_list("state", flat=True)) == {"live"}


def publish_until_promised(actor: Actor) -> int:
    """Publish as a client does that heeds 503. Returns how often it was told to come again."""
    for refused in range(5):
        try:
            publish(WHAT, actor=actor)
        except BlobSwept:
            continue
        return refused
    raise AssertionError("refused for ever")


def test_forgotten_content_is_swept_and_other_content_stays(inside: Inside, ada: Actor, forgotten: None) -> None:
    publish(Distribution(name="kept"), actor=ada)
    kept = File.objects.get()
    assert sweep_a_day_later() is True
    assert list(Blob.objects.order_by("pk")) == [kept.blob, kept.metadata_blob]
    digest = Sha256(hashlib.sha256(build(WHAT)[1]).hexdigest())
    with pytest.raises(NoSuchBlob):
        the_store().stat(keys.blob(digest))


@pytest.mark.parametrize("when", [sweep_now, sweep_a_day_later])
@pytest.mark.parametrize("point", UPLOADING)
def test_a_sweep_at_any_step_of_an_upload_takes_nothing_that_is_published(
    inside: Inside, ada: Actor, forgotten: None, point: str, when: Callable[[], bool | None]
) -> None:
    """Also when the upload stood still for a day at that step."""
    # Inside the transaction of the upload the sweeper waits for it.
    with in_the_middle(point, when, patience=0.3 if point.startswith("catalog.") else 30) as sweeper:
        publish_until_promised(ada)
    assert sweeper.end() is True
    assert_whole(inside)


@pytest.mark.parametrize("point", SWEEPING)
def test_an_upload_at_any_step_of_a_sweep_is_published_or_told_to_come_again(
    inside: Inside, ada: Actor, forgotten: None, point: str
) -> None:
    def upload() -> bool:
        try:
            return publish(WHAT, actor=ada).is_new
        except BlobSwept:
            return False

    with in_the_middle(point, upload) as uploader:
        sweep_now()
    uploader.end()
    publish_until_promised(ada)
    assert_whole(inside)


@pytest.mark.parametrize("point", SWEEPING)
def test_a_sweeper_that_was_paused_beyond_its_lease_takes_nothing_that_came_back(
    inside: Inside, ada: Actor, forgotten: None, point: str
) -> None:
    with ExitStack() as later:

        def overtake_and_publish() -> None:
            later.enter_context(clock.moved(PAST_THE_LEASE))
            assert sweep_now() is True
            publish_until_promised(ada)

        with in_the_middle(point, overtake_and_publish) as other:
            sweep_now()
        other.end()
    assert_whole(inside)
    publish_until_promised(ada)
    assert_whole(inside)


def test_a_sweep_that_was_left_off_is_finished_by_the_next(inside: Inside, ada: Actor, forgotten: None) -> None:
    with left_off("sweep.begun"), outbox.claimed(SWEEP) as claim:
        sweep.sweep(claim=claim)
    with pytest.raises(BlobSwept):
        publish(WHAT, actor=ada)
    assert sweep_now() is True
    assert not Lease.objects.filter(reaction=SWEEP.reaction).exists()
    publish(WHAT, actor=ada)
    assert_whole(inside)


def test_what_writers_that_died_left_half_written_is_swept(
    inside: Inside, ada: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """REL-12"""
    root = the_store().local_path(keys.BlobKey("blobs"))
    assert root is not None
    left = [CONFIG.incoming / "upload-left", root.parent / ".incoming" / "1-left"]
    for path in left:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"half")
    assert sweep_now() is True
    assert [path.exists() for path in left] == [True, True], "they may belong to an upload"
    monkeypatch.setattr(sweep, "SWEPT_AFTER", timedelta(seconds=-1))
    assert sweep_now() is True
    assert [path.exists() for path in left] == [False, False]
