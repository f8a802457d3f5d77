"""Files that the kernel sends: whole, in order, to slow clients too, and never a byte more or fewer than was said."""

import asyncio
import os
import socket
import ssl
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from creamery.serve.app import ReadPath
from creamery.serve.messages import SENDFILE_EXTENSION, Receive, Scope, Send
from creamery.serve.sendfile import find_socket
from creamery.storage import keys
from creamery.storage.filesystem import FilesystemStore
from tests.serve.conftest import DIGEST, WHEEL_NAME, WHEEL_PATH, serving
from tests.serve.test_protocol import Wire

CONTENT = bytes(range(251)) * 40_000
PATH = WHEEL_PATH.replace(WHEEL_NAME, "large.whl")


@pytest.fixture
def large(folder_index: FilesystemStore) -> Path:
    key = keys.public_file(keys.DEFAULT_INDEX, DIGEST, "large.whl")
    folder_index.put_bytes(key, CONTENT)
    return folder_index.local_path(key)


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
def test_a_file_goes_out_whole_and_the_connection_lives_on(
    app: ReadPath, large: Path, told: list[int], loop: str
) -> None:
    with serving(app, loop=loop) as port, closing(Wire(port)) as wire:
        for lines, expected in (((), CONTENT), (("Range: bytes=1000000-",), CONTENT[1_000_000:])):
            wire.send(f"GET {PATH} HTTP/1.1", "Host: x", *lines)
            _, headers = wire.read_head()
            assert wire.read_body(int(headers["content-length"])) == expected
        wire.send("GET /simple/flask/ HTTP/1.1", "Host: x")
        assert wire.read_head()[0] == b"HTTP/1.1 200 OK"
    assert sum(told) == len(CONTENT) * 2 - 1_000_000


def test_a_client_that_reads_slowly_gets_all_of_it_and_holds_up_nobody(app: ReadPath, large: Path) -> None:
    with serving(app) as port, closing(socket.socket()) as slow, closing(Wire(port)) as other:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect(("127.0.0.1", port))
        slow.sendall(f"GET {PATH} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        time.sleep(0.2)
        began = time.monotonic()
        for _ in range(20):
            other.send("GET /simple/flask/ HTTP/1.1", "Host: x")
            _, headers = other.read_head()
            other.read_body(int(headers["content-length"]))
        assert time.monotonic() - began < 1
        received = bytearray()
        while piece := slow.recv(65_536):
            received += piece
    assert received.partition(b"\r\n\r\n")[2] == CONTENT


def test_requests_that_wait_behind_a_file_come_after_it(app: ReadPath, large: Path) -> None:
    with serving(app) as port, closing(Wire(port)) as wire:
        request = f"GET {PATH} HTTP/1.1\r\nHost: x\r\n\r\n"
        wire.send(request * 3 + "GET /simple/flask/ HTTP/1.1", "Host: x")
        for _ in range(3):
            _, headers = wire.read_head()
            assert wire.read_body(int(headers["content-length"])) == CONTENT
        assert wire.read_head()[0] == b"HTTP/1.1 200 OK"


def test_a_file_that_ends_early_cuts_the_connection(
    app: ReadPath, large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real: Any = os.sendfile

    def cut_it(*args: Any) -> int:
        with large.open("r+b") as file:
            file.truncate(200_000)
        sent_bytes: int = real(*args)
        return sent_bytes

    monkeypatch.setattr(os, "sendfile", cut_it)
    with serving(app) as port, closing(Wire(port)) as wire:
        wire.send(f"GET {PATH} HTTP/1.1", "Host: x")
        wire.read_head()
        assert wire.read_body(200_000) == CONTENT[:200_000]
        assert wire.is_closed()


def test_a_client_that_takes_nothing_and_leaves_is_noticed(app: ReadPath, large: Path) -> None:
    large.write_bytes(CONTENT * 4)
    with serving(app) as port:
        before = count_open()
        wire = Wire(port)
        wire.send(f"GET {PATH} HTTP/1.1", "Host: x")
        wire.read_head()
        time.sleep(0.2)
        assert count_open() >= before + 4, "both ends, the file, and the socket beside the transport's"
        wire.close()
        deadline = time.monotonic() + 5
        while count_open() > before and time.monotonic() < deadline:
            time.sleep(0.02)
        assert count_open() <= before


def count_open() -> int:
    """Count what this process holds open."""
    return len(list(Path("/proc/self/fd").iterdir()))


def test_not_offered_through_tls() -> None:
    class Socket:
        def fileno(self) -> int:
            return 7

    class Transport(asyncio.Transport):
        def get_extra_info(self, name: str, default: object = None) -> object:
            return {"socket": Socket(), "sslcontext": context}.get(name)

    context: ssl.SSLContext | None = None
    assert find_socket(Transport()) == 7
    context = ssl.create_default_context()
    assert find_socket(Transport()) is None


def test_offered_to_any_application_of_the_server() -> None:
    async def tell(scope: Scope, receive: Receive, send: Send) -> None:
        body = b"yes" if SENDFILE_EXTENSION in scope["extensions"] else b"no"
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"3")]})
        await send({"type": "http.response.body", "body": body})

    with serving(tell) as port, closing(Wire(port)) as wire:
        wire.send("GET / HTTP/1.1", "Host: x")
        wire.read_head()
        assert wire.read_body(3) == b"yes"
