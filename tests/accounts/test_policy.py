"""The matrix of accounts: permission x who asks. Each cell is asked with a real account, not read from the table."""

from dataclasses import replace

import pytest

from creamery.accounts import actions, address_actions, freeze_actions, passwords, registration
from creamery.accounts.policy import POLICY, may
from creamery.accounts.queries import NoSuchToken, authenticate_token, list_addresses, list_letters
from creamery.kernel.actor import ANONYMOUS, CONSOLE, SYSTEM, Actor
from creamery.kernel.refusals import Forbidden
from tests.factories import PASSWORD, create_person, create_token
from tests.real.inside import Inside

YES = {
    "person.create": {"system", "console", "staff"},
    "person.password": {"system", "console"},
    "person.unfreeze": {"system", "console", "staff"},
    "person.invite": {"system", "console", "staff"},
    "password.change": {"self"},
    "address.see": {"system", "console", "self"},
    "address.change": {"system", "console", "self"},
    "people.list": {"system", "console", "staff"},
    "letters.list": {"system", "console", "staff"},
    "letters.retry": {"system", "console", "staff"},
    "token.create": {"system", "console", "self"},
    "token.revoke": {"system", "console", "self", "staff"},
}
ASKERS = ["anonymous", "stranger", "self", "own-token", "staff", "staff-token", "system", "console"]


def ask_as(who: str, about: Actor) -> Actor:
    """Make the actor, with a real account and a real token where it has one."""
    if who in {"anonymous", "system", "console"}:
        return {"anonymous": ANONYMOUS, "system": SYSTEM, "console": CONSOLE}[who]
    if who == "self":
        return about
    if who == "own-token":
        return authenticate_token(create_token(about).text, asked_by=ANONYMOUS)
    person = create_person(is_staff=who.startswith("staff"))
    if who == "staff-token":
        return authenticate_token(create_token(person).text, asked_by=ANONYMOUS)
    return person


@pytest.mark.parametrize("who", ASKERS)
@pytest.mark.parametrize("permission", POLICY)
def test_a_cell_of_the_matrix(permission: str, who: str, inside: Inside) -> None:
    about = create_person()
    assert may(ask_as(who, about), permission, about.person_id) is (who in YES[permission])  # type: ignore[arg-type]


def test_every_permission_has_its_row() -> None:
    assert set(YES) == set(POLICY)


@pytest.mark.parametrize("who", ASKERS)
def test_the_actions_ask_the_policy(who: str, inside: Inside) -> None:
    """A permission that no action asks for would protect nothing."""
    about = create_person(password=PASSWORD)
    assert about.person_id is not None
    actor = ask_as(who, about)
    made = create_token(about)
    done = {
        "person.create": attempt(
            lambda: actions.create_person("newcomer", email="n@idx.example", password=None, actor=actor)
        ),
        "person.password": attempt(lambda: actions.set_password(about.username, "a wheel of old gouda", actor=actor)),
        "person.unfreeze": attempt(lambda: freeze_actions.unfreeze_person(about.username, actor=actor)),
        "person.invite": attempt(lambda: registration.invite_person("guest@idx.example", actor=actor)),
        "password.change": attempt(
            lambda: passwords.change_password(
                about.person_id or 0, present=PASSWORD, password="a wheel of old gouda", actor=actor
            )
        ),
        "address.see": attempt(lambda: list_addresses(about.person_id or 0, actor=actor)),
        "address.change": attempt(
            lambda: address_actions.add_address(about.person_id or 0, "more@idx.example", actor=actor)
        ),
        "token.create": attempt(
            lambda: actions.create_token(about.person_id or 0, name="x", projects=None, expires_at=None, actor=actor)
        ),
        "token.revoke": attempt(lambda: actions.revoke_token(made.id, actor=actor)),
        "letters.list": attempt(lambda: list_letters(actor=actor)),
        "letters.retry": attempt(lambda: actions.retry_letters(actor=actor)),
    }
    assert {name for name, is_done in done.items() if is_done} == {name for name in done if who in YES[name]}


def test_a_token_never_speaks_for_staff(inside: Inside) -> None:
    person = create_person(is_staff=True)
    actor = authenticate_token(create_token(person).text, asked_by=replace(ANONYMOUS, address="::1"))
    assert (actor.kind, actor.is_staff, actor.address) == ("token", False, "::1")


def attempt(call: object) -> bool:
    """Say whether an action went through; only a refusal of the right kind counts as a no."""
    assert callable(call)
    try:
        call()
    except (Forbidden, NoSuchToken):
        return False
    return True
