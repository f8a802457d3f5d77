"""
A project's links, with the well-known kinds recognised.

Source: PEP 753; standards.md WU-01 to WU-03.
"""

import string
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from creamery.spec.metadata import CoreMetadata

_ALIASES = {
    "homepage": ("homepage",),
    "source": ("source", "repository", "sourcecode", "github"),
    "download": ("download",),
    "changelog": ("changelog", "changes", "whatsnew", "history"),
    "releasenotes": ("releasenotes",),
    "documentation": ("documentation", "docs"),
    "issues": ("issues", "bugs", "issue", "tracker", "issuetracker", "bugtracker"),
    "funding": ("funding", "sponsor", "donate", "donation"),
}
_KIND_OF = {alias: kind for kind, aliases in _ALIASES.items() for alias in aliases}
_SHOWN: dict[str, tuple[str | Promise, str]] = {
    "homepage": (_("Homepage"), "home"),
    "documentation": (_("Documentation"), "book"),
    "source": (_("Source code"), "code"),
    "issues": (_("Issues"), "bug"),
    "changelog": (_("Changelog"), "list"),
    "releasenotes": (_("Release notes"), "list"),
    "download": (_("Download"), "download"),
    "funding": (_("Funding"), "heart"),
}
_ORDER = {kind: place for place, kind in enumerate(_SHOWN)}
_WITHOUT = str.maketrans("", "", string.punctuation + string.whitespace)


@dataclass(frozen=True, slots=True)
class Link:
    """A link to show: `kind` is a well-known one or empty."""

    kind: str
    label: str | Promise
    icon: str
    url: str
    place: str


def find_kind(label: str) -> str:
    """
    Recognise a well-known label in any of its spellings; empty if it is none.

    >>> find_kind("Bug-Tracker"), find_kind("What's New"), find_kind("Mastodon")
    ('issues', 'changelog', '')
    """
    return _KIND_OF.get(label.translate(_WITHOUT).lower(), "")


def list_links(metadata: CoreMetadata) -> tuple[Link, ...]:
    """
    Collect a release's links: well-known ones first, each address once, and only such as a browser may be sent to.

    `Home-page` and `Download-URL` are the older spellings of two well-known labels.
    """
    named = [*metadata.project_urls, ("homepage", metadata.home_page), ("download", metadata.download_url)]
    first: dict[str, Link] = {}
    for label, url in named:
        if is_safe_url(url):
            first.setdefault(url.rstrip("/"), _make_link(label, url))
    return tuple(sorted(first.values(), key=lambda link: _ORDER.get(link.kind, len(_ORDER))))


def is_safe_url(url: str) -> bool:
    """
    Tell whether a page may link there: http, https or mailto, and nothing that a browser would run.

    >>> is_safe_url("https://example.org/"), is_safe_url("javascript:alert(1)"), is_safe_url("//example.org")
    (True, False, False)
    """
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return False
    return (parts.scheme in {"http", "https"} and bool(parts.hostname)) or (
        parts.scheme == "mailto" and "@" in parts.path
    )


def _make_link(label: str, url: str) -> Link:
    kind = find_kind(label)
    parts = urlsplit(url.strip())
    place = parts.path if parts.scheme == "mailto" else parts.netloc.rpartition("@")[2].removeprefix("www.")
    well_known, icon = _SHOWN.get(kind, (label, "mail" if parts.scheme == "mailto" else "link"))
    return Link(kind, well_known, icon, url.strip(), place)
