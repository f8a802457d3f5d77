"""Several people upload at the same moment. REL-16, REL-17, REL-18."""

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest

from creamery.accounts import actions as accounts
from creamery.accounts.queries import SetupOver
from creamery.catalog.models import File, Grant, JournalEntry, Project, Serial
from creamery.catalog.steps import FileExists, MayNotUpload
from creamery.kernel.actor import ANONYMOUS, Actor
from creamery.kernel.models import EventRow
from creamery.settings import CONFIG
from creamery.upload.form import form_for_local
from creamery.upload.pipeline import Published, upload_file
from creamery.upload.receive import receive_local
from tests.factories import build, create_person
from tests.races.together import at_once, split
from tests.real.distributions import Distribution
from tests.real.inside import Inside, forget_everything

pytestmark = pytest.mark.soak


@pytest.fixture
def rounds(full_numbers: bool) -> int:
    """Say how often a race is run."""
    return 200 if full_numbers else 8


Publish = Callable[[Distribution, Actor], Callable[[], Published]]


@pytest.fixture
def publish(tmp_path: Path) -> Publish:
    """Prepare a publication, so that nothing but the pipeline runs when it is called."""

    def prepare(what: Distribution, actor: Actor) -> Callable[[], Published]:
        filename, content = build(what)
        path = tmp_path / uuid4().hex / filename
        path.parent.mkdir()
        path.write_bytes(content)
        received = receive_local(path, CONFIG.incoming, CONFIG.max_file_bytes)
        return partial(upload_file, form_for_local(filename), received, actor=actor)

    return prepare


def test_the_same_file_at_once_is_published_once_and_promised_to_all(
    inside: Inside, publish: Publish, rounds: int
) -> None:
    """REL-16"""
    ada = create_person("ada")
    for number in range(rounds):
        what = Distribution(name=f"same-{number}", readme="")
        given, raised = split(at_once(*(publish(what, ada) for _ in range(4))))
        assert raised == []
        assert sorted(published.is_new for published in given) == [False, False, False, True]
        assert inside.list_files(what.name) == [f"{what.stem}-py3-none-any.whl"]
    assert File.objects.count() == Project.objects.count() == Grant.objects.count() == rounds
    assert EventRow.objects.filter(name="catalog.FileAdded").count() == rounds
    assert_no_gaps()


def test_of_different_contents_under_one_name_exactly_one_wins(inside: Inside, publish: Publish, rounds: int) -> None:
    """REL-17, UP-30"""
    ada = create_person("ada")
    for number in range(rounds):
        variants = [Distribution(name=f"rival-{number}", readme="", summary=f"Variant {letter}.") for letter in "abcd"]
        given, raised = split(at_once(*(publish(what, ada) for what in variants)))
        assert [type(error) for error in raised] == [FileExists] * 3
        assert [published.is_new for published in given] == [True]
        file = File.objects.get(project__normalized_name=f"rival-{number}")
        kept = inside.get(f"/packages/{file.sha256[:2]}/{file.sha256[2:4]}/{file.sha256[4:]}/{file.filename}").body
        winners = [build(what)[1] for what in variants]
        assert winners.count(kept) == 1
        assert file.release.metadata["summary"] == variants[winners.index(kept)].summary
    assert_no_gaps()


def test_of_sixteen_contents_of_one_name_one_wins_and_fifteen_are_told_that_it_exists(
    inside: Inside, publish: Publish
) -> None:
    """UP-21, UP-30, REL-17"""
    ada = create_person("ada")
    rivals = [Distribution(name="crowd", readme="", summary=f"Variant {number}.") for number in range(16)]
    given, raised = split(at_once(*(publish(what, ada) for what in rivals)))
    assert [published.is_new for published in given] == [True]
    assert [(type(error), error.status) for error in raised if isinstance(error, FileExists)] == [
        (FileExists, 409)
    ] * 15
    assert inside.list_files("crowd") == ["crowd-1.0-py3-none-any.whl"]
    assert_no_gaps()


