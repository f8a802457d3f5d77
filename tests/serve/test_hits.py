"""Answers that the server gives by itself: that it does, that they are the application's, and when it must not."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from creamery.serve import hits as hits_module
from creamery.serve.app import ReadPath
from creamery.serve.hits import Hit
from creamery.serve.messages import Receive, Scope, Send
from creamery.storage import keys
from creamery.storage.filesystem import FilesystemStore
from creamery.storage.memory import MemoryStore
from tests.serve.conftest import (
    SERIAL,
    Noted,
    ask_app,
    behind,
    call,
    fill_index,
    put_document,
    put_project,
    read_document,
    serving,
)
from tests.serve.test_protocol import Wire

JSON = b"application/vnd.pypi.simple.v1+json"
PATH = b"/simple/flask/"
ACCEPTS = [JSON, b"text/html", b"*/*", b"text/html;q=0.1, " + JSON, b"image/png", b"", JSON + b"x" * 600]
ENCODINGS = [b"gzip", b"zstd, gzip;q=0.5", b"identity", b"br", b"", b"gzip" + b" " * 600]
TARGETS = [
    PATH, b"/simple/", b"/simple/absent/", b"/simple/Flask/", b"/simple/flask", b"/simple/flask/?format=" + JSON, b"/+simple/flask/",
    b"//simple/flask/", b"http://idx.example/simple/flask/", b"/simple/fl%61sk/", b"/project/flask/", b"*",
]  # fmt: skip


class Counting:
    """Stands around the read path, as uvicorn's own middleware does, and counts what comes through."""

    def __init__(self, app: ReadPath) -> None:
        self.app = app
        self.requests = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.requests += 1
        await self.app(scope, receive, send)


class FarStore(MemoryStore):
    """A store that is not near: it is not asked on every request."""

    is_near = False


@pytest.fixture
def counting(app: ReadPath) -> Counting:
    return Counting(app)


@contextmanager
def connected(app: Counting) -> Iterator[Wire]:
    with serving(app) as port:
        wire = Wire(port)
        try:
            yield wire
        finally:
            wire.close()


def get(wire: Wire, *headers: str, path: str = "/simple/flask/") -> tuple[bytes, dict[str, str], bytes]:
    wire.send(f"GET {path} HTTP/1.1", "Host: x", f"Accept: {JSON.decode()}", *headers)
    line, found = wire.read_head()
    return line, found, wire.read_body(int(found.get("content-length", 0)))


def test_what_was_answered_before_does_not_reach_the_application(
    counting: Counting, folder_index: FilesystemStore, noted: Noted
) -> None:
    with connected(counting) as wire:
        first, second, third = get(wire), get(wire), get(wire)
    assert counting.requests == 1
    assert first == second == third
    assert second[2] == read_document(folder_index, "flask", "json")
    assert noted.answers == [("simple", 200, len(second[2]))] * 3


def test_a_change_is_seen_by_the_next_request(counting: Counting, folder_index: FilesystemStore) -> None:
    with connected(counting) as wire:
        get(wire), get(wire)
        put_project(folder_index, "flask", serial=SERIAL + 1)
        assert get(wire)[1]["x-pypi-last-serial"] == str(SERIAL + 1)
        assert get(wire)[1]["x-pypi-last-serial"] == str(SERIAL + 1)
        assert counting.requests == 2, "The new document was answered from what lies ready again."
        key = keys.simple_project(keys.DEFAULT_INDEX, "flask", "json")
        folder_index.delete(key)
        assert get(wire)[0].startswith(b"HTTP/1.1 404 ")


def test_a_client_that_has_the_page_is_told_so(counting: Counting, noted: Noted) -> None:
    with connected(counting) as wire:
        etag = get(wire)[1]["etag"]
        line, headers, body = get(wire, f"If-None-Match: {etag}")
        assert (line, body, headers["etag"]) == (b"HTTP/1.1 304 Not Modified", b"", etag)
        assert get(wire, 'If-None-Match: "other"')[0] == b"HTTP/1.1 200 OK"
    assert counting.requests == 1
    assert [status for _, status, _ in noted.answers] == [200, 304, 200]


