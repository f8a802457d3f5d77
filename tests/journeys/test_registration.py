"""Somebody makes an account by the letter that comes to their address, in whichever way the operator allows."""

from dataclasses import replace
from datetime import timedelta

import pytest

from creamery.accounts import registration
from creamery.accounts.models import EmailAddress, Person
from creamery.accounts.registration import AlreadyHere, RegistrationClosed, invite_person
from creamery.accounts.steps import InvalidPerson
from creamery.kernel import clock
from creamery.kernel.actor import CONSOLE
from creamery.kernel.models import LetterRow
from creamery.settings import CONFIG
from tests.factories import PASSWORD, create_person, list_events, nothing_remains
from tests.journeys.test_log_in import watch, without_secrets
from tests.real.inside import Inside
from tests.real.mail_server import MailServer, find_path
from tests.real.visitor import Visitor

pytestmark = pytest.mark.usefixtures("quick_hashes")
ASK, ADDRESS = "/account/register/", "ada@idx.example"


@pytest.fixture
def visitor(inside: Inside, mail_server: MailServer) -> Visitor:
    return Visitor(inside)


def use_mode(monkeypatch: pytest.MonkeyPatch, mode: str, *domains: str) -> None:
    """Set who may make an account."""
    config = replace(CONFIG, registration=mode, registration_domains=domains)  # type: ignore[arg-type]
    monkeypatch.setattr(registration, "CONFIG", config)


@pytest.fixture
def everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    use_mode(monkeypatch, "open")


def ask(visitor: Visitor, mail_server: MailServer) -> str:
    """Ask for an account, and give the link that comes."""
    assert "A letter is on its way" in visitor.send(ASK, {"email": ADDRESS}).text
    (letter,) = mail_server.take_letters(ADDRESS)
    return find_path(letter)


@pytest.mark.usefixtures("everybody")
def test_an_account_is_made_by_the_letter_and_may_act_at_once(visitor: Visitor, mail_server: MailServer) -> None:
    path = ask(visitor, mail_server)
    assert visitor.log_in("ada").status == 400, "there is no account before its address is verified"
    page = visitor.follow(visitor.send(path, {"username": "Ada", "password": PASSWORD}))
    assert "Your account is made." in page.text
    person = Person.objects.get()
    assert (person.username, person.may_act, person.is_staff) == ("Ada", True, False)
    assert EmailAddress.objects.get().address == ADDRESS
    assert visitor.log_in("ada").status == 302
    assert visitor.get(path).status == 404, "it works once"
    told = ["accounts.RegistrationRequested", "accounts.PersonCreated"]
    assert list_events(*told) == told


@pytest.mark.usefixtures("everybody")
@pytest.mark.parametrize(
    ("wrong", "words"),
    [({"username": "grace"}, "already"), ({"username": "-a"}, "ASCII letters"), ({"password": "short"}, "too short")],
)
def test_what_is_wrong_is_said_and_the_link_still_works(
    wrong: dict[str, str], words: str, visitor: Visitor, mail_server: MailServer
) -> None:
    """ACC-002, ACC-005"""
    create_person("Grace")
    path = ask(visitor, mail_server)
    details = {"username": "ada", "password": PASSWORD}
    page = visitor.send(path, {**details, **wrong})
    assert (page.status, words in page.text) == (400, True)
    assert visitor.send(path, details).status == 302


@pytest.mark.usefixtures("everybody")
@pytest.mark.parametrize("case", ["verified", "other-spelling", "unverified"])
def test_nothing_tells_whether_an_address_has_an_account(
    case: str, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AUD-4: body, status, headers, hashes, statements and letters"""
    create_person("grace", is_verified=case != "unverified")
    visitor.send(ASK, {"email": "warm-up@idx.example"})
    seen, counts, answers = watch(monkeypatch), [], []
    for address in ("GRACE@idx.example" if case == "other-spelling" else "grace@idx.example", ADDRESS):
        before = LetterRow.objects.count()
        seen["statements"].clear()
        answers.append(visitor.send(ASK, {"email": address}))
        counts.append((len(seen["hashes"]), len(seen["statements"]), LetterRow.objects.count() - before))
    known, unknown = answers
    assert without_secrets(known.text) == without_secrets(unknown.text)
    assert (known.status, [name for name, _ in known.headers]) == (200, [name for name, _ in unknown.headers])
    assert counts[0] == counts[1]
    assert (counts[0][0], counts[0][2]) == (0, 1)


@pytest.mark.usefixtures("everybody")
def test_who_has_an_account_is_told_so_by_letter(visitor: Visitor, mail_server: MailServer) -> None:
    create_person("ada")
    path = ask(visitor, mail_server)
    assert path.startswith("/account/reset/")
    assert "For the account ada" in visitor.get(path).text


@pytest.mark.usefixtures("everybody")
def test_letters_to_one_address_are_bounded(visitor: Visitor) -> None:
    """AUD-3"""
    statuses = [visitor.send(ASK, {"email": ADDRESS}).status for _ in range(4)]
    assert statuses == [200, 200, 200, 429]


@pytest.mark.usefixtures("everybody")
def test_an_address_that_was_verified_meanwhile_makes_no_second_account(
    visitor: Visitor, mail_server: MailServer
) -> None:
    path = ask(visitor, mail_server)
    create_person("ada")
    assert visitor.send(path, {"username": "other", "password": PASSWORD}).status == 400
    assert Person.objects.count() == 1


def test_by_domains_only_those_of_the_list_are_taken(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    use_mode(monkeypatch, "domains", "idx.example")
    assert visitor.send(ASK, {"email": "ada@IDX.example"}).status == 200
    for other in ("ada@home.example", "ada@not-idx.example", "ada@idx.example.home.example"):
        page = visitor.send(ASK, {"email": other})
        assert (page.status, "idx.example" in page.text) == (400, True)


@pytest.mark.parametrize(("mode", "said"), [("invitation", "made by invitation"), ("closed", "made by whoever runs")])
def test_nobody_registers_uninvited(mode: str, said: str, visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    """ACC-007"""
    use_mode(monkeypatch, mode)
    assert said in visitor.get(ASK).text
    assert visitor.send(ASK, {"email": ADDRESS}, form_at="/account/log-in/").status == 403
    assert not LetterRow.objects.exists()


def test_by_default_the_operator_invites(visitor: Visitor, mail_server: MailServer) -> None:
    invite_person(ADDRESS, actor=CONSOLE)
    (letter,) = mail_server.take_letters(ADDRESS)
    path = find_path(letter)
    with clock.moved(timedelta(days=6, hours=23)):
        assert ADDRESS in visitor.get(path).text
    with clock.moved(timedelta(days=7, hours=1)):
        assert visitor.get(path).status == 404
    assert visitor.send(path, {"username": "ada", "password": PASSWORD}).status == 302
    with nothing_remains(), pytest.raises(AlreadyHere):
        invite_person(ADDRESS.upper(), actor=CONSOLE)
    with nothing_remains(), pytest.raises(InvalidPerson):
        invite_person("ada", actor=CONSOLE)


def test_where_registration_is_closed_nobody_is_invited(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    use_mode(monkeypatch, "closed")
    with nothing_remains(), pytest.raises(RegistrationClosed):
        invite_person(ADDRESS, actor=CONSOLE)
