"""Which address means what; everything that is not listed here belongs to the application behind."""

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

from creamery.spec.digests import Sha256
from creamery.spec.names import NormalizedName, check_name, normalize_name
from creamery.spec.problems import InvalidInput
from creamery.storage import keys
from creamery.storage.keys import BlobKey, Form, IndexPlace, InvalidKey

_NORMALIZED = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")
_DIGEST = re.compile(r"[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{60}\Z")
_LONGEST_NAME = 200
_SIMPLE = ("simple", "+simple")
_UPLOADS = ("legacy", "pypi", "simple")
"""Where hatch looks for `+simple/<project>/` before it uploads: below the address that it uploads to, as devpi has it."""


@dataclass(frozen=True, slots=True)
class SimplePage:
    """A page of the Simple API: a project's, or with no name the list of all projects."""

    place: IndexPlace
    name: NormalizedName | None

    def key(self, form: Form) -> BlobKey:
        """Where the page's document lies."""
        if self.name is None:
            return keys.simple_root(self.place, form)
        return keys.simple_project(self.place, self.name, form)


@dataclass(frozen=True, slots=True)
class ServedFile:
    """A distribution file, or its metadata beside it."""

    key: BlobKey
    sha256_hex: Sha256
    filename: str

    @property
    def is_metadata(self) -> bool:
        """Whether this is a file's core metadata (PEP 658) and not a file."""
        return self.filename.endswith(".metadata")


@dataclass(frozen=True, slots=True)
class Prepared:
    """
    A document of one form that lies ready: of the JSON API, a feed, a part of the site map.

    Where `page` is there and the document is not yet, the application behind can make it.
    """

    key: BlobKey
    content_type: bytes
    project: NormalizedName | None = None
    page: BlobKey | None = None


@dataclass(frozen=True, slots=True)
class PreparedRelease:
    """A release's document of the JSON API: made by the application behind when it is first asked for."""

    place: IndexPlace
    name: NormalizedName
    version: str


@dataclass(frozen=True, slots=True)
class Moved:
    """An address that is spelt in another way; `path` is without the public address's own path."""

    path: str


@dataclass(frozen=True, slots=True)
class Nowhere:
    """An address under a prefix of the read path that can never name anything."""

    is_simple: bool


Route = SimplePage | ServedFile | Prepared | PreparedRelease | Moved | Nowhere

_JSON, _RSS, _XML = b"application/json", b"application/rss+xml; charset=utf-8", b"application/xml; charset=utf-8"
_SITE_MAP_PART = re.compile(r"(0|[1-9]\d{0,5})\.sitemap\.xml\Z")


def match(raw_path: bytes, public_path: bytes = b"") -> Route | None:
    """
    Say what an encoded path means, or None where it is not the read path's.

    A path is accepted with and without the path of the public address, because a proxy in front may strip it.
    An encoded slash does not part a path: `a%2fb` is one name, and no name of ours.

    >>> match(b"/simple/Zope.Interface/")
    Moved(path='/simple/zope-interface/')
    >>> match(b"/project/flask/") is None
    True
    """
    if public_path and raw_path.startswith(public_path + b"/"):
        raw_path = raw_path[len(public_path) :]
    first, *rest = (_decode(part) for part in raw_path[1:].split(b"/"))
    if rest and rest[0] == "+simple" and first in _UPLOADS:
        return _match_simple(f"{first}/+simple", rest[1:])
    if first in _SIMPLE:
        return _match_simple(first, rest)
    if first == "packages":
        return _match_package(rest)
    if first == "pypi":
        return _match_json(rest)
    if first == "rss":
        return _match_feed(rest)
    return None if rest else _match_site_map(first)


def _match_json(rest: list[str]) -> Route | None:
    """Match `<name>/json` and `<name>/<version>/json`, with a slash at the end or without (JS-01)."""
    parts = rest[:-1] if rest and rest[-1] == "" else rest
    if len(parts) not in (2, 3) or parts[-1] != "json":
        return None
    name = _find_normalized(parts[0])
    if name is None:
        return Nowhere(is_simple=True)
    if name != parts[0]:
        return Moved("/".join(["/pypi", name, *map(quote, parts[1:])]))
    if len(parts) == 2:
        page = keys.simple_project(keys.DEFAULT_INDEX, name, "json")
        return Prepared(keys.json_project(keys.DEFAULT_INDEX, name), _JSON, name, page)
    return PreparedRelease(keys.DEFAULT_INDEX, name, parts[1])


def _match_feed(rest: list[str]) -> Route | None:
    match rest:
        case ["packages.xml"]:
            return Prepared(keys.feed(keys.DEFAULT_INDEX, "packages"), _RSS)
        case ["updates.xml"]:
            return Prepared(keys.feed(keys.DEFAULT_INDEX, "updates"), _RSS)
        case ["project", written, "releases.xml"]:
            name = _find_normalized(written)
            if name is None:
                return Nowhere(is_simple=True)
            if name != written:
                return Moved(f"/rss/project/{name}/releases.xml")
            return Prepared(keys.project_feed(keys.DEFAULT_INDEX, name), _RSS, name)
        case _:
            return None


def _match_site_map(first: str) -> Route | None:
    if first == "sitemap.xml":
        return Prepared(keys.sitemap(keys.DEFAULT_INDEX), _XML)
    part = _SITE_MAP_PART.match(first)
    return Prepared(keys.sitemap(keys.DEFAULT_INDEX, int(part[1])), _XML) if part else None


def _find_normalized(written: str) -> NormalizedName | None:
    if len(written) > _LONGEST_NAME:
        return None
    try:
        return normalize_name(check_name(written))
    except InvalidInput:
        return None


def _match_simple(first: str, rest: list[str]) -> Route:
    if not rest:
        return Moved(f"/{first}/")
    if rest == [""]:
        return SimplePage(keys.DEFAULT_INDEX, None)
    name = rest[0]
    if len(rest) > 2 or (len(rest) == 2 and rest[1]) or len(name) > _LONGEST_NAME:
        return Nowhere(is_simple=True)
    if _NORMALIZED.match(name) and len(rest) == 2:
        return SimplePage(keys.DEFAULT_INDEX, NormalizedName(name))
    normalized = _find_normalized(name)
    return Nowhere(is_simple=True) if normalized is None else Moved(f"/{first}/{normalized}/")


def _match_package(rest: list[str]) -> Route:
    folders, filename = "/".join(rest[:-1]), rest[-1] if rest else ""
    if not _DIGEST.match(folders):
        return Nowhere(is_simple=False)
    sha256_hex = Sha256(folders.replace("/", ""))
    try:
        key = keys.check_key(keys.public_file(keys.DEFAULT_INDEX, sha256_hex, filename))
    except InvalidKey:
        return Nowhere(is_simple=False)
    return ServedFile(key, sha256_hex, filename)


def _decode(part: bytes) -> str:
    """Decode one part of a path; what cannot be part of a name comes back as something no rule accepts."""
    decoded = unquote_to_bytes(part) if b"%" in part else part
    try:
        text = decoded.decode()
    except UnicodeDecodeError:
        return "\0"
    return "\0" if "/" in text or "\0" in text else text
