"""Asking the store from the event loop: at once where it is near, else in threads, and through what is kept on the disk."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import partial
from typing import BinaryIO, TypeVar

from creamery.serve.documents import TRUSTED_SECONDS
from creamery.serve.file_cache import FileCache
from creamery.storage.keys import BlobKey
from creamery.storage.notice import Notice
from creamery.storage.store import BlobStat, BlobStore, NoSuchBlob

THREADS = 16
MOST_STATS = 20_000
Result = TypeVar("Result")


class Reading:
    """The reads of files. They have their own threads, so that slow downloads from far away do not hold up pages."""

    def __init__(self, store: BlobStore, cache: FileCache | None = None, notice: Notice | None = None) -> None:
        """Read from the store; from a far one through the cache, if there is one."""
        self._store = store
        self._cache = cache
        self._notice = notice
        self._threads = ThreadPoolExecutor(THREADS, "serve-files")
        self._stats: OrderedDict[BlobKey, tuple[float, int, BlobStat | None]] = OrderedDict()

    async def stat(self, key: BlobKey, *, fresh: bool = True) -> BlobStat:
        """
        Say size, version and time of a blob. Raises NoSuchBlob, StoreUnavailable.

        What a far store said is trusted for a second, unless it has to be fresh, or this machine has written since.
        """
        if self._store.is_near:
            return self._store.stat(key)
        noticed = 0 if self._notice is None else self._notice.read()
        asked_at, noticed_then, found = self._stats.get(key, (-TRUSTED_SECONDS, 0, None))
        if fresh or noticed != noticed_then or time.monotonic() - asked_at >= TRUSTED_SECONDS:
            asked_at = time.monotonic()
            found = await self.in_thread(partial(_find_stat, self._store, key))
            self._stats[key] = asked_at, noticed, found
            self._stats.move_to_end(key)
            if len(self._stats) > MOST_STATS:
                self._stats.popitem(last=False)
        if found is None:
            raise NoSuchBlob(key)
        return found

    async def open(self, key: BlobKey, stat: BlobStat, start: int) -> AbstractContextManager[BinaryIO]:
        """Open a blob from the byte at `start`. Raises NoSuchBlob, StoreUnavailable."""
        if self._store.is_near:
            return self._store.open(key, start)
        if self._cache is not None:
            return await self.in_thread(partial(self._cache.open, key, stat, start))
        return await self.in_thread(partial(self._store.open, key, start))

    async def in_thread(self, call: Callable[[], Result]) -> Result:
        """Make a call that may block."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)


def _find_stat(store: BlobStore, key: BlobKey) -> BlobStat | None:
    try:
        return store.stat(key)
    except NoSuchBlob:
        return None
