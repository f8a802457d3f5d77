"""
What is shown when something goes wrong.

Each page says what happened and where to go on. None of them asks the database: it may be what is broken.
"""

import sys
from dataclasses import dataclass

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from creamery.kernel.refusals import Refusal, problem_text
from creamery.storage.store import StoreUnavailable


@dataclass(frozen=True, slots=True)
class _Words:
    title: str | Promise
    text: str | Promise
    offers_search: bool = False


_WORDS = {
    400: _Words(
        _("That request makes no sense"),
        _("Something in the address or in the form cannot be read. Check it and try again."),
    ),
    403: _Words(
        _("This is not open to you"),
        _("You may not see this page or do this with the account that you use now."),
    ),
    404: _Words(
        _("There is nothing here"),
        _("The address may be mistyped, or what was here is gone. Perhaps a search finds it."),
        offers_search=True,
    ),
    409: _Words(
        _("That contradicts what is there"),
        _("It was changed in the meantime, or exists already. Look again before you try once more."),
    ),
    429: _Words(_("That was too much at once"), _("Wait a little, then try again.")),
    500: _Words(
        _("Something broke on our side"),
        _("It is not your fault, and it is in the log now. Installing packages goes on working."),
    ),
    503: _Words(
        _("Closed for a moment"),
        _("What these pages are made from cannot be reached. Installing packages goes on working; try again soon."),
    ),
}


def error_page(request: HttpRequest, status: int, text: str = "") -> HttpResponse:
    """Make the page for a status; `text`, already translated, says more than the usual sentence."""
    words = _WORDS.get(status, _WORDS[500 if status >= 500 else 400])
    facts = {
        "status": status,
        "title": words.title,
        "text": text or words.text,
        "offers_search": words.offers_search,
        "request_id": getattr(request, "request_id", ""),
    }
    response = render(request, "pages/error.html", facts, status=status)
    response["Cache-Control"] = "no-store"
    return response


def refusal_page(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """Make the page that says no: the refusal's own sentence, then each problem."""
    words = _WORDS.get(refusal.status, _WORDS[400])
    facts = {
        "status": refusal.status,
        "title": words.title,
        "text": refusal.headline() or words.text,
        "offers_search": words.offers_search,
        "problems": [problem_text(problem) for problem in refusal.problems],
        "request_id": getattr(request, "request_id", ""),
    }
    response = render(request, "pages/error.html", facts, status=refusal.status)
    response["Cache-Control"] = "no-store"
    if refusal.retry_after_seconds is not None:
        response["Retry-After"] = str(refusal.retry_after_seconds)
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's names.
    """Answer what Django could not read (`handler400`)."""
    return error_page(request, 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's names.
    """Answer what may not be (`handler403`)."""
    return error_page(request, 403)


def forged_form(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django's names.
    """Answer a form whose token is missing or wrong (`CSRF_FAILURE_VIEW`); the reason is in the log."""
    text = _("This form is too old or came from another site. Go back, load the page anew, and send it again.")
    return error_page(request, 403, str(text))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's names.
    """Answer an address that nothing is at (`handler404`)."""
    return error_page(request, 404)


def broken(request: HttpRequest) -> HttpResponse:
    """Answer after a bug (`handler500`), or when middleware met a database or store that is away."""
    if isinstance(sys.exc_info()[1], (DatabaseError, StoreUnavailable)):
        return closed(request)
    return error_page(request, 500)


def closed(request: HttpRequest) -> HttpResponse:
    """Answer while the database or the store cannot be reached."""
    response = error_page(request, 503)
    response["Retry-After"] = "30"
    return response
