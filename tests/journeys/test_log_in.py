"""Somebody logs in with name and password, looks around, and logs out; somebody else tries to."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.contrib.sessions.models import Session
from django.db.backends.utils import CursorWrapper

from creamery.accounts.actions import InvalidPassword, set_password
from creamery.accounts.log_in import FAILURES_FROM_ADDRESS, FAILURES_OF_NAME
from creamery.accounts.models import Person
from creamery.kernel import clock
from creamery.kernel.actor import CONSOLE, Actor
from creamery.kernel.models import EventRow, EventSubject, LimitCount
from tests.factories import (
    PASSWORD,
    create_person,
    create_token,
    finish_work,
    list_events,
    make_upload,
    nothing_remains,
)
from tests.real.inside import Inside
from tests.real.visitor import Visitor

pytestmark = pytest.mark.usefixtures("quick_hashes")
OWN = "/manage/projects/"


@pytest.fixture
def visitor(inside: Inside) -> Visitor:
    create_person("ada", password=PASSWORD)
    return Visitor(inside)


def test_a_person_logs_in_and_out(visitor: Visitor) -> None:
    page = visitor.follow(visitor.log_in("Ada"))
    assert page.status == 200
    assert "Logged in as ada" in page.text
    thief = visitor.copy()
    answer = visitor.send("/account/log-out/", {}, form_at=OWN)
    assert (answer.status, answer.header("location")) == (302, "/")
    for browser in (visitor, thief):
        assert browser.get(OWN).status == 302, "The session is over, not only its cookie."
    assert list_events("accounts.SessionBegun", "accounts.SessionEnded") == [
        "accounts.SessionBegun",
        "accounts.SessionEnded",
    ]


def test_each_try_is_in_the_history_of_the_person(visitor: Visitor) -> None:
    person = Person.objects.get()
    visitor.log_in("ada", "something else entirely")
    visitor.log_in("ada")
    told = EventSubject.objects.filter(kind="person", subject_id=person.pk, event__proof="none")
    rows = told.order_by("event").values_list("event__name", "event__address", "event__actor_kind")
    expected = [("accounts.LogInFailed", "127.0.0.1", "anonymous"), ("accounts.SessionBegun", "127.0.0.1", "anonymous")]
    assert list(rows) == expected


@pytest.mark.parametrize("case", ["wrong-password", "unknown", "no-password", "inactive", "unverified"])
def test_every_failure_looks_the_same(case: str, visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    """AUD-4: body, status, headers, hashes and statements do not tell who has an account."""
    create_person("bob", password=None if case == "no-password" else PASSWORD)
    Person.objects.filter(username="bob").update(
        is_active=case != "inactive", **({"email_verified_at": None} if case == "unverified" else {})
    )
    names = {"wrong-password": "ada", "unknown": "eve"}
    password = "not this one, no" if case == "wrong-password" else PASSWORD
    seen = watch(monkeypatch)
    first = visitor.send("/account/log-in/", {"username": "ada", "password": "not this one, no"})
    usual = (list(seen["hashes"]), list(seen["statements"]))
    for noted in seen.values():
        noted.clear()
    answer = visitor.send("/account/log-in/", {"username": names.get(case, "bob"), "password": password})
    assert (answer.status, first.status) == (400, 400)
    assert [h for h, _ in answer.headers] == [h for h, _ in first.headers]
    assert without_secrets(answer.text) == without_secrets(first.text).replace("ada", names.get(case, "bob"))
    assert (len(seen["hashes"]), len(seen["statements"])) == (1, len(usual[1]))
    assert "session" not in visitor.cookies


def watch(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Note every hash and every statement from here on."""
    seen: dict[str, list[str]] = {"hashes": [], "statements": []}
    execute, encode, decode = CursorWrapper.execute, Argon2PasswordHasher.encode, Argon2PasswordHasher.verify

    def noting_execute(self: CursorWrapper, sql: str, params: Any = None) -> Any:
        seen["statements"].append(str(sql))
        return execute(self, sql, params)

    def noting_encode(self: Argon2PasswordHasher, password: str, salt: str) -> str:
        seen["hashes"].append("encode")
        return str(encode(self, password, salt))

    def noting_verify(self: Argon2PasswordHasher, password: str, encoded: str) -> bool:
        seen["hashes"].append("verify")
        return bool(decode(self, password, encoded))

    monkeypatch.setattr(CursorWrapper, "execute", noting_execute)
    monkeypatch.setattr(Argon2PasswordHasher, "encode", noting_encode)
    monkeypatch.setattr(Argon2PasswordHasher, "verify", noting_verify)
    return seen


