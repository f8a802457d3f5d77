"""
Readers that mean no good, against a real server: never an error of ours, never a byte from outside of the store.

Slow heads are in tests/serve/test_head_limits.py, where waiting takes less long.
"""

import json
import resource
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress

import psutil
import pytest

from tests.factories import make_upload
from tests.faults.wire import get, send_upload
from tests.real.distributions import Distribution
from tests.real.running_index import RunningIndex

JSON = "application/vnd.pypi.simple.v1+json"
MEBIBYTE = 1024 * 1024
LARGE_BYTES = 24 * MEBIBYTE
ANSWERED_SECONDS = 2.0
TARGETS = [
    "/simple/../../secret", "/simple/..%2f..%2fsecret", "/simple/%2e%2e/%2e%2e/secret", "/simple/..%5c..%5csecret",
    "/simple/%252e%252e%252fsecret", "/simple/flask%00/", "/simple/%00", "/simple/flask/index.json", "/simple/.root/",
    "/simple/.root/index.json", "/simple//", "/simple///etc/passwd", "//etc/passwd", "/simple/\\..\\..\\secret", "/simple/%ff%fe/",
    "/simple/%", "/simple/%zz/", "/simple/" + "a" * 4000 + "/", "/simple/" + "%61" * 1500 + "/", "/simple/%c0%ae%c0%ae/",
    "/packages/../../../secret", "/packages/00/00/" + "0" * 60 + "/../../../../../../secret", "/packages/..%2f..%2fsecret",
    "/packages/00/00/" + "0" * 60 + "/%2e%2e%2f%2e%2e%2fsecret", "/packages/00/00/" + "0" * 60 + "/" + "a" * 5000,
    "/packages/00/00/" + "0" * 60 + "/a%00b.whl", "/packages/00/00/" + "0" * 60 + "/.incoming", "/blobs/", "/public/simple/",
    "/+simple/../secret", "/pypi/../json", "/pypi/%2e%2e%2f/json", "/pypi/flask/%2e%2e/json", "/pypi/flask/..%2f..%2f/json",
    "/pypi/" + "a" * 3000 + "/json", "/rss/project/..%2f/releases.xml", "/rss/project/%00/releases.xml", "/99999999999.sitemap.xml",
    "/static/../settings.py", "/static/%2e%2e/%2e%2e/settings.py", "/static/..%2fsettings.py", "/static//etc/passwd",
    "http://elsewhere.example/simple/../../secret", "http://elsewhere.example", "ftp://x/simple/", "simple/", "*", "?", "#", "/simple/#a",
    "/simple/?" + "a=b&" * 1500, "/search/?q=" + "%00" * 50, "/search/?q=%ff", "/search/?page=" + "9" * 500, "/search/?q=" + "a" * 3000,
    "/project/%00/", "/project/" + "a" * 3000 + "/", "/project/..%2f../", "/health/live/../../secret", "/metrics/../secret",
    "/simple/flask\t/", "/simple/\x7f/", "/simple/é/", "/simple/flask/?format=" + "x" * 2000,
]  # fmt: skip
RANGES = [
    "bytes=" + ",".join(f"{n}-{n}" for n in range(4000)), "bytes=" + "0-," * 3000, "bytes=0-1,0-1,0-1,0-1", "bytes=5-2", "bytes=--5",
    "bytes=0-" + "9" * 400, "bytes=" + "9" * 400 + "-", "bytes=-" + "9" * 400, "bytes=-0", "bytes=-", "bytes", "bytes=", "x=0-1",
    "bytes=0-0,-1", "bytes=1-0x10", "bytes= 0 - 1 ", "bytes=99999999999-", "bytes=-1-2", "bytes=\x0b1-2", "bytes=\u0661-\u0662",
]  # fmt: skip
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n"
REQUESTS = {
    "TE and CL": b"POST /simple/ HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"
    + SMUGGLED,
    "CL twice": b"POST /simple/ HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\ncontent-length: 38\r\n\r\n" + SMUGGLED,
    "CL list": b"POST /simple/ HTTP/1.1\r\nhost: x\r\ncontent-length: 0, 38\r\n\r\n" + SMUGGLED,
    "CL signed": b"POST /simple/ HTTP/1.1\r\nhost: x\r\ncontent-length: +38\r\n\r\n" + SMUGGLED,
    "CL hexadecimal": b"POST /simple/ HTTP/1.1\r\nhost: x\r\ncontent-length: 0x26\r\n\r\n" + SMUGGLED,
    "CL huge": b"POST /simple/ HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999999999999999\r\n\r\n" + SMUGGLED,
    "TE twice": b"POST /simple/ HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ntransfer-encoding: x\r\n\r\n0\r\n\r\n"
    + SMUGGLED,
    "TE obscured": b"POST /simple/ HTTP/1.1\r\nhost: x\r\ntransfer-encoding: xchunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n"
    + SMUGGLED,
    "TE with blank": b"POST /simple/ HTTP/1.1\r\nhost: x\r\ntransfer-encoding : chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "chunk size": b"POST /simple/ HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\n"
    + SMUGGLED,
    "chunk size signed": b"POST /simple/ HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n-1\r\n" + SMUGGLED,
    "bare LF in headers": b"GET /simple/ HTTP/1.1\nhost: x\ncontent-length: 38\n\n" + SMUGGLED,
    "bare CR": b"GET /simple/ HTTP/1.1\r\nhost: x\r\na: b\rcontent-length: 38\r\n\r\n" + SMUGGLED,
    "folded": b"GET /simple/ HTTP/1.1\r\nhost: x\r\na: b\r\n content-length: 38\r\n\r\n" + SMUGGLED,
    "blank before colon": b"GET /simple/ HTTP/1.1\r\nhost : x\r\n\r\n" + SMUGGLED,
    "NUL in value": b"GET /simple/ HTTP/1.1\r\nhost: x\r\na: b\x00c\r\n\r\n" + SMUGGLED,
    "NUL in target": b"GET /simple/\x00 HTTP/1.1\r\nhost: x\r\n\r\n" + SMUGGLED,
    "no version": b"GET /simple/\r\n\r\n" + SMUGGLED,
    "other version": b"GET /simple/ HTTP/9.9\r\nhost: x\r\n\r\n" + SMUGGLED,
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + SMUGGLED,
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
    "CONNECT": b"CONNECT elsewhere.example:443 HTTP/1.1\r\nhost: x\r\n\r\n" + SMUGGLED,
    "unknown method": b"SPLICE /simple/ HTTP/1.1\r\nhost: x\r\n\r\n" + SMUGGLED,
    "empty header name": b"GET /simple/ HTTP/1.1\r\nhost: x\r\n: y\r\n\r\n" + SMUGGLED,
}
PARTED_OTHERWISE = {"unknown method", "TE obscured", "no version"}
"""These have one meaning to every reader, or end the connection; whether they are refused is a matter of taste."""


