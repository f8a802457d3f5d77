"""A person changes their password, or has forgotten it; somebody else tries the same."""

import hashlib
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction

from creamery.accounts.breaches import NotBreached
from creamery.accounts.freeze_actions import freeze_person
from creamery.accounts.letter_limits import TO_ONE_ADDRESS
from creamery.accounts.links import make_link, write_code
from creamery.accounts.log_in import FAILURES_OF_NAME
from creamery.accounts.models import Person, ResetRequest
from creamery.kernel import clock, outbox
from creamery.kernel.actor import ANONYMOUS, Actor
from creamery.kernel.models import LetterRow
from tests.factories import PASSWORD, create_person, create_token, list_events, make_upload
from tests.journeys.test_log_in import watch, without_secrets
from tests.real.inside import Answer, Inside
from tests.real.mail_server import MailServer, find_path
from tests.real.visitor import Visitor

pytestmark = pytest.mark.usefixtures("quick_hashes")
OWN, ASK = "/account/password/", "/account/forgotten/"
ADDRESS, NEW = "ada@idx.example", "another battery of staples 8"


@pytest.fixture
def ada(inside: Inside) -> Actor:
    return create_person("ada", password=PASSWORD)


@pytest.fixture
def visitor(ada: Actor, inside: Inside, mail_server: MailServer) -> Visitor:
    """Give ada's browser."""
    visitor = Visitor(inside)
    visitor.log_in("ada")
    return visitor


def change(visitor: Visitor, present: str = PASSWORD, password: str = NEW) -> Answer:
    return visitor.send(OWN, {"present": present, "password": password})


def take_link(mail_server: MailServer) -> str:
    """Take the link out of the letter for who has forgotten their password."""
    letter = next(letter for letter in take_all(mail_server) if "anew" in letter["Subject"])
    return find_path(letter)


def take_all(mail_server: MailServer) -> list[EmailMessage]:
    """Let the worker look who is meant, then take the letters."""
    outbox.run_due()
    return mail_server.take_letters(ADDRESS)


def test_a_password_is_changed_and_other_sessions_end(
    visitor: Visitor, mail_server: MailServer, inside: Inside
) -> None:
    """ACC-034, V7: this session goes on under a new id."""
    other, thief = Visitor(inside), visitor.copy()
    other.log_in("ada")
    page = visitor.follow(change(visitor))
    assert "Your password is changed." in page.text
    assert [browser.get(OWN).status for browser in (visitor, other, thief)] == [200, 302, 302]
    assert Visitor(inside).log_in("ada").status == 400
    assert Visitor(inside).log_in("ada", NEW).status == 302
    (told,) = mail_server.take_letters(ADDRESS)
    assert told["Subject"] == "Your password at localhost:8000 was changed"
    assert list_events("accounts.PasswordChanged") == ["accounts.PasswordChanged"]


