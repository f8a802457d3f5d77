"""A write to a far store is posted for the readers of this machine, after it is done."""

from collections.abc import Callable
from pathlib import Path

import pytest

from creamery.storage.keys import BlobKey
from creamery.storage.memory import MemoryStore
from creamery.storage.notice import Notice, NoticedStore
from creamery.storage.store import NoSuchBlob

KEY, OTHER = BlobKey("public/a"), BlobKey("public/b")


@pytest.fixture
def notice(tmp_path: Path) -> Notice:
    """Give a notice that nothing was posted on."""
    return Notice(tmp_path / "written")


def test_every_write_is_posted_and_no_read_is(notice: Notice, tmp_path: Path) -> None:
    store = NoticedStore(MemoryStore(), notice)
    (tmp_path / "file").write_bytes(b"x")
    writes: list[Callable[[], None]] = [
        lambda: store.put_bytes(KEY, b"1"),
        lambda: store.put_file(KEY, tmp_path / "file"),
        lambda: store.copy(KEY, OTHER),
        lambda: store.delete(OTHER),
    ]
    seen = {notice.read()}
    for write in writes:
        write()
        assert notice.read() not in seen
        seen.add(notice.read())
    assert store.read(KEY) == b"x"
    with store.open(KEY) as stream:
        assert stream.read() == b"x"
    assert (store.stat(KEY).size_bytes, list(store.list("public/")), store.local_path(KEY)) == (1, [KEY], None)
    assert store.sweep_incoming(1) == 0
    assert notice.read() in seen


def test_a_write_that_failed_is_not_posted(notice: Notice) -> None:
    store = NoticedStore(MemoryStore(), notice)
    with pytest.raises(NoSuchBlob):
        store.copy(KEY, OTHER)
    assert notice.read() == 0


def test_another_process_sees_it(notice: Notice, tmp_path: Path) -> None:
    before = notice.read()
    Notice(tmp_path / "written").post()
    assert notice.read() != before
