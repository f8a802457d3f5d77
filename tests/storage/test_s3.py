"""What a store in a bucket promises besides: bounded waits, and a missing bucket told from a missing object."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from creamery.storage import s3
from creamery.storage.keys import BlobKey
from creamery.storage.open_store import open_store
from creamery.storage.s3 import S3Place, S3Store
from creamery.storage.store import BlobStore, StoreUnavailable
from tests.real.object_store import ObjectStore

KEY = BlobKey("public/simple/flask/index.json")


def store_at(port: int) -> S3Store:
    place = S3Place(
        bucket="b", endpoint_url=f"http://127.0.0.1:{port}", region="r", access_key="key", secret_key="secret"
    )
    return S3Store(place)


def list_calls(store: BlobStore, path: Path) -> list[Callable[[], object]]:
    path.write_bytes(b"x")
    return [
        lambda: store.stat(KEY),
        lambda: store.read(KEY),
        lambda: store.open(KEY),
        lambda: store.delete(KEY),
        lambda: list(store.list("")),
        lambda: store.put_bytes(KEY, b"x"),
        lambda: store.put_file(KEY, path),
        lambda: store.copy(KEY, KEY),
        lambda: store.sweep_incoming(0),
    ]


@pytest.mark.need("object-store")
def test_a_missing_bucket_is_unavailable_and_not_an_absent_blob(object_store: ObjectStore, tmp_path: Path) -> None:
    """S3 answers 404 to HEAD in both cases; installers would take that as leave to look in the next index."""
    store = open_store(object_store.url("no-such-bucket"))
    calls = list_calls(store, tmp_path / "upload")
    for call in (*calls[:3], calls[4], calls[7]):
        with pytest.raises(StoreUnavailable):
            call()


@pytest.mark.need("object-store")
def test_wrong_credentials_are_unavailable_and_not_an_absent_blob(object_store: ObjectStore, tmp_path: Path) -> None:
    url = object_store.create_url().replace("creamery-test", "somebody")
    for call in list_calls(open_store(url), tmp_path / "upload"):
        with pytest.raises(StoreUnavailable):
            call()


def test_a_closed_port_is_unavailable_soon(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
    for call in list_calls(store_at(port), tmp_path / "upload"):
        begun = time.monotonic()
        with pytest.raises(StoreUnavailable):
            call()
        assert time.monotonic() - begun < 10


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A server that takes connections and never answers."""
    with closing(socket.create_server(("127.0.0.1", 0), backlog=64)) as server:
        yield server.getsockname()[1]


def test_a_store_that_never_answers_is_given_up(silent_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "READ_SECONDS", 0.2)
    begun = time.monotonic()
    with pytest.raises(StoreUnavailable):
        store_at(silent_port).stat(KEY)
    assert time.monotonic() - begun < 5


def test_a_body_that_breaks_off_is_unavailable_and_never_a_short_blob() -> None:
    """Each connection promises a hundred bytes, sends three and hangs up."""
    with closing(socket.create_server(("127.0.0.1", 0), backlog=64)) as server:
        served = threading.Thread(target=_break_off, args=(server, s3.ATTEMPTS), daemon=True)
        served.start()
        with pytest.raises(StoreUnavailable):
            store_at(server.getsockname()[1]).read(KEY)
        served.join(5)
    assert not served.is_alive(), "The read was not tried again."


def _break_off(server: socket.socket, times: int) -> None:
    for _ in range(times):
        connection, _address = server.accept()
        with connection:
            connection.recv(65_536)
            connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\nETag: "x"\r\n\r\nabc')


@pytest.mark.need("object-store")
def test_unfinished_multipart_uploads_are_swept(object_store: ObjectStore) -> None:
    bucket = object_store.create_bucket()
    store = open_store(object_store.url(bucket, "prefix"))
    assert isinstance(store, S3Store)
    client = store._client
    client.create_multipart_upload(Bucket=bucket, Key="prefix/blobs/half")
    client.create_multipart_upload(Bucket=bucket, Key="other/blobs/half")
    assert store.sweep_incoming(3600) == 0
    time.sleep(1.1)
    assert store.sweep_incoming(0) == 1
    left = client.list_multipart_uploads(Bucket=bucket).get("Uploads", [])
    assert [upload["Key"] for upload in left] == ["other/blobs/half"]


@pytest.mark.need("object-store")
def test_prefixes_of_one_bucket_do_not_see_each_other(object_store: ObjectStore) -> None:
    bucket = object_store.create_bucket()
    one, two = (open_store(object_store.url(bucket, prefix)) for prefix in ("one", "two"))
    one.put_bytes(KEY, b"one")
    two.put_bytes(KEY, b"two")
    assert (one.read(KEY), two.read(KEY)) == (b"one", b"two")
    assert list(one.list("")) == [KEY]
    assert sorted(open_store(object_store.url(bucket)).list("")) == [f"one/{KEY}", f"two/{KEY}"]


@pytest.mark.need("object-store")
def test_a_store_that_stands_still_and_goes_on_is_used_again(
    object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3, "READ_SECONDS", 0.5)
    store = open_store(object_store.create_url())
    store.put_bytes(KEY, b"kept")
    object_store.pause()
    try:
        with pytest.raises(StoreUnavailable):
            store.stat(KEY)
    finally:
        object_store.resume()
    assert store.read(KEY) == b"kept"
