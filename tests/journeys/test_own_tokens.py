"""A person makes a token in the browser, publishes with it, and revokes it."""

import html
import re

import pytest

from creamery.accounts.models import Token
from tests.factories import PASSWORD, create_person, create_token, list_events, make_upload
from tests.real.inside import Inside
from tests.real.visitor import Visitor

pytestmark = pytest.mark.usefixtures("quick_hashes")
PATH = "/account/tokens/"
FIELDS = {"name": "weekly build", "project": "Gouda", "lifetime": "30"}


@pytest.fixture
def visitor(inside: Inside) -> Visitor:
    """Give ada's browser."""
    create_person("ada", password=PASSWORD)
    visitor = Visitor(inside)
    visitor.log_in("ada")
    return visitor


def make_in_browser(visitor: Visitor, **different: str) -> str:
    """Make a token. Returns its text."""
    page = visitor.send(PATH, {**FIELDS, **different})
    assert page.status == 200, page
    shown = re.search(r"creamery-[A-Za-z0-9_-]{60,}", html.unescape(page.text))
    assert shown is not None
    return shown[0]


def test_a_token_for_one_project_publishes_to_that_one(visitor: Visitor, inside: Inside) -> None:
    """TOK-002, TOK-003"""
    text = make_in_browser(visitor)
    assert make_upload("gouda").send(inside, text).status == 200
    assert make_upload("edam").send(inside, text).status == 403
    assert text not in visitor.get(PATH).text, "It is shown once."
    assert "weekly build" in visitor.get(PATH).text


def test_a_token_for_all_projects_is_marked(visitor: Visitor, inside: Inside) -> None:
    text = make_in_browser(visitor, project="")
    assert make_upload("edam").send(inside, text).status == 200
    assert "all your projects" in visitor.get(PATH).text


def test_a_revoked_token_works_no_more(visitor: Visitor, inside: Inside) -> None:
    text = make_in_browser(visitor)
    page = visitor.follow(visitor.send(f"{PATH}{Token.objects.get().pk}/revoke/", {}, form_at=PATH))
    assert "The token works no more." in page.text
    assert "weekly build" not in page.text
    assert make_upload("gouda").send(inside, text).status == 401
    assert list_events("accounts.TokenRevoked") == ["accounts.TokenRevoked"]


def test_the_token_of_another_is_not_there(visitor: Visitor) -> None:
    other = create_token(create_person("eve"), name="of eve")
    assert "of eve" not in visitor.get(PATH).text
    assert visitor.send(f"{PATH}{other.id}/revoke/", {}, form_at=PATH).status == 404
    assert Token.objects.filter(revoked_at=None).count() == 1


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": ""}, "required"),
        ({"project": "not a name!"}, "not a name!"),
        ({"lifetime": "9999"}, "valid choice"),
    ],
)
def test_a_mistake_is_said_and_nothing_is_made(wrong: dict[str, str], words: str, visitor: Visitor) -> None:
    page = visitor.send(PATH, {**FIELDS, **wrong})
    assert (page.status, words in page.text) == (400, True)
    assert not Token.objects.exists()
