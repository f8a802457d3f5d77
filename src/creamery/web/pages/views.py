"""The public pages: each view reads its address, asks one query, and hands the answer to a template."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from packaging.version import InvalidVersion, Version

from creamery.catalog import queries
from creamery.catalog.manage_queries import may_manage
from creamery.publish import readme
from creamery.spec.names import normalize_name
from creamery.web.look import context
from creamery.web.pages.commands import (
    list_default_index_settings,
    list_install_commands,
    list_publish_commands,
    write_pypirc,
)
from creamery.web.pages.errors import error_page
from creamery.web.pages.project_page import arrange
from creamery.web.people_only import get_actor

_MOST_WORDS_CHARACTERS = 200


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show what this index is, what is new in it, and how to use it."""
    addresses = context(request)
    page = {
        "newest": queries.newest_releases(8),
        "figures": queries.index_figures(),
        "install": list_install_commands(addresses["simple_url"], "<package>"),
        "publish": list_publish_commands(addresses),
    }
    return render(request, "pages/home.html", page)


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """List the projects, or those that match `?q=`; `?page=` counts from 1."""
    words = request.GET.get("q", "").replace("\0", "").strip()
    page = request.GET.get("page", "1")
    if not (page.isascii() and page.isdigit() and len(page) <= 9 and int(page) > 0):
        return error_page(request, 400, _("The number of the page must be a whole number from 1."))
    if len(words) > _MOST_WORDS_CHARACTERS:
        text = _("A search may be %(limit)s characters long at most.") % {"limit": _MOST_WORDS_CHARACTERS}
        return error_page(request, 400, text)
    listing = queries.list_projects(words, int(page))
    if listing.page != int(page):
        return error_page(request, 404, _("The list has fewer pages than that."))
    facts = {
        "here": "search",
        "words": words,
        "listing": listing,
        "previous_url": _search_url(words, listing.page - 1),
        "next_url": _search_url(words, listing.page + 1),
    }
    return render(request, "pages/search.html", facts)


@require_safe
def project(request: HttpRequest, name: str, version: str | None = None) -> HttpResponse:
    """Show a release, the latest one if the address names none. Each has one address, in the normal spelling."""
    elsewhere = _find_normal_address(name, version)
    if elsewhere is not None:
        return HttpResponsePermanentRedirect(elsewhere)
    addresses = context(request)
    shown = queries.get_project_view(name, version, public_path=request.META.get("SCRIPT_NAME", ""))
    page = arrange(shown, readme=_readme(shown), public_url=addresses["public_url"])
    is_manager = may_manage(shown.normalized_name, actor=get_actor(request))
    return render(request, "pages/project.html", {"project": shown, "page": page, "may_manage": is_manager})


@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    """Show how to install from here and how to publish here, with the real addresses."""
    addresses = context(request)
    page = {
        "here": "help",
        "install": list_install_commands(addresses["simple_url"], "<package>"),
        "settings": list_default_index_settings(addresses["simple_url"]),
        "publish": list_publish_commands(addresses),
        "pypirc": write_pypirc(addresses["upload_url"]),
    }
    return render(request, "pages/help.html", page)


@require_safe
def all_projects(_request: HttpRequest) -> HttpResponse:
    """Send `/project/` to the list."""
    return redirect("pages:search")


def _search_url(words: str, page: int) -> str:
    wanted = {"q": words} if words else {}
    return f"{reverse('pages:search')}?{urlencode({**wanted, 'page': page})}"


def _find_normal_address(name: str, version: str | None) -> str | None:
    """Find the address that this one is another spelling of; None if it is the normal one, or if no version is one."""
    try:
        normal_version = None if version is None else str(Version(version))
    except InvalidVersion:
        normal_version = version
    normal_name = normalize_name(name)
    if (normal_name, normal_version) == (name, version):
        return None
    if normal_version is None:
        return reverse("pages:project", kwargs={"name": normal_name})
    return reverse("pages:release", kwargs={"name": normal_name, "version": normal_version})


def _readme(shown: queries.ProjectView) -> SafeString:
    """Give the rendered description, which `markup` has sanitised; empty if it is not rendered yet."""
    html = readme.find_html(shown.description, shown.metadata.description_content_type) if shown.description else None
    return SafeString(html or "")
