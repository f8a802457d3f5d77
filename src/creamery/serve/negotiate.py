"""Which form and which encoding of a page a client gets. Source: PEP 691; RFC 9110, section 12."""

import re
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Literal
from urllib.parse import unquote

from creamery.storage.keys import Encoding, Form

LONGEST_HEADER_BYTES = 4096
"""More of a header is not read: no client sends it, and whoever does shall not buy work with it."""

_VENDOR = "application/vnd.pypi.simple"
_QUALITY = re.compile(r"(?:0(?:\.(\d{0,3})\d*)?|(1)(?:\.0*)?)\Z")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_FULL = 1000
"""Qualities are counted in thousandths, since floats of equal texts need not be equal."""


class MediaType(Enum):
    """
    The forms in which a page is answered. The value: content type, form of the document, suffix of the ETag.

    They stand in the order of preference: the most expressive first, `text/html` as the last resort (SN-04).
    """

    JSON = (f"{_VENDOR}.v1+json", "json", "j")
    HTML_V1 = (f"{_VENDOR}.v1+html", "html", "v")
    HTML = ("text/html", "html", "h")

    @property
    def content_type(self) -> bytes:
        """What the Content-Type header says; HTML is UTF-8, JSON is nothing else by its definition."""
        return f"{self.value[0]}; charset=utf-8".encode() if self.form == "html" else self.value[0].encode()

    @property
    def form(self) -> Form:
        """Which document it is made from."""
        return "json" if self.value[1] == "json" else "html"

    @property
    def etag_suffix(self) -> str:
        """What tells its ETag from that of the same bytes under another type."""
        return self.value[2]


_NAMES = {
    MediaType.JSON: {f"{_VENDOR}.v1+json", f"{_VENDOR}.latest+json"},
    MediaType.HTML_V1: {f"{_VENDOR}.v1+html", f"{_VENDOR}.latest+html"},
    MediaType.HTML: {"text/html"},
}
_TOGETHER = {"application/*": (MediaType.JSON, MediaType.HTML_V1), "text/*": (MediaType.HTML,)}
# Whoever takes anything is a browser, curl, or hatch, which reads pages with a regex; all want HTML (SN-06).
_ANYTHING = (MediaType.HTML, MediaType.HTML_V1, MediaType.JSON)


@dataclass(frozen=True, slots=True, order=True)
class _Rank:
    """How well a form is accepted: first by quality, then by how exactly it was named, then by our preference."""

    quality: int
    exactness: Literal[0, 1, 2]
    preference: int


def choose_media_type(accept: bytes | None, query: bytes = b"") -> MediaType | None:
    """
    Choose the form of a page, or None where the client accepts none that there is.

    `?format=` in the query wins over the Accept header (SN-07).

    >>> choose_media_type(b"text/html, application/vnd.pypi.simple.v1+json").name
    'JSON'
    >>> choose_media_type(b"*/*").name
    'HTML'
    """
    wanted = _find_format(query) if query else None
    if wanted is not None:
        return next((media_type for media_type, names in _NAMES.items() if wanted in names), None)
    return _choose_accepted(accept[:LONGEST_HEADER_BYTES] if accept else b"")


@lru_cache(maxsize=256)
def _choose_accepted(accept: bytes) -> MediaType | None:
    ranges = _parse(accept.decode("latin-1").lower())
    if not ranges:
        # A missing or unreadable header says the same as `*/*` (SN-02).
        return MediaType.HTML
    ranks = {media_type: _rank(media_type, ranges) for media_type in MediaType}
    best = max(ranks, key=ranks.__getitem__)
    return best if ranks[best].quality else None


def _rank(media_type: MediaType, ranges: dict[str, int]) -> _Rank:
    named = [ranges[name] for name in _NAMES[media_type] if name in ranges]
    preference = -list(MediaType).index(media_type)
    if named:
        return _Rank(max(named), 2, preference)
    for together, members in _TOGETHER.items():
        if together in ranges and media_type in members:
            return _Rank(ranges[together], 1, preference)
    return _Rank(ranges.get("*/*", 0), 0, -_ANYTHING.index(media_type))


@lru_cache(maxsize=256)
def choose_encodings(accept_encoding: bytes | None) -> tuple[Encoding | None, ...]:
    """
    List the encodings to look for, the best first; None is the plain document, which always ends the list.

    Equal qualities go to zstd, which costs clients least to unpack. A client that refuses the plain document, where
    no other is stored, gets it all the same: RFC 9110, section 12.5.3, leaves that to the server.

    >>> choose_encodings(b"gzip, deflate, br, zstd")
    ('zstd', 'gzip', None)
    """
    if not accept_encoding:
        return (None,)
    codings = _parse(accept_encoding[:LONGEST_HEADER_BYTES].decode("latin-1").lower())
    anything = codings.get("*", 0)
    plain = codings.get("identity", 1)
    gzip = codings.get("gzip", codings.get("x-gzip", anything))
    qualities: dict[Encoding, int] = {"zstd": codings.get("zstd", anything), "gzip": gzip}
    # Not named, the plain document is acceptable at the lowest quality, so that any accepted encoding wins.
    better = [name for name, quality in qualities.items() if quality and quality >= plain]
    return (*sorted(better, key=lambda name: -qualities[name]), None)


def _parse(header: str) -> dict[str, int]:
    """
    Read a list of names with qualities; parameters other than `q` do not matter to us.

    An element that cannot be read is left out. A name that is repeated counts with its best quality.
    """
    found: dict[str, int] = {}
    # What is quoted may hold the characters that part elements, and does not matter to us.
    for element in _QUOTED.sub("", header).split(","):
        name, *parameters = (part.strip() for part in element.split(";"))
        quality = _quality(parameters)
        if name and quality is not None:
            found[name] = max(quality, found.get(name, 0))
    return found


def _quality(parameters: list[str]) -> int | None:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            read = _QUALITY.match(value.strip())
            if read is None:
                return None
            return _FULL if read[2] else int((read[1] or "").ljust(3, "0"))
    return _FULL


def _find_format(query: bytes) -> str | None:
    """Find the value of `format` in a query; its `+` is a plus, not a space, since PEP 691 writes it unencoded."""
    for pair in query[:LONGEST_HEADER_BYTES].split(b"&"):
        name, _, value = pair.partition(b"=")
        if name == b"format":
            return unquote(value.decode("latin-1")).lower()
    return None
