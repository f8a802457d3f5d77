"""
Log-in with name and password, and what sessions are believed.

Not one action but a few short ones: a password is checked outside any transaction, because that takes a tenth of a
second, in which nobody else could write.
"""

import hashlib
import ipaddress
import threading
from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, check_password
from django.contrib.sessions.models import Session
from django.utils.translation import gettext_lazy as _

from creamery.accounts.events import LogInFailed, SessionBegun, SessionEnded
from creamery.accounts.models import Person
from creamery.accounts.steps import record_about
from creamery.kernel import clock
from creamery.kernel.actor import Actor
from creamery.kernel.outbox import Claim
from creamery.kernel.refusals import Invalid, Limited
from creamery.kernel.shared_limits import SharedWindow
from creamery.kernel.transactions import writes

FAILURES_OF_NAME = SharedWindow("log-in-name", limit=10, seconds=300)
FAILURES_FROM_ADDRESS = SharedWindow("log-in-address", limit=20, seconds=300)
"""More than one person may sit behind an address."""

NOBODY = 0
"""The id that failures under unknown names are recorded about."""
HASHING = threading.BoundedSemaphore(2)
"""A check takes 100 MiB for a tenth of a second; with one for each thread a small machine would have no memory left."""


class WrongPassword(Invalid):
    """Name and password do not go together. One answer for all causes, so that it teaches nothing to a guesser."""

    code = "wrong-password"
    sentence = _("There is no account with this name and this password. Check both, and that Caps Lock is off.")


class TooManyFailures(Limited):
    """Too many log-ins failed, with this name or from this address. Source: security.md AUT-5."""

    code = "too-many-failures"
    sentence = _("Too many attempts to log in failed. Go on in {minutes} minutes.")


class PersonBackend(BaseBackend):
    """Tells Django's sessions which people they may speak for."""

    def get_user(self, user_id: Any) -> Person | None:
        """Find the person of a session; none if they may not act any more, which ends the session at once."""
        person = Person.objects.filter(pk=user_id).first()
        return person if person is not None and person.may_act else None


def log_in(username: str, password: str, *, actor: Actor) -> Person:
    """
    Tell whose name and password these are. The attempt is recorded, in a transaction of its own, and counted before it is
    looked at: so of many at once no more get through than the limit says.

    Args:
        actor: the anonymous actor that the door made: address, user agent, request id.

    Raises:
        WrongPassword: nobody's, or somebody's who may not act.
        TooManyFailures: the limit of this name or address is reached.
    """
    name, address = digest_name(username), find_network(actor.address)
    require_few(name, address)
    person: Person | None = Person.objects.named(username).first()
    # Nobody has this password; to check it takes as long as to check a real one.
    known = person.password if person is not None else UNUSABLE_PASSWORD_PREFIX
    with HASHING:
        is_right = check_password(password, known)
    if person is None or not is_right or not person.may_act:
        note_failure(person.pk if person is not None else NOBODY, actor=actor)
        raise WrongPassword
    FAILURES_OF_NAME.forget(name)
    FAILURES_FROM_ADDRESS.give_back(address)
    note_log_in(person.pk, actor=actor)
    return person


@writes
def note_log_in(person_id: int, *, actor: Actor) -> None:
    """
    Record that somebody logged in.

    Records: SessionBegun (seen by the person).
    """
    record_about(person_id, SessionBegun(person_id=person_id), actor=actor)


@writes
def note_failure(person_id: int, *, actor: Actor) -> None:
    """
    Record that somebody tried to log in as this person, or as nobody. The name that was typed is not kept: people type
    their password there.

    Records: LogInFailed (seen by the person).
    """
    record_about(person_id, LogInFailed(person_id=person_id), actor=actor)


@writes
def log_out(*, actor: Actor) -> None:
    """
    Record that somebody logged out; the door ends the session.

    Records: SessionEnded (seen by the person).
    """
    if actor.person_id is not None:
        record_about(actor.person_id, SessionEnded(person_id=actor.person_id), actor=actor)


def forget_ended_sessions(*, claim: Claim) -> None:
    """Remove sessions whose time is over."""
    claim.hold()
    Session.objects.filter(expire_date__lt=clock.now()).delete()


def require_few(name: str, address: str) -> None:
    """
    Count one more try to guess a password, of the name with this digest and from this network. Call it outside a transaction.

    Raises:
        TooManyFailures: a limit is reached.
    """
    wait_seconds = max(FAILURES_OF_NAME.take(name), FAILURES_FROM_ADDRESS.take(address))
    if wait_seconds:
        refusal = TooManyFailures(minutes=int(wait_seconds // 60) + 1)
        refusal.retry_after_seconds = int(wait_seconds) + 1
        raise refusal


def digest_name(username: str) -> str:
    """Digest a name for counting: what was typed may be a password."""
    return hashlib.sha256(username.lower().encode()).hexdigest()[:32]


def find_network(address: str) -> str:
    """Find what one asker has: an IPv4 address, but the first half of an IPv6 address, of which each has as many as they like."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:45]
    if isinstance(found, ipaddress.IPv6Address):
        mapped = found.ipv4_mapped
        return str(mapped) if mapped is not None else str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
