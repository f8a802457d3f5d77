"""The read path as a whole: what it hands on, what it does when its store fails, and other stores than a folder."""

import asyncio
import logging
import threading
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from creamery.serve.app import ReadPath
from creamery.serve.messages import Message, Receive, Scope, Send
from creamery.serve.protocol import HttpProtocol
from creamery.spec.tombstones import tombstone_json
from creamery.storage import keys, s3
from creamery.storage.filesystem import FilesystemStore
from creamery.storage.memory import MemoryStore
from creamery.storage.open_store import open_store
from creamery.storage.store import BlobStore, StoreUnavailable
from tests.real.object_store import ObjectStore
from tests.serve.conftest import (
    DIGEST,
    METADATA,
    SERIAL,
    WHEEL,
    WHEEL_NAME,
    WHEEL_PATH,
    Ask,
    Noted,
    ask_app,
    behind,
    call,
    fill_index,
    put_project,
)

JSON = "application/vnd.pypi.simple.v1+json"
REQUEST: Message = {"type": "http.request", "body": b"", "more_body": False}
READS = ["/simple/", "/simple/flask/", "/simple/absent/", WHEEL_PATH, f"{WHEEL_PATH}.metadata"]


def scope_of(path: str, method: str = "GET", **more: Any) -> Scope:
    return {"type": "http", "method": method, "path": path, "headers": [], "query_string": b"", **more}


