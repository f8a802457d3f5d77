"""
Telling the readers of this machine that something was written to a far store.

They trust what the store said for a second. Whoever publishes here and then asks here must not wait for that, whichever
process took the upload and whichever answers. So every write leaves its time on a local file, and readers look at that,
which takes a microsecond.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from time import time_ns
from typing import BinaryIO, ClassVar

from creamery.storage.keys import BlobKey
from creamery.storage.store import BlobStat, BlobStore, Content, go_on


class Notice:
    """One file whose time is that of the last write."""

    def __init__(self, path: Path) -> None:
        """Use the file of that path; it is made by the first write."""
        self._path = str(path)

    def post(self) -> None:
        """Say that something was written."""
        now = time_ns()
        try:
            os.utime(self._path, ns=(now, now))
        except FileNotFoundError:
            Path(self._path).touch()

    def read(self) -> int:
        """Say a number that is another one after each write."""
        try:
            return os.stat(self._path).st_mtime_ns  # noqa: PTH116 - asked on every read of a page.
        except OSError:
            return 0


class NoticedStore:
    """A far store whose writes are posted once they are done."""

    is_near: ClassVar[bool] = False

    def __init__(self, store: BlobStore, notice: Notice) -> None:
        """Write to the store, and post it."""
        self._store = store
        self._notice = notice

    def put_bytes(self, key: BlobKey, content: bytes) -> None:
        """Store these bytes under the key, replacing what is there."""
        self._store.put_bytes(key, content)
        self._notice.post()

    def put_file(self, key: BlobKey, path: Path) -> None:
        """Store a finished local file under the key, replacing what is there."""
        self._store.put_file(key, path)
        self._notice.post()

    def copy(self, source: BlobKey, target: BlobKey) -> None:
        """Store the content of one key under another as well. Raises NoSuchBlob."""
        self._store.copy(source, target)
        self._notice.post()

    def put_many(self, contents: Mapping[BlobKey, Content], *, before_each: Callable[[], None] = go_on) -> None:
        """Store all of these, in this order. Raises NoSuchBlob."""
        try:
            self._store.put_many(contents, before_each=before_each)
        finally:
            # The first ones may be there though a later one failed.
            self._notice.post()

    def delete(self, key: BlobKey) -> None:
        """Remove a blob; one that is not there is fine."""
        self._store.delete(key)
        self._notice.post()

    def read(self, key: BlobKey) -> bytes:
        """Read a whole blob. Raises NoSuchBlob."""
        return self._store.read(key)

    def open(self, key: BlobKey, start: int = 0) -> AbstractContextManager[BinaryIO]:
        """Open a blob for reading from the byte at `start`. Raises NoSuchBlob."""
        return self._store.open(key, start)

    def stat(self, key: BlobKey) -> BlobStat:
        """Say size, version and time of a blob. Raises NoSuchBlob."""
        return self._store.stat(key)

    def list(self, prefix: str) -> Iterator[BlobKey]:
        """List the keys that begin with the prefix."""
        return self._store.list(prefix)

    def local_path(self, key: BlobKey) -> Path | None:
        """Say where a blob lies on this machine's disk, if it does."""
        return self._store.local_path(key)

    def sweep_incoming(self, older_than_seconds: float) -> int:
        """Remove what writers that died left half written."""
        return self._store.sweep_incoming(older_than_seconds)
