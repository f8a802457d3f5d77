"""
Documents that are too long for memory: they are sent from the store as files are, and only described here.

The list of 700,000 projects is 40 MB. Every slow reader of it would hold those, and the cache of documents nothing else.
"""

from hashlib import blake2b
from typing import BinaryIO

from creamery.spec.simple import find_serial
from creamery.storage.keys import BlobKey
from creamery.storage.store import BlobStore

LONG_BYTES = 2 * 1024 * 1024
DIGEST_BYTES = 16
_PIECE_BYTES = 256 * 1024
_SERIAL_WITHIN_BYTES = 256


def digest_long(store: BlobStore, key: BlobKey) -> str:
    """Digest a document's bytes, piece by piece. Raises NoSuchBlob, StoreUnavailable."""
    digest = blake2b(digest_size=DIGEST_BYTES)
    with store.open(key) as stream:
        while piece := stream.read(_PIECE_BYTES):
            digest.update(piece)
    return digest.hexdigest()


def find_serial_in(stream: BinaryIO) -> int | None:
    """Find the serial that a document was built from: JSON begins with it, HTML ends with it."""
    piece = stream.read(_SERIAL_WITHIN_BYTES)
    serial = find_serial(piece)
    end = piece
    while serial is None and piece:
        piece = stream.read(_PIECE_BYTES)
        end = (end + piece)[-_SERIAL_WITHIN_BYTES:]
    return find_serial(end) if serial is None else serial
