"""
Letters: a row in the transaction of the change that it tells of, sent by a reaction, tried again until it is gone.

A room says in its `mail.py` who gets which letter with what facts. The template `letters/<template>.txt` in that room's
templates has the subject in its first line and the text below. It is filled in when the letter is sent, and knows
besides the facts: `username`, `public_url`, `public_host`, `contact`.
"""

import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Count
from django.template.backends.django import DjangoTemplates
from django.utils import translation

from creamery.kernel import clock, outbox
from creamery.kernel.mail import MailRefused, send_mail
from creamery.kernel.models import LetterRow
from creamery.kernel.outbox import Claim, NotNow
from creamery.kernel.transactions import needs_transaction
from creamery.settings import CONFIG

log = logging.getLogger(__name__)

GIVEN_UP_AFTER = timedelta(days=3)
KEPT = timedelta(days=30)
State = Literal["waiting", "sent", "failed"]


class Addressee(NamedTuple):
    """Who gets a letter."""

    person_id: int
    username: str
    address: str


@dataclass(frozen=True, slots=True)
class Text:
    """What a letter says, in the reader's language."""

    subject: str
    body: str


def post(template: str, facts: Mapping[str, Any], *, to: Iterable[Addressee]) -> int:
    """
    Write a letter to each of these people, in the open transaction; says how many. `facts` are plain values.

    Each gets a letter of their own: nobody learns the address of anybody else.
    """
    needs_transaction("post")
    now = clock.now()
    written = LetterRow.objects.bulk_create(
        LetterRow(person_id=p.person_id, username=p.username, to=p.address, template=template, facts=facts, at=now)
        for p in sorted(set(to))
    )
    return outbox.owe_each(send, [letter.pk for letter in written])


def send(letter_id: int, *, claim: Claim) -> None:
    """Send a letter that is still to be sent; one that cannot be sent for three days, or never, is given up."""
    letter = LetterRow.objects.filter(pk=letter_id, state="waiting").first()
    if letter is None:
        return
    text = write_text(letter.template, {**letter.facts, "username": letter.username})
    claim.hold()
    try:
        send_mail(to=letter.to, subject=text.subject, body=text.body, name=f"letter-{letter.pk:08d}", at=letter.at)
    except MailRefused as error:
        _give_up(letter, str(error))
    except OSError as error:
        if clock.now() - letter.at < GIVEN_UP_AFTER:
            raise NotNow(str(error)) from error
        _give_up(letter, str(error))
    else:
        LetterRow.objects.filter(pk=letter_id).update(state="sent", ended_at=clock.now())


def _give_up(letter: LetterRow, why: str) -> None:
    log.error("The letter %d (%s) cannot be sent: %s", letter.pk, letter.template, why)
    LetterRow.objects.filter(pk=letter.pk).update(state="failed", ended_at=clock.now(), error=why[:500])


def write_text(template: str, facts: Mapping[str, Any]) -> Text:
    """Fill a template in. A fact stays on its line: it can neither end the subject nor look like a part of the letter."""
    on_one_line = {name: " ".join(fact.split()) if isinstance(fact, str) else fact for name, fact in facts.items()}
    known = {
        "public_url": CONFIG.public_url,
        "public_host": urlsplit(CONFIG.public_url).netloc,
        "contact": CONFIG.contact,
    }
    with translation.override(settings.LANGUAGE_CODE):
        whole = _engine().get_template(f"letters/{template}.txt").render({**known, **on_one_line})
    subject, _, body = whole.strip().partition("\n")
    return Text(" ".join(subject.split()), body.strip() + "\n")


@cache
def _engine() -> DjangoTemplates:
    """Make the engine of letters: plain text, so nothing is escaped as in HTML."""
    options = {"autoescape": False}
    return DjangoTemplates({"NAME": "letters", "DIRS": [], "APP_DIRS": True, "OPTIONS": options})


def forget_old(*, claim: Claim) -> None:
    """Remove letters that were sent or given up a month ago: they hold addresses. What happened stays in the record."""
    claim.hold()
    LetterRow.objects.filter(ended_at__lt=clock.now() - KEPT).delete()


@dataclass(frozen=True, slots=True)
class LetterLine:
    """A letter in a list."""

    id: int
    username: str
    address: str
    template: str
    state: State
    at: datetime
    ended_at: datetime | None
    error: str


def list_letters(state: State | None = None) -> list[LetterLine]:
    """List the letters of the last month, newest first."""
    rows = LetterRow.objects.order_by("-pk")
    if state is not None:
        rows = rows.filter(state=state)
    columns = "pk", "username", "to", "template", "state", "at", "ended_at", "error"
    return [LetterLine(*row) for row in rows.values_list(*columns)]


def retry(letter_ids: Collection[int] | None = None) -> list[int]:
    """Put letters that were given up, all or these, in the post once more, in the open transaction. Returns their ids."""
    needs_transaction("retry")
    failed = LetterRow.objects.select_for_update().filter(state="failed").order_by("pk")
    if letter_ids is not None:
        failed = failed.filter(pk__in=letter_ids)
    ids = list(failed.values_list("pk", flat=True))
    LetterRow.objects.filter(pk__in=ids).update(state="waiting", at=clock.now(), ended_at=None, error="")
    outbox.owe_each(send, ids)
    return ids


def count_letters() -> dict[State, int]:
    """Count letters by state, as `/metrics` shows them; those that were sent for a month only."""
    counts: dict[State, int] = {"waiting": 0, "sent": 0, "failed": 0}
    return counts | dict(LetterRow.objects.values_list("state").annotate(n=Count("pk")))
