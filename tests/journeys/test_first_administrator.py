"""Somebody opens the link that the first start printed, fills the form, and publishes with the token that it shows."""

import html
import re

import pytest

from creamery.accounts import actions
from creamery.accounts.models import Person
from tests.factories import PASSWORD, make_upload, nothing_remains
from tests.real.inside import Answer, Inside

FORM = {"username": "ada", "email": "ada@idx.example", "password": PASSWORD}


@pytest.fixture
def address(inside: Inside) -> str:
    return f"/setup/{actions.new_setup_code()}/"


def open_form(inside: Inside, address: str) -> tuple[str, str]:
    """Open the form as a browser does. Returns its hidden token and the cookie."""
    page = inside.get(address)
    assert page.status == 200
    hidden = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    assert hidden is not None
    return hidden[1], page.header("set-cookie").partition(";")[0]


def fill(inside: Inside, address: str, **different: str) -> Answer:
    """Fill the form and send it."""
    token, cookie = open_form(inside, address)
    return inside.post_form(address, {**FORM, "csrfmiddlewaretoken": token, **different}, cookie=cookie)


def test_the_token_that_the_page_shows_publishes(inside: Inside, address: str) -> None:
    page = fill(inside, address)
    assert page.status == 200
    shown = re.search(r"creamery-[A-Za-z0-9_-]{60,}", html.unescape(page.text))
    assert shown is not None
    assert make_upload("first-sample").send(inside, shown[0]).status == 200
    assert Person.objects.get().is_staff


def test_what_the_page_shows_is_kept_by_nobody_on_the_way(inside: Inside, address: str) -> None:
    """INC-24"""
    page = fill(inside, address)
    assert "no-store" in page.header("cache-control")
    assert "private" in page.header("cache-control")


def test_the_link_works_once(inside: Inside, address: str) -> None:
    fill(inside, address)
    for answer in (inside.get(address), inside.post_form(address, FORM)):
        assert answer.status in {403, 404}
    assert inside.get(address).status == 404
    assert Person.objects.count() == 1


@pytest.mark.parametrize("code", ["x", "0" * 32, "%00", "a" * 5000])
def test_a_wrong_code_is_404(code: str, inside: Inside, address: str) -> None:
    assert inside.get(f"/setup/{code}/").status == 404


@pytest.mark.parametrize("case", ["no-token", "no-cookie", "others-token"])
def test_a_form_that_another_site_sends_is_refused(case: str, inside: Inside, address: str) -> None:
    token, cookie = open_form(inside, address)
    other, _ = open_form(inside, address)
    fields = {"no-token": FORM, "no-cookie": {**FORM, "csrfmiddlewaretoken": token}}.get(
        case, {**FORM, "csrfmiddlewaretoken": "x" * len(other)}
    )
    with nothing_remains():
        answer = inside.post_form(address, fields, **({} if case == "no-cookie" else {"cookie": cookie}))
    assert answer.status == 403
    assert not Person.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"password": "short"}, "too short"),
        ({"email": "ada"}, "email"),
        ({"username": "not a name"}, "letters"),
        ({"username": ""}, "required"),
        ({"username": "a" * 60}, "50"),
        ({"password": "x" * 1000}, "256"),
    ],
)
def test_a_mistake_is_said_and_the_form_keeps_the_rest(
    wrong: dict[str, str], words: str, inside: Inside, address: str
) -> None:
    with nothing_remains():
        answer = fill(inside, address, **wrong)
    assert answer.status == 400
    assert words in answer.text
    assert 'value="ada' in answer.text
    assert PASSWORD not in answer.text
    assert fill(inside, address).status == 200, "The link still works."


def test_markup_in_a_name_is_shown_as_text(inside: Inside, address: str) -> None:
    answer = fill(inside, address, username="<script>alert(1)</script>")
    assert "<script>alert" not in answer.text