def test_sixteen_files_of_one_new_project_are_all_in_one_project(inside: Inside, publish: Publish) -> None:
    """REL-18"""
    ada = create_person("ada")
    files = [Distribution(name="crowd", version=f"1.{number}", readme="") for number in range(16)]
    given, raised = split(at_once(*(publish(what, ada) for what in files)))
    assert raised == []
    assert [published.is_new for published in given] == [True] * 16
    assert (Project.objects.count(), Grant.objects.count(), File.objects.count()) == (1, 1, 16)
    assert len(inside.list_files("crowd")) == 16
    assert_no_gaps()


def test_a_name_that_several_people_take_at_once_has_one_owner(inside: Inside, publish: Publish, rounds: int) -> None:
    """REL-18"""
    people = [create_person() for _ in range(4)]
    for number in range(rounds):
        calls = [
            publish(Distribution(name=f"coveted-{number}", version=f"1.{place}", readme=""), person)
            for place, person in enumerate(people)
        ]
        given, raised = split(at_once(*calls))
        assert [type(error) for error in raised] == [MayNotUpload] * 3
        assert len(given) == 1
        grant = Grant.objects.get(project__normalized_name=f"coveted-{number}")
        assert grant.role == "owner"
        assert File.objects.get(project=grant.project).uploaded_by_id == grant.person_id
        assert inside.list_files(f"coveted-{number}") == [given[0].filename]
    assert_no_gaps()


def test_serials_appear_in_the_order_of_commits_without_gaps(inside: Inside, publish: Publish, rounds: int) -> None:
    """A mirror that has read up to a serial never finds an older one later. REL-18"""
    ada = create_person("ada")
    shared = [Distribution(name="busy", version=f"1.{number}", readme="") for number in range(4 * rounds)]
    others = [Distribution(name=f"busy-{number}", readme="") for number in range(4 * rounds)]
    waiting = [publish(what, ada) for pair in zip(shared, others, strict=True) for what in pair]
    is_over = threading.Event()

    def follow() -> list[int]:
        """Read the journal as a mirror does, on and on."""
        seen: list[int] = []
        while not is_over.is_set():
            seen += (
                JournalEntry.objects.filter(serial__gt=max(seen, default=0))
                .order_by("serial")
                .values_list("serial", flat=True)
            )
        return seen

    def write(place: int) -> list[int]:
        for call in waiting[place::8]:
            call()
        return []

    writers = [partial(write, place) for place in range(8)]
    running = threading.Thread(target=lambda: outcome.extend(at_once(*writers)))
    outcome: list[list[int] | Exception] = []
    followed: list[list[int] | Exception] = []
    mirror = threading.Thread(target=lambda: followed.extend(at_once(follow)))
    mirror.start()
    running.start()
    running.join()
    is_over.set()
    mirror.join()
    assert outcome == [[]] * 8
    (seen,) = followed
    assert isinstance(seen, list)
    assert seen == list(range(1, len(seen) + 1)), "the mirror missed what committed late"
    assert len(inside.list_files("busy")) == 4 * rounds
    assert_no_gaps()


def test_the_one_time_link_makes_one_administrator(inside: Inside, rounds: int) -> None:
    for number in range(min(rounds, 20)):
        code = accounts.new_setup_code()
        calls = [
            partial(
                accounts.create_first_person,
                code,
                username=f"first{number}x{place}",
                email=f"first{number}x{place}@idx.example",
                password="correct horse battery staple 7",
                actor=ANONYMOUS,
            )
            for place in range(3)
        ]
        given, raised = split(at_once(*calls))
        assert [type(error) for error in raised] == [SetupOver] * 2
        assert len(given) == 1
        assert EventRow.objects.filter(name="accounts.PersonCreated").count() == 1
        # The link is gone for ever once somebody is there.
        forget_everything()


def assert_no_gaps() -> None:
    """The journal counts from one to the last serial."""
    serials = list(JournalEntry.objects.order_by("serial").values_list("serial", flat=True))
    assert serials == list(range(1, Serial.objects.get(pk=1).n + 1))
