"""
Pages of the Simple API, as JSON and as HTML, from what the index knows.

The same record always gives the same bytes, so that an ETag changes only when something did: every key has its fixed
place. Neither form depends on the other, on a database or on time.
Source: PEP 503, 592, 629, 658, 691, 700, 714, 740, 792, 833.
"""

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple, TypeAlias

import orjson

from creamery.spec.digests import Sha256
from creamery.spec.names import NormalizedName

API_VERSION = "1.4"
"""1.5 may only be announced with implicit namespaces (PEP 752), and HTML ends at 1.4 for ever (PEP 833)."""

STATUSES = frozenset({"active", "archived", "deprecated", "quarantined"})

# orjson's own writer of times is ten times faster than strftime; it ends UTC with the `Z` that PEP 700 wants.
_JSON_OPTIONS = orjson.OPT_UTC_Z
_SERIAL_IN_JSON = re.compile(rb'\{(?:"meta":\{"_|")last[-_]serial":(\d{1,19}),')
_SERIAL_IN_HTML = re.compile(rb"<!--SERIAL (\d{1,19})-->\n\Z")


class FileEntry(NamedTuple):
    """
    One file of a project page.

    `url` is percent-encoded, absolute or from the root of the host, and ends in the file's name (PEP 503).
    `requires_python` is verbatim from the metadata, `""` if there is none. `upload_time` knows its zone.
    `yanked` is False, True, or the reason. `provenance_url` is absolute and on https (PEP 740).
    """

    filename: str
    url: str
    sha256_hex: Sha256
    size_bytes: int
    upload_time: datetime
    requires_python: str
    core_metadata_sha256: Sha256 | None
    yanked: bool | str
    provenance_url: str | None = None


@dataclass(frozen=True, slots=True)
class ProjectPage:
    """
    One project with its files, in the order in which they are to be listed.

    `versions` has no duplicates and at least every version that `files` has (PEP 700). `status` is one of STATUSES.
    """

    name: NormalizedName
    versions: tuple[str, ...]
    files: tuple[FileEntry, ...]
    serial: int
    status: str = "active"
    status_reason: str = ""

    def __post_init__(self) -> None:
        if self.status not in STATUSES:
            raise ValueError(f"{self.status!r} is no project status of PEP 792")

    @property
    def offered_files(self) -> tuple[FileEntry, ...]:
        """The files that may be shown: none while the project is quarantined. Source: PEP 792."""
        return () if self.status == "quarantined" else self.files

    @property
    def offered_versions(self) -> tuple[str, ...]:
        """The versions that may be shown: none while the project is quarantined."""
        return () if self.status == "quarantined" else self.versions


class RootEntry(NamedTuple):
    """One project in the list of all: the name for people, the one for addresses, its last serial."""

    name: str
    normalized: NormalizedName
    serial: int


def project_json(page: ProjectPage) -> bytes:
    """
    Write a project's page as JSON.

    Raises:
        ValueError: an upload time has no zone.

    Source: PEP 691, "Project Detail"; PEP 700; PEP 792.

    >>> project_json(ProjectPage(NormalizedName("foo"), (), (), 7))
    b'{"meta":{"_last-serial":7,"api-version":"1.4"},"name":"foo","project-status":{"status":"active"},"versions":[],\
"files":[]}'
    """
    status = {"status": page.status}
    if page.status_reason:
        status["reason"] = page.status_reason
    document = {
        "meta": {"_last-serial": page.serial, "api-version": API_VERSION},
        "name": page.name,
        "project-status": status,
        "versions": page.offered_versions,
        "files": [_file_object(file) for file in page.offered_files],
    }
    return orjson.dumps(document, option=_JSON_OPTIONS)


def _file_object(file: FileEntry) -> dict[str, Any]:
    """
    Shape one element of `files`.

    Only `core-metadata`, never its deprecated alias, at which pip 22.3 to 23.1 abort on the whole page.
    `requires-python` and `provenance` are left out when empty, as null breaks some clients. Source: PEP 714.
    """
    # By place, because 10,000 files are read so.
    filename, url, sha256_hex, size_bytes, upload_time, requires_python, metadata_sha256, yanked, provenance_url = file
    found: dict[str, Any] = {
        "filename": filename,
        "url": url,
        "hashes": {"sha256": sha256_hex},
        "size": size_bytes,
        "upload-time": upload_time if upload_time.tzinfo is UTC else _in_utc(upload_time),
        "core-metadata": {"sha256": metadata_sha256} if metadata_sha256 else False,
        "yanked": yanked or False,
    }
    if requires_python:
        found["requires-python"] = requires_python
    if provenance_url:
        found["provenance"] = provenance_url
    return found


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("an upload time needs its zone")
    return moment.astimezone(UTC)


def project_html(page: ProjectPage) -> bytes:
    r"""
    Write a project's page as HTML5, one anchor per file.

    Source: PEP 503; PEP 592; PEP 714; PEP 792. PEP 833 forbids anything newer in this form.

    >>> project_html(ProjectPage(NormalizedName("foo"), (), (), 7)).endswith(b"</html>\n<!--SERIAL 7-->\n")
    True
    """
    status = f'<meta name="pypi:project-status" content="{page.status}">\n'
    if page.status_reason:
        status += f'<meta name="pypi:project-status-reason" content="{_escape(page.status_reason)}">\n'
    title = f"Links for {_escape(page.name)}"
    lines = [_head(status, title), f"<h1>{title}</h1>\n"]
    is_plain = not _MARKUP.search("".join([file.filename + file.url for file in page.offered_files]))
    lines += [_anchor(file, is_plain) for file in page.offered_files]
    lines.append(_tail(page.serial))
    return "".join(lines).encode()


