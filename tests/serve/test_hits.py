"""Answers that the server gives by itself: that it does, that they are the application's, and when it must not."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from hypothesis import given, settings
from hypothesis import strategies as st
from uvicorn.server import ServerState

from creamery.serve import hits as hits_module
from creamery.serve.app import ReadPath
from creamery.serve.messages import Receive, Scope, Send
from creamery.serve.protocol import HttpProtocol
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
                "Host: x",
                f"Accept: {JSON.decode()}",
                "Content-Length: 5",
                "",
                "hello" + "GET /x HTTP/1.1",
                "Host: x",
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
        for answers in (2, 1):
            wire = Wire(port)
            for _ in range(answers):
                get(wire)
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
        assert (hit.reply.status, hit.body) == (status, body)
        line, _, lines = hit.reply.head.partition(b"\r\n")
        assert line == f"HTTP/1.1 {status} {HTTPStatus(status).phrase}".encode()
        assert lines == b"".join(b"%b: %b\r\n" % header for header in answered)
    is_known = target in (PATH, b"/simple/", b"/+simple/flask/", b"/simple/fl%61sk/")
    is_usual = accept not in (b"image/png", ACCEPTS[-1]) and encoding != ENCODINGS[-1]
    assert (hit is not None) == (is_known and is_usual)


class Paper(asyncio.Transport):
    """A connection that takes everything and keeps it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.is_closed = False

    def write(self, data: Any) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return self.is_closed

    def close(self) -> None:
        self.is_closed = True

    def pause_reading(self) -> None:
        """Be told, and do nothing."""

    def resume_reading(self) -> None:
        """Be told, and do nothing."""


REQUESTS = {
    b"GET /simple/flask/ HTTP/1.1\r\nHost: x\r\nAccept: " + JSON + b"\r\n\r\n": b"200 json",
    b"GET /simple/flask/ HTTP/1.1\r\nHost: x\r\n\r\n": b"200 html",
    b"GET /simple/flask/ HTTP/1.1\r\nHost: x\r\nIf-None-Match: *\r\n\r\n": b"304 none",
    b"GET /simple/flask/ HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nGET / HTT": b"200 html",
    b"GET /simple/none/ HTTP/1.1\r\nHost: x\r\n\r\n": b"404 problem",
    b"\r\nGET /simple/flask/ HTTP/1.1\r\nHost: y\r\n\r\n": b"200 html",
    b"POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n": b"299 behind",
    b"GET /project/a/ HTTP/1.1\r\nHost: x\r\n\r\n": b"299 behind",
}


@settings(max_examples=150, deadline=None)
@given(asked=st.lists(st.sampled_from(list(REQUESTS)), min_size=2, max_size=12), data=st.data())
def test_requests_are_answered_alike_however_they_are_cut(asked: list[bytes], data: st.DataObject) -> None:
    """Whole ones are remembered and not parsed any more, which must not be mistaken for parts or several of them."""
    stream = b"".join(asked)
    ends = [sum(map(len, asked[:number])) for number in range(len(asked))]
    cuts = data.draw(st.sets(st.sampled_from(ends) | st.integers(0, len(stream)), max_size=14)) | {0, len(stream)}
    places = sorted(cuts)
    pieces = [stream[start:end] for start, end in pairwise(places)]
    assert asyncio.run(_feed(_the_app(), pieces, len(asked))) == [REQUESTS[one] for one in asked]


async def _feed(app: ReadPath, pieces: list[bytes], count: int) -> list[bytes]:
    """Give the protocol these pieces. Returns status and kind of each answer."""
    paper = Paper()
    settings = uvicorn.Config(app, http=HttpProtocol, log_config=None)
    settings.load()
    protocol = HttpProtocol(settings, ServerState(), {})
    protocol.connection_made(paper)
    for piece in pieces:
        protocol.data_received(piece)
        for _ in range(10):
            await asyncio.sleep(0)
    for _ in range(1000):
        if len(_read_answers(paper.written)) == count:
            break
        await asyncio.sleep(0)
    protocol.connection_lost(None)
    return _read_answers(paper.written)


