"""People: what an account needs, what it never keeps, and that names are told apart whatever their case."""

from typing import Any

import pytest

from creamery.accounts import actions, queries
from creamery.accounts.models import Person
from creamery.accounts.queries import NoSuchPerson, SetupOver, get_person_id
from creamery.accounts.steps import InvalidPerson, NameTaken
from creamery.kernel.actor import ANONYMOUS, CONSOLE
from creamery.kernel.models import EventRow, EventSubject, Note
from creamery.kernel.refusals import Refusal
from tests.factories import PASSWORD, create_person, list_events, nothing_remains
from tests.real.inside import Inside

GOOD: dict[str, Any] = {"username": "ada", "email": "ada@idx.example", "password": PASSWORD}


@pytest.mark.parametrize("name", ["a", "Ada", "ada.l-1_2", "x" * 50, "0"])
def test_a_name_of_the_allowed_form_is_taken(name: str, inside: Inside) -> None:
    create_person(name)
    assert get_person_id(name.upper()) == get_person_id(name)


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        ({"username": ""}, ["username"]),
        ({"username": "x" * 51}, ["username"]),
        ({"username": "-ada"}, ["username"]),
        ({"username": "ada\n"}, ["username"]),
        ({"username": "adä"}, ["username"]),
        ({"username": "a b"}, ["username"]),
        ({"username": "__token__"}, ["username"]),
        ({"username": "ROOT"}, ["username"]),
        ({"email": "ada"}, ["email"]),
        ({"email": "ada@idx.example\nBcc: x@y.example"}, ["email"]),
        ({"password": "short"}, ["password"]),
        ({"password": "password1234"}, ["password"]),
        ({"password": "ada@idx.example"}, ["password"]),
        ({"username": "a b", "email": "x", "password": "y"}, ["username", "email", "password"]),
    ],
)
def test_what_breaks_the_rules_is_refused_with_every_problem(
    wrong: dict[str, str], fields: list[str], inside: Inside
) -> None:
    with nothing_remains(), pytest.raises(InvalidPerson) as refused:
        actions.create_person(**{**GOOD, **wrong}, actor=CONSOLE)
    assert [problem.field for problem in refused.value.problems] == fields
    assert not Person.objects.exists()


@pytest.mark.parametrize("twin", [{"username": "ADA"}, {"email": "ADA@idx.example"}])
def test_a_name_and_an_address_belong_to_one_person_whatever_their_case(twin: dict[str, str], inside: Inside) -> None:
    actions.create_person(**GOOD, is_verified=True, actor=CONSOLE)
    other: dict[str, Any] = {"username": "grace", "email": "grace@idx.example", "password": None, **twin}
    other["is_verified"] = True
    with nothing_remains(), pytest.raises(NameTaken) as refused:
        actions.create_person(**other, actor=CONSOLE)
    assert "already" in refused.value.message()


def test_a_password_is_kept_as_argon2_and_never_as_text(inside: Inside) -> None:
    person = actions.create_person(**GOOD, actor=CONSOLE)
    assert person.password.startswith("argon2$argon2id$")
    assert person.check_password(PASSWORD)
    assert PASSWORD not in str(list(EventRow.objects.values()))


def test_a_person_without_a_password_cannot_be_logged_in_to(inside: Inside) -> None:
    person = actions.create_person(**{**GOOD, "password": None}, actor=CONSOLE)
    assert not person.has_usable_password()
    assert not person.check_password("")


def test_a_new_person_is_in_their_own_history(inside: Inside) -> None:
    person = create_person("ada")
    subject = EventSubject.objects.get()
    assert (subject.kind, subject.subject_id, subject.event.name) == (
        "person", person.person_id, "accounts.PersonCreated"
    )  # fmt: skip
    assert (subject.event.actor_kind, subject.event.proof, subject.event.username) == ("system", "console", "console")


def test_nobody_of_that_name_is_said_by_name(inside: Inside) -> None:
    with pytest.raises(NoSuchPerson) as refused:
        get_person_id("nobody")
    assert refused.value.message() == "There is nobody named nobody."


class TestSetupCode:
    """The link for the first administrator works once."""

    def test_it_makes_a_verified_member_of_staff(self, inside: Inside) -> None:
        person = actions.create_first_person(actions.new_setup_code(), **GOOD, actor=ANONYMOUS)
        assert (person.is_staff, person.email_verified_at is not None) == (True, True)

    def test_it_works_once(self, inside: Inside) -> None:
        code = actions.new_setup_code()
        actions.create_first_person(code, **GOOD, actor=ANONYMOUS)
        with nothing_remains(), pytest.raises(SetupOver):
            actions.create_first_person(
                code, username="eve", email="eve@idx.example", password=PASSWORD, actor=ANONYMOUS
            )
        assert list_events() == ["accounts.PersonCreated"]

    def test_a_form_with_mistakes_does_not_use_it_up(self, inside: Inside) -> None:
        code = actions.new_setup_code()
        with pytest.raises(InvalidPerson):
            actions.create_first_person(code, **{**GOOD, "password": "short"}, actor=ANONYMOUS)
        actions.create_first_person(code, **GOOD, actor=ANONYMOUS)

    def test_a_newer_one_ends_an_older_one(self, inside: Inside) -> None:
        old, new = actions.new_setup_code(), actions.new_setup_code()
        with pytest.raises(SetupOver):
            queries.require_setup_code(old)
        queries.require_setup_code(new)

    @pytest.mark.parametrize("code", ["", "x", "\0", "ü" * 50])
    def test_a_wrong_one_is_refused_whether_or_not_there_is_one(self, code: str, inside: Inside) -> None:
        Note.objects.filter(name=queries.SETUP_CODE).delete()
        for _ in range(2):
            with pytest.raises(SetupOver):
                actions.create_first_person(code, **GOOD, actor=ANONYMOUS)
            actions.new_setup_code()

    def test_only_its_digest_is_kept(self, inside: Inside) -> None:
        code = actions.new_setup_code()
        assert code not in str(list(Note.objects.values()))


def test_every_refusal_of_accounts_has_a_code_and_a_sentence_with_its_names_filled() -> None:
    for refusal in (NoSuchPerson(username="x"), NameTaken(username="x", email="y"), SetupOver()):
        assert isinstance(refusal, Refusal)
        assert "{" not in refusal.message()
        assert refusal.code not in {"missing", "conflict"}
