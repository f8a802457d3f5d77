"""Reads about people and tokens, and who is behind a credential."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from creamery.accounts.models import EmailAddress, Person, Token
from creamery.accounts.policy import may
from creamery.accounts.tokens import BadToken, read_token
from creamery.kernel import clock, letters, rows
from creamery.kernel.actor import Actor
from creamery.kernel.letters import LetterLine, State
from creamery.kernel.notes import find_note
from creamery.kernel.refusals import Forbidden, Missing

SETUP_CODE = "setup-code"
USED_EVERY = timedelta(minutes=1)
"""How fine the time of a token's last use is kept: a busy token costs one write a minute."""


class NoSuchPerson(Missing):
    """Nobody by that name."""

    code = "no-such-person"
    sentence = _("There is nobody named {username}.")


class NoSuchToken(Missing):
    """No such token, or none that the actor may see."""

    code = "no-such-token"
    sentence = _("There is no token {token}.")


class NotAuthenticated(Forbidden):
    """No credentials, or wrong ones. One answer for all causes, so that it teaches nothing to a guesser."""

    status = 401
    code = "not-authenticated"
    sentence = _(
        "Invalid or missing credentials. Use the username __token__ and an API token of this index as the password; "
        "a token may be expired or revoked."
    )


class SetupOver(Missing):
    """The one-time link was used, or never was one."""

    code = "setup-over"
    sentence = _("This link does not work, or not any more. The operator can create people with: creamery user create")


@dataclass(frozen=True, slots=True)
class PersonLine:
    """A person in a list."""

    id: int
    username: str
    email: str
    is_verified: bool
    is_staff: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class AddressLine:
    """An address in the list of a person's."""

    id: int
    address: str
    is_primary: bool
    verified_at: datetime | None


@dataclass(frozen=True, slots=True)
class TokenLine:
    """A token in a list; never its text."""

    id: int
    name: str
    username: str
    projects: tuple[str, ...] | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None

    @property
    def is_expired(self) -> bool:
        """Whether its time is over."""
        return self.expires_at is not None and self.expires_at <= clock.now()


def get_person_id(username: str) -> int:
    """
    Find a person by name, whatever its case.

    Raises:
        NoSuchPerson: nobody by that name.
    """
    person_id = find_person_id(username)
    if person_id is None:
        raise NoSuchPerson(username=username)
    return person_id


def find_person_id(username: str) -> int | None:
    """Find a person by name, whatever its case."""
    person_id: int | None = Person.objects.named(username).values_list("pk", flat=True).first()
    return person_id


def has_people() -> bool:
    """Tell whether anybody has an account yet."""
    return bool(Person.objects.exists())


def require_setup_code(code: str) -> None:
    """
    Insist that this is the code of the one-time link, and that nobody has used it.

    The link stands in a log. Once there is somebody, by whatever way, it would make a second administrator of any reader.

    Raises:
        SetupOver: it is not, somebody has, or there is a person already.
    """
    kept = find_note(SETUP_CODE)
    if kept is None or not hmac.compare_digest(kept, setup_digest(code)) or has_people():
        raise SetupOver


def setup_digest(code: str) -> str:
    """Digest a setup code; the code itself is kept nowhere."""
    return hashlib.sha256(b"setup:" + code.encode()).hexdigest()


def list_people() -> list[PersonLine]:
    """List everybody, by name."""
    return [
        PersonLine(
            e.person.pk, e.person.username, e.address, e.verified_at is not None, e.person.is_staff, e.person.created_at
        )
        for e in EmailAddress.objects.filter(is_primary=True).select_related("person").order_by("person__username")
    ]


def list_addresses(person_id: int, *, actor: Actor) -> list[AddressLine]:
    """
    List a person's addresses, the primary one first.

    Raises:
        Forbidden: the actor may not see them.
    """
    if not may(actor, "address.see", person_id):
        raise Forbidden
    addresses = EmailAddress.objects.filter(person_id=person_id).order_by("-is_primary", "pk")
    return [AddressLine(*row) for row in addresses.values_list("pk", "address", "is_primary", "verified_at")]


def list_tokens(username: str | None = None) -> list[TokenLine]:
    """List tokens, newest first, of one person or of all."""
    tokens = Token.objects.select_related("person").order_by("-pk")
    if username is not None:
        tokens = tokens.filter(person_id=get_person_id(username))
    return [_token_line(token) for token in tokens]


def list_own_tokens(actor: Actor) -> list[TokenLine]:
    """List the actor's tokens that were not revoked, newest first."""
    tokens = Token.objects.select_related("person").filter(person_id=actor.person_id or 0, revoked_at=None)
    return [_token_line(token) for token in tokens.order_by("-pk")]


def _token_line(token: Token) -> TokenLine:
    return TokenLine(
        token.pk, token.name, token.person.username, None if token.projects is None else tuple(token.projects),
        token.created_at, token.expires_at, token.revoked_at, token.last_used_at,
    )  # fmt: skip


def list_letters(state: State | None = None, *, actor: Actor) -> list[LetterLine]:
    """
    List the letters of the last month, newest first; only those of one state if it is given.

    Raises:
        Forbidden: the actor is neither the operator nor of the staff.
    """
    if not may(actor, "letters.list"):
        raise Forbidden
    return letters.list_letters(state)


def usernames(person_ids: Sequence[int]) -> dict[int, str]:
    """Tell the names that belong to ids."""
    return dict(Person.objects.filter(pk__in=person_ids).values_list("pk", "username"))


def authenticate_token(text: str, *, asked_by: Actor) -> Actor:
    """
    Tell who is behind an API token, with what it is limited to.

    Args:
        asked_by: the anonymous actor that the door made: address, user agent, request id.

    Raises:
        NotAuthenticated: not a token, expired, revoked, or its person may not act.
    """
    try:
        identifier, scope = read_token(text)
    except BadToken as error:
        raise NotAuthenticated from error
    token = rows.find(Token, "identifier = %s AND revoked_at IS NULL", identifier)
    person = None if token is None else rows.find(Person, "id = %s", token.person_id)
    if (
        token is None
        or person is None
        or not _may_act(token, person)
        or (scope.person_ids is not None and token.person_id not in scope.person_ids)
    ):
        raise NotAuthenticated
    if token.projects is not None:
        scope = scope.narrowed(projects=token.projects)
    _note_use(token, asked_by.address)
    return replace(
        asked_by,
        kind="token",
        proof="token",
        person_id=token.person_id,
        username=person.username,
        token_id=token.pk,
        projects=scope.projects,
    )


def _may_act(token: Token, person: Person) -> bool:
    expired = token.expires_at is not None and token.expires_at <= clock.now()
    return not expired and person.may_act


def _note_use(token: Token, address: str) -> None:
    now = clock.now()
    if token.last_used_at is None or token.last_used_at < now - USED_EVERY or token.last_used_address != address:
        Token.objects.filter(pk=token.pk).update(last_used_at=now, last_used_address=address)
