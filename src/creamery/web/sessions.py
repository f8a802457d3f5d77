"""
Sessions: a row in the database, and a cookie that names it.

Only pages look at them. Uploads and the management API take tokens alone, so no other site can make a browser do anything
there; the read path takes nothing at all.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.contrib import auth
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest

from creamery.accounts.log_in import PersonBackend
from creamery.kernel import clock
from creamery.kernel.actor import Actor
from creamery.kernel.logs import REQUEST_ID

BACKEND = f"{PersonBackend.__module__}.{PersonBackend.__qualname__}"
BEGAN, SEEN = "began_at", "seen_at"


class Span(NamedTuple):
    """How long a session lasts: unused, and at most."""

    idle: timedelta
    whole: timedelta


PEOPLE = Span(timedelta(hours=12), timedelta(days=14))
STAFF = Span(timedelta(minutes=30), timedelta(hours=8))
"""Source: security.md, V7."""


def begin(request: HttpRequest, person: AbstractBaseUser, *, is_staff: bool) -> None:
    """Begin a session for somebody who has just proved who they are. It has a new id, whatever the browser sent."""
    request.session.flush()
    auth.login(request, person, backend=BACKEND)  # type: ignore[arg-type] # A door does not know the table.
    request.session[BEGAN] = request.session[SEEN] = clock.now().timestamp()
    request.session.set_expiry(int(_span(is_staff=is_staff).idle.total_seconds()))


def end(request: HttpRequest) -> None:
    """End the session; its id is worth nothing from here on."""
    auth.logout(request)


def find_actor(request: HttpRequest) -> Actor:
    """Tell who asks. The session is read only if the browser sent one, and only its person's present state counts."""
    person = auth.get_user(request) if settings.SESSION_COOKIE_NAME in request.COOKIES else None
    is_staff = bool(getattr(person, "is_staff", False))
    known = person is not None and person.is_authenticated and _goes_on(request, is_staff=is_staff)
    return Actor(
        kind="person" if known else "anonymous",
        proof="session" if known else "none",
        person_id=person.pk if known and person is not None else None,
        username=person.get_username() if known and person is not None else "",
        is_staff=known and is_staff,
        address=request.META.get("REMOTE_ADDR", ""),
        user_agent=request.headers.get("user-agent", ""),
        request_id=REQUEST_ID.get(),
    )


def _span(*, is_staff: bool) -> Span:
    return STAFF if is_staff else PEOPLE


def _goes_on(request: HttpRequest, *, is_staff: bool) -> bool:
    """Look whether the session is still good, and note that it was used, so finely that a busy one costs few writes."""
    session, span, now = request.session, _span(is_staff=is_staff), clock.now()
    began, seen = (_moment(session.get(name, 0)) for name in (BEGAN, SEEN))
    if now - began > span.whole or now - seen > span.idle:
        session.flush()
        return False
    if now - seen > span.idle / 20:
        session[SEEN] = now.timestamp()
    return True


def _moment(timestamp: float) -> datetime:
    return datetime.fromtimestamp(timestamp, tz=clock.now().tzinfo)
