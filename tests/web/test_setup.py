"""The page behind the one-time link: the first administrator, and the first token."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from creamery.accounts import actions, queries
from creamery.kernel import clock
from creamery.kernel.actor import ANONYMOUS, CONSOLE

pytestmark = pytest.mark.django_db
DETAILS = {"username": "ada", "email": "ada@idx.example", "password": "a wheel of old gouda"}


@pytest.fixture
def address() -> str:
    return f"/setup/{actions.new_setup_code()}/"


def read_shown_token(page: str) -> str:
    found = re.search(r'<code id="token"[^>]*>([^<]+)</code>', page)
    assert found is not None
    return found[1]


def test_the_token_that_is_shown_is_the_new_administrators(address: str, client: Client) -> None:
    answer = client.post(address, DETAILS)
    actor = queries.authenticate_token(read_shown_token(answer.content.decode()), asked_by=ANONYMOUS)
    assert (answer.status_code, actor.username) == (200, "ada")
    assert answer["Cache-Control"].find("no-store") >= 0
    (person,) = queries.list_people()
    assert (person.is_staff, person.is_verified) == (True, True)


def test_the_first_token_stops_after_ninety_days(address: str, client: Client) -> None:
    token = read_shown_token(client.post(address, DETAILS).content.decode())
    with clock.moved(timedelta(days=91)), pytest.raises(queries.NotAuthenticated):
        queries.authenticate_token(token, asked_by=ANONYMOUS)


def test_the_commands_that_need_the_token_have_it(address: str, client: Client) -> None:
    page = client.post(address, DETAILS).content.decode()
    assert f"UV_PUBLISH_TOKEN={read_shown_token(page)} uv publish" in page
    assert "&lt;token&gt;" not in page


def test_everything_wrong_is_said_at_once_beside_its_field(address: str, client: Client) -> None:
    answer = client.post(address, {"username": "admin", "email": "x", "password": "short"})
    form = answer.context["form"]
    assert answer.status_code == 400
    assert set(form.errors) == {"username", "email", "password"}
    assert "reserved" in form.errors["username"][0]
    assert b'value="admin"' in answer.content
    assert b"short" not in answer.content.replace(b"too short", b"")
    assert queries.list_people() == []


def test_a_field_left_empty_is_named(address: str, client: Client) -> None:
    form = client.post(address, {**DETAILS, "email": ""}).context["form"]
    assert set(form.errors) == {"email"}


def test_the_link_works_once(address: str, client: Client) -> None:
    client.post(address, DETAILS)
    again = client.post(address, {**DETAILS, "username": "eve", "email": "eve@idx.example"})
    assert (again.status_code, len(queries.list_people())) == (404, 1)


def test_the_link_is_dead_once_the_operator_has_made_a_person(address: str, client: Client) -> None:
    actions.create_person("bob", email="bob@idx.example", password=None, actor=CONSOLE)
    assert client.get(address).status_code == 404
    assert client.post(address, DETAILS).status_code == 404


def test_another_code_opens_nothing(address: str, client: Client) -> None:
    assert client.get("/setup/guessed/").status_code == 404
    assert client.get(address).status_code == 200


def test_a_later_start_makes_the_earlier_link_useless(address: str, client: Client) -> None:
    actions.new_setup_code()
    assert client.get(address).status_code == 404
