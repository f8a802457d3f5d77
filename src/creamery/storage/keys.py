"""
Every key that is ever written to a store.

Keys are for ever: bytes that were stored under one must be found under it by every later version. So they are built
here and nowhere else. What lies under `public/` may be served by any web server or CDN as it is; `blobs/` and
`incoming/` are never served.
"""

from functools import lru_cache
from typing import Literal, NewType

from creamery.spec.digests import Sha256

BlobKey = NewType("BlobKey", str)
"""A key in a store: relative, `/` between parts, no part empty or climbing."""

IndexPlace = NewType("IndexPlace", str)
"""Where an index's servable keys begin: `public` for the default one, `i/<organization>/<index>` for others."""

Form = Literal["json", "html"]
Encoding = Literal["gzip", "zstd"]

DEFAULT_INDEX = IndexPlace("public")
ENCODINGS: tuple[Encoding, ...] = ("gzip", "zstd")
_SUFFIXES: dict[Encoding, str] = {"gzip": ".gz", "zstd": ".zst"}


MAX_KEY_BYTES = 900
"""S3 takes 1,024 bytes; the rest is left for the prefix that a bucket is shared by."""

MAX_PART_BYTES = 255
"""What the usual file systems take between two `/`."""


class InvalidKey(ValueError):
    """A text that cannot be a key: it is empty, climbs, is absolute or too long."""


@lru_cache(maxsize=4096)
def check_key(text: str) -> BlobKey:
    """
    Make sure that a text names a place inside a store, whatever the store is.

    Raises:
        InvalidKey: it could name a place outside, or one that some store cannot hold.

    >>> check_key("public/simple/flask/index.json")
    'public/simple/flask/index.json'
    >>> check_key("public/../blobs/ab")
    Traceback (most recent call last):
    creamery.storage.keys.InvalidKey: Not a key: 'public/../blobs/ab'
    """
    try:
        size_bytes = len(text.encode())
    except UnicodeEncodeError as error:
        raise InvalidKey(f"Not a key: {text[:80]!r}") from error
    if not text or size_bytes > MAX_KEY_BYTES or not all(map(_is_part, text.split("/"))):
        raise InvalidKey(f"Not a key: {text[:80]!r}")
    return BlobKey(text)


def blob(sha256_hex: Sha256) -> BlobKey:
    """Where content of that digest lies."""
    return BlobKey(f"blobs/{_spread(sha256_hex)}")


def digest_of_blob(key: BlobKey) -> Sha256:
    """Read the digest that a key of `blob` names."""
    return Sha256(key.removeprefix("blobs/").replace("/", ""))


def damaged(sha256_hex: Sha256) -> BlobKey:
    """Where content is moved that should have this digest and has not; never served."""
    return BlobKey(f"damaged/{_spread(sha256_hex)}")


def public_file(place: IndexPlace, sha256_hex: Sha256, filename: str) -> BlobKey:
    """Where a distribution file of an index is served from."""
    return BlobKey(f"{place}/packages/{_spread(sha256_hex)}/{filename}")


def public_metadata(place: IndexPlace, sha256_hex: Sha256, filename: str) -> BlobKey:
    """Where a file's core metadata is served from. Source: PEP 658."""
    return BlobKey(public_file(place, sha256_hex, filename) + ".metadata")


def simple_project(place: IndexPlace, normalized_name: str, form: Form) -> BlobKey:
    """Where a project's page of the Simple API lies."""
    return BlobKey(f"{place}/simple/{normalized_name}/index.{form}")


def simple_root(place: IndexPlace, form: Form) -> BlobKey:
    """Where the list of all projects of the Simple API lies; beside the projects, as no name begins with a dot."""
    return BlobKey(f"{place}/simple/.root/index.{form}")


def json_project(place: IndexPlace, normalized_name: str) -> BlobKey:
    """Where a project's document of the JSON API lies."""
    return BlobKey(f"{place}/pypi/{normalized_name}/project.json")


def json_releases(place: IndexPlace, normalized_name: str) -> str:
    """Where the documents of a project's single releases begin."""
    return f"{place}/pypi/{normalized_name}/releases/"


def json_release(place: IndexPlace, normalized_name: str, version: str, serial: int) -> BlobKey:
    """Where a release's document of the JSON API lies; of that serial of its project, as it is made when first asked for."""
    return BlobKey(f"{json_releases(place, normalized_name)}{serial}/{version}.json")


def feed(place: IndexPlace, name: Literal["packages", "updates"]) -> BlobKey:
    """Where a feed of an index lies."""
    return BlobKey(f"{place}/rss/{name}.xml")


def project_feed(place: IndexPlace, normalized_name: str) -> BlobKey:
    """Where the feed of a project's releases lies."""
    return BlobKey(f"{place}/rss/project/{normalized_name}/releases.xml")


def sitemap(place: IndexPlace, number: int | None = None) -> BlobKey:
    """Where a part of the site map lies; without a number the list of the parts."""
    return BlobKey(f"{place}/sitemap/{'index' if number is None else number}.xml")


def statistics(place: IndexPlace) -> BlobKey:
    """Where the figures of an index lie."""
    return BlobKey(f"{place}/stats.json")


def variant(key: BlobKey, encoding: Encoding) -> BlobKey:
    """Where the compressed twin of a document lies."""
    return BlobKey(key + _SUFFIXES[encoding])


def rendered_readme(sha256_hex: Sha256) -> BlobKey:
    """Where the HTML of a README lies; the digest covers source, type and the renderer's version."""
    return BlobKey(f"rendered/{_spread(sha256_hex)}.html")


def _is_part(part: str) -> bool:
    """
    Say whether a text may stand between two `/` of a key.

    A leading dot is left to `simple/.root`, so that no key falls among a store's own folders or hidden files.
    """
    if not part or "\\" in part or not part.isprintable() or len(part.encode()) > MAX_PART_BYTES:
        return False
    return not part.startswith(".") or part == ".root"


def _spread(sha256_hex: Sha256) -> str:
    """Spread digests over folders, so that none holds millions of entries."""
    return f"{sha256_hex[:2]}/{sha256_hex[2:4]}/{sha256_hex[4:]}"