@pytest.fixture(scope="module")
def index(running_index: RunningIndex) -> RunningIndex:
    """Publish something small and something large; leave something beside the store that nobody may read."""
    token = running_index.create_publisher("ada")
    for what in (make_upload("flask"), make_upload(Distribution(name="large", size_bytes=LARGE_BYTES))):
        assert send_upload(running_index.port, token, what).status == 200
    (running_index.data / "blobs" / "secret").write_text("nobody may read this")
    return running_index


def exchange(port: int, request: bytes, seconds: float = 8.0) -> bytes:
    """Send bytes, then say that nothing more comes; read to the end, or for so long."""
    heard = b""
    with (
        closing(socket.create_connection(("127.0.0.1", port), timeout=seconds)) as wire,
        suppress(ConnectionResetError, BrokenPipeError, TimeoutError),
    ):
        wire.sendall(request)
        while piece := wire.recv(65536):
            heard += piece
    return heard


def statuses(heard: bytes) -> list[int]:
    """List the statuses of the answers."""
    lines = [line for line in heard.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]
    return [int(line.split()[1]) for line in lines]


def assert_harmless(index: RunningIndex, heard: bytes) -> None:
    """No error of ours, and nothing that lies outside of what is served."""
    assert all(status < 500 for status in statuses(heard)), heard[:500]
    secret = (index.data / "secret").read_bytes().strip()
    for forbidden in (b"nobody may read", b"root:x:", b"SQLite format", secret, b"Traceback"):
        assert forbidden not in heard, heard[:500]


@pytest.fixture
def unmoved(index: RunningIndex) -> Iterator[None]:
    """Afterwards the server is the same one, answers, and has logged no error."""
    log_bytes = index.log.stat().st_size
    yield
    assert index.process is not None
    assert index.process.poll() is None
    assert get(index.port, "/simple/flask/", accept=JSON).status == 200
    logged = index.log.read_bytes()[log_bytes:]
    assert b"Traceback" not in logged, logged[-3000:]
    assert b" error " not in logged, logged[-3000:]


@pytest.mark.usefixtures("unmoved")
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
def test_targets_lead_nowhere_else(index: RunningIndex, method: str) -> None:
    for target in TARGETS:
        raw = target.encode()
        heard = exchange(index.port, b"%b %b HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n" % (method.encode(), raw))
        assert_harmless(index, heard)
        assert len(statuses(heard)) == 1, (target, heard[:300])