@pytest.mark.parametrize(
    ("present", "password", "words"),
    [
        ("not this one, no", NEW, "not your present password"),
        (PASSWORD, "short", "too short"),
        (PASSWORD, "password1234", "too common"),
        (PASSWORD, "ada@idx.example", "too similar"),
        (PASSWORD, "", "required"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_changes(present: str, password: str, words: str, visitor: Visitor) -> None:
    before = Person.objects.get().password
    page = change(visitor, present, password)
    assert (page.status, words in page.text) == (400, True)
    assert not password or f'value="{password}"' not in page.text
    assert Person.objects.get().password == before


def test_guesses_at_the_present_password_count_as_log_ins_that_fail(visitor: Visitor, inside: Inside) -> None:
    """AUT-5"""
    for _ in range(FAILURES_OF_NAME.limit):
        assert change(visitor, "wrong").status == 400
    assert change(visitor).status == 429
    assert Visitor(inside, address="192.0.2.1").log_in("ada").status == 429


@pytest.mark.parametrize("whom", ["ADA", "Ada@IDX.example", " ada "])
def test_who_has_forgotten_their_password_sets_another_by_letter(
    whom: str, visitor: Visitor, ada: Actor, mail_server: MailServer, inside: Inside
) -> None:
    """ACC-032, ACC-033"""
    token = create_token(ada).text
    stranger = Visitor(inside, address="192.0.2.7")
    assert "Look into your mailbox" in stranger.send(ASK, {"whom": whom}).text
    path = take_link(mail_server)
    assert "192.0.2.7" in str(LetterRow.objects.get(template="account_reset").facts)
    assert stranger.send(path, {"password": "short"}).status == 400, "the link still works"
    answer = stranger.send(path, {"password": NEW})
    assert "Log in with it." in stranger.follow(answer).text
    assert stranger.get(path).status == 404
    assert visitor.get(OWN).status == 302
    assert stranger.log_in("ada", NEW).status == 302
    assert make_upload("still-works").send(inside, token).status == 200
    assert [letter["Subject"] for letter in mail_server.take_letters(ADDRESS)] == [
        "Your password at localhost:8000 was changed"
    ]
    assert not ResetRequest.objects.exists()


@pytest.mark.parametrize("whom", ["eve", "eve@idx.example", "frozen", "unverified", "unverified@idx.example"])
def test_nothing_tells_whether_there_is_an_account(
    whom: str, visitor: Visitor, inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AUD-4: body, status, headers, hashes, statements and letters, up to the answer"""
    create_person("frozen")
    Person.objects.filter(username="frozen").update(is_active=False)
    create_person("unverified", is_verified=False)
    asker = Visitor(inside)
    asker.send(ASK, {"whom": "warm-up"})
    seen = watch(monkeypatch)
    counts, answers = [], []
    for one in ("ada", whom):
        seen["hashes"].clear()
        seen["statements"].clear()
        answers.append(asker.send(ASK, {"whom": one}))
        counts.append((len(seen["hashes"]), len(seen["statements"]), LetterRow.objects.count()))
    known, unknown = answers
    assert (known.status, unknown.status) == (200, 200)
    assert without_secrets(known.text) == without_secrets(unknown.text)
    assert [name for name, _ in known.headers] == [name for name, _ in unknown.headers]
    assert counts[0] == counts[1]
    assert counts[0][0] == 0
    outbox.run_due()
    outbox.run_due()
    assert list(LetterRow.objects.values_list("username", "template")) == [("ada", "account_reset")]


def test_letters_for_one_name_are_bounded(visitor: Visitor, inside: Inside) -> None:
    """AUD-3, known or not"""
    for name in ("ada", "nobody"):
        asker = Visitor(inside, address=f"192.0.2.{len(name)}")
        for _ in range(TO_ONE_ADDRESS.limit):
            assert asker.send(ASK, {"whom": name}).status == 200
        refused = asker.send(ASK, {"whom": name.upper()})
        assert (refused.status, refused.header("retry-after") != "") == (429, True)


def test_a_newer_password_ends_the_links_that_wait(visitor: Visitor, mail_server: MailServer) -> None:
    """ACC-033"""
    visitor.send(ASK, {"whom": "ada"})
    path = take_link(mail_server)
    change(visitor)
    assert visitor.get(path).status == 404


def test_a_link_works_for_six_hours(visitor: Visitor, mail_server: MailServer) -> None:
    visitor.send(ASK, {"whom": "ada"})
    path = take_link(mail_server)
    with clock.moved(timedelta(hours=6, minutes=1)):
        assert visitor.get(path).status == 404


def test_a_frozen_account_is_not_opened_by_a_link_that_waits(visitor: Visitor, mail_server: MailServer) -> None:
    visitor.send(ASK, {"whom": "ada"})
    path = take_link(mail_server)
    with transaction.atomic():
        number = make_link("freeze", person=Person.objects.get(), address=ADDRESS).number
    freeze_person(write_code(number), actor=ANONYMOUS)
    assert visitor.get(path).status == 404


def test_a_password_that_leaked_is_refused_and_so_is_one_that_cannot_be_looked_up(tmp_path: Path) -> None:
    """AUT-7: never fails open"""
    digest = hashlib.sha1(NEW.encode()).hexdigest().upper()
    check = NotBreached(str(tmp_path))
    with pytest.raises(ValidationError, match="cannot check"):
        check.validate(NEW)
    kept = tmp_path / f"{digest[:5]}.txt"
    kept.write_text(f"{'0' * 35}:7\n")
    check.validate(NEW)
    kept.write_text(f"{'0' * 35}:7\n{digest[5:]}:1\n")
    with pytest.raises(ValidationError, match="known from a leak"):
        check.validate(NEW)
    kept.write_bytes(b"\xff\xfe")
    with pytest.raises(ValidationError, match="cannot check"):
        check.validate(NEW)
