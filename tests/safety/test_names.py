"""Names that may not become projects, that may in any case, and that others must not be mistaken for."""

from dataclasses import replace

import pytest

from creamery.catalog.actions import ensure_default_index
from creamery.catalog.models import Project
from creamery.catalog.steps import LooksLikeAnother, find_look_alike
from creamery.kernel.actor import ANONYMOUS, CONSOLE, Actor
from creamery.kernel.refusals import Forbidden
from creamery.safety.actions import InvalidNames, list_names_as, unlist_names
from creamery.safety.models import ListedName, PopularKey
from creamery.safety.policy import POLICY, may
from creamery.safety.queries import list_names, look_up_name
from creamery.settings import CONFIG
from creamery.spec.look_alikes import fold_name
from creamery.upload import names
from creamery.upload.claims import InvalidUpload
from tests.factories import create_person, list_events, nothing_remains, publish
from tests.real.inside import Inside

STAFF = Actor(kind="person", proof="session", person_id=1, is_staff=True)
ASKERS = {
    "operator": (CONSOLE, True),
    "staff": (STAFF, True),
    "token of staff": (replace(STAFF, kind="token", proof="token"), False),
    "somebody": (Actor(kind="person", proof="session", person_id=2), False),
    "nobody": (ANONYMOUS, False),
}


@pytest.mark.parametrize("permission", POLICY)
@pytest.mark.parametrize("asker", ASKERS)
def test_lists_of_names_are_for_the_operator_and_the_staff(asker: str, permission: str, inside: Inside) -> None:
    actor, expected = ASKERS[asker]
    assert may(actor, permission) is expected  # type: ignore[arg-type]
    if not expected:
        with pytest.raises(Forbidden):
            list_names(actor=actor)
        with pytest.raises(Forbidden):
            list_names_as("forbidden", ["gouda"], actor=actor)
        with pytest.raises(Forbidden):
            unlist_names(["gouda"], actor=actor)


def test_a_listed_name_is_found_in_any_spelling_until_it_is_taken_off(inside: Inside) -> None:
    assert list_names_as("forbidden", ["Gouda.Old", "edam"], reason="A mark.", actor=CONSOLE) == ["edam", "gouda-old"]
    assert look_up_name("gouda-old").forbidden_reason == "A mark."
    list_names_as("forbidden", ["gouda_old"], reason="Another.", actor=CONSOLE)
    assert [(line.name, line.reason) for line in list_names("forbidden", actor=CONSOLE)] == [
        ("edam", "A mark."),
        ("gouda-old", "Another."),
    ]
    assert unlist_names(["GOUDA-OLD"], actor=CONSOLE) == 1
    assert unlist_names(["GOUDA-OLD"], actor=CONSOLE) == 0
    assert look_up_name("gouda-old").forbidden_reason is None
    assert list_events() == ["safety.NamesListed", "safety.NamesListed", "safety.NamesUnlisted"]


def test_what_is_no_name_is_not_listed_nor_is_the_rest(inside: Inside) -> None:
    with pytest.raises(InvalidNames) as caught:
        list_names_as("popular", ["fine", "-", "no name"], actor=CONSOLE)
    assert [problem.value for problem in caught.value.problems] == ["-", "no name"]
    assert not ListedName.objects.exists()


def test_keys_of_popular_names_come_and_go_with_them(inside: Inside) -> None:
    list_names_as("popular", ["requests"], actor=CONSOLE)
    count = PopularKey.objects.count()
    list_names_as("popular", ["requests"], actor=CONSOLE)
    assert PopularKey.objects.count() == count > 8
    found = look_up_name("reqeusts")
    assert (found.resembles, found.resemblance) == ("requests", "swapped")
    assert look_up_name("requests").resembles == ""
    unlist_names(["requests"], actor=CONSOLE)
    assert not PopularKey.objects.exists()


def warnings_of(name: str) -> list[str]:
    """Publish under a new name; say what its uploader is told."""
    return [warning.code for warning in publish(name, actor=create_person()).warnings]


def problems_of(name: str) -> list[str]:
    """Try to publish under a new name; say what refuses it, and that nothing remains."""
    person = create_person()
    with nothing_remains(), pytest.raises(InvalidUpload) as caught:
        publish(name, actor=person)
    return [problem.code for problem in caught.value.problems]


