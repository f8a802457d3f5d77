"""What happens to accounts."""

from dataclasses import dataclass

from creamery.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonCreated(Event):
    """Somebody has an account now."""

    person_id: int
    username: str
    is_staff: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationRequested(Event):
    """Somebody wants to make an account, with an address that has one already or with another."""

    is_known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonInvited(Event):
    """A member of staff or the operator invited somebody to make an account."""

    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordChanged(Event):
    """A person has another password, or a first one; their sessions are over."""

    person_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetRequested(Event):
    """Somebody wants to set a password anew; whose is looked up later."""

    request_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetLetterSent(Event):
    """A person was sent a link to set their password anew, because somebody asked for it."""

    person_id: int
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenCreated(Event):
    """A person has a new API token."""

    person_id: int
    token_id: int
    name: str
    projects: list[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRevoked(Event):
    """An API token works no more."""

    person_id: int
    token_id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LettersPosted(Event):
    """Letters that had been given up were put in the post once more."""

    letter_ids: list[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionBegun(Event):
    """A person logged in."""

    person_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LogInFailed(Event):
    """Somebody tried to log in as this person, or, with the id 0, under a name that nobody has."""

    person_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnded(Event):
    """A person logged out."""

    person_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressAdded(Event):
    """A person claims an e-mail address, and a link to confirm it went there."""

    person_id: int
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressConfirmed(Event):
    """Whoever reads letters to an address has confirmed that it is this person's."""

    person_id: int
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressRemoved(Event):
    """An e-mail address is no longer a person's."""

    person_id: int
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PrimaryAddressChanged(Event):
    """Letters about a person's projects go to another address."""

    person_id: int
    address: str
    before: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonFrozen(Event):
    """Somebody who got a letter at `address` said that it was not them; the account is shut."""

    person_id: int
    address: str
    revoked_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonUnfrozen(Event):
    """A frozen account is open again."""

    person_id: int
