"""
Finding a prepared document by its key, as it is now, without reading it anew each time.

A store that is near is asked on every request whether the document changed. One that is far is asked at most once a
second for each document, and at once for clients that must see the present state.
"""

import asyncio
import gzip
import os
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, replace
from functools import partial
from hashlib import blake2b
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, TypeVar, cast

import zstandard

from creamery.serve.file_cache import FileCache, Replaced, open_same
from creamery.serve.long_documents import DIGEST_BYTES, LONG_BYTES, digest_long, find_serial_in
from creamery.spec.simple import find_serial
from creamery.spec.tombstones import is_tombstone
from creamery.storage import keys
from creamery.storage.filesystem import find_version, version_of
from creamery.storage.keys import BlobKey, Encoding
from creamery.storage.notice import Notice
from creamery.storage.store import BlobStat, BlobStore, NoSuchBlob, StoreUnavailable

CACHE_BYTES = 32 * 1024 * 1024
SMALL_BYTES = 128 * 1024
"""What is read and hashed on the event loop; it takes about as long as handing it to a thread."""

KERNEL_BYTES = 64 * 1024
"""Larger ones are kept open too, so that the kernel can send them; no more than fit into the cache are."""

TRUSTED_SECONDS = 1.0
_ABSENT_BYTES = 256

Result = TypeVar("Result")


class OpenFile:
    """A file that stays open as long as somebody has this; replacing what lies at its path does not change it."""

    def __init__(self, path: str) -> None:
        self.number = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def __del__(self) -> None:
        """Close it."""
        with suppress(AttributeError):
            os.close(self.number)


@dataclass(frozen=True, slots=True)
class Document:
    """
    A page as it is sent, or what stands where one was and is answered with 404 (`is_tombstone`).

    `digest_hex` tells its content, encoding included, from every other.

    Of a long one the content is not here: it is opened in the store as it was when it was `long`.
    """

    content: bytes
    digest_hex: str
    serial: int | None
    encoding: Encoding | None
    long: BlobStat | None = None
    file: OpenFile | None = None
    is_tombstone: bool = False

    @property
    def size_bytes(self) -> int:
        """How many bytes are sent."""
        return len(self.content) if self.long is None else self.long.size_bytes


@dataclass(frozen=True, slots=True)
class _Kept:
    """A document and the version it was read at; both None where there was none."""

    document: Document | None
    version: str | None
    checked_at: float
    noticed: int = 0
    path: str | None = None

    @property
    def size_bytes(self) -> int:
        return len(self.document.content) + _ABSENT_BYTES if self.document else _ABSENT_BYTES


