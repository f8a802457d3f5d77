"""Documents that are too long for memory are sent from the store, and are otherwise like all others."""

import asyncio
import gzip
import random
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest
import zstandard

from creamery.serve.app import ReadPath
from creamery.serve.long_documents import LONG_BYTES
from creamery.serve.messages import Message
from creamery.spec.names import NormalizedName
from creamery.spec.simple import RootEntry, root_html, root_json
from creamery.storage import keys
from creamery.storage.filesystem import FilesystemStore
from creamery.storage.keys import BlobKey
from creamery.storage.memory import MemoryStore
from creamery.storage.store import BlobStore
from tests.serve.conftest import Ask, ask_app, behind, put_document

JSON = "application/vnd.pypi.simple.v1+json"
HTML = "application/vnd.pypi.simple.v1+html"
ROOT = keys.simple_root(keys.DEFAULT_INDEX, "json")


def root_of(count: int, serial: int) -> tuple[bytes, bytes]:
    """Write a list of so many projects, as JSON and as HTML, of which no compression makes little."""
    chance = random.Random(serial)
    names = sorted({f"p{chance.randbytes(60).hex()}" for _ in range(count)})
    entries = [RootEntry(name, NormalizedName(name), serial) for name in names]
    return root_json(entries, serial), root_html(entries, serial)


def put_root(store: BlobStore, count: int, serial: int) -> tuple[bytes, bytes]:
    """Publish such a list."""
    both = root_of(count, serial)
    for form, content in zip(("json", "html"), both, strict=True):
        put_document(store, keys.simple_root(keys.DEFAULT_INDEX, form), content)  # type: ignore[arg-type]
    return both


@pytest.fixture(scope="module")
def long_root(tmp_path_factory: pytest.TempPathFactory) -> tuple[FilesystemStore, bytes, bytes]:
    """Publish a list that is long even when it is compressed."""
    store = FilesystemStore(tmp_path_factory.mktemp("long"))
    as_json, as_html = put_root(store, 40_000, 77)
    assert store.stat(keys.variant(ROOT, "zstd")).size_bytes > LONG_BYTES
    return store, as_json, as_html


@pytest.fixture
def index(long_root: tuple[FilesystemStore, bytes, bytes]) -> BlobStore:
    """Read from the long list."""
    return long_root[0]


@pytest.mark.parametrize(
    ("encoding", "unpack"),
    [
        ("identity", bytes),
        ("gzip", gzip.decompress),
        ("zstd", lambda content: zstandard.ZstdDecompressor().stream_reader(content).read()),
    ],
)
@pytest.mark.parametrize("form", [JSON, HTML])
def test_a_long_list_is_sent_whole_in_every_form(
    ask: Ask,
    long_root: tuple[FilesystemStore, bytes, bytes],
    encoding: str,
    unpack: Callable[[bytes], bytes],
    form: str,
) -> None:
    for _ in range(2):
        found = ask("/simple/", accept=form, accept_encoding=encoding)
        assert (found.status_code, found.headers["x-pypi-last-serial"]) == (200, "77")
        # httpx unpacks what it knows; what it does not know comes as it is.
        content = found.content
        if encoding == "zstd" and content[:4] == b"\x28\xb5\x2f\xfd":
            content = unpack(content)
        assert content == (long_root[1] if form == JSON else long_root[2])
        assert found.headers.get("content-encoding", "identity") == encoding


def test_a_long_list_is_asked_for_again_with_its_etag(ask: Ask) -> None:
    """SC-01"""
    etags = set()
    for encoding in ("identity", "gzip", "zstd"):
        head = ask("/simple/", "HEAD", accept=JSON, accept_encoding=encoding)
        assert (head.status_code, head.content) == (200, b"")
        assert int(head.headers["content-length"]) > LONG_BYTES
        etags.add(head.headers["etag"])
        again = ask("/simple/", accept=JSON, accept_encoding=encoding, if_none_match=head.headers["etag"])
        assert (again.status_code, again.content) == (304, b"")
    assert len(etags) == 3


class Replacing:
    """Replaces the list, `times` times, while it is opened."""

    times: int
    now: bytes

    def open(self, key: BlobKey, start: int = 0) -> Any:
        opened = super().open(key, start)  # type: ignore[misc]
        if key == ROOT and self.times:
            self.times -= 1
            self.replace(100 + self.times)
        return opened

    def replace(self, serial: int) -> None:
        """Publish another list, of another length."""
        entries = [RootEntry("p" * 90, NormalizedName("p"), serial)] * (20_000 + serial)
        self.now = root_json(entries, serial)
        self.put_bytes(ROOT, self.now)  # type: ignore[attr-defined]


class ReplacingFolder(Replacing, FilesystemStore):
    """A near store that does."""


class ReplacingFar(Replacing, MemoryStore):
    """A far store that does."""

    is_near: ClassVar[bool] = False


@pytest.mark.parametrize("kind", ["near", "far"])
def test_a_list_that_is_replaced_while_it_is_opened_is_the_new_one(kind: str, tmp_path: Path) -> None:
    store = ReplacingFolder(tmp_path / "index") if kind == "near" else ReplacingFar()
    store.times = 0
    store.replace(99)
    app = ReadPath(store, behind=behind)
    assert ask_app(app, "/simple/", accept=JSON).content == store.now
    store.times = 3
    found = ask_app(app, "/simple/", accept=JSON)
    assert found.content == store.now
    assert found.headers["x-pypi-last-serial"] == "100"
    assert int(found.headers["content-length"]) == len(found.content)


def test_a_list_that_never_stands_still_is_refused_for_now(tmp_path: Path) -> None:
    store = ReplacingFolder(tmp_path / "index")
    store.times = 0
    store.replace(99)
    store.times = 50
    assert ask_app(ReadPath(store, behind=behind), "/simple/", accept=JSON).status_code == 503


def test_twenty_readers_of_a_long_list_take_no_memory(long_root: tuple[FilesystemStore, bytes, bytes]) -> None:
    app = ReadPath(long_root[0], behind=behind)
    sent_bytes = 0

    async def read() -> None:
        async def receive() -> Message:
            await asyncio.Event().wait()
            raise AssertionError("Nobody sets that event.")

        async def send(message: Message) -> None:
            nonlocal sent_bytes
            sent_bytes += len(message.get("body", b""))
            await asyncio.sleep(0.01)

        scope = {
            "type": "http", "method": "GET", "path": "/simple/", "raw_path": b"/simple/", "query_string": b"",
            "headers": [(b"accept", JSON.encode())],
        }  # fmt: skip
        await app(scope, receive, send)

    async def read_together() -> None:
        await asyncio.gather(*(read() for _ in range(20)))

    tracemalloc.start()
    try:
        asyncio.run(read_together())
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert sent_bytes == 20 * len(long_root[1])
    # Each has a piece of 256 KiB in its hands, and the next.
    assert peak_bytes < 16 * 1024 * 1024 < sent_bytes / 4
