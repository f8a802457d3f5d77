"""
What browsers and crawlers ask every site for, and the figures of the index.

Source: standards.md FD-02; warehouse-features.md API-060, API-063, API-064.
"""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from creamery.publish.site_map import find_statistics
from creamery.web.answers import wants_json
from creamery.web.look import context, find_asset_url
from creamery.web.pages.errors import error_page

DAY = "max-age=86400, public"
_NOT_FOR_CRAWLERS = (
    "simple/", "packages/", "pypi/", "legacy/", "rss/", "search/", "integrity/", "_/", "account/", "manage/", "staff/", "api/",
    "setup/", "i/",
)  # fmt: skip


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Tell crawlers what is not for them, and where the site map is. Source: RFC 9309."""
    begin = f"{request.META.get('SCRIPT_NAME', '')}/"
    lines = ["User-agent: *", *(f"Disallow: {begin}{path}" for path in _NOT_FOR_CRAWLERS)]
    lines += ["", f"Sitemap: {context(request)['public_url']}sitemap.xml"]
    return _for_a_day("\n".join(lines) + "\n", "text/plain; charset=utf-8")


@require_safe
def opensearch(request: HttpRequest) -> HttpResponse:
    """Tell browsers how to search here. Source: OpenSearch 1.1, "Description document"."""
    response = render(request, "legacy/opensearch.xml", content_type="application/opensearchdescription+xml")
    response["Cache-Control"] = DAY
    return response


@require_safe
def favicon(_request: HttpRequest) -> HttpResponse:
    """Send those who do not read a page's links to the icon."""
    response = HttpResponseRedirect(find_asset_url("creamery/favicon-32.png"))
    response["Cache-Control"] = DAY
    return response


@require_safe
def statistics(request: HttpRequest) -> HttpResponse:
    """Show the size of the index and its largest projects; as JSON to those who ask for it."""
    response = _statistics(request, as_json=wants_json(request.headers.get("accept", "")))
    patch_vary_headers(response, ["Accept"])
    return response


def _statistics(request: HttpRequest, *, as_json: bool) -> HttpResponse:
    found = find_statistics()
    if found is None:
        sentence = _("The figures of this index have not been counted yet. Ask again in a minute.")
        missing = JsonResponse({"message": sentence}, status=503) if as_json else error_page(request, 503, sentence)
        missing["Retry-After"] = "60"
        return missing
    if as_json:
        response: HttpResponse = JsonResponse(found.as_json())
        response["Access-Control-Allow-Origin"] = "*"
    else:
        response = render(request, "legacy/statistics.html", {"statistics": found})
    response["Cache-Control"] = "max-age=600, public"
    return response


def _for_a_day(text: str, content_type: str) -> HttpResponse:
    response = HttpResponse(text, content_type=content_type)
    response["Cache-Control"] = DAY
    return response
