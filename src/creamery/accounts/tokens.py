"""
API tokens as text: macaroons that any client can use as `__token__`, and that their owner can narrow offline.

A token is `creamery-` and a macaroon. The identifier inside is `1.<key id>.<random>.<checksum>`: narrowing keeps it, so a
scanner can tell a real token from a look-alike by the checksum. The macaroon's root key is derived from the server's key
and the identifier; the database holds no secret of it.

Caveats are written and read in the form of pypitoken, so that its `restrict()` narrows ours. Source: docs/decisions/0013.
"""

import hashlib
import hmac
import json
import re
import secrets
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pymacaroons import MACAROON_V2, Macaroon, Verifier
from pymacaroons.exceptions import MacaroonException

from creamery.kernel import clock
from creamery.settings import derived_key
from creamery.spec.names import normalize_name

PREFIX = "creamery"
KEY_ID = "a"
_IDENTIFIER = re.compile(r"1\.[a-z]\.[0-9a-z]{32}\.[0-9a-f]{8}\Z")
LONGEST_TOKEN = 8192


class BadToken(ValueError):
    """Not a token of this index, or one whose caveats do not hold."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What the caveats of a token leave over. None is no limit."""

    projects: frozenset[str] | None = None
    person_ids: frozenset[int] | None = None

    def narrowed(self, *, projects: Iterable[str] | None = None, person_ids: Iterable[int] | None = None) -> "Scope":
        """Narrow by one more caveat; a caveat can only take away."""
        scope = self
        if projects is not None:
            names = frozenset(projects)
            scope = replace(scope, projects=names if scope.projects is None else scope.projects & names)
        if person_ids is not None:
            ids = frozenset(person_ids)
            scope = replace(scope, person_ids=ids if scope.person_ids is None else scope.person_ids & ids)
        return scope


def new_identifier() -> str:
    """Make the identifier of a new token."""
    start = f"1.{KEY_ID}.{secrets.token_hex(16)}"
    return f"{start}.{zlib.crc32(start.encode()):08x}"


def write_token(
    identifier: str, *, location: str, person_id: int, projects: list[str] | None, expires_at: datetime | None
) -> str:
    """Write a token as text, with its limits inside, so that they hold whatever the database says."""
    macaroon = Macaroon(location=location, identifier=identifier, key=_root_key(identifier), version=MACAROON_V2)
    macaroon.add_first_party_caveat(_dump([_USER, str(person_id)]))
    if projects is not None:
        macaroon.add_first_party_caveat(_dump([_NAMES, projects]))
    if expires_at is not None:
        macaroon.add_first_party_caveat(_dump([_DATES, int(expires_at.timestamp()), int(clock.now().timestamp()) - 60]))
    return f"{PREFIX}-{macaroon.serialize()}"


def read_token(text: str) -> tuple[str, Scope]:
    """
    Check signature and caveats of a token, and say its identifier and what it is limited to.

    Raises:
        BadToken: it is none of ours, was tampered with, has expired, or has a caveat that we do not know.
    """
    prefix, _, body = text.strip().partition("-")
    if prefix != PREFIX or len(text) > LONGEST_TOKEN:
        raise BadToken("not a token of this index")
    try:
        macaroon = Macaroon.deserialize(body)
        identifier = (
            macaroon.identifier if isinstance(macaroon.identifier, str) else macaroon.identifier.decode("ascii")
        )
        # Base64 is read leniently: without this, a token with something appended would be one as well.
        is_whole = macaroon.serialize() == body.rstrip("=")
    except Exception as error:
        # pymacaroons raises whatever it stumbles over, struct.error among it.
        raise BadToken("not a token") from error
    if not is_whole or not _is_ours(identifier):
        raise BadToken("unknown identifier")
    collected = _Collected()
    verifier = Verifier()
    verifier.satisfy_general(collected.take)
    try:
        verifier.verify(macaroon, _root_key(identifier))
    except (MacaroonException, ValueError, TypeError) as error:
        raise BadToken("signature or caveat does not hold") from error
    return identifier, collected.scope


_DATES, _NAMES, _IDS, _USER = 0, 1, 2, 3
"""The kinds of caveat of PyPI's tokens: [0, not after, not before], [1, names], [2, project ids], [3, person id]."""


class _Collected:
    """Reads every caveat once, while the macaroon is verified."""

    def __init__(self) -> None:
        self.scope = Scope()
        self._kinds: dict[int, Callable[[list[Any]], bool]] = {
            _DATES: self._dates,
            _NAMES: self._names,
            _USER: self._person,
        }

    def take(self, caveat: str) -> bool:
        """Take one caveat into the scope; False, and so a refusal, for one that is unknown or broken."""
        try:
            value = json.loads(caveat)
            return (
                isinstance(value, list) and bool(value) and value[0] in self._kinds and self._kinds[value[0]](value[1:])
            )
        except (ValueError, TypeError, ArithmeticError, RecursionError):
            return False

    def _dates(self, value: list[Any]) -> bool:
        not_after, not_before = value
        return bool(int(not_before) <= clock.now().timestamp() < int(not_after))

    def _names(self, value: list[Any]) -> bool:
        (names,) = value
        self.scope = self.scope.narrowed(projects=[normalize_name(str(name)) for name in names])
        return isinstance(names, list)

    def _person(self, value: list[Any]) -> bool:
        (person_id,) = value
        self.scope = self.scope.narrowed(person_ids=[int(person_id)])
        return True


def _is_ours(identifier: str) -> bool:
    start, _, checksum = identifier.rpartition(".")
    return bool(_IDENTIFIER.match(identifier)) and f"{zlib.crc32(start.encode()):08x}" == checksum


def _root_key(identifier: str) -> str:
    key_id = identifier.split(".")[1]
    return hmac.digest(derived_key(f"tokens:{key_id}"), identifier.encode(), hashlib.sha256).hex()


def _dump(caveat: list[Any]) -> str:
    return json.dumps(caveat, separators=(",", ":"))
