"""
Links in letters: whoever has one has read a letter to that address.

A code is a random number and its signature under the server's key, so that neither the database nor a copy of a letter that
waits in it opens anything; the text of a letter gets its code when it is sent. A link works once and for a while, and is
followed by a form: programs that open every address in a letter trigger nothing.
"""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Literal

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from creamery.accounts.models import Link, Person
from creamery.kernel import clock
from creamery.kernel.outbox import Claim
from creamery.kernel.refusals import Missing
from creamery.kernel.transactions import needs_transaction
from creamery.settings import derived_key

Purpose = Literal["confirm", "freeze", "reset", "register", "invite"]
LIFETIMES: dict[Purpose, timedelta] = {
    "confirm": timedelta(hours=6),
    "freeze": timedelta(days=14),
    "reset": timedelta(hours=6),
    "register": timedelta(hours=6),
    "invite": timedelta(days=7),
}
"""Source: warehouse-features.md ACC-026, ACC-032. Who was away for a week must still be able to say that it was not them."""
KEPT = timedelta(days=30)
PREFIX = "creamery-link-"
"""By it the log knows a code, and leaves it out."""


class LinkOver(Missing):
    """A link that works no more, or never did. One answer for all causes, so that it teaches nothing to a guesser."""

    code = "link-over"
    sentence = _(
        "This link does not work, or not any more: it works once, and for a few hours or days. Ask for another."
    )


def make_link(purpose: Purpose, *, person: Person | None, address: str) -> Link:
    """Write the row of a link that goes to this address."""
    needs_transaction("make_link")
    now = clock.now()
    return Link.objects.create(
        purpose=purpose,
        number=secrets.token_hex(16),
        person=person,
        address=address,
        created_at=now,
        expires_at=now + LIFETIMES[purpose],
    )


def write_code(number: str) -> str:
    """Write the code of a link; it stands in no table."""
    signature = hmac.digest(derived_key("links"), number.encode(), hashlib.sha256)
    return f"{PREFIX}{number}{signature.hex()[:32]}"


def get_link(purpose: Purpose, code: str) -> Link:
    """
    Find the link of a code while it works.

    Raises:
        LinkOver: it does not.
    """
    number = code.removeprefix(PREFIX)[:32]
    if not code.isascii() or not hmac.compare_digest(write_code(number), code):
        raise LinkOver
    link = _working(clock.now()).filter(purpose=purpose, number=number).select_related("person").first()
    if link is None:
        raise LinkOver
    return link


def whose(purpose: Purpose, code: str) -> tuple[str, str]:
    """
    Tell whose link it is, and which address it went to, for a page that asks whether to go on.

    Raises:
        LinkOver: it does not work.
    """
    link = get_link(purpose, code)
    return (link.person.username if link.person is not None else ""), link.address


def use_link(purpose: Purpose, code: str) -> Link:
    """
    Use a link up, in the open transaction; of two who use it at once one gets LinkOver.

    Raises:
        LinkOver: it does not work.
    """
    needs_transaction("use_link")
    link = get_link(purpose, code)
    if not _working(clock.now()).filter(pk=link.pk).update(used_at=clock.now()):
        raise LinkOver
    return link


def end_links(person_id: int, *purposes: Purpose, address: str | None = None) -> None:
    """End the links of a person, of these purposes, that were not used; of one address if it is given."""
    needs_transaction("end_links")
    links = Link.objects.filter(person_id=person_id, purpose__in=purposes, used_at=None)
    if address is not None:
        links = links.filter(address=address)
    links.update(used_at=clock.now())


def forget_old(*, claim: Claim) -> None:
    """Remove links that ended a month ago: they hold addresses."""
    claim.hold()
    Link.objects.filter(expires_at__lt=clock.now() - KEPT).delete()


def _working(now: datetime) -> "QuerySet[Link]":
    return Link.objects.filter(used_at=None, expires_at__gt=now)
