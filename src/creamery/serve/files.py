"""
Distribution files and their metadata: whole, in part, or that the client has them already.

An address names the content's digest, so what it names never changes: the digest is the ETag, and clients may keep it
for ever. Source: RFC 9110, section 14; SC-05, SC-08.
"""

import re
from dataclasses import dataclass
from urllib.parse import quote

from creamery.serve import problems
from creamery.serve.conditional import http_date, is_refused, is_unchanged, may_continue
from creamery.serve.messages import COMMON_HEADERS, Answer, FilePart, HeaderList, Request
from creamery.serve.reading import Reading
from creamery.serve.routes import ServedFile
from creamery.storage.store import BlobStat, NoSuchBlob

_CACHE_CONTROL = (b"cache-control", b"max-age=365000000, immutable, public")
_RANGE = re.compile(rb"bytes=[ \t]*(\d*)-(\d*)[ \t]*\Z", re.IGNORECASE)
_MOST_DIGITS = 20
_PLAIN_FILENAME = re.compile(r"[A-Za-z0-9._+!~-]+\Z")
# Never with Content-Encoding: clients would unpack a .tar.gz and find another digest (SC-07).
_CONTENT_TYPES = {".zip": b"application/zip", ".gz": b"application/gzip"}
_OTHER_CONTENT = b"application/octet-stream"


@dataclass(frozen=True, slots=True)
class ByteRange:
    """A part of a file: from the byte at `start`, `size_bytes` of them, at least one."""

    start: int
    size_bytes: int


class Unsatisfiable(ValueError):
    """A range that lies behind the last byte."""


def parse_range(header: bytes, size_bytes: int) -> ByteRange | None:
    """
    Read a Range header, or None where it is to be ignored: it is malformed, or asks for several parts.

    Raises:
        Unsatisfiable: no byte of the file lies in the range.

    Source: RFC 9110, section 14.2: "A server MAY ignore the Range header field".

    >>> parse_range(b"bytes=-4", 10)
    ByteRange(start=6, size_bytes=4)
    """
    read = _RANGE.match(header)
    if read is None or not (read[1] or read[2]):
        return None
    first, last = map(_number, read.groups())
    if not read[1]:
        start, end = max(0, size_bytes - last), size_bytes
    else:
        start, end = first, min(size_bytes, last + 1) if read[2] else size_bytes
        if read[2] and last < first:
            return None
    if start >= end:
        raise Unsatisfiable
    return ByteRange(start, end - start)


def _number(digits: bytes) -> int:
    """Read a number; what has more digits than any file has bytes is one that lies behind every end."""
    significant = digits.lstrip(b"0")
    return int(significant or b"0") if len(significant) <= _MOST_DIGITS else 10**_MOST_DIGITS


async def answer_file(file: ServedFile, request: Request, reading: Reading) -> Answer:
    """
    Answer a GET or HEAD of a file.

    Raises:
        StoreUnavailable: the file cannot be read.
    """
    try:
        stat = await reading.stat(file.key, fresh=request.wants_fresh)
        return await _answer(file, stat, request, reading)
    except NoSuchBlob:
        return problems.refuse_unknown_file(request, file.filename)


async def _answer(file: ServedFile, stat: BlobStat, request: Request, reading: Reading) -> Answer:
    etag = _etag(file)
    headers = _describe(stat, etag)
    if is_refused(request.headers, etag, stat.modified_at):
        return problems.refuse_precondition(request)
    if is_unchanged(request.headers, etag, stat.modified_at):
        return Answer(304, headers)
    headers += [(b"content-type", _content_type(file)), (b"content-disposition", _disposition(file.filename))]
    status, part = 200, ByteRange(0, stat.size_bytes)
    asked = request.headers.get(b"range")
    if asked is not None and request.method == "GET" and may_continue(request.headers, etag, stat.modified_at):
        try:
            found = parse_range(asked, stat.size_bytes)
        except Unsatisfiable:
            return problems.refuse_range(request, stat.size_bytes)
        if found is not None:
            status, part = 206, found
            last = part.start + part.size_bytes - 1
            headers.append((b"content-range", b"bytes %d-%d/%d" % (part.start, last, stat.size_bytes)))
    headers.append((b"content-length", b"%d" % part.size_bytes))
    if request.method == "HEAD" or not part.size_bytes:
        return Answer(status, headers)
    # Opened before the answer begins: from here on the content can be read, whatever happens to its name.
    stream = await reading.open(file.key, stat, part.start)
    return Answer(status, headers, FilePart(stream, part.size_bytes))


def _describe(stat: BlobStat, etag: bytes) -> HeaderList:
    return [
        (b"etag", etag),
        (b"last-modified", http_date(stat.modified_at)),
        (b"accept-ranges", b"bytes"),
        _CACHE_CONTROL,
        *COMMON_HEADERS,
    ]


def _etag(file: ServedFile) -> bytes:
    return f'"{file.sha256_hex}{".metadata" if file.is_metadata else ""}"'.encode()


def _content_type(file: ServedFile) -> bytes:
    return _CONTENT_TYPES.get(file.filename[file.filename.rfind(".") :], _OTHER_CONTENT)


def _disposition(filename: str) -> bytes:
    """Have browsers save the file under its name. Source: RFC 6266."""
    if _PLAIN_FILENAME.match(filename):
        return f'attachment; filename="{filename}"'.encode()
    return f"attachment; filename*=UTF-8''{quote(filename, safe='')}".encode()