class DocumentCache:
    """The documents that were used last, as many as fit into so many bytes."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._kept: OrderedDict[BlobKey, _Kept] = OrderedDict()
        self.size_bytes = 0

    def find(self, key: BlobKey) -> _Kept | None:
        """Find what is kept under the key."""
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
        return kept

    def keep(self, key: BlobKey, kept: _Kept) -> None:
        """Keep this, and drop what was not used for longest; what would fill half the room alone is not kept."""
        self.forget(key)
        if kept.size_bytes > self._limit_bytes // 2:
            return
        self._kept[key] = kept
        self.size_bytes += kept.size_bytes
        while self.size_bytes > self._limit_bytes:
            _, dropped = self._kept.popitem(last=False)
            self.size_bytes -= dropped.size_bytes

    def forget(self, key: BlobKey) -> None:
        """Drop what is kept under the key, if anything is."""
        dropped = self._kept.pop(key, None)
        if dropped is not None:
            self.size_bytes -= dropped.size_bytes


class Documents:
    """
    The documents of a store, for one event loop.

    Raises, everything: StoreUnavailable.
    """

    def __init__(
        self,
        store: BlobStore,
        threads: Executor,
        *,
        cache_bytes: int = CACHE_BYTES,
        files: FileCache | None = None,
        notice: Notice | None = None,
    ) -> None:
        self._store = store
        self._notice = notice
        self._files = files
        self._threads = threads
        self._cache = DocumentCache(cache_bytes)
        self._running: dict[tuple[BlobKey, str | None], asyncio.Task[Document | None]] = {}

    async def find(self, key: BlobKey, encodings: tuple[Encoding | None, ...], *, fresh: bool) -> Document | None:
        """
        Find a document in the first of these encodings that is stored, or None where it is stored in none.

        With `fresh` the store is asked, however short ago it was asked last.
        """
        for encoding in encodings:
            name = key if encoding is None else keys.variant(key, encoding)
            found = await (
                self._find_near(name, encoding) if self._store.is_near else self._find_far(name, encoding, fresh)
            )
            if found is not None:
                return found
        return None

    @property
    def are_near(self) -> bool:
        """Whether the store is asked on every request."""
        return self._store.is_near

    def find_at_once(self, key: BlobKey) -> Document | None:
        """
        Find a kept document that is as it should be, without reading and without waiting; None where that takes longer.

        `key` is that of the encoding. Of a far store the answer may be a second old.
        """
        kept = self._cache.find(key)
        if kept is None or kept.document is None or kept.document.long is not None:
            return None
        if not self._store.is_near:
            return kept.document if self._is_trusted(kept) else None
        if kept.path is not None:
            return kept.document if find_version(kept.path) == kept.version else None
        try:
            return kept.document if self._store.stat(key).version == kept.version else None
        except (NoSuchBlob, StoreUnavailable):
            return None

    async def _find_near(self, key: BlobKey, encoding: Encoding | None) -> Document | None:
        try:
            stat = self._store.stat(key)
        except NoSuchBlob:
            self._cache.forget(key)
            return None
        kept = self._cache.find(key)
        if kept is not None and kept.version == stat.version:
            return kept.document
        if stat.size_bytes > SMALL_BYTES:
            return await self._together((key, stat.version), partial(self._load, key, encoding, stat))
        loaded = _read(self._store, key, encoding, stat)
        self._keep(key, loaded, stat)
        return loaded

    async def _find_far(self, key: BlobKey, encoding: Encoding | None, fresh: bool) -> Document | None:
        kept = self._cache.find(key)
        if kept is not None and not fresh and self._is_trusted(kept):
            return kept.document
        noticed = self._read_notice()
        check = partial(self._check, key, encoding, kept, noticed)
        # A check that began before this request may have seen an older state than this client must see.
        return await check() if fresh else await self._together((key, f"{noticed}"), check)

    def _is_trusted(self, kept: _Kept) -> bool:
        """Say whether a far store was asked less than a second ago, and nothing was written by this machine since."""
        return time.monotonic() - kept.checked_at < TRUSTED_SECONDS and kept.noticed == self._read_notice()

    def _read_notice(self) -> int:
        return 0 if self._notice is None else self._notice.read()

    async def _check(
        self, key: BlobKey, encoding: Encoding | None, kept: _Kept | None, noticed: int
    ) -> Document | None:
        """Ask a store that is far whether what is kept is still right, and read the document where it is not."""
        checked_at = time.monotonic()
        checked = await self._in_thread(partial(_check, self._store, key, encoding, kept, checked_at))
        newest = self._cache.find(key)
        if newest is None or newest.checked_at <= checked_at:
            self._cache.keep(key, replace(checked, noticed=noticed))
        return checked.document

    async def _load(self, key: BlobKey, encoding: Encoding | None, stat: BlobStat) -> Document | None:
        loaded = await self._in_thread(partial(_read, self._store, key, encoding, stat))
        self._keep(key, loaded, stat)
        return loaded

    def _keep(self, key: BlobKey, loaded: Document | None, stat: BlobStat) -> None:
        path = self._store.local_path(key)
        version = None if loaded is None else stat.version
        self._cache.keep(key, _Kept(loaded, version, 0.0, path=None if path is None else str(path)))

    async def open_long(self, key: BlobKey, document: Document) -> AbstractContextManager[BinaryIO] | None:
        """Open a long document that was found under the key of its encoding; None if it was replaced since."""
        assert document.long is not None
        is_kept = self._files is not None and not self._store.is_near
        open_version = self._files.open if self._files and is_kept else partial(open_same, self._store)
        try:
            return await self._in_thread(partial(open_version, key, document.long))
        except (NoSuchBlob, Replaced):
            return None

    async def _in_thread(self, call: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)

    async def _together(
        self, name: tuple[BlobKey, str | None], call: Callable[[], Coroutine[None, None, Document | None]]
    ) -> Document | None:
        """Let requests that want the same thing at the same time wait for one reading of it."""
        running = self._running.get(name)
        if running is None:
            running = asyncio.get_running_loop().create_task(call())
            self._running[name] = running
            running.add_done_callback(partial(self._forget, name))
        # Shielded, since a client that goes away must not take the answer from the others.
        return await asyncio.shield(running)

    def _forget(self, name: tuple[BlobKey, str | None], done: asyncio.Task[Document | None]) -> None:
        del self._running[name]
        # Where all who waited went away, nobody else takes the error, and asyncio would complain.
        if not done.cancelled():
            done.exception()


def _check(store: BlobStore, key: BlobKey, encoding: Encoding | None, kept: _Kept | None, checked_at: float) -> _Kept:
    try:
        stat = store.stat(key)
    except NoSuchBlob:
        return _Kept(None, None, checked_at)
    if kept is not None and kept.version == stat.version:
        return _Kept(kept.document, kept.version, checked_at)
    # The version is asked for before the content: what is read then is at least as new, never older.
    document = _read(store, key, encoding, stat)
    return _Kept(document, stat.version if document else None, checked_at)


def _read(store: BlobStore, key: BlobKey, encoding: Encoding | None, stat: BlobStat) -> Document | None:
    try:
        if stat.size_bytes > LONG_BYTES:
            digest_hex = digest_long(store, key)
            with store.open(key) as stream, _unpack(stream, encoding) as unpacked:
                return Document(b"", digest_hex, find_serial_in(unpacked), encoding, stat)
        content = store.read(key)
    except NoSuchBlob:
        return None
    digest_hex = blake2b(content, digest_size=DIGEST_BYTES).hexdigest()
    with _unpack(BytesIO(content), encoding) as unpacked:
        serial = find_serial(content) if encoding is None else find_serial_in(unpacked)
    file = _open_same(store.local_path(key), stat) if len(content) > KERNEL_BYTES else None
    return Document(content, digest_hex, serial, encoding, file=file, is_tombstone=is_tombstone(content))


def _open_same(path: Path | None, stat: BlobStat) -> OpenFile | None:
    """Open the very version that was read, if it lies on this machine's disk."""
    if path is None:
        return None
    try:
        file = OpenFile(str(path))
    except OSError:
        return None
    return file if version_of(os.fstat(file.number)) == stat.version else None


def _unpack(content: BinaryIO, encoding: Encoding | None) -> AbstractContextManager[BinaryIO]:
    if encoding == "zstd":
        return cast("AbstractContextManager[BinaryIO]", zstandard.ZstdDecompressor().stream_reader(content))
    if encoding == "gzip":
        return cast("AbstractContextManager[BinaryIO]", gzip.GzipFile(fileobj=content))
    return nullcontext(content)