@pytest.mark.usefixtures("unmoved")
def test_absurd_ranges_are_answered_or_refused(index: RunningIndex) -> None:
    path = json.loads(get(index.port, "/simple/flask/", accept=JSON).body)["files"][0]["url"]
    whole = get(index.port, path).body
    for wanted in RANGES:
        request = f"GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nrange: {wanted}\r\n\r\n".encode()
        heard = exchange(index.port, request)
        assert statuses(heard)[0] in {200, 206, 400, 416}, (wanted[:50], heard[:200])
        head, _, body = heard.partition(b"\r\n\r\n")
        assert len(body) <= len(whole), wanted[:50]
        if statuses(heard)[0] in {200, 206}:
            assert body in whole, wanted[:50]
            assert b"multipart" not in head


@pytest.mark.usefixtures("unmoved")
@pytest.mark.parametrize("case", REQUESTS)
def test_requests_that_two_readers_may_part_differently_are_not_answered_twice(index: RunningIndex, case: str) -> None:
    begun = time.monotonic()
    heard = exchange(index.port, REQUESTS[case])
    assert_harmless(index, heard)
    assert b"/smuggled" not in heard, heard[:500]
    if case not in PARTED_OTHERWISE:
        assert statuses(heard) in ([], [400], [501], [505]), heard[:500]
    assert time.monotonic() - begun < 7.5, "the connection stays open"


@contextmanager
def many_files(count: int) -> Iterator[int]:
    """Let this process open so many files, or as many as it may. Says how many."""
    before, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + 500 if most == resource.RLIM_INFINITY else min(count + 500, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(wanted, before), most))
    try:
        yield min(count, max(wanted, before) - 500)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (before, most))


def memory_bytes(index: RunningIndex) -> int:
    """Say how much memory the server has."""
    assert index.process is not None
    one = psutil.Process(index.process.pid)
    return sum(process.memory_info().rss for process in (one, *one.children(recursive=True)))


@pytest.mark.soak
@pytest.mark.usefixtures("unmoved")
def test_idle_connections_cost_little_and_hold_up_nobody(
    index: RunningIndex, full_numbers: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """Half of them have been answered and stay, half have never said a word."""
    request = b"GET /simple/flask/ HTTP/1.1\r\nhost: x\r\n\r\n"
    with many_files(5000 if full_numbers else 1000) as count, ExitStack() as stack:
        before = memory_bytes(index)
        begun = time.monotonic()
        for number in range(count):
            wire = stack.enter_context(closing(socket.create_connection(("127.0.0.1", index.port), timeout=10)))
            if number % 2:
                wire.sendall(request)
                assert wire.recv(4096).startswith(b"HTTP/1.1 200")
        opened_seconds = time.monotonic() - begun
        begun = time.monotonic()
        assert get(index.port, "/simple/flask/", accept=JSON).status == 200
        answered_seconds = time.monotonic() - begun
        grown = memory_bytes(index) - before
    with capsys.disabled():
        print(
            f"\n{count} idle connections in {opened_seconds:.1f} s: {grown / count / 1024:.1f} KiB each,"
            f" a reader is answered in {answered_seconds * 1000:.0f} ms"
        )
    assert answered_seconds < ANSWERED_SECONDS
    assert grown < 5 * MEBIBYTE + count * 24 * 1024


def test_more_connections_than_the_usual_limit_of_open_files_are_taken(
    start_index: Callable[..., RunningIndex],
) -> None:
    """Shells and services begin with 1,024 open files, which are as many idle clients."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
    try:
        index = start_index()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert index.process is not None
    assert psutil.Process(index.process.pid).rlimit(psutil.RLIMIT_NOFILE)[0] == min(hard, 65_536)


@pytest.mark.soak
@pytest.mark.usefixtures("unmoved")
def test_slow_downloads_cost_little_and_hold_up_nobody(
    index: RunningIndex, full_numbers: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    path = json.loads(get(index.port, "/simple/large/", accept=JSON).body)["files"][0]["url"]
    count = 500 if full_numbers else 60
    with ExitStack() as stack:
        before = memory_bytes(index)
        wires = []
        for _ in range(count):
            wire = stack.enter_context(closing(socket.socket()))
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            wire.settimeout(30)
            wire.connect(("127.0.0.1", index.port))
            wire.sendall(f"GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode())
            assert wire.recv(100).startswith(b"HTTP/1.1 200")
            wires.append(wire)
        grown = memory_bytes(index) - before
        begun = time.monotonic()
        assert get(index.port, "/simple/flask/", accept=JSON).status == 200
        answered_seconds = time.monotonic() - begun
        assert len(get(index.port, path).body) > LARGE_BYTES
        # One of the slow ones hurries up, and has everything.
        size_bytes = 100
        while piece := wires[0].recv(1 << 20):
            size_bytes += len(piece)
        assert size_bytes > LARGE_BYTES
    with capsys.disabled():
        print(
            f"\n{count} downloads of 24 MiB that stand still: {grown / count / 1024:.0f} KiB each,"
            f" a reader is answered in {answered_seconds * 1000:.0f} ms"
        )
    assert answered_seconds < ANSWERED_SECONDS
    assert grown < 8 * MEBIBYTE + count * 300 * 1024
