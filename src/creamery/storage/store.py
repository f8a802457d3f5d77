"""The port behind which documents and blobs lie."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, ClassVar, Protocol

from creamery.storage.keys import BlobKey


class NoSuchBlob(LookupError):
    """Nothing is stored under that key."""


class StoreUnavailable(OSError):
    """The store cannot be reached or written at the moment; the same call may succeed later."""


Content = bytes | Path | BlobKey
"""What may be stored: bytes, a finished local file, or what another key holds already."""


def go_on() -> None:
    """Do nothing: for those who have nothing to say between the writes of `put_many`."""


@dataclass(frozen=True, slots=True)
class BlobStat:
    """What a store knows about a blob without reading it. `version` changes whenever the content is replaced."""

    size_bytes: int
    version: str
    modified_at: datetime


class BlobStore(Protocol):
    """
    Where bytes lie, by key.

    Every write is atomic (a reader sees the old content or the new, never a part) and durable when it returns. Calls
    block; they may be made from several threads and processes at once.

    Raises, all of them: StoreUnavailable; InvalidKey (see keys.check_key).
    """

    is_near: ClassVar[bool]
    """Whether `stat` and small reads take microseconds, so that an event loop may wait for them."""

    def put_bytes(self, key: BlobKey, content: bytes) -> None:
        """Store these bytes under the key, replacing what is there."""

    def put_file(self, key: BlobKey, path: Path) -> None:
        """
        Store a finished local file under the key, replacing what is there.

        The file stays where it is and must not be written to afterwards: a store on the same disk links it.
        """

    def copy(self, source: BlobKey, target: BlobKey) -> None:
        """
        Store the content of one key under another as well, without moving the bytes through this process.

        Raises:
            NoSuchBlob: nothing under `source`.
        """

    def put_many(self, contents: Mapping[BlobKey, Content], *, before_each: Callable[[], None] = go_on) -> None:
        """
        Store all of these, for less than one by one; all of them are durable when it returns.

        Readers see them appear in this order, each whole. `before_each` is called before each of them appears, and may raise
        to keep that one and all that follow from it.

        Raises:
            NoSuchBlob: nothing under a key whose content is wanted.
        """

    def read(self, key: BlobKey) -> bytes:
        """Read a whole blob. Raises NoSuchBlob."""

    def open(self, key: BlobKey, start: int = 0) -> AbstractContextManager[BinaryIO]:
        """Open a blob for reading from the byte at `start`, without loading it into memory. Raises NoSuchBlob."""

    def stat(self, key: BlobKey) -> BlobStat:
        """Say size, version and time of a blob. Raises NoSuchBlob."""

    def delete(self, key: BlobKey) -> None:
        """Remove a blob; one that is not there is fine."""

    def list(self, prefix: str) -> Iterator[BlobKey]:
        """List the keys that begin with the prefix (`blobs/`, `public/simple/`), in no promised order."""

    def local_path(self, key: BlobKey) -> Path | None:
        """Say where a blob lies on this machine's disk, or None where the store is elsewhere; checks nothing."""

    def sweep_incoming(self, older_than_seconds: float) -> int:
        """
        Remove what writers that died left half written, when it is older than that; say how many.

        Such parts were never visible under a key.
        """


def put_one(store: BlobStore, key: BlobKey, content: Content) -> None:
    """Store one content, whatever kind it is of."""
    if isinstance(content, bytes):
        store.put_bytes(key, content)
    elif isinstance(content, Path):
        store.put_file(key, content)
    else:
        store.copy(content, key)