@pytest.mark.parametrize("policy", ["open", "public"])
def test_a_forbidden_name_is_refused_by_every_index_even_if_it_is_allowed_too(policy: str, inside: Inside) -> None:
    """UPL-038"""
    ensure_default_index(policy)
    list_names_as("forbidden", ["gouda"], actor=CONSOLE)
    list_names_as("allowed", ["gouda"], actor=CONSOLE)
    assert problems_of("gouda") == ["forbidden-name"]


def test_a_project_that_exists_is_not_touched_by_a_list(inside: Inside) -> None:
    person = create_person()
    publish("gouda", actor=person)
    list_names_as("forbidden", ["gouda"], actor=CONSOLE)
    assert publish("gouda", "sdist", actor=person).is_new


@pytest.mark.parametrize("name", ["asyncio", "urllib2", "distutils"])
def test_a_name_of_the_standard_library_is_remarked_by_an_open_index(name: str, inside: Inside) -> None:
    """UPL-037"""
    assert warnings_of(name) == ["standard-library-name"]


def test_a_name_of_the_standard_library_is_refused_by_a_public_index_unless_it_is_allowed(inside: Inside) -> None:
    """UPL-037"""
    ensure_default_index("public")
    assert problems_of("queue") == ["standard-library-name"]
    list_names_as("allowed", ["queue"], actor=CONSOLE)
    assert warnings_of("queue") == []


def test_a_look_alike_is_refused_by_a_public_index_unless_the_operator_allows_it(inside: Inside) -> None:
    """NM-03, UPL-038"""
    publish("pillow-case", actor=create_person())
    assert warnings_of("p1110wcase") == ["looks-like-another"]
    ensure_default_index("public")
    assert problems_of("pi11ow_case") == ["looks-like-another"]
    list_names_as("allowed", ["pi11ow-case"], actor=CONSOLE)
    assert warnings_of("pi11ow-case") == []


def test_the_look_alike_of_a_deleted_project_is_refused_too(inside: Inside) -> None:
    """UPL-038"""
    publish("pillow", actor=create_person())
    Project.objects.update(status="deleted")
    ensure_default_index("public")
    assert problems_of("pi11ow") == ["looks-like-another"]


def test_a_look_alike_that_came_after_we_looked_is_refused_when_it_is_recorded(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NM-03: two uploads at once, each of which saw no other project."""
    publish("pillow", actor=create_person())
    ensure_default_index("public")
    monkeypatch.setattr(names, "find_look_alike", lambda *_: None)
    with pytest.raises(LooksLikeAnother):
        publish("pi11ow", actor=create_person())
    assert list(Project.objects.values_list("name", flat=True)) == ["pillow"]


def test_every_project_knows_its_fold(inside: Inside) -> None:
    publish("Pillow.Case", actor=create_person())
    project = Project.objects.get()
    assert project.folded_name == fold_name("pillow-case")
    assert find_look_alike(project.index_id, "pillow-case") is None
    assert find_look_alike(project.index_id, "pillowcase") == "Pillow.Case"


@pytest.mark.parametrize(("setting", "told"), [("off", []), ("warn", ["resembles-popular"])])
def test_a_mistyped_popular_name_is_answered_as_the_setting_says(
    setting: str, told: list[str], inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """UPL-040"""
    list_names_as("popular", ["requests", "python-nmap"], actor=CONSOLE)
    monkeypatch.setattr(names, "CONFIG", replace(CONFIG, typo_squats=setting))  # type: ignore[arg-type]
    assert warnings_of("reqeusts") == told
    assert warnings_of("nmap-python") == told
    assert warnings_of("gouda") == []
    assert warnings_of("requests") == []


def test_a_mistyped_popular_name_is_refused_if_the_operator_wants(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """UPL-040"""
    list_names_as("popular", ["requests"], actor=CONSOLE)
    monkeypatch.setattr(names, "CONFIG", replace(CONFIG, typo_squats="refuse"))
    assert problems_of("requestss") == ["resembles-popular"]
    list_names_as("allowed", ["requestss"], actor=CONSOLE)
    assert warnings_of("requestss") == []


def test_a_name_costs_the_same_statements_however_long_the_lists_are(
    inside: Inside,
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for size in (1, 400):
        list_names_as("popular", [f"popular-name-{number:03}" for number in range(size)], actor=CONSOLE)
        with CaptureQueriesContext(connection) as captured:
            look_up_name("gouda")
        counts.append(len(captured))
    assert counts == [2, 2]
