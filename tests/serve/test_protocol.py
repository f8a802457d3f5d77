"""The HTTP protocol on the wire: reason phrases, connections that live on, pipelines, and what is not HTTP."""

import re
import socket
import time
from collections.abc import Callable
from contextlib import closing

import pytest

from creamery.serve.app import ReadPath
from creamery.serve.messages import Receive, Scope, Send
from creamery.storage import keys
from creamery.storage.store import BlobStore
from tests.serve.conftest import DIGEST, METADATA, WHEEL, WHEEL_NAME, WHEEL_PATH, Noted, serving

HEAD_LIMIT = 65_536


class Wire:
    """One connection, byte by byte."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._rest = b""

    def close(self) -> None:
        self._socket.close()

    def send(self, *lines: str | bytes) -> None:
        raw = [line if isinstance(line, bytes) else line.encode() for line in lines]
        self._socket.sendall(b"\r\n".join(raw) + b"\r\n\r\n")

    def read_head(self) -> tuple[bytes, dict[str, str]]:
        while b"\r\n\r\n" not in self._rest:
            piece = self._socket.recv(HEAD_LIMIT)
            assert piece, f"The connection ended: {self._rest!r}"
            self._rest += piece
        head, _, self._rest = self._rest.partition(b"\r\n\r\n")
        line, *fields = head.split(b"\r\n")
        headers = dict(field.decode().lower().split(": ", 1) for field in fields)
        return line, headers

    def read_body(self, size_bytes: int) -> bytes:
        while len(self._rest) < size_bytes:
            piece = self._socket.recv(HEAD_LIMIT)
            assert piece, "The connection ended within a body."
            self._rest += piece
        body, self._rest = self._rest[:size_bytes], self._rest[size_bytes:]
        return body

    def is_closed(self) -> bool:
        return not self._rest and not self._socket.recv(1)


@pytest.fixture
def connect(port: int, request: pytest.FixtureRequest) -> Callable[[], Wire]:
    def open_wire() -> Wire:
        wire = Wire(port)
        request.addfinalizer(wire.close)
        return wire

    return open_wire


def test_refusals_say_why_in_their_reason_phrase(connect: Callable[[], Wire]) -> None:
    """PD-04"""
    wire = connect()
    wire.send("GET /simple/absent/ HTTP/1.1", "Host: x")
    line, headers = wire.read_head()
    assert line == b"HTTP/1.1 404 This index has no project named absent."
    assert b'"status":404' in wire.read_body(int(headers["content-length"]))
    wire.send("GET /simple/flask/ HTTP/1.1", "Host: x")
    assert wire.read_head()[0] == b"HTTP/1.1 200 OK", "A reason belongs to one answer."


@pytest.mark.parametrize(
    ("reason", "line"),
    [
        (b"Plain words", b"HTTP/1.1 400 Plain words"),
        (b"a\r\nset-cookie: x", b"HTTP/1.1 400 a??set-cookie: x"),
        ("é".encode(), b"HTTP/1.1 400 ??"),
        (b"x" * 500, b"HTTP/1.1 400 " + b"x" * 200),
        (b"", b"HTTP/1.1 400 Bad Request"),
    ],
)
def test_a_reason_from_any_application_stays_on_its_line(reason: bytes, line: bytes) -> None:
    async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
        assert "creamery.reason" in scope["extensions"]
        await send({"type": "http.response.start", "status": 400, "headers": [(b"x-a", b"b")], "reason": reason})
        await send({"type": "http.response.body", "body": b"why", "more_body": False})

    with serving(refuse) as port, closing(Wire(port)) as wire:
        wire.send("GET / HTTP/1.1", "Host: x")
        found, headers = wire.read_head()
        assert found == line
        assert headers["x-a"] == "b"
        assert wire.read_body(8) == b"3\r\nwhy\r\n"


def test_one_connection_serves_many_requests(connect: Callable[[], Wire]) -> None:
    wire = connect()
    for _ in range(3):
        wire.send(f"GET {WHEEL_PATH}.metadata HTTP/1.1", "Host: x")
        line, headers = wire.read_head()
        assert line == b"HTTP/1.1 200 OK"
        assert wire.read_body(int(headers["content-length"])) == METADATA


def test_requests_sent_ahead_are_answered_in_order(connect: Callable[[], Wire]) -> None:
    wire = connect()
    requests = [
        ("GET /simple/flask/ HTTP/1.1", 200),
        ("HEAD /simple/flask/ HTTP/1.1", 200),
        (f"GET {WHEEL_PATH} HTTP/1.1\r\nRange: bytes=5-14", 206),
        ("GET /simple/absent/ HTTP/1.1", 404),
        ("GET /simple/Flask/ HTTP/1.1", 301),
        ("GET /simple/flask/ HTTP/1.1\r\nIf-None-Match: *", 304),
        ("GET /project/flask/ HTTP/1.1", 299),
        (f"GET {WHEEL_PATH} HTTP/1.1", 200),
    ]
    wire.send(*(f"{request}\r\nHost: x\r\n" for request, _ in requests[:-1]), f"{requests[-1][0]}\r\nHost: x")
    bodies = []
    for request, status in requests:
        line, headers = wire.read_head()
        assert int(line.split()[1]) == status, request
        size_bytes = 0 if request.startswith("HEAD") or status == 304 else int(headers["content-length"])
        bodies.append(wire.read_body(size_bytes))
    assert bodies[2] == WHEEL[5:15]
    assert bodies[-1] == WHEEL


@pytest.mark.parametrize(
    "request_line", ["GET /simple/flask/ HTTP/1.0", "GET /simple/flask/ HTTP/1.1\r\nConnection: close"]
)
def test_a_client_that_wants_the_connection_closed_gets_it_closed(
    connect: Callable[[], Wire], request_line: str
) -> None:
    wire = connect()
    wire.send(request_line, "Host: x")
    line, headers = wire.read_head()
    assert (line, headers["connection"]) == (b"HTTP/1.1 200 OK", "close")
    wire.read_body(int(headers["content-length"]))
    assert wire.is_closed()


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET /simple/\xff\xfe/ HTTP/1.1",
        b"GET /simple/%ff/ HTTP/1.1",
        b"GET /simple/%zz/ HTTP/1.1",
        b"GET /simple/\x00/ HTTP/1.1",
        b"GET /simple/../../etc/passwd HTTP/1.1",
        b"GET /simple/" + b"a" * 60_000 + b"/ HTTP/1.1",
        b"GET * HTTP/1.1",
        b"OPTIONS * HTTP/1.1",
        b"GET http://x/simple/absent/ HTTP/1.1",
        b"GET http://x HTTP/1.1",
        b"GET simple/flask/ HTTP/1.1",
        b"CONNECT x:80 HTTP/1.1",
        b"BREW /simple/flask/ HTTP/1.1",
        b"GET /simple/flask/ HTTP/9.9",
        b"GET /simple/flask/\x7f HTTP/1.1",
        b"\x16\x03\x01\x02\x00\x01",
    ],
    ids=lambda line: ascii(line[:30]),
)
def test_what_is_hardly_http_is_refused_and_breaks_nothing(connect: Callable[[], Wire], request_line: bytes) -> None:
    wire = connect()
    wire.send(request_line, "Host: x")
    line, _headers = wire.read_head()
    status = int(line.split()[1])
    assert 299 <= status < 500, line
    after = connect()
    after.send("GET /simple/flask/ HTTP/1.1", "Host: x")
    assert after.read_head()[0] == b"HTTP/1.1 200 OK"


def test_a_download_that_began_stays_whole_when_the_file_is_taken_away(
    connect: Callable[[], Wire], index: BlobStore, tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = WHEEL * 12
    key = keys.public_file(keys.DEFAULT_INDEX, DIGEST, "large.whl")
    index.put_bytes(key, content)
    wire = connect()
    wire.send(f"GET {WHEEL_PATH.replace(WHEEL_NAME, 'large.whl')} HTTP/1.1", "Host: x")
    line, headers = wire.read_head()
    assert line == b"HTTP/1.1 200 OK"
    begun = wire.read_body(100_000)
    index.delete(key)
    assert begun + wire.read_body(int(headers["content-length"]) - 100_000) == content


def test_a_client_that_hangs_up_ends_the_reading(port: int, index: BlobStore, noted: Noted, app: ReadPath) -> None:
    content = WHEEL * 200
    index.put_bytes(keys.public_file(keys.DEFAULT_INDEX, DIGEST, "large.whl"), content)
    with closing(Wire(port)) as wire:
        wire.send(f"GET {WHEEL_PATH.replace(WHEEL_NAME, 'large.whl')} HTTP/1.1", "Host: x")
        wire.read_body(100_000)
    deadline = time.monotonic() + 10
    while not noted.answers and time.monotonic() < deadline:
        time.sleep(0.01)
    assert noted.answers[0][:2] == ("file", 200)
    assert noted.answers[0][2] < len(content)


def test_every_answer_has_the_headers_of_its_kind_once(connect: Callable[[], Wire]) -> None:
    wire = connect()
    wire.send("HEAD /simple/flask/ HTTP/1.1", "Host: x")
    line, headers = wire.read_head()
    assert re.fullmatch(rb"HTTP/1\.1 \d{3} [\x20-\x7e]+", line)
    assert {"date", "etag", "vary", "cache-control", "content-type", "content-length", "x-pypi-last-serial"} <= set(
        headers
    )
