"""The blob store in this process's memory: for tests and trials; gone when the process ends."""

import io
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import time
from typing import BinaryIO, ClassVar

from creamery.storage.keys import BlobKey, check_key
from creamery.storage.store import BlobStat, Content, NoSuchBlob, go_on, put_one


@dataclass(frozen=True, slots=True)
class _Entry:
    content: bytes
    stat: BlobStat


class MemoryStore:
    """Keeps every blob in a dictionary."""

    is_near: ClassVar[bool] = True

    def __init__(self) -> None:
        self._entries: dict[BlobKey, _Entry] = {}
        self._writes = 0
        self._lock = threading.Lock()

    def put_bytes(self, key: BlobKey, content: bytes) -> None:
        """Store these bytes under the key, replacing what is there."""
        check_key(key)
        with self._lock:
            self._writes += 1
            stat = BlobStat(len(content), f"m{self._writes}", datetime.fromtimestamp(time(), UTC))
            self._entries[key] = _Entry(bytes(content), stat)

    def put_file(self, key: BlobKey, path: Path) -> None:
        """Store a local file's content under the key, replacing what is there."""
        self.put_bytes(key, path.read_bytes())

    def copy(self, source: BlobKey, target: BlobKey) -> None:
        """Store the content of one key under another as well. Raises NoSuchBlob."""
        check_key(target)
        self.put_bytes(target, self._get(source).content)

    def put_many(self, contents: Mapping[BlobKey, Content], *, before_each: Callable[[], None] = go_on) -> None:
        """Store all of these, one after the other. Raises NoSuchBlob."""
        for key, content in contents.items():
            before_each()
            put_one(self, key, content)

    def read(self, key: BlobKey) -> bytes:
        """Read a whole blob. Raises NoSuchBlob."""
        return self._get(key).content

    def open(self, key: BlobKey, start: int = 0) -> AbstractContextManager[BinaryIO]:
        """Open a blob for reading from the byte at `start`. Raises NoSuchBlob."""
        stream = io.BytesIO(self._get(key).content)
        stream.seek(start)
        return closing(stream)

    def stat(self, key: BlobKey) -> BlobStat:
        """Say size, version and time of a blob. Raises NoSuchBlob."""
        return self._get(key).stat

    def delete(self, key: BlobKey) -> None:
        """Remove a blob; one that is not there is fine."""
        self._entries.pop(check_key(key), None)

    def list(self, prefix: str) -> Iterator[BlobKey]:
        """List the keys that begin with the prefix, as they are at this moment."""
        return iter([key for key in tuple(self._entries) if key.startswith(prefix)])

    def local_path(self, key: BlobKey) -> Path | None:
        """Say that nothing lies on the disk."""
        check_key(key)
        return None

    def sweep_incoming(self, older_than_seconds: float) -> int:  # noqa: ARG002 - the Protocol's signature.
        """Remove nothing: no write is ever half done."""
        return 0

    def _get(self, key: BlobKey) -> _Entry:
        try:
            return self._entries[check_key(key)]
        except KeyError:
            raise NoSuchBlob(key) from None
