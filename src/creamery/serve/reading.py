"""Asking the store from the event loop: at once where it is near, else in threads of its own."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import partial
from typing import BinaryIO, TypeVar

from creamery.storage.keys import BlobKey
from creamery.storage.store import BlobStat, BlobStore

THREADS = 16
Result = TypeVar("Result")


class Reading:
    """The reads of files. They have their own threads, so that slow downloads from far away do not hold up pages."""

    def __init__(self, store: BlobStore) -> None:
        self._store = store
        self._threads = ThreadPoolExecutor(THREADS, "serve-files")

    async def stat(self, key: BlobKey) -> BlobStat:
        """Say size, version and time of a blob. Raises NoSuchBlob, StoreUnavailable."""
        if self._store.is_near:
            return self._store.stat(key)
        return await self.in_thread(partial(self._store.stat, key))

    async def open(self, key: BlobKey, start: int) -> AbstractContextManager[BinaryIO]:
        """Open a blob from the byte at `start`. Raises NoSuchBlob, StoreUnavailable."""
        if self._store.is_near:
            return self._store.open(key, start)
        return await self.in_thread(partial(self._store.open, key, start))

    async def in_thread(self, call: Callable[[], Result]) -> Result:
        """Make a call that may block."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)