def _read_answers(written: bytes) -> list[bytes]:
    answers = []
    while written:
        head, _, written = written.partition(b"\r\n\r\n")
        line, *fields = head.split(b"\r\n")
        headers = dict(field.lower().split(b": ", 1) for field in fields)
        written = written[int(headers.get(b"content-length", 0)) :]
        kinds = {JSON: b"json", b"text/html; charset=utf-8": b"html", b"application/problem+json": b"problem"}
        status = line.split()[1]
        kind = b"behind" if status == b"299" else kinds.get(headers.get(b"content-type", b""), b"none")
        answers.append(status + b" " + kind)
    return answers


def test_a_request_that_comes_again_word_for_word_is_not_parsed(counting: Counting, noted: Noted) -> None:
    request = b"GET /simple/flask/ HTTP/1.1\r\nHost: x\r\nAccept: " + JSON + b"\r\n\r\n"
    with connected(counting) as wire:
        whole = [get(wire) for _ in range(3)]
    hit = counting.app.hits.recall(request)
    assert hit is not None
    assert hit.body == whole[0][2] == whole[2][2]
    assert counting.app.hits.recall(request + request) is None
    assert len(noted.answers) == 4


@pytest.mark.parametrize("header", ["Authorization: Basic eDp5", "Cookie: a=b", "X: " + "y" * 1024])
def test_neither_secrets_nor_long_requests_are_remembered(counting: Counting, header: str) -> None:
    with connected(counting) as wire:
        get(wire), get(wire, header)
        assert get(wire, header)[0] == b"HTTP/1.1 200 OK"
    assert counting.requests == 1
    request = f"GET /simple/flask/ HTTP/1.1\r\nHost: x\r\nAccept: {JSON.decode()}\r\n{header}\r\n\r\n"
    assert counting.app.hits.recall(request.encode()) is None


def test_a_large_page_is_sent_by_the_kernel_and_stays_what_it_was(
    counting: Counting, folder_index: FilesystemStore, told: list[int]
) -> None:
    key = keys.simple_project(keys.DEFAULT_INDEX, "flask", "json")
    content = read_document(folder_index, "flask", "json") + b" " * 200_000
    with connected(counting) as wire:
        for number in range(3):
            changed = content + b"%d" % number
            put_document(folder_index, key, changed)
            assert [get(wire)[2] for _ in range(4)] == [changed] * 4
    assert len(told) == 9, "the first answer of each is the application's"
    assert sum(told) > 3 * len(content)


def test_large_pages_are_kept_open_only_while_they_are_kept(folder_index: FilesystemStore, noted: Noted) -> None:
    app = ReadPath(folder_index, behind=behind, observe=noted, cache_bytes=1_000_000)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for number in range(20):
        key = keys.simple_project(keys.DEFAULT_INDEX, f"p{number}", "json")
        put_document(folder_index, key, b"%d" % number + b" " * 200_000)
        ask_app(app, f"/simple/p{number}/", accept=JSON.decode())
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 6


def test_no_more_is_remembered_than_there_is_room_for(app: ReadPath, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hits_module, "MOST_KNOWN", 10)
    ask_app(app, "/simple/flask/", accept=JSON.decode())
    for number in range(100):
        assert app.hits.find(PATH, [(b"accept", JSON + b";a=%d" % number)])
        assert len(app.hits._known) <= 10
    hit = app.hits.find(PATH, [(b"accept", JSON)])
    assert hit is not None
    monkeypatch.setattr(hits_module, "MOST_REMEMBERED", 10)
    for number in range(100):
        app.hits.remember(b"%d" % number, hit)
        assert app.hits.recall(b"%d" % number) == hit
        assert len(app.hits._remembered) <= 10


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
