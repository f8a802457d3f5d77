"""Pieces that the actions of accounts share, with the refusals that they raise. Each needs an open transaction."""

import re

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.encoding import punycode
from django.utils.translation import gettext_lazy as _

from creamery.accounts.events import PersonCreated
from creamery.accounts.models import EmailAddress, Person
from creamery.kernel import clock
from creamery.kernel.actor import Actor
from creamery.kernel.events import Event, Subject, record
from creamery.kernel.refusals import Conflict, Invalid
from creamery.kernel.transactions import needs_transaction
from creamery.spec.problems import N_, Problem

USERNAME = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9._-]{0,48}[a-zA-Z0-9])?\Z")
RESERVED_USERNAMES = frozenset({"__token__", "admin", "console", "root", "staff", "system", "anonymous"})


class InvalidPerson(Invalid):
    """The details of a new person break rules."""

    code = "invalid-person"
    sentence = _("This account cannot be created.")


class NameTaken(Conflict):
    """Somebody has that name or address already."""

    code = "name-taken"
    sentence = _("There is a person named {username}, or one with the address {email}, already. Choose another.")


def add_person(
    username: str, email: str, password: str | None, *, is_staff: bool, is_verified: bool, actor: Actor
) -> Person:
    """
    Write the row of a new person and record it.

    Raises:
        InvalidPerson, NameTaken: as their names say.
    """
    needs_transaction("add_person")
    problems = [
        *_username_problems(username),
        *email_problems(email),
        *password_problems(password, Person(username=username, email=email)),
    ]
    if problems:
        raise InvalidPerson(problems)
    now = clock.now()
    person = Person(
        username=username,
        email=email,
        is_staff=is_staff,
        created_at=now,
        email_verified_at=now if is_verified else None,
    )
    person.set_password(password)
    try:
        with transaction.atomic():
            person.save()
            EmailAddress.objects.create(
                person=person,
                address=email,
                normalized=normalize_address(email),
                is_primary=True,
                added_at=now,
                verified_at=person.email_verified_at,
            )
    except IntegrityError:
        raise NameTaken(username=username, email=email) from None
    record_about(person.pk, PersonCreated(person_id=person.pk, username=username, is_staff=is_staff), actor=actor)
    return person


def record_about(person_id: int, event: Event, *, actor: Actor) -> None:
    """Record what a person's own history shows."""
    record(event, actor=actor, about=[Subject("person", person_id)])


def normalize_address(address: str) -> str:
    """
    Write an address as all its spellings are: small letters, and the host as the name system has it.

    >>> normalize_address("Ada@Bücher.Example")
    'ada@xn--bcher-kva.example'
    """
    local, _at, host = address.rpartition("@")
    try:
        return f"{local.lower()}@{punycode(host.lower())}"
    except UnicodeError:
        return f"{local.lower()}@{host.lower()}"


def _username_problems(username: str) -> list[Problem]:
    if username.lower() in RESERVED_USERNAMES:
        rule, remedy = N_("This name is reserved."), N_("Choose another.")
    elif not USERNAME.match(username):
        rule = N_(
            "A name has 1 to 50 ASCII letters, digits, points, hyphens and underscores, and begins and ends with a letter or digit."
        )
        remedy = N_("Leave out everything else.")
    else:
        return []
    return [Problem(code="username", field="username", value=username, rule=rule, remedy=remedy)]


def email_problems(email: str) -> list[Problem]:
    """Say what is wrong with an address."""
    try:
        validate_email(email)
    except ValidationError:
        return [
            Problem(
                code="email",
                field="email",
                value=email,
                rule=N_("This is no e-mail address."),
                remedy=N_("Write it like ada@idx.example."),
            )
        ]
    return []


def password_problems(password: str | None, person: Person) -> list[Problem]:
    """Say what is wrong with a password for this person; one that is like their name is easy to guess."""
    if password is None:
        return []
    try:
        validate_password(password, person)
    except ValidationError as error:
        return [
            Problem(
                code="password",
                field="password",
                rule=" ".join(error.messages),
                remedy=N_("Choose a longer or less common one."),
            )
        ]
    return []