def without_secrets(page: str) -> str:
    """Leave out what differs in each form."""
    return "\n".join(line for line in page.splitlines() if "csrfmiddlewaretoken" not in line)


def test_the_name_that_was_typed_is_kept_nowhere_when_nobody_has_it(visitor: Visitor) -> None:
    """People type their password there."""
    visitor.log_in("hunter2 is my password")
    rows = [*EventRow.objects.values(), *LimitCount.objects.values()]
    assert "hunter2" not in str(rows)


def test_a_session_has_a_new_id_after_each_log_in(visitor: Visitor) -> None:
    visitor.log_in("ada")
    first = visitor.cookies["session"]
    planted = Visitor(visitor.inside, cookies={"session": first})
    planted.cookies["session"] = "planted0planted0planted0planted0"
    planted.log_in("ada")
    assert planted.cookies["session"] not in {first, "planted0planted0planted0planted0"}


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(visitor: Visitor) -> None:
    answer = visitor.log_in("ada")
    cookies = [value for name, value in answer.headers if name == "set-cookie" and value.startswith("session=")]
    assert len(cookies) == 1
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= {part.strip() for part in cookies[0].split(";")}


def test_pages_of_a_person_are_for_no_cache(visitor: Visitor) -> None:
    visitor.log_in("ada")
    for path in (OWN, "/", "/stats/"):
        answer = visitor.get(path)
        assert "no-store" in answer.header("cache-control"), path
        assert "Cookie" in answer.header("vary"), path


@pytest.mark.parametrize(
    ("wanted", "goal"),
    [
        ("/manage/projects/gouda/", "/manage/projects/gouda/"),
        ("https://evil.example/", OWN),
        ("//evil.example/", OWN),
        ("/\\evil.example/", OWN),
        ("javascript:alert(1)", OWN),
        ("manage/projects/", OWN),
        ("", OWN),
    ],
)
def test_only_a_local_address_is_gone_on_to(wanted: str, goal: str, visitor: Visitor) -> None:
    assert visitor.log_in("ada", next=wanted).header("location") == goal


def test_whoever_was_on_the_way_somewhere_gets_there(visitor: Visitor) -> None:
    answer = visitor.get("/manage/projects/gouda/history/?page=2")
    assert answer.header("location") == "/account/log-in/?next=%2Fmanage%2Fprojects%2Fgouda%2Fhistory%2F%3Fpage%3D2"
    assert 'name="next" value="/manage/projects/gouda/history/?page=2"' in visitor.follow(answer).text


def test_too_many_failures_with_one_name_are_429_wherever_they_come_from(visitor: Visitor) -> None:
    """AUT-5"""
    for number in range(FAILURES_OF_NAME.limit):
        assert Visitor(visitor.inside, address=f"192.0.2.{number}").log_in("ada", "wrong").status == 400
    refused = visitor.log_in("ADA")
    assert (refused.status, int(refused.header("retry-after")) > 200) == (429, True)
    assert "session" not in visitor.cookies
    with clock.moved(timedelta(seconds=FAILURES_OF_NAME.seconds + 1)):
        assert visitor.log_in("ada").status == 302


@pytest.mark.parametrize(
    ("first", "second", "is_one"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
    ],
)
def test_failures_from_one_place_are_counted_whatever_the_name(
    first: str, second: str, is_one: bool, visitor: Visitor
) -> None:
    guesser = Visitor(visitor.inside, address=first)
    for number in range(FAILURES_FROM_ADDRESS.limit):
        assert guesser.log_in(f"name{number}", "wrong").status == 400
    assert Visitor(visitor.inside, address=second).log_in("ada").status == (429 if is_one else 302)