@pytest.mark.parametrize(
    "path", ["/", "/project/flask/", "/legacy/", "/manage/projects/", "/blobs/ab/cd/ef", "/public/x"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_everything_else_goes_behind_as_it_came(ask: Ask, path: str, method: str) -> None:
    assert ask(path, method).text == f"behind {method} {path}"


@pytest.mark.parametrize("kind", ["lifespan", "websocket"])
def test_what_is_not_http_goes_behind(app: ReadPath, kind: str) -> None:
    seen = []

    async def note(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])

    asyncio.run(call(ReadPath(MemoryStore(), behind=note), {"type": kind, "path": "/simple/"}, []))
    assert seen == [kind]


def test_a_server_that_gives_no_raw_path_is_understood(app: ReadPath) -> None:
    """ASGI makes raw_path optional."""
    for scope in (scope_of("/simple/flask/"), scope_of("/simple/flask/", raw_path=b"/simple/flask/?x=1")):
        assert asyncio.run(call(app, scope, [REQUEST]))[0]["status"] == 200
    assert asyncio.run(call(app, scope_of("/simple/é/"), [REQUEST]))[0]["status"] == 404


def test_repeated_headers_count_together(app: ReadPath) -> None:
    headers = [(b"accept", JSON.encode()), (b"accept", b"text/html;q=0.1")]
    start = asyncio.run(call(app, scope_of("/simple/flask/", headers=headers), [REQUEST]))[0]
    assert (b"content-type", JSON.encode()) in start["headers"]


def test_reasons_are_only_given_to_servers_that_carry_them(app: ReadPath) -> None:
    """PD-04"""
    plain = asyncio.run(call(app, scope_of("/simple/absent/"), [REQUEST]))[0]
    assert "reason" not in plain
    scope = scope_of("/simple/absent/", extensions={"creamery.reason": {}})
    assert asyncio.run(call(app, scope, [REQUEST]))[0]["reason"] == b"This index has no project named absent."


@pytest.mark.parametrize("path", READS)
def test_a_store_that_is_gone_is_503_and_never_404(
    ask: Ask, folder_index: FilesystemStore, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Installers take 404 as leave to look in the next index. PD-01, PD-02"""
    ask(path)
    gone = folder_index.root.rename(folder_index.root.with_name("unmounted"))
    folder_index.root.mkdir()
    with caplog.at_level(logging.ERROR):
        answer = ask(path)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.headers["content-type"] == "application/problem+json"
    assert "unavailable" in caplog.text
    folder_index.root.rmdir()
    gone.rename(folder_index.root)
    assert ask(path).status_code in (200, 404)


def test_reads_go_on_while_what_stands_behind_fails(folder_index: FilesystemStore) -> None:
    async def fail(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("The database is gone.")

    app = ReadPath(folder_index, behind=fail)
    with pytest.raises(RuntimeError):
        ask_app(app, "/project/flask/")
    assert [ask_app(app, path).status_code for path in READS] == [200, 200, 404, 200, 200]


HOSTILE = [
    "/simple/../../etc/passwd",
    "/simple/..%2f..%2fetc%2fpasswd",
    "/simple/%2e%2e/%2e%2e/blobs/",
    "/simple/flask%00/",
    "/simple/%ff%fe/",
    "/simple/" + "a" * 5000 + "/",
    "/simple/" + "%61" * 5000 + "/",
    "/simple/.root/index.html",
    f"/packages/../../blobs/{DIGEST[:2]}/{DIGEST[2:4]}/{DIGEST[4:]}",
    WHEEL_PATH.replace(WHEEL_NAME, "..%2f..%2f..%2f..%2f..%2fsecret"),
    WHEEL_PATH.replace(WHEEL_NAME, "a" * 300),
    WHEEL_PATH.replace(WHEEL_NAME, "%00"),
    WHEEL_PATH.replace(WHEEL_NAME, "CON.%0d%0aSet-Cookie:x"),
    "/simple/%0d%0aLocation:%20x/",
]


@pytest.mark.parametrize("path", HOSTILE, ids=lambda path: path[:40])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_path_that_plays_tricks_finds_nothing(
    ask: Ask, folder_index: FilesystemStore, path: str, method: str
) -> None:
    (folder_index.root.parent / "secret").write_text("secret")
    answer = ask(path, method)
    assert answer.status_code in (400, 404, 414, 299)
    assert "secret" not in answer.text.replace(path, "")
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("version", ["%2e%2e", ".5", "%2e", "..%2f..%2fx", "%00", "1" * 300, "%ff"])
def test_a_version_that_can_be_no_key_is_left_to_who_stands_behind(ask: Ask, index: BlobStore, version: str) -> None:
    index.put_bytes(keys.json_project(keys.DEFAULT_INDEX, "flask"), b'{"meta":{"_last-serial":7,"api-version":"1.4"}}')
    assert ask(f"/pypi/flask/{version}/json").status_code == 299


def test_what_the_json_api_has_not_yet_of_a_project_is_made_behind(ask: Ask, index: BlobStore) -> None:
    """JS-01, MR-02: a mirror that asks for a new project before its document is written must not be told 404."""
    page = keys.simple_project(keys.DEFAULT_INDEX, "flask", "json")
    assert [ask(path).status_code for path in ("/pypi/flask/json", "/pypi/absent/json")] == [299, 404]
    index.put_bytes(page, tombstone_json(SERIAL + 1))
    index.delete(keys.variant(page, "gzip"))
    index.delete(keys.variant(page, "zstd"))
    assert ask("/pypi/flask/json").status_code == 404


@pytest.mark.parametrize("query", ["a=%0d%0aSet-Cookie:x", "x" * 5000, "%", "?&=", "format=%00"])
def test_a_query_that_plays_tricks_only_travels_along(ask: Ask, query: str) -> None:
    answer = ask(f"/simple/Flask/?{query}")
    assert answer.status_code == 301
    assert answer.headers["location"].startswith("/simple/flask/?")
    assert "set-cookie" not in answer.headers


def test_control_bytes_in_a_query_are_encoded_in_the_redirect(app: ReadPath) -> None:
    start = asyncio.run(call(app, scope_of("/simple/Flask/", query_string=b"a\r\nb: c\xff"), [REQUEST]))[0]
    assert (b"location", b"/simple/flask/?a%0D%0Ab:%20c%FF") in start["headers"]


def test_memory_stays_flat_while_a_large_file_is_sent(tmp_path: Path) -> None:
    size_bytes = 200 * 1024 * 1024
    (tmp_path / "large").touch()
    with (tmp_path / "large").open("r+b") as file:
        file.truncate(size_bytes)
    store = FilesystemStore(tmp_path / "blobs")
    store.put_file(keys.public_file(keys.DEFAULT_INDEX, DIGEST, WHEEL_NAME), tmp_path / "large")
    noted = Noted()
    app = ReadPath(store, behind=behind, observe=noted)

    async def download() -> None:
        async def receive() -> Message:
            await asyncio.Event().wait()
            raise AssertionError("Nobody sets that event.")

        async def send(message: Message) -> None:
            """Take it and keep nothing."""

        await app(scope_of(WHEEL_PATH), receive, send)

    tracemalloc.start()
    try:
        asyncio.run(download())
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert noted.answers == [("file", 200, size_bytes)]
    assert peak_bytes < 4 * 1024 * 1024


def test_a_client_that_goes_away_ends_the_reading(app: ReadPath, noted: Noted) -> None:
    asyncio.run(call(app, scope_of(WHEEL_PATH), [REQUEST, {"type": "http.disconnect"}]))
    assert [answer[:2] for answer in noted.answers] == [("file", 200)]
    assert noted.answers[0][2] < len(WHEEL)


def test_a_file_that_ends_early_is_never_sent_as_whole(tmp_path: Path) -> None:
    """The disk lost the tail between asking for the size and reading."""
    store = FilesystemStore(tmp_path / "blobs")
    key = keys.public_file(keys.DEFAULT_INDEX, DIGEST, WHEEL_NAME)
    store.put_bytes(key, WHEEL)
    sent: list[Message] = []

    async def download() -> None:
        async def send(message: Message) -> None:
            sent.append(message)
            with store.local_path(key).open("r+b") as file:
                file.truncate(1000)

        async def receive() -> Message:
            await asyncio.Event().wait()
            raise AssertionError("Nobody sets that event.")

        await ReadPath(store, behind=behind)(scope_of(WHEEL_PATH), receive, send)

    with pytest.raises(StoreUnavailable):
        asyncio.run(download())
    assert sent[0]["status"] == 200
    assert all(message["more_body"] for message in sent[1:])


def test_a_memory_store_is_read_as_it_is_now() -> None:
    store = MemoryStore()
    fill_index(store)
    app = ReadPath(store, behind=behind)
    assert ask_app(app, "/simple/flask/", accept=JSON).headers["x-pypi-last-serial"] == str(SERIAL)
    put_project(store, "flask", SERIAL + 1)
    assert ask_app(app, "/simple/flask/", accept=JSON).headers["x-pypi-last-serial"] == str(SERIAL + 1)


@pytest.mark.need("object-store")
def test_a_bucket_is_read_like_a_folder(object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """SC-04 and the design: a new upload is seen at once by clients with credentials, by others within a second."""
    monkeypatch.setattr(s3, "READ_SECONDS", 0.5)
    store = open_store(object_store.create_url())
    fill_index(store)
    app = ReadPath(store, behind=behind)
    page = ask_app(app, "/simple/flask/", accept=JSON, accept_encoding="gzip")
    assert (page.json()["name"], page.headers["content-encoding"]) == ("flask", "gzip")
    assert ask_app(app, "/simple/flask/", if_none_match="*").status_code == 304
    assert ask_app(app, "/simple/absent/").status_code == 404
    assert ask_app(app, WHEEL_PATH).content == WHEEL
    assert ask_app(app, WHEEL_PATH, range="bytes=-100").content == WHEEL[-100:]
    assert ask_app(app, f"{WHEEL_PATH}.metadata").content == METADATA
    put_project(store, "flask", SERIAL + 1)
    for headers in ({"authorization": "Basic eDp5"}, {"cache_control": "no-cache"}):
        seen = ask_app(app, "/simple/flask/", accept=JSON, accept_encoding="gzip", **headers)
        assert seen.headers["x-pypi-last-serial"] == str(SERIAL + 1)
    object_store.pause()
    try:
        answers = [ask_app(app, path, cache_control="no-cache").status_code for path in ("/simple/flask/", WHEEL_PATH)]
    finally:
        object_store.resume()
    assert answers == [503, 503]
    assert ask_app(app, "/simple/flask/", cache_control="no-cache").status_code == 200
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("s3transfer")]


def test_the_pinned_server_still_has_what_the_protocol_leans_on() -> None:
    import uvicorn

    assert uvicorn.__version__ == "0.54.0", "Read uvicorn's changes, run the protocol tests, then move this pin."
    assert {"on_message_begin", "_start_asgi_task"} <= set(HttpProtocol.__dict__)
