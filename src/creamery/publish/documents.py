"""Writes a document with its compressed variants, and only forwards."""

from collections.abc import Iterable
from dataclasses import dataclass

import zstandard
from isal import igzip

from creamery.kernel.failpoints import reach
from creamery.kernel.outbox import Claim
from creamery.kernel.stores import the_store
from creamery.spec.simple import find_serial
from creamery.storage import keys
from creamery.storage.keys import BlobKey, Encoding
from creamery.storage.store import NoSuchBlob

ZSTD_LEVEL = 3
GZIP_LEVEL = 2


@dataclass(frozen=True, slots=True)
class Document:
    """Bytes to be served under a key."""

    key: BlobKey
    content: bytes


def compress(content: bytes, encoding: Encoding) -> bytes:
    """Compress a document; the same content always gives the same bytes, so that ETags are stable."""
    if encoding == "zstd":
        return zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress(content)
    return bytes(igzip.compress(content, compresslevel=GZIP_LEVEL, mtime=0))


def variants(document: Document) -> list[Document]:
    """List a document's compressed twins."""
    return [Document(keys.variant(document.key, e), compress(document.content, e)) for e in keys.ENCODINGS]


def publish(documents: Iterable[Document], *, claim: Claim) -> None:
    """
    Write documents, each after its variants. The last document is written last of all: its serial says what is finished.

    Raises:
        ClaimLost: another process has taken over since the documents were built; nothing older lands on its work.
    """
    store = the_store()
    prepared = [(*variants(document), document) for document in documents]
    for group in prepared:
        for document in group:
            claim.hold()
            store.put_bytes(document.key, document.content)
            reach("publish.put")


def remove(key: BlobKey) -> None:
    """Remove a document with its variants: those first, because a reader who takes one does not look for the plain one."""
    for name in (*(keys.variant(key, encoding) for encoding in keys.ENCODINGS), key):
        the_store().delete(name)


def find_published_serial(key: BlobKey) -> int | None:
    """Read the serial that a document was built from; None if there is no such document."""
    try:
        return find_serial(the_store().read(key))
    except NoSuchBlob:
        return None
