"""What every store promises, asked of all three."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from creamery.spec.digests import Sha256
from creamery.storage import keys
from creamery.storage.keys import BlobKey, InvalidKey
from creamery.storage.store import BlobStore, NoSuchBlob

KEY = BlobKey("public/simple/flask/index.json")
OTHER = BlobKey("public/simple/django/index.json")
LARGE_BYTES = 40 * 1024 * 1024
"""Enough for several parts of a multipart upload."""


def test_many_are_put_whatever_their_content_is(store: BlobStore, tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(b"wheel")
    store.put_bytes(KEY, b"held")
    names = [BlobKey(f"public/{name}") for name in ("bytes", "file", "copy")]
    store.put_many(dict(zip(names, (b"plain", path, KEY), strict=True)))
    assert [store.read(name) for name in names] == [b"plain", b"wheel", b"held"]
    store.put_many({})


def test_many_appear_in_their_order_and_whoever_is_asked_between_may_stop_it(store: BlobStore) -> None:
    names = [BlobKey(f"public/simple/{name}") for name in ("b", "a", "c")]
    seen: list[set[BlobKey]] = []

    def before_each() -> None:
        seen.append(set(store.list("public/")))
        if len(seen) == 3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        store.put_many(dict.fromkeys(names, b"x"), before_each=before_each)
    assert seen == [set(), {names[0]}, {names[0], names[1]}]
    assert set(store.list("public/")) == {names[0], names[1]}


def test_many_cannot_be_put_where_one_content_is_absent(store: BlobStore) -> None:
    with pytest.raises(NoSuchBlob):
        store.put_many({OTHER: BlobKey("blobs/absent")})
    with pytest.raises(NoSuchBlob):
        store.stat(OTHER)


def test_what_was_put_is_read_back(store: BlobStore) -> None:
    content = bytes(range(256)) * 17
    store.put_bytes(KEY, content)
    assert store.read(KEY) == content
    assert store.stat(KEY).size_bytes == len(content)


def test_nothing_at_all_is_content_too(store: BlobStore) -> None:
    store.put_bytes(KEY, b"")
    assert store.read(KEY) == b""
    assert store.stat(KEY).size_bytes == 0


def test_putting_again_replaces_content_and_version(store: BlobStore) -> None:
    store.put_bytes(KEY, b"old")
    before = store.stat(KEY)
    store.put_bytes(KEY, b"new")
    assert store.read(KEY) == b"new"
    assert store.stat(KEY).version != before.version


def test_a_blob_left_alone_keeps_its_version(store: BlobStore) -> None:
    store.put_bytes(KEY, b"same")
    before = store.stat(KEY)
    store.put_bytes(OTHER, b"other")
    assert store.read(KEY) == b"same"
    assert store.stat(KEY) == before


def test_the_time_of_a_blob_is_when_it_was_put(store: BlobStore) -> None:
    store.put_bytes(KEY, b"now")
    assert abs(store.stat(KEY).modified_at - datetime.now(UTC)) < timedelta(seconds=5)


@pytest.mark.parametrize("size_bytes", [0, 3, LARGE_BYTES])
def test_a_file_is_put_whole_and_stays_where_it_is(store: BlobStore, tmp_path: Path, size_bytes: int) -> None:
    content = (b"creamery" * (size_bytes // 8 + 1))[:size_bytes]
    path = tmp_path / "upload"
    path.write_bytes(content)
    store.put_file(KEY, path)
    assert store.stat(KEY).size_bytes == size_bytes
    assert sha256(store.read(KEY)).digest() == sha256(content).digest()
    assert path.read_bytes() == content


def test_a_stored_file_outlives_the_file_it_came_from(store: BlobStore, tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(b"wheel")
    store.put_file(KEY, path)
    path.unlink()
    assert store.read(KEY) == b"wheel"


def test_putting_the_same_file_twice_is_fine(store: BlobStore, tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(b"wheel")
    store.put_file(KEY, path)
    store.put_file(KEY, path)
    assert store.read(KEY) == b"wheel"


def test_a_file_that_is_not_there_cannot_be_put(store: BlobStore, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        store.put_file(KEY, tmp_path / "absent")


@pytest.mark.parametrize(("start", "rest"), [(0, b"0123456789"), (4, b"456789"), (9, b"9"), (10, b""), (99, b"")])
def test_reading_begins_at_the_byte_asked_for(store: BlobStore, start: int, rest: bytes) -> None:
    store.put_bytes(KEY, b"0123456789")
    with store.open(KEY, start) as stream:
        assert stream.read() == rest


def test_a_stream_is_read_in_pieces_to_its_end(store: BlobStore) -> None:
    store.put_bytes(KEY, b"x" * 200_000)
    total = 0
    with store.open(KEY, 1) as stream:
        while piece := stream.read(65_536):
            assert len(piece) <= 65_536
            total += len(piece)
    assert total == 199_999


def test_a_copy_has_the_content_and_a_life_of_its_own(store: BlobStore) -> None:
    store.put_bytes(KEY, b"content")
    store.copy(KEY, OTHER)
    store.put_bytes(KEY, b"changed")
    assert store.read(OTHER) == b"content"
    store.delete(KEY)
    assert store.read(OTHER) == b"content"


def test_a_copy_replaces_what_was_there(store: BlobStore) -> None:
    store.put_bytes(KEY, b"new")
    store.put_bytes(OTHER, b"old")
    before = store.stat(OTHER)
    store.copy(KEY, OTHER)
    store.copy(KEY, OTHER)
    assert store.read(OTHER) == b"new"
    assert store.stat(OTHER).version != before.version


def test_an_absent_blob_is_named_in_the_refusal(store: BlobStore) -> None:
    store.put_bytes(BlobKey("public/simple/flask"), b"a blob where a folder could be")
    for key in (KEY, BlobKey("public"), BlobKey("public/simple"), OTHER):
        for ask in (store.stat, store.read, store.open):
            with pytest.raises(NoSuchBlob, match=key):
                ask(key)
        with pytest.raises(NoSuchBlob, match=key):
            store.copy(key, BlobKey("elsewhere"))


def test_a_deleted_blob_is_gone_and_may_be_deleted_again(store: BlobStore) -> None:
    store.put_bytes(KEY, b"content")
    store.delete(KEY)
    store.delete(KEY)
    with pytest.raises(NoSuchBlob):
        store.read(KEY)
    store.put_bytes(KEY, b"again")
    assert store.read(KEY) == b"again"


def test_listing_finds_exactly_the_keys_under_a_prefix(store: BlobStore) -> None:
    wanted = [f"public/simple/project-{number}/index.{form}" for number in range(3) for form in ("json", "html")]
    root = str(keys.simple_root(keys.DEFAULT_INDEX, "json"))
    for key in (*wanted, root, "public/packages/aa/x.whl", "blobs/aa/bb"):
        store.put_bytes(BlobKey(key), b"x")
    assert sorted(store.list("public/simple/")) == sorted([*wanted, root])
    assert sorted(store.list("public/simple/project-1")) == [wanted[3], wanted[2]]
    assert list(store.list("absent/")) == []
    assert len(list(store.list(""))) == len(wanted) + 3


UNFIT = ["", "/etc/hostname", "../x", "a/../../x", "a/./b", "a//b", "a/", "a\0b", "a\nb", "a\\..\\b", "a/\udcff"]
UNFIT += [".incoming/x", "a/.hidden", "x" * 256, "a/" * 450 + "a"]


@pytest.mark.parametrize("text", UNFIT, ids=ascii)
def test_a_key_that_climbs_or_fits_nowhere_is_refused_by_every_verb(
    store: BlobStore, tmp_path: Path, text: str
) -> None:
    key = BlobKey(text)
    path = tmp_path / "upload"
    path.write_bytes(b"x")
    store.put_bytes(KEY, b"x")
    for ask in (store.stat, store.read, store.open, store.delete, store.local_path):
        with pytest.raises(InvalidKey):
            ask(key)
    writes: list[Callable[[], None]] = [
        lambda: store.put_bytes(key, b"x"),
        lambda: store.put_file(key, path),
        lambda: store.copy(KEY, key),
        lambda: store.copy(key, KEY),
    ]
    for write in writes:
        with pytest.raises(InvalidKey):
            write()
    assert list(store.list("")) == [KEY]


def test_every_key_that_is_ever_built_fits_every_store(store: BlobStore) -> None:
    digest = Sha256("ab" * 32)
    filename = "long_" + "x" * 180 + "-1.0+local.1-py3-none-any.whl"
    place = keys.IndexPlace("i/some-organization/some-index")
    built = [
        keys.blob(digest),
        keys.public_file(place, digest, filename),
        keys.public_metadata(place, digest, filename),
        keys.simple_project(place, "flask", "json"),
        keys.variant(keys.simple_root(place, "html"), "zstd"),
        keys.rendered_readme(digest),
    ]
    for key in built:
        store.put_bytes(key, key.encode())
    assert {key: store.read(key) for key in store.list("")} == {key: key.encode() for key in built}


def test_readers_see_the_old_content_or_the_new_and_never_a_part(store: BlobStore) -> None:
    """Readers run without pause while the blob is replaced; each content is one byte repeated, lengths differ."""
    contents = [bytes([letter]) * (20_000 + letter * 100) for letter in b"abcdefgh"]
    store.put_bytes(KEY, contents[0])
    done = threading.Event()

    def read_until_done() -> int:
        reads = 0
        while not done.is_set() or not reads:
            assert store.read(KEY) in contents
            with store.open(KEY) as stream:
                assert b"".join(iter(lambda: stream.read(4096), b"")) in contents
            reads += 1
        return reads

    with ThreadPoolExecutor(3) as pool:
        readers = [pool.submit(read_until_done) for _ in range(3)]
        try:
            for content in contents * 8:
                store.put_bytes(KEY, content)
                assert store.read(KEY) == content
        finally:
            done.set()
        assert sum(reader.result() for reader in readers) >= 3


def test_writers_of_one_key_leave_one_whole_content(store: BlobStore, tmp_path: Path) -> None:
    def write(number: int) -> bytes:
        content = b"%d" % number * 5000
        path = tmp_path / str(number)
        path.write_bytes(content)
        (store.put_bytes(KEY, content) if number % 2 else store.put_file(KEY, path))
        return content

    with ThreadPoolExecutor(4) as pool:
        contents = list(pool.map(write, range(16)))
    assert store.read(KEY) in contents
    assert list(store.list("")) == [KEY]


def test_sweeping_leaves_finished_blobs_alone(store: BlobStore) -> None:
    store.put_bytes(KEY, b"content")
    assert store.sweep_incoming(0) == 0
    assert store.read(KEY) == b"content"
