"""The verbs of accounts."""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from creamery.accounts import mail
from creamery.accounts.events import LettersPosted, PasswordChanged, TokenCreated, TokenRevoked
from creamery.accounts.models import Person, Token
from creamery.accounts.policy import may
from creamery.accounts.queries import SETUP_CODE, NoSuchPerson, NoSuchToken, SetupOver, require_setup_code, setup_digest
from creamery.accounts.steps import add_person, password_problems, record_about
from creamery.accounts.tokens import new_identifier, write_token
from creamery.kernel import clock, letters
from creamery.kernel.actor import Actor
from creamery.kernel.events import record
from creamery.kernel.notes import remove_note, write_note
from creamery.kernel.refusals import Forbidden, Invalid
from creamery.kernel.transactions import writes
from creamery.settings import CONFIG
from creamery.spec.names import check_name, normalize_name
from creamery.spec.problems import N_, InvalidInput, Problem


class InvalidPassword(Invalid):
    """A password that is too easy to guess."""

    code = "invalid-password"
    sentence = _("This password cannot be used.")


class InvalidToken(Invalid):
    """The details of a new token break rules."""

    code = "invalid-token"
    sentence = _("This token cannot be made.")


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token that was just made. `text` is shown once and kept nowhere."""

    id: int
    name: str
    expires_at: datetime | None
    text: str = field(repr=False)


@writes
def create_person(
    username: str, *, email: str, password: str | None, is_staff: bool = False, is_verified: bool = False, actor: Actor
) -> Person:
    """
    Create an account. Without a password nobody can log in to it, but its tokens work.

    Raises:
        Forbidden: the actor may not create people.
        InvalidPerson: name, address or password break rules; all problems at once.
        NameTaken: name or address belong to somebody.

    Records: PersonCreated (seen by the person).
    """
    if not may(actor, "person.create"):
        raise Forbidden
    return add_person(username, email, password, is_staff=is_staff, is_verified=is_verified, actor=actor)


@writes
def set_password(username: str, password: str, *, actor: Actor) -> None:
    """
    Give a person another password, or a first one, to log in with. It ends their sessions; their tokens go on working.

    Raises:
        Forbidden: the actor is not the operator.
        NoSuchPerson: nobody by that name.
        InvalidPassword: the password breaks rules.

    Records: PasswordChanged (seen by the person).
    """
    if not may(actor, "person.password"):
        raise Forbidden
    person: Person | None = Person.objects.named(username).first()
    if person is None:
        raise NoSuchPerson(username=username)
    problems = password_problems(password, person)
    if problems:
        raise InvalidPassword(problems)
    person.set_password(password)
    person.save(update_fields=["password"])
    record_about(person.pk, PasswordChanged(person_id=person.pk), actor=actor)
    mail.tell_everywhere(person, "account_password_changed", {}, actor=actor)


@writes
def new_setup_code() -> str:
    """Make the code of the one-time link for the first administrator; an older one works no more. Only its digest is kept."""
    code = secrets.token_urlsafe(24)
    write_note(SETUP_CODE, setup_digest(code))
    return code


@writes
def create_first_person(code: str, *, username: str, email: str, password: str, actor: Actor) -> Person:
    """
    Create the first administrator, for whoever has the link that the first start printed.

    Raises:
        SetupOver: the code is wrong or was used; of two who use it at once one gets this.
        InvalidPerson, NameTaken: the details break rules.

    Records: PersonCreated (seen by the person).
    """
    require_setup_code(code)
    if not remove_note(SETUP_CODE, setup_digest(code)):
        raise SetupOver
    return add_person(username, email, password, is_staff=True, is_verified=True, actor=actor)


@writes
def create_token(
    person_id: int, *, name: str, projects: Sequence[str] | None, expires_at: datetime | None, actor: Actor
) -> NewToken:
    """
    Make an API token. `projects` are names, of projects to come as well; None is all that the person may publish to.

    Raises:
        Forbidden: the actor may not make tokens for this person.
        NoSuchPerson: no such person.
        InvalidToken: name, project names or expiry break rules; all problems at once.

    Records: TokenCreated (seen by the person).
    """
    if not may(actor, "token.create", person_id):
        raise Forbidden
    person = Person.objects.filter(pk=person_id).first()
    if person is None:
        raise NoSuchPerson(username=str(person_id))
    normalized = _token_projects(name, projects, expires_at)
    identifier = new_identifier()
    token = Token.objects.create(
        person=person,
        name=name,
        identifier=identifier,
        projects=normalized,
        created_at=clock.now(),
        expires_at=expires_at,
    )
    event = TokenCreated(person_id=person.pk, token_id=token.pk, name=name, projects=normalized)
    record_about(person.pk, event, actor=actor)
    facts = {"token": name, "projects": ", ".join(normalized or ())}
    mail.tell_everywhere(person, "account_token_created", facts, actor=actor)
    text = write_token(
        identifier, location=CONFIG.public_url, person_id=person.pk, projects=normalized, expires_at=expires_at
    )
    return NewToken(id=token.pk, name=name, expires_at=expires_at, text=text)


@writes
def revoke_token(token_id: int, *, actor: Actor) -> None:
    """
    Make a token useless, at once and for ever. Revoking one that is revoked already changes nothing.

    Raises:
        NoSuchToken: no such token, or none that the actor may revoke.

    Records: TokenRevoked (seen by the person).
    """
    token = Token.objects.filter(pk=token_id).first()
    if token is None or not may(actor, "token.revoke", token.person_id):
        raise NoSuchToken(token=token_id)
    if Token.objects.filter(pk=token_id, revoked_at=None).update(revoked_at=clock.now()):
        event = TokenRevoked(person_id=token.person_id, token_id=token.pk, name=token.name)
        record_about(token.person_id, event, actor=actor)


@writes
def retry_letters(letter_ids: Collection[int] | None = None, *, actor: Actor) -> list[int]:
    """
    Put letters that were given up, all or these, in the post once more. Returns their ids.

    Raises:
        Forbidden: the actor is neither the operator nor of the staff.

    Records: LettersPosted.
    """
    if not may(actor, "letters.retry"):
        raise Forbidden
    posted = letters.retry(letter_ids)
    if posted:
        record(LettersPosted(letter_ids=posted), actor=actor, about=[])
    return posted


def _token_projects(name: str, projects: Sequence[str] | None, expires_at: datetime | None) -> list[str] | None:
    problems: list[Problem] = []
    if not 1 <= len(name.strip()) <= 100:
        rule, remedy = (
            N_("A token's name has 1 to 100 characters."),
            N_("Say what the token is for, such as “release job”."),
        )
        problems.append(Problem(code="token-name", field="name", value=name, rule=rule, remedy=remedy))
    if expires_at is not None and expires_at <= clock.now():
        rule, remedy = N_("A token cannot expire in the past."), N_("Choose a later time.")
        problems.append(
            Problem(code="token-expiry", field="expires", value=expires_at.isoformat(), rule=rule, remedy=remedy)
        )
    for project in projects or ():
        try:
            check_name(project, field="project")
        except InvalidInput as error:
            problems.extend(error.problems)
    if problems:
        raise InvalidToken(problems)
    return None if projects is None else sorted({normalize_name(project) for project in projects})
