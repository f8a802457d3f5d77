"""The staff looks at its desk: what is held is decided about, letters that reached nobody are sent once more, limits are set and taken back."""

import html
from dataclasses import replace

import pytest

from creamery.accounts.actions import set_password
from creamery.catalog.models import LimitOverride
from creamery.kernel import clock
from creamery.kernel.actor import CONSOLE
from creamery.kernel.models import LetterRow
from creamery.safety.actions import list_names_as
from creamery.settings import CONFIG
from creamery.upload import names
from tests.factories import PASSWORD, create_person, create_publisher, list_events, make_upload, publish
from tests.real.inside import Inside
from tests.real.visitor import Visitor

pytestmark = pytest.mark.usefixtures("quick_hashes")
DESK, OWN = "/staff/", "/manage/projects/"


@pytest.fixture
def staff(inside: Inside) -> Visitor:
    """Give the browser of a member of staff; somebody has published Gouda."""
    create_person("sam", password=PASSWORD, is_staff=True)
    make_upload("gouda").send(inside, create_publisher("ada"))
    visitor = Visitor(inside)
    visitor.log_in("sam")
    return visitor


def test_the_desk_is_for_the_staff(staff: Visitor) -> None:
    create_person("eve", password=PASSWORD)
    eve = Visitor(staff.inside)
    eve.log_in("eve")
    assert eve.get(DESK).status == 403
    for fields in ({"do": "retry"}, {"do": "limit", "kind": "file-bytes", "project": "gouda", "value": "1"}):
        assert eve.send(DESK, fields, form_at=OWN).status == 403
    assert "Staff" not in eve.get(OWN).text
    assert f'href="{DESK}"' in staff.get(OWN).text
    assert "All letters of the last month have left." in staff.get(DESK).text


@pytest.fixture
def held(staff: Visitor, monkeypatch: pytest.MonkeyPatch) -> Visitor:
    """Let somebody have uploaded what is held."""
    list_names_as("popular", ["requests"], actor=CONSOLE)
    monkeypatch.setattr(names, "CONFIG", replace(CONFIG, typo_squats="hold"))
    assert publish("reqeusts", actor=create_person("bob")).is_held
    assert "reqeusts" in staff.get(DESK).text.replace("<wbr>", "")
    return staff


def test_a_held_project_is_published(held: Visitor) -> None:
    page = held.follow(held.send(DESK, {"do": "release", "project": "reqeusts"}))
    assert "The project is published." in page.text
    assert "wait for you" not in page.text
    assert held.inside.list_files("reqeusts") == ["reqeusts-1.0-py3-none-any.whl"]


def test_a_held_project_is_refused_with_a_reason(held: Visitor) -> None:
    assert held.send(DESK, {"do": "refuse", "project": "reqeusts", "reason": "x" * 600}).status == 400
    page = held.follow(held.send(DESK, {"do": "refuse", "project": "reqeusts", "reason": "Too near."}))
    assert "The project is refused" in page.text
    assert held.inside.list_files("reqeusts") == []
    assert LetterRow.objects.filter(username="bob", template="project_refused").get().facts["reason"] == "Too near."
    assert held.send(DESK, {"do": "release", "project": "reqeusts"}).status == 404


def test_who_uploaded_it_sees_that_it_waits(held: Visitor) -> None:
    set_password("bob", PASSWORD, actor=CONSOLE)
    bob = Visitor(held.inside)
    bob.log_in("bob")
    assert bob.get("/manage/projects/reqeusts/").status == 200
    assert bob.send(DESK, {"do": "release", "project": "reqeusts"}, form_at=OWN).status == 403


def test_letters_that_failed_are_sent_once_more(staff: Visitor) -> None:
    now = clock.now()
    LetterRow.objects.create(
        person_id=1, username="ada", to="ada@idx.example", template="release_yanked", facts={},
        at=now, state="failed", ended_at=now, error="550 <unknown>",
    )  # fmt: skip
    assert "550 <unknown>" in html.unescape(staff.get(DESK).text)
    assert "in the post once more" in staff.follow(staff.send(DESK, {"do": "retry"})).text
    assert LetterRow.objects.get(template="release_yanked").state == "waiting"


def test_a_limit_is_set_and_taken_back(staff: Visitor) -> None:
    holder = {"kind": "project-bytes", "project": "Gouda", "username": ""}
    page = html.unescape(staff.follow(staff.send(DESK, {"do": "limit", "value": "5120", **holder})).text)
    assert "5.0\xa0GB" in page
    assert LimitOverride.objects.get().value == 5 * 1024**3
    page = staff.follow(staff.send(DESK, {"do": "unlimit", **holder})).text
    assert "Everybody has the usual limits." in page
    assert not LimitOverride.objects.exists()
    assert list_events("catalog.LimitChanged") == ["catalog.LimitChanged"] * 2


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"project": "", "username": ""}, 400),
        ({"value": "-1"}, 400),
        ({"kind": "x"}, 400),
        ({"project": "absent"}, 404),
    ],
)
def test_a_limit_that_cannot_be_is_not_set(wrong: dict[str, str], status: int, staff: Visitor) -> None:
    fields = {"do": "limit", "kind": "file-bytes", "project": "gouda", "value": "1"}
    assert staff.send(DESK, {**fields, **wrong}).status == status
    assert not LimitOverride.objects.exists()
