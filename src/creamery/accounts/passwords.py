"""
Changing a password, by who knows it or by a letter.

Not one action but a few: passwords are hashed outside any transaction, and what is counted must not be undone.
"""

from dataclasses import replace

from django.contrib.auth.hashers import check_password, make_password
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from creamery.accounts import mail
from creamery.accounts.actions import InvalidPassword
from creamery.accounts.events import PasswordChanged, ResetLetterSent, ResetRequested
from creamery.accounts.letter_limits import require_room
from creamery.accounts.links import end_links, get_link, use_link
from creamery.accounts.log_in import (
    FAILURES_FROM_ADDRESS,
    FAILURES_OF_NAME,
    HASHING,
    NOBODY,
    digest_name,
    find_network,
    note_failure,
    require_few,
)
from creamery.accounts.models import EmailAddress, Person, ResetRequest
from creamery.accounts.policy import may
from creamery.accounts.steps import normalize_address, password_problems, record_about
from creamery.kernel import clock
from creamery.kernel.actor import Actor
from creamery.kernel.outbox import Claim
from creamery.kernel.refusals import Conflict, Forbidden, Invalid
from creamery.kernel.transactions import writes
from creamery.spec.problems import N_, Problem


class WrongPresentPassword(Invalid):
    """Who wants to change a password does not know the present one."""

    code = "wrong-present-password"
    sentence = _("The password was not changed.")


class PasswordChangedMeanwhile(Conflict):
    """The password was changed by somebody else while this change was under way."""

    code = "password-changed-meanwhile"
    sentence = _("The password was changed in the meantime. Log in again.")


def change_password(person_id: int, *, present: str, password: str, actor: Actor) -> Person:
    """
    Exchange a person's own password. Wrong guesses at the present one count as log-ins that fail.

    Raises:
        Forbidden: it is not the person who asks.
        WrongPresentPassword, InvalidPassword, TooManyFailures, PasswordChangedMeanwhile: as their names say.

    Records: PasswordChanged, or LogInFailed (seen by the person).
    """
    if not may(actor, "password.change", person_id):
        raise Forbidden
    person: Person = Person.objects.get(pk=person_id)
    name, network = digest_name(person.username), find_network(actor.address)
    require_few(name, network)
    with HASHING:
        is_right = check_password(present, person.password)
    if not is_right:
        note_failure(person.pk, actor=actor)
        rule, remedy = N_("This is not your present password."), N_("Check it, and that Caps Lock is off.")
        raise WrongPresentPassword([Problem(code="password", field="present", rule=rule, remedy=remedy)])
    FAILURES_OF_NAME.forget(name)
    FAILURES_FROM_ADDRESS.give_back(network)
    encoded = _encode(password, person)
    return _exchange(person.pk, known=person.password, encoded=encoded, actor=actor)


def ask_for_reset(whom: str, *, actor: Actor) -> None:
    """
    Have a letter with a link sent to whoever has this name or address. Nothing tells whether anybody has: who it is is
    looked up later, by the worker.

    Raises:
        TooManyLetters: a limit is reached.

    Records: ResetRequested.
    """
    require_room(whom, actor=actor)
    _ask(whom, actor=actor)


@writes
def _ask(whom: str, *, actor: Actor) -> None:
    request = ResetRequest.objects.create(
        typed=whom, at=clock.now(), address=actor.address, user_agent=actor.user_agent[:250]
    )
    record_about(NOBODY, ResetRequested(request_id=request.pk), actor=actor)


def answer_request(request_id: int, *, claim: Claim) -> None:
    """Send the letter to whoever is meant; nobody, if nobody is, or if the account is shut."""
    claim.hold()
    _answer(request_id)


@writes
def _answer(request_id: int) -> None:
    request = ResetRequest.objects.filter(pk=request_id).first()
    if request is None or not ResetRequest.objects.filter(pk=request_id).delete()[0]:
        return
    typed = request.typed.strip()
    meant = Q(person__username__iexact=typed, is_primary=True) | Q(normalized=normalize_address(typed))
    reached = EmailAddress.objects.verified().filter(meant, person__is_active=True).select_related("person")
    found = reached.order_by("pk").first()
    if found is None:
        return
    asked_by = Actor(kind="anonymous", address=request.address, user_agent=request.user_agent)
    record_about(found.person_id, ResetLetterSent(person_id=found.person_id, address=found.address), actor=asked_by)
    mail.send_link("account_reset", "reset", person=found.person, address=found.address, actor=asked_by)


def reset_password(code: str, password: str, *, actor: Actor) -> str:
    """
    Give the person to whom a link went another password; it ends their sessions and other such links. Says whose it is.

    Raises:
        LinkOver: the link does not work.
        InvalidPassword: the password breaks rules; the link still works.

    Records: PasswordChanged (seen by the person).
    """
    person = get_link("reset", code).person
    assert person is not None, "such a link has a person"
    encoded = _encode(password, person)
    return _reset(code, encoded=encoded, actor=replace(actor, proof="link"))


@writes
def _reset(code: str, *, encoded: str, actor: Actor) -> str:
    person = use_link("reset", code).person
    assert person is not None, "as above"
    _put(person, encoded, actor=actor)
    return person.username


@writes
def _exchange(person_id: int, *, known: str, encoded: str, actor: Actor) -> Person:
    person: Person = Person.objects.select_for_update().get(pk=person_id)
    if person.password != known or not person.may_act:
        raise PasswordChangedMeanwhile
    _put(person, encoded, actor=actor)
    return person


def _put(person: Person, encoded: str, *, actor: Actor) -> None:
    person.password = encoded
    person.save(update_fields=["password"])
    end_links(person.pk, "reset")
    record_about(person.pk, PasswordChanged(person_id=person.pk), actor=actor)
    mail.tell_everywhere(person, "account_password_changed", {}, actor=actor)


def _encode(password: str, person: Person) -> str:
    problems = password_problems(password, person)
    if problems:
        raise InvalidPassword(problems)
    with HASHING:
        return make_password(password)
