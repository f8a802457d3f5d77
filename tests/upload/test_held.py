"""A new project whose name could be a mistyped one of a popular one is held: kept, shown to nobody, decided by the staff."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from creamery.catalog.events import FileAdded
from creamery.catalog.held_actions import NotHeld, refuse_project, release_project
from creamery.catalog.limit_actions import set_limit
from creamery.catalog.limits import ProjectFull
from creamery.catalog.models import File, Grant, JournalEntry, Project
from creamery.catalog.steps import NameWasDeleted
from creamery.catalog.upkeep_actions import delete_project, set_project_status
from creamery.catalog.upkeep_queries import count_held, list_held
from creamery.catalog.upkeep_steps import ProjectFrozen
from creamery.kernel.actor import ANONYMOUS, CONSOLE, Actor
from creamery.kernel.models import LetterRow
from creamery.kernel.refusals import Forbidden
from creamery.publish.rebuild import check_all
from creamery.safety.actions import list_names_as
from creamery.settings import CONFIG
from creamery.upload import names
from tests.factories import (
    create_person,
    create_token,
    finish_work,
    list_events,
    make_upload,
    nothing_remains,
    publish,
)
from tests.real.distributions import Distribution
from tests.real.inside import Inside

NAME, WHEEL, SDIST = "reqeusts", "reqeusts-1.0-py3-none-any.whl", "reqeusts-1.0.tar.gz"


@pytest.fixture
def held(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> Actor:
    """Let ada have uploaded what is held."""
    list_names_as("popular", ["requests"], actor=CONSOLE)
    monkeypatch.setattr(names, "CONFIG", replace(CONFIG, typo_squats="hold"))
    ada = create_person("ada")
    assert publish(NAME, actor=ada).is_held
    return ada


def find_traces(inside: Inside) -> list[str]:
    """List the addresses of readers that know of the project."""
    pages = [f"/simple/{NAME}/", f"/pypi/{NAME}/json", f"/pypi/{NAME}/1.0/json", f"/project/{NAME}/"]
    pages += [
        f"/packages/{sha256[:2]}/{sha256[2:4]}/{sha256[4:]}/{filename}"
        for sha256, filename in File.objects.values_list("sha256", "filename")
    ]
    lists = ["/simple/", "/rss/updates.xml", "/rss/packages.xml", "/search/?q=requ", "/"]
    return [path for path in pages if inside.get(path).status != 404] + [
        path for path in lists if NAME in inside.get(path).text
    ]


def test_its_uploader_is_told_that_it_waits_and_who_decides(held: Actor, inside: Inside) -> None:
    """UPL-040"""
    token = create_token(held).text
    sdist, again = (make_upload(NAME, kind).send(inside, token) for kind in ("sdist", "wheel"))
    as_json = make_upload(NAME, "sdist").send(inside, token, accept="application/json").json()
    assert (sdist.status, again.status) == (200, 200)
    for answer in (sdist, again):
        assert "warning: " in answer.text
        assert "held" in answer.text
        assert "the staff of this index" in answer.text
    assert as_json["status"] == "held"


def test_no_reader_knows_of_it(held: Actor, inside: Inside) -> None:
    """UPL-040"""
    publish(NAME, "sdist", actor=held)
    finish_work()
    assert find_traces(inside) == []
    assert not JournalEntry.objects.exists()
    assert {file.state for file in File.objects.all()} == {"held"}
    assert [d for part in check_all() for d in part if NAME in str(d)] == []


def test_it_is_recorded_and_told_in_letters(held: Actor) -> None:
    assert list_events("catalog.ProjectCreated", "catalog.FileHeld", "catalog.FileAdded") == [
        "catalog.ProjectCreated", "catalog.FileHeld",
    ]  # fmt: skip
    assert [(letter.username, letter.template) for letter in LetterRow.objects.all()] == [("ada", "project_held")]


def test_the_staff_gets_a_letter_about_the_first_file_only(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    create_person("grace", is_staff=True)
    list_names_as("popular", ["requests"], actor=CONSOLE)
    monkeypatch.setattr(names, "CONFIG", replace(CONFIG, typo_squats="hold"))
    ada = create_person("ada")
    for kind in ("wheel", "sdist"):
        publish(NAME, kind, actor=ada)
    letters = [(letter.username, letter.template) for letter in LetterRow.objects.order_by("pk")]
    assert letters == [("ada", "project_held"), ("grace", "project_to_decide")]


def test_the_staff_sees_what_waits(held: Actor) -> None:
    (line,) = list_held(actor=CONSOLE)
    assert (line.name, line.people, line.filenames) == (NAME, ("ada",), (WHEEL,))
    assert "requests" in line.reason
    assert count_held() == 1


def test_what_is_released_is_there_at_once_for_everybody(held: Actor, inside: Inside) -> None:
    """UPL-040"""
    publish(NAME, "sdist", actor=held)
    LetterRow.objects.all().delete()
    assert release_project("Reqeusts", actor=CONSOLE) == [WHEEL, SDIST]
    finish_work()
    assert inside.list_files(NAME) == [WHEEL, SDIST]
    assert len(find_traces(inside)) >= 8
    assert list(JournalEntry.objects.order_by("serial").values_list("action", flat=True)) == [
        "create", "add Owner ada", "new release", f"add py3 file {WHEEL}", f"add source file {SDIST}",
    ]  # fmt: skip
    assert [letter.template for letter in LetterRow.objects.all()] == ["project_released"]
    assert [d for part in check_all() for d in part if NAME in str(d)] == []
    assert not publish(Distribution(name=NAME, version="2.0"), actor=held).is_held
    assert list_events("catalog.FileAdded") == [FileAdded.title()]


def test_what_is_refused_is_gone_and_its_name_is_given_to_nobody(held: Actor, inside: Inside) -> None:
    """UPL-040, INC-11"""
    LetterRow.objects.all().delete()
    assert refuse_project(NAME, reason="A trap.", actor=CONSOLE) == [WHEEL]
    finish_work()
    assert find_traces(inside) == []
    assert {file.state for file in File.objects.all()} == {"deleted"}
    assert not Grant.objects.exists()
    (letter,) = LetterRow.objects.all()
    assert (letter.username, letter.template, letter.facts["reason"]) == ("ada", "project_refused", "A trap.")
    with nothing_remains(), pytest.raises(NameWasDeleted):
        publish(Distribution(name=NAME, version="2.0"), actor=held)
    assert [d for part in check_all() for d in part if NAME in str(d)] == []


STAFF = Actor(kind="person", proof="session", person_id=None, is_staff=True, username="grace")
DECISIONS: list[Callable[..., object]] = [release_project, refuse_project]


@pytest.mark.parametrize("decide", DECISIONS)
@pytest.mark.parametrize(
    ("actor", "may"),
    [
        (CONSOLE, True),
        (STAFF, True),
        (replace(STAFF, kind="token", proof="token"), False),
        (replace(STAFF, is_staff=False), False),
        (ANONYMOUS, False),
    ],
    ids=["operator", "staff", "token of staff", "somebody", "nobody"],
)
def test_who_decides(decide: Callable[..., object], actor: Actor, may: bool, held: Actor) -> None:
    """held.decide, held.list"""
    if may:
        assert decide(NAME, actor=actor)
        return
    for ask in (partial(decide, NAME, actor=actor), partial(list_held, actor=actor), partial(decide, NAME, actor=held)):
        with nothing_remains(), pytest.raises(Forbidden):
            ask()


@pytest.mark.parametrize("decide", DECISIONS)
@pytest.mark.parametrize("name", ["gouda", "requests"])
def test_only_what_is_held_is_decided_about(decide: Callable[..., object], name: str, held: Actor) -> None:
    publish("requests", actor=held)
    with nothing_remains(), pytest.raises(NotHeld):
        decide(name, actor=CONSOLE)


def test_its_owner_cannot_release_it_by_another_way(held: Actor) -> None:
    with nothing_remains():
        for change in (partial(set_project_status, NAME, "active"), partial(delete_project, NAME)):
            with pytest.raises(ProjectFrozen):
                change(actor=held)
    assert Project.objects.get().status == "held"


def test_what_is_held_fills_its_project(held: Actor) -> None:
    """UPL-056: what nobody sees lies on the disk as well."""
    set_limit("project-bytes", File.objects.get().size_bytes + 10, project=NAME, actor=CONSOLE)
    with nothing_remains(), pytest.raises(ProjectFull):
        publish(Distribution(name=NAME, version="2.0"), actor=held)


def test_a_question_says_that_it_would_be_held_and_leaves_nothing(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    list_names_as("popular", ["requests"], actor=CONSOLE)
    monkeypatch.setattr(names, "CONFIG", replace(CONFIG, typo_squats="hold"))
    token = create_token(create_person()).text
    with nothing_remains():
        told = make_upload(NAME).send(inside, token, "/legacy/?dry-run", accept="application/json").json()
    assert told["status"] == "would be held"


def test_a_name_that_the_staff_allowed_is_not_held(held: Actor) -> None:
    list_names_as("allowed", ["requestss"], actor=CONSOLE)
    assert not publish("requestss", actor=held).is_held
