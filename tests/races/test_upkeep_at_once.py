"""Yanking and deleting while others upload, and while others delete. On both databases the outcome is one after the other."""

from collections.abc import Callable
from functools import partial

import pytest

from creamery.catalog import upkeep_actions as upkeep
from creamery.catalog.models import File, JournalEntry, Release, Serial
from creamery.kernel import outbox
from creamery.kernel.actor import Actor
from creamery.kernel.models import EventRow
from creamery.kernel.refusals import Refusal
from creamery.publish.rebuild import check_all
from tests.factories import create_person, finish_work, publish
from tests.races.together import at_once, in_the_middle, split
from tests.real.distributions import Distribution
from tests.real.inside import SIMPLE_JSON, Inside

NAME = "rind"
WHEEL, SDIST = "rind-1.0-py3-none-any.whl", "rind-1.0.tar.gz"
IN_AN_UPLOAD = [
    "upload.admitted",
    "upload.stored",
    "catalog.release-made",
    "catalog.file-inserted",
    "catalog.serial-taken",
    "catalog.before-commit",
    "upload.recorded",
    "outbox.claimed",
    "publish.exposed",
    "publish.put:3",
]
Change = Callable[[], bool]


@pytest.fixture
def ada(inside: Inside) -> Actor:
    """Let ada have a project with a source distribution."""
    person = create_person("ada")
    publish(Distribution(name=NAME, readme=""), "sdist", actor=person)
    return person


def changes(ada: Actor) -> dict[str, Change]:
    """List what the owner may do meanwhile."""
    return {
        "yank the release": partial(upkeep.yank_release, NAME, "1.0", reason="sour", actor=ada),
        "delete the file": partial(upkeep.delete_file, NAME, WHEEL, actor=ada),
        "delete the release": partial(upkeep.delete_release, NAME, "1.0", actor=ada),
        "delete the project": partial(upkeep.delete_project, NAME, actor=ada),
        "archive the project": partial(upkeep.set_project_status, NAME, "archived", actor=ada),
    }


def as_a_door(change: Change) -> bool | str:
    """Make a change and write what follows, before the answer. Returns the code of a refusal."""
    try:
        is_changed = change()
    except Refusal as refusal:
        return refusal.code
    outbox.run_soon()
    return is_changed


def upload(ada: Actor, kind: str = "wheel") -> bool | str:
    """Upload the other file of the release."""
    return as_a_door(lambda: publish(Distribution(name=NAME, readme=""), kind, actor=ada).is_new)


def assert_whole(inside: Inside) -> None:
    """Readers get what the record says, at once and once all work is done; serials have no gaps."""
    answer = inside.get(f"/simple/{NAME}/", accept=SIMPLE_JSON)
    listed = {file["filename"] for file in answer.json()["files"]} if answer.status == 200 else set()
    shown = File.objects.filter(state="live", project__normalized_name=NAME).exclude(project__status="deleted")
    assert listed == set(shown.values_list("filename", flat=True))
    assert not File.objects.filter(state="live").exclude(release__deleted_at=None).exists(), (
        "a file of a deleted release"
    )
    finish_work()
    assert [difference for found in check_all() for difference in found] == []
    serials = list(JournalEntry.objects.order_by("serial").values_list("serial", flat=True))
    assert serials == list(range(1, Serial.objects.get().n + 1))


@pytest.mark.parametrize(
    "what", ["yank the release", "delete the release", "delete the project", "archive the project"]
)
@pytest.mark.parametrize("point", IN_AN_UPLOAD)
def test_a_change_at_any_step_of_an_upload_comes_before_or_after_it(
    point: str, what: str, inside: Inside, ada: Actor
) -> None:
    change = changes(ada)[what]
    # Inside the transaction of the upload, and while it writes the page, the change waits for it.
    patience = 30 if point.startswith("upload.") else 0.3
    with in_the_middle(point, lambda: as_a_door(change), patience=patience) as owner:
        told = upload(ada)
    assert owner.end() is True
    assert told is True or isinstance(told, str)
    finish_work()
    assert_whole(inside)
    if what == "yank the release":
        assert told is True
        listed = inside.get(f"/simple/{NAME}/", accept=SIMPLE_JSON).json()["files"]
        assert [file["yanked"] for file in listed] == ["sour", "sour"]
    if what == "delete the release":
        assert inside.list_files(NAME) == []


@pytest.mark.parametrize("what", ["delete the release", "delete the project"])
def test_an_upload_in_the_middle_of_a_deletion_waits_and_is_refused(what: str, inside: Inside, ada: Actor) -> None:
    # It was admitted when the release was still there.
    with in_the_middle("catalog.serial-taken", lambda: upload(ada), patience=0.3) as uploader:
        assert as_a_door(changes(ada)[what]) is True
    assert uploader.end() == "release-was-deleted"
    assert_whole(inside)


@pytest.mark.parametrize("what", ["yank the release", "delete the file", "delete the release", "delete the project"])
def test_of_several_who_do_the_same_at_once_one_did_it(what: str, inside: Inside, ada: Actor) -> None:
    assert upload(ada) is True
    before = EventRow.objects.count()
    given, raised = split(at_once(*(partial(as_a_door, changes(ada)[what]) for _ in range(4))))
    assert raised == []
    assert sorted(map(str, given)) == ["False", "False", "False", "True"]
    assert EventRow.objects.count() == before + 1
    assert_whole(inside)


@pytest.mark.parametrize("what", ["delete the release", "delete the project"])
def test_to_delete_a_whole_and_its_part_at_once_ends_with_neither(what: str, inside: Inside, ada: Actor) -> None:
    assert upload(ada) is True
    several = changes(ada)
    calls = [partial(as_a_door, several[name]) for name in ("delete the file", what, "yank the release")]
    _given, raised = split(at_once(*calls))
    assert raised == []
    assert not File.objects.filter(state="live").exists()
    assert_whole(inside)


def test_uploads_of_a_name_and_its_deletion_at_once_never_wait_in_a_ring(inside: Inside, ada: Actor) -> None:
    """The files of a release share the content of their metadata, which each side locks."""

    def put(what: Distribution) -> bool:
        return publish(what, actor=ada).is_new

    for number in range(4):
        first, *others = (Distribution(name=f"twin-{number}", version=f"{n}.0", readme="") for n in (1, 2, 3))
        put(first)
        several = [
            partial(upkeep.delete_project, first.name, actor=ada),
            partial(upkeep.yank_release, first.name, first.version, actor=ada),
            *(partial(put, what) for what in others),
        ]
        _given, raised = split(at_once(*(partial(as_a_door, change) for change in several)))
        assert raised == []
    assert not Release.every.filter(project__status="deleted", deleted_at=None).exists()
    assert_whole(inside)
