"""A person adds addresses, confirms them by the letters that come, changes the main one, and shuts out a thief."""

from datetime import timedelta

import pytest

from creamery.accounts.address_actions import MOST_ADDRESSES
from creamery.accounts.freeze_actions import unfreeze_person
from creamery.accounts.letter_limits import FROM_ONE_NETWORK, TO_ONE_ADDRESS
from creamery.accounts.models import EmailAddress, Link, Person
from creamery.kernel import clock
from creamery.kernel.actor import CONSOLE, Actor
from creamery.kernel.models import LetterRow
from tests.factories import PASSWORD, create_person, create_token, finish_work, list_events, make_upload
from tests.real.inside import Answer, Inside
from tests.real.mail_server import MailServer, find_path
from tests.real.visitor import Visitor

pytestmark = pytest.mark.usefixtures("quick_hashes")
PATH = "/account/addresses/"
FIRST, SECOND = "ada@idx.example", "ada@home.example"


@pytest.fixture
def ada(inside: Inside) -> Actor:
    return create_person("ada", password=PASSWORD)


@pytest.fixture
def visitor(ada: Actor, inside: Inside, mail_server: MailServer) -> Visitor:
    """Give ada's browser."""
    visitor = Visitor(inside)
    visitor.log_in("ada")
    return visitor


def add(visitor: Visitor, address: str = SECOND) -> Answer:
    return visitor.send(PATH, {"do": "add", "email": address})


def press(visitor: Visitor, do: str, address: str) -> Answer:
    """Press a button beside an address."""
    return visitor.send(PATH, {"do": do, "address": str(EmailAddress.objects.filter(address=address).latest("pk").pk)})


def confirm(visitor: Visitor, mail_server: MailServer, address: str = SECOND) -> Answer:
    """Open the link in the letter to the address, and press its button."""
    letter = next(letter for letter in mail_server.take_letters(address) if "Confirm" in letter["Subject"])
    return visitor.send(find_path(letter), {})


def test_an_address_is_added_confirmed_and_made_the_main_one(visitor: Visitor, mail_server: MailServer) -> None:
    """ACC-026 to ACC-028, AUT-4"""
    assert "A letter is on its way there." in visitor.follow(add(visitor)).text
    (told,) = mail_server.take_letters(FIRST)
    assert told["Subject"] == "A new address for your account at localhost:8000"
    assert press(visitor, "primary", SECOND).status == 409, "nobody has shown that letters arrive there"
    assert f"{SECOND} is confirmed." in visitor.follow(confirm(visitor, mail_server)).text
    page = visitor.follow(press(visitor, "primary", SECOND))
    assert "Letters about your projects go there from now on." in page.text
    for address in (FIRST, SECOND):
        (letter,) = mail_server.take_letters(address)
        assert letter["Subject"] == "Another main address for your account at localhost:8000"
    assert Person.objects.get().email == SECOND
    visitor.follow(press(visitor, "remove", FIRST))
    assert [letter["Subject"] for letter in mail_server.take_letters(FIRST)] == [
        "An address of your account at localhost:8000 was removed"
    ]
    assert list(EmailAddress.objects.values_list("address", "is_primary")) == [(SECOND, True)]
    assert [name for name in list_events() if "Address" in name] == [
        "accounts.AddressAdded", "accounts.AddressConfirmed", "accounts.PrimaryAddressChanged", "accounts.AddressRemoved",
    ]  # fmt: skip


def test_the_main_address_cannot_be_removed(visitor: Visitor) -> None:
    """So one that is confirmed is always left."""
    assert press(visitor, "remove", FIRST).status == 409
    assert EmailAddress.objects.count() == 1


def test_opening_a_link_does_nothing_yet(visitor: Visitor, mail_server: MailServer) -> None:
    """Scanners of mail open every link."""
    add(visitor)
    paths = [find_path(letter) for letter in (*mail_server.take_letters(FIRST), *mail_server.take_letters(SECOND))]
    assert [visitor.get(path).status for path in paths] == [200, 200]
    assert not EmailAddress.objects.get(address=SECOND).verified_at
    assert Person.objects.get().is_active


def test_a_link_works_once_and_for_six_hours(visitor: Visitor, mail_server: MailServer) -> None:
    add(visitor)
    path = find_path(mail_server.take_letters(SECOND)[0])
    with clock.moved(timedelta(hours=6, minutes=1)):
        assert visitor.get(path).status == 404
    other = Visitor(visitor.inside)
    assert other.send(path, {}).status == 302
    assert [other.get(path).status, visitor.send(path, {}, form_at=PATH).status] == [404, 404]


@pytest.mark.parametrize(
    "change",
    [lambda code: code[:-1] + "!", lambda code: code[:-9] + "00000000/", str.upper, lambda _: "x", lambda _: "é"],
)
def test_a_code_that_is_changed_opens_nothing(change: object, visitor: Visitor, mail_server: MailServer) -> None:
    assert callable(change)
    add(visitor)
    path = find_path(mail_server.take_letters(SECOND)[0])
    before, code = path[: path.index("creamery-link")], path[path.index("creamery-link") :].rstrip("/")
    assert visitor.get(f"{before}{change(code)}/").status == 404


def test_a_link_is_good_for_its_purpose_only(visitor: Visitor, mail_server: MailServer) -> None:
    add(visitor)
    path = find_path(mail_server.take_letters(SECOND)[0])
    assert visitor.get(path.replace("confirm", "freeze")).status == 404