@pytest.mark.parametrize(
    "lines",
    [
        ("HEAD /simple/flask/ HTTP/1.1",),
        ("GET /simple/flask/ HTTP/1.1", "Connection: close"),
        ("GET /simple/flask/ HTTP/1.0",),
        ("GET /simple/flask/ HTTP/1.1", 'If-Match: "x"'),
        ("GET /simple/flask/ HTTP/1.1", "Expect: 100-continue"),
        ("GET /simple/flask/ HTTP/1.1", "Accept: text/html", "Accept: */*"),
        ("GET /simple/flask/?format=text/html HTTP/1.1",),
        ("POST /simple/flask/ HTTP/1.1", "Content-Length: 0"),
    ],
    ids=" ".join,
)
def test_what_is_not_plain_is_the_applications(counting: Counting, lines: tuple[str, ...]) -> None:
    with connected(counting) as wire:
        for accept in (JSON.decode(), "*/*", "text/html"):
            ask_app(counting.app, "/simple/flask/", accept=accept)
        wire.send(*lines, "Host: x")
        wire.read_head()
    assert counting.requests == 1


def test_a_body_that_nobody_wants_does_not_upset_the_next_request(counting: Counting) -> None:
    with connected(counting) as wire:
        get(wire)
        for _ in range(2):
            wire.send(
                "GET /simple/flask/ HTTP/1.1",
                f"Accept: {JSON.decode()}",
                "Content-Length: 5",
                "",
                "hello" + "GET /x HTTP/1.1",
            )
            assert wire.read_head()[0] == b"HTTP/1.1 200 OK"
            wire.read_body(len(get_body(counting.app)))
            _, headers = wire.read_head()
            assert wire.read_body(int(headers["content-length"])) == b"behind GET /x"


def test_hits_and_others_that_are_sent_ahead_are_answered_in_order(counting: Counting) -> None:
    paths = [
        "/simple/flask/",
        "/project/a/",
        "/simple/flask/",
        "/simple/flask/",
        "/simple/Flask/",
        "/simple/flask/",
    ] * 5
    with connected(counting) as wire:
        get(wire)
        wire.send("\r\n\r\n".join(f"GET {path} HTTP/1.1\r\nHost: x\r\nAccept: {JSON.decode()}" for path in paths))
        for path in paths:
            line, headers = wire.read_head()
            wire.read_body(int(headers["content-length"]))
            assert int(line.split()[1]) == {"/project/a/": 299, "/simple/Flask/": 301}.get(path, 200), path


def test_a_client_that_asks_without_reading_is_made_to_wait(folder_index: FilesystemStore, counting: Counting) -> None:
    """Only so much is written ahead; the rest waits for the application, which waits for the client."""
    content = read_document(folder_index, "flask", "json") + b" " * 100_000
    put_document(folder_index, keys.simple_project(keys.DEFAULT_INDEX, "flask", "json"), content)
    count = 600
    with connected(counting) as wire:
        assert get(wire)[2] == content
        request = f"GET /simple/flask/ HTTP/1.1\r\nHost: x\r\nAccept: {JSON.decode()}"
        wire.send("\r\n\r\n".join([request] * count))
        time.sleep(0.3)
        assert counting.requests > 1, "Nothing waited."
        for _ in range(count):
            _, headers = wire.read_head()
            assert wire.read_body(int(headers["content-length"])) == content


def test_a_connection_that_is_quiet_after_a_hit_is_closed(counting: Counting) -> None:
    with serving(counting, timeout_keep_alive=1) as port:
        wire = Wire(port)
        get(wire), get(wire)
        assert counting.requests == 1
        assert wire.is_closed()
        wire.close()


