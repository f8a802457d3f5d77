"""What a client may send before it is answered is bounded in size and time."""

import socket
import time
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest

from creamery.serve.app import ReadPath
from creamery.serve.head_limits import LONGEST_HEAD_BYTES, LONGEST_TARGET_BYTES, MOST_HEADERS
from creamery.serve.protocol import HttpProtocol
from creamery.storage.filesystem import FilesystemStore
from tests.serve.conftest import behind, fill_index, serving

HEAD_SECONDS = 0.6
GET = b"GET /simple/flask/ HTTP/1.1\r\nhost: x\r\n"


class ImpatientProtocol(HttpProtocol):
    """The protocol, with less patience."""

    _head_seconds = HEAD_SECONDS


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Run a server that waits for nobody for long."""
    store = FilesystemStore(tmp_path_factory.mktemp("index"))
    fill_index(store)
    with serving(ReadPath(store, behind=behind), http=ImpatientProtocol, timeout_keep_alive=60) as port:
        yield port


def hear(port: int, *pieces: bytes, pause: float = 0.0) -> bytes:
    """Send pieces with pauses between them; read until the server ends the connection."""
    with closing(socket.create_connection(("127.0.0.1", port), timeout=10)) as wire:
        heard = b""
        # It may end while we are still sending.
        with suppress(ConnectionResetError, BrokenPipeError):
            for piece in pieces:
                wire.sendall(piece)
                time.sleep(pause)
        with suppress(ConnectionResetError):
            while piece := wire.recv(65536):
                heard += piece
        return heard


@pytest.mark.parametrize(
    ("beginning", "trickle"),
    [
        (b"", b"\r\n"),
        (b"GET /simple/fla", b"s"),
        (GET, b"x: y\r\n"),
        (GET + b"accept: ", b"a"),
        (GET + b"\r\n", b"\r\n"),
        (GET + b"\r\n" + GET, b"x: y\r\n"),
        (b"GET /none HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n", b"z"),
    ],
    ids=["nothing", "line", "headers", "value", "after an answer", "second request", "body that nobody reads"],
)
def test_a_client_that_trickles_is_ended(port: int, beginning: bytes, trickle: bytes) -> None:
    begun = time.monotonic()
    heard = hear(port, beginning, *[trickle] * 200, pause=0.05)
    assert time.monotonic() - begun < 4 * HEAD_SECONDS + 2
    if b"flask" in heard or b"299" in heard:
        heard = heard[heard.rindex(b"HTTP/1.1") :]
    assert heard[:12] in {b"", b"HTTP/1.1 408", b"HTTP/1.1 200", b"HTTP/1.1 299"}, heard


def test_a_client_that_says_nothing_is_ended(port: int) -> None:
    begun = time.monotonic()
    assert hear(port) == b""
    assert HEAD_SECONDS / 2 < time.monotonic() - begun < 4 * HEAD_SECONDS


def test_a_client_that_asks_now_and_then_is_answered_each_time(port: int) -> None:
    with closing(socket.create_connection(("127.0.0.1", port), timeout=10)) as wire:
        for _ in range(6):
            wire.sendall(GET + b"\r\n")
            assert wire.recv(65536).startswith(b"HTTP/1.1 200")
            time.sleep(HEAD_SECONDS / 2)


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /" + b"a" * (LONGEST_TARGET_BYTES + 1) + b" HTTP/1.1\r\nhost: x\r\n\r\n", b"414"),
        (b"GET /?" + b"a" * (LONGEST_TARGET_BYTES + 1) + b" HTTP/1.1\r\nhost: x\r\n\r\n", b"414"),
        (GET + b"x: y\r\n" * (MOST_HEADERS + 1) + b"\r\n", b"431"),
        (GET + b"x: " + b"y" * LONGEST_HEAD_BYTES + b"\r\n\r\n", b"431"),
        (GET + b"x" * LONGEST_HEAD_BYTES + b": y\r\n\r\n", b"431"),
        (GET + b"x: " + b"y" * 40_000 + b"\r\nz: " + b"y" * 40_000 + b"\r\n\r\n", b"431"),
    ],
    ids=["path", "query", "many", "value", "name", "together"],
)
def test_a_head_that_is_too_large_is_refused(port: int, head: bytes, status: bytes) -> None:
    for step in (len(head), 20_000):
        heard = hear(port, *[head[start : start + step] for start in range(0, len(head), step)], pause=0.001)
        # What was still on its way when the connection ended may have swept the answer away.
        assert heard == b"" or heard.startswith(b"HTTP/1.1 " + status), heard[:100]
    assert hear(port, head).startswith(b"HTTP/1.1 " + status)


def test_headers_without_end_are_refused_before_they_fill_the_memory(port: int) -> None:
    sent = 0
    with (
        closing(socket.create_connection(("127.0.0.1", port), timeout=10)) as wire,
        suppress(ConnectionResetError, BrokenPipeError),
    ):
        wire.sendall(GET)
        for _ in range(1000):
            wire.sendall(b"x: " + b"y" * 10_000 + b"\r\n")
            sent += 10_000
            time.sleep(0.002)
    assert sent < 4_000_000, "it took them all"


@pytest.mark.parametrize("head", [GET + b"x: y\r\n" * (MOST_HEADERS - 2), GET + b"x: " + b"y" * 60_000 + b"\r\n"])
def test_a_head_within_the_limits_is_answered(port: int, head: bytes) -> None:
    assert hear(port, head + b"connection: close\r\n\r\n").startswith(b"HTTP/1.1 200")


def test_what_cannot_be_read_never_lands_in_another_answer(port: int) -> None:
    """The reader of the first answer would take it for a part of that."""
    heard = hear(port, b"GET /none HTTP/1.1\r\nhost: x\r\n\r\n\x00\x01garbage\r\n\r\n")
    assert heard.count(b"HTTP/1.1") <= 1
    assert b"Invalid" not in heard or heard.startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /simple/flask/ HTTP/1.1\r\n", b"400"),
        (b"GET /simple/flask/ HTTP/1.1\r\nhost: x\r\nhost: y\r\n", b"400"),
        (b"GET /simple/flask/ HTTP/1.0\r\nhost: x\r\nHost: x\r\n", b"400"),
        (b"GET /simple/flask/ HTTP/1.0\r\n", b"200"),
        (b"GET /simple/flask/ HTTP/1.1\r\nhost:\r\n", b"200"),
    ],
    ids=["none", "two", "twice in 1.0", "none in 1.0", "empty"],
)
def test_a_request_names_one_host(port: int, head: bytes, status: bytes) -> None:
    """RFC 9112, section 3.2."""
    for _ in range(2):
        assert hear(port, head + b"connection: close\r\n\r\n").startswith(b"HTTP/1.1 " + status)
