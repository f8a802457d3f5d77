"""The gate of pages that need somebody who has logged in."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache

from creamery.kernel.actor import Actor

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def get_actor(request: HttpRequest) -> Actor:
    """Give the one Actor of the request, which the middleware made."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def people_only(view: View[P]) -> View[P]:
    """Send whoever has not logged in to do so, and back afterwards; no cache keeps what the page shows."""

    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if get_actor(request).person_id is None:
            # What was sent with a form is lost; its page has an address of its own, so that is where they come back to.
            return redirect(f"{reverse('account:log-in')}?{urlencode({'next': request.get_full_path()})}")
        return view(request, *args, **kwargs)

    return guarded
