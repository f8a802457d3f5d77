"""What is read from a far store is kept on the disk, within a bound, and is always what the store has."""

import asyncio
import io
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, cast

import pytest

from creamery.serve.app import ReadPath
from creamery.serve.file_cache import FILLS, LARGEST_SHARE, FileCache, Replaced
from creamery.serve.reading import Reading
from creamery.storage.keys import BlobKey
from creamery.storage.memory import MemoryStore
from creamery.storage.store import BlobStat, NoSuchBlob, StoreUnavailable
from tests.serve.conftest import WHEEL, WHEEL_PATH, ask_app, behind, fill_index

KEY = BlobKey("public/packages/ab/cd/x.whl")
CONTENT = os.urandom(3_000_000)
LIMIT_BYTES = 40_000_000


class FarStore(MemoryStore):
    """A store on another machine that counts what is read from it, and may be slow or break off."""

    is_near: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[int] = []
        self.asked = 0
        self.gate = threading.Event()
        self.gate.set()
        self.breaks_after: int | None = None

    def stat(self, key: BlobKey) -> BlobStat:
        self.asked += 1
        return super().stat(key)

    def open(self, key: BlobKey, start: int = 0) -> AbstractContextManager[BinaryIO]:
        content = self._get(key).content
        self.opened.append(start)
        stream = _SlowStream(content, start, self.gate, self.breaks_after)
        return closing(cast("Any", stream))


class _SlowStream(io.BytesIO):
    """Waits before each piece until the gate is open."""

    def __init__(self, content: bytes, start: int, gate: threading.Event, breaks_after: int | None) -> None:
        super().__init__(content)
        self.seek(start)
        self._gate, self._breaks_after = gate, breaks_after

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() > 0 and not self._gate.wait(10):
            raise StoreUnavailable("the gate stayed shut")
        if self._breaks_after is not None and self.tell() >= self._breaks_after:
            raise StoreUnavailable("the network broke")
        return super().read(size)


@pytest.fixture
def store() -> FarStore:
    """Give a far store with one file."""
    store = FarStore()
    store.put_bytes(KEY, CONTENT)
    return store


@pytest.fixture
def cache(store: FarStore, tmp_path: Path) -> FileCache:
    """Give a cache of it."""
    return FileCache(store, tmp_path / "cache", LIMIT_BYTES)


def read(cache: FileCache, store: FarStore, start: int = 0, key: BlobKey = KEY) -> bytes:
    """Read to the end in pieces."""
    with cache.open(key, MemoryStore.stat(store, key), start) as stream:
        return b"".join(iter(lambda: stream.read(70_000), b""))


def list_kept(tmp_path: Path) -> list[Path]:
    """List the files that are kept."""
    return [path for path in (tmp_path / "cache").rglob("*") if path.is_file() and path.parent.name != "arriving"]