def test_no_code_is_in_any_table(visitor: Visitor, mail_server: MailServer) -> None:
    add(visitor)
    code = find_path(mail_server.take_letters(SECOND)[0]).split("/")[-2]
    assert code[46:] not in str([*Link.objects.values(), *LetterRow.objects.values()])


def test_another_letter_ends_the_link_of_the_one_before(visitor: Visitor, mail_server: MailServer) -> None:
    add(visitor)
    first = find_path(mail_server.take_letters(SECOND)[0])
    press(visitor, "ask", SECOND)
    assert visitor.get(first).status == 404
    assert confirm(visitor, mail_server).status == 302
    assert press(visitor, "ask", SECOND).status == 404, "there is nothing to ask any more"


def test_whether_somebody_else_has_an_address_is_told_to_its_reader_only(
    visitor: Visitor, mail_server: MailServer
) -> None:
    """AUD-4"""
    create_person("grace")
    free, taken = (visitor.follow(add(visitor, address)) for address in (SECOND, "grace@idx.example"))
    assert (free.status, taken.status) == (200, 200)
    assert free.text.count("A letter is on its way there.") == taken.text.count("A letter is on its way there.")
    assert len(mail_server.take_letters("grace@idx.example")) == 1
    press(visitor, "ask", "grace@idx.example")
    assert confirm(visitor, mail_server, "grace@idx.example").status == 409
    assert EmailAddress.objects.get(person__username="ada", address="grace@idx.example").verified_at is None


@pytest.mark.parametrize(
    ("address", "words"), [("ada", "no e-mail address"), ("ADA@idx.example", "has it already"), ("", "required")]
)
def test_what_cannot_be_added_is_said_beside_its_field(address: str, words: str, visitor: Visitor) -> None:
    page = add(visitor, address)
    assert (page.status, words in page.text) == (400, True)
    assert not LetterRow.objects.exists()


def test_an_account_has_so_many_addresses_and_no_more(visitor: Visitor) -> None:
    for number in range(MOST_ADDRESSES - 1):
        visitor.address = f"192.0.2.{number}"
        assert add(visitor, f"ada{number}@home.example").status == 302
    assert "at most ten" in add(visitor, "more@home.example").text


def test_letters_to_one_address_and_from_one_network_are_bounded(visitor: Visitor) -> None:
    """AUD-3"""
    add(visitor)
    for number in range(TO_ONE_ADDRESS.limit - 1):
        assert press(visitor, "ask", SECOND).status == 302, number
    refused = press(visitor, "ask", SECOND)
    assert (refused.status, int(refused.header("retry-after")) > 3600) == (429, True)
    for number in range(FROM_ONE_NETWORK.limit - TO_ONE_ADDRESS.limit - 1):
        assert add(visitor, f"ada{number}@home.example").status == 302
    assert add(visitor, "one-more@home.example").status == 429


def test_the_address_of_another_is_not_there(visitor: Visitor) -> None:
    create_person("grace")
    for do in ("ask", "primary", "remove"):
        assert press(visitor, do, "grace@idx.example").status == 404
    assert "grace@idx.example" not in visitor.get(PATH).text


def test_who_it_was_not_freezes_the_account_from_the_letter(
    visitor: Visitor, mail_server: MailServer, inside: Inside, ada: Actor
) -> None:
    """AUT-4: sessions, tokens, password and waiting links are void"""
    token = create_token(ada).text
    add(visitor)
    letters = mail_server.take_letters(FIRST)
    assert len(letters) == 2
    assert "From: 127.0.0.1" in letters[1].get_content()
    owner = Visitor(inside)
    page = owner.send(find_path(letters[1]), {})
    assert "The account is frozen" in page.text
    assert visitor.get(PATH).status == 302
    assert make_upload("gouda").send(inside, token).status == 401
    assert Visitor(inside).log_in("ada").status == 400
    (confirm_letter,) = mail_server.take_letters(SECOND)
    assert owner.get(find_path(confirm_letter)).status == 404
    (told,) = mail_server.take_letters(FIRST)
    assert told["Subject"] == "Your account at localhost:8000 is frozen"
    assert owner.get(find_path(letters[0])).status == 200
    owner.send(find_path(letters[0]), {})
    assert list_events("accounts.PersonFrozen") == ["accounts.PersonFrozen"], "frozen once is enough"


def test_an_owner_whose_address_a_thief_removed_can_still_freeze(visitor: Visitor, mail_server: MailServer) -> None:
    add(visitor)
    confirm(visitor, mail_server)
    press(visitor, "primary", SECOND)
    mail_server.take_letters(FIRST)
    press(visitor, "remove", FIRST)
    (told,) = mail_server.take_letters(FIRST)
    Visitor(visitor.inside).send(find_path(told), {})
    assert not Person.objects.get().is_active


def test_the_operator_opens_a_frozen_account_again(visitor: Visitor, mail_server: MailServer) -> None:
    add(visitor)
    Visitor(visitor.inside).send(find_path(mail_server.take_letters(FIRST)[0]), {})
    assert unfreeze_person("ADA", actor=CONSOLE)
    assert not unfreeze_person("ada", actor=CONSOLE)
    assert visitor.get(PATH).status == 302, "a session does not come back"
    assert Visitor(visitor.inside).log_in("ada").status == 400, "nor does the password"
    assert Person.objects.get().may_act
    assert mail_server.take_letters(FIRST)[-1]["Subject"] == "Your account at localhost:8000 is open again"


def test_links_are_forgotten_a_month_after_they_ended(visitor: Visitor) -> None:
    add(visitor)
    finish_work()
    assert Link.objects.count() == 2
    with clock.moved(timedelta(days=45)):
        finish_work()
    assert not Link.objects.exists()
