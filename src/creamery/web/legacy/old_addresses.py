"""
Addresses of earlier indexes that stand in bookmarks, tools and READMEs: each leads to where the same thing is now.

Source: standards.md FD-04; warehouse-features.md API-065, API-068, API-069.
"""

from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from packaging.version import InvalidVersion, Version

from creamery.spec.names import normalize_name
from creamery.spec.rules.classifiers import list_classifiers
from creamery.web.legacy.xmlrpc import xmlrpc_door
from creamery.web.look import context
from creamery.web.pages.errors import error_page

Answer = Callable[[HttpRequest], HttpResponse]


@csrf_exempt
def pypi(request: HttpRequest) -> HttpResponse:
    """Answer `/pypi`: XML-RPC when it is posted to, else what `?:action=` asks for."""
    return xmlrpc_door(request) if request.method == "POST" else _act(request)


@require_safe
def project(_request: HttpRequest, name: str, version: str | None = None) -> HttpResponse:
    """Send `/pypi/<project>/`, `/pypi/<project>/<version>/` and `/p/<project>/` to the project's page. API-068."""
    return HttpResponsePermanentRedirect(_page_of(name, version))


@require_safe
def _act(request: HttpRequest) -> HttpResponse:
    action = request.GET.get(":action")
    if action is None:
        return HttpResponsePermanentRedirect(reverse("pages:home"))
    answer = ACTIONS.get(action)
    return error_page(request, 404) if answer is None else answer(request)


def _list_classifiers(_request: HttpRequest) -> HttpResponse:
    text = "".join(f"{classifier}\n" for classifier in list_classifiers())
    response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    response["Cache-Control"] = "max-age=86400, public"
    return response


def _search(request: HttpRequest) -> HttpResponse:
    words = " ".join(value for key in ("term", "q", "name", "summary") for value in request.GET.getlist(key))
    query = f"?{urlencode({'q': words})}" if words else ""
    return HttpResponsePermanentRedirect(reverse("pages:search") + query)


def _display(request: HttpRequest) -> HttpResponse:
    name = request.GET.get("name")
    if not name:
        return error_page(request, 404)
    anchor = "#files" if request.GET.get(":action") == "files" else ""
    return HttpResponsePermanentRedirect(_page_of(name, request.GET.get("version") or None) + anchor)


def _feed(name: str) -> Answer:
    return lambda _request: HttpResponsePermanentRedirect(f"{reverse('pages:home')}rss/{name}.xml")


def _gone(request: HttpRequest) -> HttpResponse:
    """Tell a tool of long ago where uploads go now; such tools show text, not pages."""
    sentence = _("This is not done here any more. Upload files to {address} with twine or uv.")
    text = sentence.format(address=context(request)["upload_url"])
    return HttpResponse(f"{text}\n", status=410, content_type="text/plain; charset=utf-8")


def _page_of(name: str, version: str | None) -> str:
    """Say where a project's page is, in the one spelling, so that nobody is sent on twice."""
    # What no name can hold is no reason to fail: the page says that there is no such project.
    kept = normalize_name(name).replace("/", "-") or "-"
    if version is None:
        return reverse("pages:project", kwargs={"name": kept})
    try:
        written = str(Version(version))
    except InvalidVersion:
        written = version.replace("/", "-")
    return reverse("pages:release", kwargs={"name": kept, "version": written})


ACTIONS: Mapping[str, Answer] = {
    "list_classifiers": _list_classifiers,
    "search": _search,
    "browse": _search,
    "display": _display,
    "files": _display,
    "rss": _feed("updates"),
    "packages_rss": _feed("packages"),
    **dict.fromkeys(["doap", "file_upload", "submit", "submit_pkg_info", "doc_upload", "password_reset"], _gone),
}
