"""Writes a document with its compressed variants, and only forwards."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import zstandard
from isal import igzip, isal_zlib

from creamery.kernel.failpoints import reach
from creamery.kernel.outbox import Claim
from creamery.kernel.stores import the_store
from creamery.spec.simple import find_serial
from creamery.storage import keys
from creamery.storage.keys import BlobKey, Encoding
from creamery.storage.store import Content, NoSuchBlob

ZSTD_LEVEL = 1
"""Pages are mostly digests, which higher levels pack worse and three times as slowly: they prefer short matches."""

GZIP_LEVEL = 2
_GZIP_FORMAT = 31
BLOCK_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Document:
    """Bytes to be served under a key. One that `is_packed` has compressed twins."""

    key: BlobKey
    content: bytes
    is_packed: bool = True


def compress(content: bytes, encoding: Encoding) -> bytes:
    """Compress a document; the same content always gives the same bytes, so that ETags are stable."""
    packer = Packer(encoding)
    return packer.write(content) + packer.finish()


class Packer:
    """Compresses what comes piece by piece; into the same bytes, however it is cut."""

    def __init__(self, encoding: Encoding) -> None:
        """Begin."""
        self._encoding = encoding
        self._waiting = bytearray()
        self._stream: _Stream | None = None

    def write(self, piece: bytes) -> bytes:
        """Take more content. Returns what is finished of the compressed bytes."""
        self._waiting += piece
        if len(self._waiting) <= BLOCK_BYTES:
            return b""
        if self._stream is None:
            is_zstd = self._encoding == "zstd"
            self._stream = _zstd_stream() if is_zstd else isal_zlib.compressobj(GZIP_LEVEL, wbits=_GZIP_FORMAT)
        # isal's output depends on how its input is cut, so it is always cut in the same places.
        end = len(self._waiting) // BLOCK_BYTES * BLOCK_BYTES
        blocks = [bytes(self._waiting[start : start + BLOCK_BYTES]) for start in range(0, end, BLOCK_BYTES)]
        del self._waiting[:end]
        return b"".join([self._stream.compress(block) for block in blocks])

    def finish(self) -> bytes:
        """End the content. Returns the rest of the compressed bytes."""
        if self._stream is not None:
            return self._stream.compress(bytes(self._waiting)) + self._stream.flush()
        # Little content is compressed better by those that know its size.
        if self._encoding == "zstd":
            return zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress(bytes(self._waiting))
        return bytes(igzip.compress(bytes(self._waiting), compresslevel=GZIP_LEVEL, mtime=0))


class _Stream(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...
    def flush(self) -> bytes: ...


def _zstd_stream() -> "_Stream":
    return zstandard.ZstdCompressor(level=ZSTD_LEVEL).compressobj()


def variants(document: Document) -> list[Document]:
    """List a document's compressed twins; none if it has none."""
    if not document.is_packed:
        return []
    return [Document(keys.variant(document.key, e), compress(document.content, e)) for e in keys.ENCODINGS]


def publish(documents: Iterable[Document], *, claim: Claim) -> None:
    """
    Write documents, each after its variants. The last document is written last of all: its serial says what is finished.

    Raises:
        ClaimLost: another process has taken over since the documents were built; nothing older lands on its work.
    """
    contents: dict[BlobKey, Content] = {}
    for document in documents:
        if not document.is_packed:
            # Twins of the page that stood here before.
            claim.hold()
            _remove_variants(document.key)
        contents |= {one.key: one.content for one in (*variants(document), document)}

    put(contents, claim=claim)


def put(contents: Mapping[BlobKey, Content], *, claim: Claim) -> None:
    """
    Put what readers find, one after the other, and on the disk together.

    Raises:
        ClaimLost: another process has taken over; what would have followed is not put.
    """

    def before_each() -> None:
        claim.hold()
        reach("publish.put")

    the_store().put_many(contents, before_each=before_each)
    reach("publish.written")


def remove(key: BlobKey) -> None:
    """Remove a document with its variants: those first, because a reader who takes one does not look for the plain one."""
    _remove_variants(key)
    the_store().delete(key)


def _remove_variants(key: BlobKey) -> None:
    for encoding in keys.ENCODINGS:
        the_store().delete(keys.variant(key, encoding))


def find_published_serial(key: BlobKey) -> int | None:
    """Read the serial that a document was built from; None if there is no such document."""
    try:
        return find_serial(the_store().read(key))
    except NoSuchBlob:
        return None