def test_where_requests_are_counted_against_a_limit_all_go_to_the_application(counting: Counting) -> None:
    with serving(counting, limit_concurrency=50) as port:
        wire = Wire(port)
        get(wire), get(wire)
        wire.close()
    assert counting.requests == 2


@settings(max_examples=300, deadline=None)
@given(
    target=st.sampled_from(TARGETS),
    accept=st.none() | st.sampled_from(ACCEPTS),
    encoding=st.none() | st.sampled_from(ENCODINGS),
    condition=st.sampled_from([None, b"*", b'"x"', b"the-etag", b'W/the-etag, "x"']),
)
def test_a_hit_is_word_for_word_what_the_application_answers(
    target: bytes, accept: bytes | None, encoding: bytes | None, condition: bytes | None
) -> None:
    given = {b"accept": accept, b"accept-encoding": encoding}
    headers = [(name, value) for name, value in given.items() if value is not None]
    app = _the_app()
    first = asyncio.run(_answer(app, target, headers))
    if condition is not None:
        headers.append((b"if-none-match", condition.replace(b"the-etag", dict(first[1]).get(b"etag", b'"y"'))))
    hit = app.hits.find(target, headers)
    if hit is not None:
        status, answered, body = asyncio.run(_answer(app, target, headers))
        assert hit == Hit(status, b"".join(b"%b: %b\r\n" % header for header in answered), body)
    is_known = target in (PATH, b"/simple/", b"/+simple/flask/", b"/simple/fl%61sk/")
    is_usual = accept not in (b"image/png", ACCEPTS[-1]) and encoding != ENCODINGS[-1]
    assert (hit is not None) == (is_known and is_usual)


def test_no_more_is_remembered_than_there_is_room_for(app: ReadPath, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hits_module, "MOST_KNOWN", 10)
    ask_app(app, "/simple/flask/", accept=JSON.decode())
    for number in range(100):
        assert app.hits.find(PATH, [(b"accept", JSON + b";a=%d" % number)])
        assert len(app.hits._known) <= 10


def test_of_a_far_store_a_hit_is_a_second_old_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    store = FarStore()
    fill_index(store)
    app = ReadPath(store, behind=behind)
    headers = [(b"accept", JSON)]
    ask_app(app, "/simple/flask/", accept=JSON.decode())
    assert app.hits.find(PATH, headers)
    for fresh in (
        (b"cache-control", b"no-cache"),
        (b"authorization", b"Basic eDp5"),
        (b"cookie", b"a=b"),
        (b"pragma", b"no-cache"),
    ):
        assert app.hits.find(PATH, [*headers, fresh]) is None
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 1.1)
    assert app.hits.find(PATH, headers) is None


def test_a_store_that_is_away_is_left_to_the_application(app: ReadPath, folder_index: FilesystemStore) -> None:
    ask_app(app, "/simple/flask/", accept=JSON.decode())
    assert app.hits.find(PATH, [(b"accept", JSON)])
    folder_index.root.rename(folder_index.root.with_name("away"))
    assert app.hits.find(PATH, [(b"accept", JSON)]) is None
    assert ask_app(app, "/simple/flask/", accept=JSON.decode()).status_code == httpx.codes.SERVICE_UNAVAILABLE


def get_body(app: ReadPath) -> bytes:
    return ask_app(app, "/simple/flask/", accept=JSON.decode()).content


_made: list[ReadPath] = []


def _the_app() -> ReadPath:
    """Keep one read path over a store in memory for all examples."""
    if not _made:
        store = MemoryStore()
        fill_index(store)
        _made.append(ReadPath(store, behind=behind))
    return _made[0]


async def _answer(
    app: ReadPath, target: bytes, headers: list[tuple[bytes, bytes]]
) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    path, _, query = target.partition(b"?")
    scope = {
        "type": "http",
        "method": "GET",
        "path": path.decode(),
        "raw_path": path,
        "query_string": query,
        "headers": headers,
    }
    start, *bodies = await call(app, scope, [])
    return start["status"], start["headers"], b"".join(message.get("body", b"") for message in bodies)