def _anchor(file: FileEntry, is_plain: bool) -> str:
    """Write one file's line; `<` and `>` never stand raw in attributes, since some clients read pages with a regex."""
    filename, url, sha256_hex, _, _, requires_python, metadata_sha256, yanked, provenance_url = file
    if not is_plain:
        filename, url = html.escape(filename), html.escape(url)
    attributes = f' data-requires-python="{_escape(requires_python)}"' if requires_python else ""
    if metadata_sha256:
        attributes += (
            f' data-dist-info-metadata="sha256={metadata_sha256}" data-core-metadata="sha256={metadata_sha256}"'
        )
    if yanked:
        attributes += f' data-yanked="{"" if yanked is True else _escape(yanked)}"'
    if provenance_url:
        attributes += f' data-provenance="{_escape(provenance_url)}"'
    return f'<a href="{url}#sha256={sha256_hex}"{attributes}>{filename}</a><br>\n'


def root_json(entries: Iterable[RootEntry], serial: int) -> bytes:
    """
    Write the list of all projects as JSON, sorted by normalised name; names as people know them.

    Every element has its `_last-serial`: mirrors (bandersnatch) need it. Source: PEP 691, "Project List".

    >>> root_json([RootEntry("Foo", NormalizedName("foo"), 3)], 3)
    b'{"meta":{"_last-serial":3,"api-version":"1.4"},"projects":[{"_last-serial":3,"name":"Foo"}]}'
    """
    return b"".join(piece.json for piece in root_pieces([_ordered(entries)], serial))


def root_html(entries: Iterable[RootEntry], serial: int) -> bytes:
    """
    Write the list of all projects as HTML5, sorted by normalised name.

    Anchors stay `<normalised>/`: poetry takes the last part of the address for the name. Source: PEP 503.

    >>> b'<a href="foo/">Foo</a>' in root_html([RootEntry("Foo", NormalizedName("foo"), 3)], 3)
    True
    """
    return b"".join(piece.html for piece in root_pieces([_ordered(entries)], serial))


RootRow: TypeAlias = tuple[str, NormalizedName, int]
"""A RootEntry as it comes from a database; to name the columns of 700,000 rows would take half a second."""


class RootPiece(NamedTuple):
    """A part of the list of all projects, in both forms."""

    html: bytes
    json: bytes


def root_pieces(chunks: Iterable[Sequence[RootRow]], serial: int) -> Iterator[RootPiece]:
    """
    Write what `root_html` and `root_json` write, piece by piece: the beginning, a piece for each chunk, the end.

    The entries have to come in the order of their normalised names; each chunk is asked for once, so memory stays flat.
    """
    json_head = b'{"meta":{"_last-serial":%d,"api-version":"%s"},"projects":['
    yield RootPiece(_head("", "Simple index").encode(), json_head % (serial, API_VERSION.encode()))
    comma = ""
    for chunk in filter(None, chunks):
        is_plain = not _NOT_PLAIN.search("".join([name + normal for name, normal, _ in chunk]))
        html_part, json_part = (_plain_root_part if is_plain else _any_root_part)(chunk)
        yield RootPiece(html_part.encode(), (comma + json_part).encode())
        comma = ","
    yield RootPiece(_tail(serial).encode(), b"]}")


def _plain_root_part(chunk: Sequence[RootRow]) -> tuple[str, str]:
    """Write names that need no escaping, which all valid ones are; it costs a third of what escaping does."""
    return (
        "".join([f'<a href="{normal}/">{name}</a><br>\n' for name, normal, _ in chunk]),
        ",".join([f'{{"_last-serial":{serial},"name":"{name}"}}' for name, _, serial in chunk]),
    )


def _any_root_part(chunk: Sequence[RootRow]) -> tuple[str, str]:
    objects = orjson.dumps([{"_last-serial": serial, "name": name} for name, _, serial in chunk]).decode()
    anchors = [f'<a href="{html.escape(normal)}/">{html.escape(name)}</a><br>\n' for name, normal, _ in chunk]
    return "".join(anchors), objects[1:-1]


def find_serial(document: bytes) -> int | None:
    r"""
    Read the serial that a page was built from; None when there is none.

    >>> find_serial(root_html([], 12)), find_serial(root_json([], 13)), find_serial(b"<html>")
    (12, 13, None)
    """
    found = _SERIAL_IN_JSON.match(document[:64]) or _SERIAL_IN_HTML.search(document[-64:])
    return int(found.group(1)) if found else None


def _ordered(entries: Iterable[RootEntry]) -> list[RootEntry]:
    return sorted(entries, key=attrgetter("normalized"))


def _head(metas: str, title: str) -> str:
    version = f'<meta name="pypi:repository-version" content="{API_VERSION}">'
    inside = f'<meta charset="utf-8">\n{version}\n{metas}<title>{title}</title>'
    return f'<!DOCTYPE html>\n<html lang="en">\n<head>\n{inside}\n</head>\n<body>\n'


def _tail(serial: int) -> str:
    return f"</body>\n</html>\n<!--SERIAL {serial}-->\n"


_MARKUP = re.compile(r"[&<>\"']")
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9._-]")
"""What no valid name of a project has, and might need escaping in JSON or HTML."""


@lru_cache(maxsize=4096)
def _escape(text: str) -> str:
    """Escape what repeats from file to file, as requirements on Python and reasons do."""
    return html.escape(text)
