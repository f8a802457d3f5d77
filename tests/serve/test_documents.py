"""Finding documents: how often a store is asked, what is kept, and that nothing stale is shown for long."""

import asyncio
import gc
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creamery.serve import documents as documents_module
from creamery.serve.documents import Document, DocumentCache, Documents, _Kept
from creamery.storage.keys import BlobKey
from creamery.storage.memory import MemoryStore
from creamery.storage.store import BlobStat, StoreUnavailable

KEY = BlobKey("public/simple/flask/index.json")


class CountedStore(MemoryStore):
    """A memory store that notes who asked it."""

    def __init__(self) -> None:
        super().__init__()
        self.stats: list[str] = []
        self.reads: list[str] = []
        self.is_down = False

    def stat(self, key: BlobKey) -> BlobStat:
        self.stats.append(threading.current_thread().name)
        if self.is_down:
            raise StoreUnavailable("down")
        return super().stat(key)

    def read(self, key: BlobKey) -> bytes:
        self.reads.append(threading.current_thread().name)
        return super().read(key)


class FarStore(CountedStore):
    """The same, as if it were on another machine."""

    is_near: ClassVar[bool] = False
    delay_seconds = 0.02

    def stat(self, key: BlobKey) -> BlobStat:
        delay_seconds = self.delay_seconds
        try:
            return super().stat(key)
        finally:
            time.sleep(delay_seconds)


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4, "pages") as threads:
        yield threads


async def content_of(documents: Documents, *, fresh: bool = False) -> bytes | None:
    found = await documents.find(KEY, (None,), fresh=fresh)
    return found.content if found else None


def test_a_near_store_is_asked_each_time_and_read_when_something_changed(threads: ThreadPoolExecutor) -> None:
    store = CountedStore()
    documents = Documents(store, threads)

    async def use() -> None:
        assert await content_of(documents) is None
        for content in (b"one", b"two"):
            store.put_bytes(KEY, content)
            assert [await content_of(documents) for _ in range(3)] == [content] * 3
        store.delete(KEY)
        assert await content_of(documents) is None

    asyncio.run(use())
    assert (len(store.stats), len(store.reads)) == (8, 2)
    assert set(store.stats + store.reads) == {threading.current_thread().name}


def test_a_large_document_is_read_in_a_thread_and_once_for_all(threads: ThreadPoolExecutor) -> None:
    store = CountedStore()
    store.put_bytes(KEY, b"x" * (documents_module.SMALL_BYTES + 1))
    documents = Documents(store, threads)

    async def use() -> list[bytes | None]:
        return await asyncio.gather(*(content_of(documents) for _ in range(20)))

    assert {len(content or b"") for content in asyncio.run(use())} == {documents_module.SMALL_BYTES + 1}
    assert len(store.reads) == 1
    assert store.reads[0].startswith("pages")


def test_a_far_store_is_asked_once_a_second_in_a_thread(
    threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents_module, "TRUSTED_SECONDS", 0.2)
    store = FarStore()
    store.put_bytes(KEY, b"one")
    documents = Documents(store, threads)

    async def use() -> None:
        assert await asyncio.gather(*(content_of(documents) for _ in range(50))) == [b"one"] * 50
        store.put_bytes(KEY, b"two")
        assert await content_of(documents) == b"one"
        assert (len(store.stats), len(store.reads)) == (1, 1)
        await asyncio.sleep(0.25)
        assert await content_of(documents) == b"two"
        await asyncio.sleep(0.25)
        assert await content_of(documents) == b"two"

    asyncio.run(use())
    assert (len(store.stats), len(store.reads)) == (3, 2)
    assert all(name.startswith("pages") for name in store.stats + store.reads)


def test_an_absent_document_is_asked_for_once_a_second_too(threads: ThreadPoolExecutor) -> None:
    store = FarStore()
    documents = Documents(store, threads)

    async def use() -> None:
        assert await asyncio.gather(*(content_of(documents) for _ in range(50))) == [None] * 50
        assert await content_of(documents) is None
        store.put_bytes(KEY, b"one")
        assert await content_of(documents, fresh=True) == b"one"

    asyncio.run(use())
    assert len(store.stats) == 2