def wait_for(is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + 5
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_file_is_fetched_once_and_ranges_come_from_the_disk(
    store: FarStore, cache: FileCache, tmp_path: Path
) -> None:
    assert read(cache, store) == CONTENT
    wait_for(lambda: len(list_kept(tmp_path)) == 1)
    for start in (0, 1, 2_999_999, 1_000_000):
        assert read(cache, store, start) == CONTENT[start:]
    assert store.opened == [0]


def test_a_new_process_finds_what_was_kept(store: FarStore, cache: FileCache, tmp_path: Path) -> None:
    read(cache, store)
    wait_for(lambda: len(list_kept(tmp_path)) == 1)
    assert read(FileCache(store, tmp_path / "cache", LIMIT_BYTES), store) == CONTENT
    assert store.opened == [0]


def test_readers_that_come_together_share_one_fetch(store: FarStore, cache: FileCache) -> None:
    store.gate.clear()
    with ThreadPoolExecutor(8) as threads:
        readers = [threads.submit(read, cache, store) for _ in range(8)]
        time.sleep(0.1)
        store.gate.set()
        assert all(reader.result(10) == CONTENT for reader in readers)
    assert store.opened == [0]


def test_the_first_bytes_come_before_the_last_are_there(store: FarStore, cache: FileCache) -> None:
    store.gate.clear()
    with cache.open(KEY, MemoryStore.stat(store, KEY)) as stream:
        assert stream.read(1000) == CONTENT[:1000]
        store.gate.set()


def test_the_end_of_a_file_that_is_not_there_yet_is_read_from_the_store(store: FarStore, cache: FileCache) -> None:
    large = BlobKey("public/packages/ab/cd/large.whl")
    content = CONTENT + bytes(2_000_000) + b"end"
    store.put_bytes(large, content)
    store.gate.clear()
    first = cache.open(large, MemoryStore.stat(store, large))
    with first, ThreadPoolExecutor(1) as threads:
        end = threads.submit(read, cache, store, len(content) - 3, large)
        store.gate.set()
        assert end.result(10) == b"end"
    assert store.opened in ([0, len(content) - 3], [0])


@pytest.mark.parametrize("breaks_after", [1, 300_000, 2_800_000])
def test_a_fetch_that_breaks_is_never_kept_and_never_taken_for_whole(
    store: FarStore, cache: FileCache, tmp_path: Path, breaks_after: int
) -> None:
    store.breaks_after = breaks_after
    with pytest.raises(StoreUnavailable):
        read(cache, store)
    assert list_kept(tmp_path) == []
    store.breaks_after = None
    assert read(cache, store) == CONTENT


def test_who_follows_a_fetch_that_breaks_reads_on_from_the_store(store: FarStore, cache: FileCache) -> None:
    store.gate.clear()
    store.breaks_after = 600_000
    with cache.open(KEY, MemoryStore.stat(store, KEY)) as stream:
        found = stream.read(1000)
        store.gate.set()
        time.sleep(0.2)
        store.breaks_after = None
        found += b"".join(iter(lambda: stream.read(70_000), b""))
    assert found == CONTENT


def test_the_disk_that_is_full_or_forbidden_is_done_without(store: FarStore, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file stands where the folder should")
    assert read(FileCache(store, tmp_path / "cache", LIMIT_BYTES), store) == CONTENT


@pytest.mark.parametrize("damage", [b"", CONTENT[:-1]])
def test_a_kept_file_of_the_wrong_size_is_not_used(
    store: FarStore, cache: FileCache, tmp_path: Path, damage: bytes
) -> None:
    read(cache, store)
    wait_for(lambda: len(list_kept(tmp_path)) == 1)
    list_kept(tmp_path)[0].write_bytes(damage)
    assert read(cache, store) == CONTENT


def test_another_version_is_another_file(store: FarStore, cache: FileCache, tmp_path: Path) -> None:
    read(cache, store)
    stat = MemoryStore.stat(store, KEY)
    store.put_bytes(KEY, b"new" * 1000)
    assert read(cache, store) == b"new" * 1000
    wait_for(lambda: len(list_kept(tmp_path)) == 2)
    for path in list_kept(tmp_path):
        path.unlink()
    with pytest.raises(Replaced):
        cache.open(KEY, stat, start=5).__enter__()


def test_the_folder_never_grows_beyond_its_bound(store: FarStore, tmp_path: Path) -> None:
    cache = FileCache(store, tmp_path / "cache", 10_000_000)
    for number in range(30):
        key = BlobKey(f"public/packages/ab/cd/{number}.whl")
        store.put_bytes(key, os.urandom(1_000_000))
        assert len(read(cache, store, key=key)) == 1_000_000
        wait_for(lambda: not cache._filling)
        assert sum(path.stat().st_size for path in list_kept(tmp_path)) <= 10_000_000
    assert len(list_kept(tmp_path)) >= 5
    last = len(store.opened)
    read(cache, store, key=key)
    assert len(store.opened) == last, "what was used last went first"


def test_what_would_take_too_much_of_the_room_is_not_kept(store: FarStore, tmp_path: Path) -> None:
    cache = FileCache(store, tmp_path / "cache", len(CONTENT) * LARGEST_SHARE - 1)
    assert read(cache, store) == CONTENT
    assert list_kept(tmp_path) == []


def test_more_fetches_than_there_may_be_come_from_the_store(store: FarStore, cache: FileCache) -> None:
    store.gate.clear()
    keys = [BlobKey(f"public/packages/ab/cd/{number}.whl") for number in range(FILLS + 3)]
    for key in keys:
        store.put_bytes(key, CONTENT)
    with ThreadPoolExecutor(len(keys)) as threads:
        readers = [threads.submit(read, cache, store, 0, key) for key in keys]
        time.sleep(0.1)
        store.gate.set()
        assert all(reader.result(10) == CONTENT for reader in readers)


def test_what_a_store_said_of_a_file_is_trusted_for_a_second(store: FarStore) -> None:
    reading = Reading(store)

    async def ask() -> None:
        for _ in range(5):
            await reading.stat(KEY, fresh=False)
        assert store.asked == 1
        await reading.stat(KEY, fresh=True)
        assert store.asked == 2
        store.delete(KEY)
        await asyncio.sleep(1.05)
        with pytest.raises(NoSuchBlob):
            await reading.stat(KEY, fresh=False)
        store.put_bytes(KEY, CONTENT)
        with pytest.raises(NoSuchBlob):
            await reading.stat(KEY, fresh=False)
        await reading.stat(KEY, fresh=True)
        await reading.stat(KEY, fresh=False)

    asyncio.run(ask())


def test_the_read_path_answers_the_same_through_the_cache(tmp_path: Path) -> None:
    """SC-08"""
    store = FarStore()
    fill_index(store)
    app = ReadPath(store, behind=behind, files=FileCache(store, tmp_path / "cache", LIMIT_BYTES))
    for _ in range(2):
        assert ask_app(app, WHEEL_PATH).content == WHEEL
        part = ask_app(app, WHEEL_PATH, range="bytes=100-199")
        assert (part.status_code, part.content) == (206, WHEEL[100:200])
    wait_for(lambda: len(list_kept(tmp_path)) == 1)
    opened = len(store.opened)
    assert ask_app(app, WHEEL_PATH, range="bytes=-7").content == WHEEL[-7:]
    assert ask_app(app, WHEEL_PATH).content == WHEEL
    assert len(store.opened) == opened
