"""What every request to Django passes: safe headers, refusals turned into pages, who asks."""

import logging
from collections.abc import Callable

from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

from creamery.kernel.logs import REQUEST_ID
from creamery.kernel.refusals import Refusal
from creamery.storage.store import StoreUnavailable
from creamery.web.answers import refuse, wants_json
from creamery.web.pages.errors import closed, refusal_page
from creamery.web.sessions import find_actor

log = logging.getLogger(__name__)

Respond = Callable[[HttpRequest], HttpResponse]

POLICY = "; ".join(
    [
        "default-src 'none'", "style-src 'self'", "script-src 'self'", "img-src 'self' data:", "font-src 'self'",
        "connect-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'", "manifest-src 'self'",
    ]
)  # fmt: skip
SAFE_HEADERS = {
    "Content-Security-Policy": POLICY,
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def safe_headers(respond: Respond) -> Respond:
    """Give every answer the headers that keep browsers from doing more than they should. Source: security.md AUD-7."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request.request_id = REQUEST_ID.get()  # type: ignore[attr-defined]
        response = respond(request)
        for name, value in SAFE_HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    return middleware


def no_nul(respond: Respond) -> Respond:
    """
    Find nothing at a path with a NUL: no name has one, and PostgreSQL fails on it where SQLite finds nothing.

    Forms need no such care, as Django's fields refuse it.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if "\0" in request.path_info:
            raise Http404
        return respond(request)

    return middleware


class refusals_become_pages:  # noqa: N801 - read as the sentence that the list of middleware is.
    """Turn a refusal into its page or its JSON; a database or store that is away into 503. Nothing fails open."""

    def __init__(self, respond: Respond) -> None:
        self._respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer; what is raised below Django's views never comes here, see `process_exception`."""
        return self._respond(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer what a view raised."""
        if isinstance(exception, Refusal):
            as_json = wants_json(request.headers.get("accept", ""))
            return _as_json(exception) if as_json else refusal_page(request, exception)
        if isinstance(exception, (DatabaseError, StoreUnavailable)):
            log.error("A page met a database or store that is away", exc_info=exception)
            return closed(request)
        return None


def _as_json(refusal: Refusal) -> HttpResponse:
    answer = refuse(refusal, as_json=True)
    response = HttpResponse(answer.body, status=answer.status, content_type="application/json")
    for name, value in answer.headers:
        response[name.decode()] = value.decode()
    return response


def who_asks(respond: Respond) -> Respond:
    """Make the one frozen Actor of the request. What a person is shown is for no cache that others read from."""

    def middleware(request: HttpRequest) -> HttpResponse:
        actor = request.actor = find_actor(request)  # type: ignore[attr-defined]
        response = respond(request)
        if actor.person_id is not None:
            response.headers["Cache-Control"] = "private, no-store"
        patch_vary_headers(response, ["Cookie"])
        return response

    return middleware