def test_who_must_see_the_present_state_does(threads: ThreadPoolExecutor) -> None:
    store = FarStore()
    store.put_bytes(KEY, b"one")
    documents = Documents(store, threads)

    async def use() -> None:
        assert await content_of(documents) == b"one"
        store.put_bytes(KEY, b"two")
        assert await content_of(documents, fresh=True) == b"two"
        assert await content_of(documents) == b"two", "What one client saw, the others see."
        store.delete(KEY)
        assert await content_of(documents, fresh=True) is None

    asyncio.run(use())


def test_who_must_see_the_present_state_does_not_join_a_check_that_began_before(threads: ThreadPoolExecutor) -> None:
    store = FarStore()
    documents = Documents(store, threads)

    async def use() -> None:
        store.delay_seconds = 0.2
        ordinary = asyncio.create_task(content_of(documents))
        while not store.stats:
            await asyncio.sleep(0.001)
        store.delay_seconds = 0
        store.put_bytes(KEY, b"one")
        assert await content_of(documents, fresh=True) == b"one"
        assert await ordinary is None
        assert await content_of(documents) == b"one", "The older check does not overwrite the newer."

    asyncio.run(use())


def test_a_client_that_goes_away_takes_nothing_from_the_others(threads: ThreadPoolExecutor) -> None:
    store = FarStore()
    store.put_bytes(KEY, b"one")
    documents = Documents(store, threads)

    async def use() -> None:
        first = asyncio.create_task(content_of(documents))
        await asyncio.sleep(0)
        second = asyncio.create_task(content_of(documents))
        await asyncio.sleep(0)
        first.cancel()
        assert await second == b"one"

    asyncio.run(use())


def test_a_store_that_is_down_is_said_to_be_down_and_used_again(threads: ThreadPoolExecutor) -> None:
    for store in (CountedStore(), FarStore()):
        store.put_bytes(KEY, b"one")
        documents = Documents(store, threads)

        async def use(store: CountedStore = store, documents: Documents = documents) -> None:
            store.is_down = True
            results = await asyncio.gather(*(content_of(documents) for _ in range(5)), return_exceptions=True)
            assert {type(result) for result in results} == {StoreUnavailable}
            store.is_down = False
            assert await content_of(documents) == b"one"

        asyncio.run(use())


def test_an_error_that_nobody_waits_for_any_more_is_no_accident(threads: ThreadPoolExecutor) -> None:
    store = FarStore()
    store.is_down = True
    documents = Documents(store, threads)
    complaints = []

    async def use() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context))
        waiting = asyncio.create_task(content_of(documents))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.sleep(0.05)
        gc.collect()

    asyncio.run(use())
    assert len(store.stats) == 1
    assert complaints == []


def kept(size_bytes: int) -> _Kept:
    return _Kept(Document(b"x" * size_bytes, "digest", None, None), "v", 0.0)


@given(writes=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 6000)), max_size=100))
def test_what_is_kept_fits_its_bounds_and_is_the_newest(writes: list[tuple[int, int]]) -> None:
    cache = DocumentCache(10_000)
    newest: dict[str, int] = {}
    for number, size_bytes in writes:
        key = BlobKey(f"k{number}")
        cache.keep(key, kept(size_bytes))
        newest[key] = size_bytes
        found = {name: cache.find(BlobKey(name)) for name in newest}
        sizes = [entry.size_bytes for entry in found.values() if entry]
        assert cache.size_bytes == sum(sizes) <= 10_000
        for name, entry in found.items():
            assert entry is None or (entry.document and len(entry.document.content) == newest[name])


def test_what_was_used_last_is_kept_longest() -> None:
    cache = DocumentCache(10_000)
    for name in "ab":
        cache.keep(BlobKey(name), kept(4000))
    cache.find(BlobKey("a"))
    cache.keep(BlobKey("c"), kept(4000))
    assert [cache.find(BlobKey(name)) is not None for name in "abc"] == [True, False, True]
