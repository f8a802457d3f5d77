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