def test_who_logs_in_often_is_not_stopped(visitor: Visitor) -> None:
    for _ in range(FAILURES_FROM_ADDRESS.limit + 5):
        assert Visitor(visitor.inside).log_in("ada").status == 302


def test_a_person_who_may_act_no_more_is_out_at_once(visitor: Visitor) -> None:
    visitor.log_in("ada")
    Person.objects.update(is_active=False)
    assert visitor.get(OWN).status == 302


def test_another_password_ends_the_sessions_and_not_the_tokens(visitor: Visitor) -> None:
    visitor.log_in("ada")
    ada = Actor(kind="person", person_id=Person.objects.get().pk, username="ada")
    token = create_token(ada).text
    set_password("ADA", "another battery of staples 8", actor=CONSOLE)
    assert visitor.get(OWN).status == 302
    assert visitor.log_in("ada").status == 400
    assert visitor.log_in("ada", "another battery of staples 8").status == 302
    assert make_upload("still-works").send(visitor.inside, token).status == 200
    assert list_events("accounts.PasswordChanged") == ["accounts.PasswordChanged"]


def test_who_had_no_password_logs_in_once_the_operator_has_set_one(visitor: Visitor) -> None:
    create_person("bob")
    assert visitor.log_in("bob").status == 400
    set_password("bob", PASSWORD, actor=CONSOLE)
    assert visitor.log_in("bob").status == 302


@pytest.mark.parametrize("password", ["short", "password1234", "ada@idx.example", ""])
def test_a_password_that_can_be_guessed_is_not_set(password: str, visitor: Visitor) -> None:
    with nothing_remains(), pytest.raises(InvalidPassword):
        set_password("ada", password, actor=CONSOLE)
    assert visitor.log_in("ada").status == 302


@pytest.mark.parametrize(("is_staff", "idle", "whole"), [(False, 12 * 60, 14 * 24 * 60), (True, 30, 8 * 60)])
def test_a_session_ends_unused_and_at_last_in_any_case(is_staff: bool, idle: int, whole: int, visitor: Visitor) -> None:
    """V7: minutes."""
    Person.objects.update(is_staff=is_staff)
    visitor.log_in("ada")
    with clock.moved(timedelta(minutes=idle + 1)):
        assert visitor.copy().get(OWN).status == 302
    visitor.log_in("ada")
    for minutes in range(0, whole, idle - 2):
        with clock.moved(timedelta(minutes=minutes)):
            assert visitor.get(OWN).status == 200, minutes
    with clock.moved(timedelta(minutes=whole + 1)):
        assert visitor.get(OWN).status == 302


def test_sessions_that_are_over_are_swept_away(visitor: Visitor) -> None:
    visitor.log_in("ada")
    finish_work()
    assert Session.objects.count() == 1
    with clock.moved(timedelta(days=1)):
        finish_work()
    assert not Session.objects.exists()


def test_a_session_is_no_way_to_upload_or_to_read(visitor: Visitor) -> None:
    visitor.log_in("ada")
    cookie = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
    assert make_upload("by-cookie").send(visitor.inside, None, cookie=cookie).status == 401
    with_cookie, without = (visitor.inside.get("/simple/", **more) for more in ({"cookie": cookie}, {}))
    assert with_cookie.headers == without.headers


@pytest.mark.parametrize(
    "fields", [{"password": PASSWORD}, {"username": "ada"}, {"username": "a\0da", "password": "x"}]
)
def test_a_form_that_lacks_something_is_shown_again(fields: dict[str, str], visitor: Visitor) -> None:
    answer = visitor.send("/account/log-in/", fields)
    assert answer.status == 400
    assert PASSWORD not in answer.text


def test_a_form_of_another_site_logs_nobody_in(visitor: Visitor) -> None:
    answer = visitor.inside.post_form("/account/log-in/", {"username": "ada", "password": PASSWORD})
    assert (answer.status, answer.header("set-cookie").partition("=")[0]) == (403, "")
