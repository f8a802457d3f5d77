"""
A read path over a small index, asked in two ways: as a bare ASGI application, and through a real server.

Whatever both must answer alike is asked through `ask`.
"""

import asyncio
import gzip
import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest
import uvicorn
import zstandard

from creamery.serve.app import ReadPath
from creamery.serve.hits import Hits
from creamery.serve.messages import ASGIApp, Message, Receive, Scope, Send
from creamery.serve.protocol import HttpProtocol
from creamery.spec.digests import Sha256
from creamery.spec.names import NormalizedName
from creamery.spec.simple import FileEntry, ProjectPage, RootEntry, project_html, project_json, root_html, root_json
from creamery.storage import keys
from creamery.storage.filesystem import FilesystemStore
from creamery.storage.keys import BlobKey, Form
from creamery.storage.store import BlobStore, StoreUnavailable

WHEEL = bytes(range(256)) * 2000
WHEEL_NAME = "flask-1.0-py3-none-any.whl"
METADATA = b"Metadata-Version: 2.4\nName: Flask\nVersion: 1.0\n"
DIGEST = Sha256(sha256(WHEEL).hexdigest())
WHEEL_PATH = f"/packages/{DIGEST[:2]}/{DIGEST[2:4]}/{DIGEST[4:]}/{WHEEL_NAME}"
SERIAL = 41


class Ask(Protocol):
    """Sends one request and gives the answer; redirects are not followed, and no header is added by itself."""

    def __call__(self, path: str, method: str = "GET", **headers: str) -> httpx.Response: ...


@dataclass
class Noted:
    """What the read path told the operator's hook."""

    answers: list[tuple[str, int, int]] = field(default_factory=list)

    def __call__(self, kind: str, status: int, bytes_sent: int) -> None:
        self.answers.append((kind, status, bytes_sent))


def put_document(store: BlobStore, key: BlobKey, content: bytes) -> None:
    """Store a document with its compressed twins, as the publishing side does."""
    store.put_bytes(keys.variant(key, "gzip"), gzip.compress(content, mtime=0))
    store.put_bytes(keys.variant(key, "zstd"), zstandard.compress(content))
    store.put_bytes(key, content)


def put_project(store: BlobStore, name: str, serial: int = SERIAL) -> None:
    """Publish a project with one wheel."""
    file = FileEntry(
        WHEEL_NAME, WHEEL_PATH, DIGEST, len(WHEEL), datetime(2026, 11, 1, tzinfo=UTC), ">=3.8", DIGEST, yanked=False
    )
    page = ProjectPage(NormalizedName(name), ("1.0",), (file,), serial)
    put_document(store, keys.simple_project(keys.DEFAULT_INDEX, name, "json"), project_json(page))
    put_document(store, keys.simple_project(keys.DEFAULT_INDEX, name, "html"), project_html(page))


def fill_index(store: BlobStore) -> None:
    """Publish what the tests read."""
    put_project(store, "flask")
    put_project(store, "zope-interface")
    entries = [RootEntry("Flask", NormalizedName("flask"), SERIAL)]
    put_document(store, keys.simple_root(keys.DEFAULT_INDEX, "json"), root_json(entries, SERIAL))
    put_document(store, keys.simple_root(keys.DEFAULT_INDEX, "html"), root_html(entries, SERIAL))
    store.put_bytes(keys.public_file(keys.DEFAULT_INDEX, DIGEST, WHEEL_NAME), WHEEL)
    store.put_bytes(keys.public_metadata(keys.DEFAULT_INDEX, DIGEST, WHEEL_NAME), METADATA)
    store.put_bytes(keys.blob(DIGEST), WHEEL)


def read_document(store: BlobStore, name: str, form: Form) -> bytes:
    """Read what lies in the store for a project."""
    return store.read(keys.simple_project(keys.DEFAULT_INDEX, name, form))


async def behind(scope: Scope, receive: Receive, send: Send) -> None:
    """Stand where Django stands: answer everything with its path and method."""
    if scope["type"] == "http":
        body = f"behind {scope['method']} {scope['path']}".encode()
        headers = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 299, "headers": headers})
        await send({"type": "http.response.body", "body": body})


@pytest.fixture
def index(folder_index: FilesystemStore) -> BlobStore:
    """Name the index that the tests read; a test that needs another store overrides this."""
    return folder_index


@pytest.fixture(scope="session")
def filled_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the small index once; its files are never written to, only replaced."""
    folder = tmp_path_factory.mktemp("filled") / "index"
    fill_index(FilesystemStore(folder))
    return folder


@pytest.fixture
def folder_index(filled_folder: Path, tmp_path: Path) -> FilesystemStore:
    """Make a small index in a folder of its own, of links, which takes a tenth of the time."""
    shutil.copytree(filled_folder, tmp_path / "index", copy_function=os.link)
    return FilesystemStore(tmp_path / "index")


@pytest.fixture
def noted() -> Noted:
    """Collect what the hook for operators is told."""
    return Noted()


@pytest.fixture
def public_path() -> str:
    """Where the public address lies; a test overrides it by parametrising."""
    return ""


@pytest.fixture
def app(index: BlobStore, noted: Noted, public_path: str) -> ReadPath:
    """Make the read path over the index."""
    return ReadPath(index, behind=behind, public_path=public_path, observe=noted)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Note how many bytes each call of the kernel took."""
    taken: list[int] = []
    real: Any = os.sendfile

    def noting(*args: Any) -> int:
        taken.append(real(*args))
        return taken[-1]

    monkeypatch.setattr(os, "sendfile", noting)
    return taken


def ask_app(app: ASGIApp, path: str, method: str = "GET", **headers: str) -> httpx.Response:
    """Ask a bare ASGI application."""

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://idx.example", trust_env=False) as client:
            return await client.send(_request(client, path, method, headers))

    return asyncio.run(send())


def ask_server(client: httpx.Client, path: str, method: str = "GET", **headers: str) -> httpx.Response:
    """Ask a server."""
    return client.send(_request(client, path, method, headers))


def _request(client: Any, path: str, method: str, headers: dict[str, str]) -> httpx.Request:
    request: httpx.Request = client.build_request(method, path)
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    request.headers = httpx.Headers({"host": "idx.example", **given})
    return request


@contextmanager
def serving(app: ASGIApp, **settings: Any) -> Iterator[int]:
    """Run a real server for an application in a thread of its own. Yields its port."""
    chosen = {"http": HttpProtocol, "host": "127.0.0.1", "port": 0, "lifespan": "off", "log_config": None, **settings}
    config = uvicorn.Config(app, **chosen)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        deadline = time.monotonic() + 10
        while not server.started:
            assert thread.is_alive(), "The server did not start."
            assert time.monotonic() < deadline, "The server did not start in time."
            time.sleep(0.005)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(15)
    assert not thread.is_alive(), "The server did not stop."


class Switchboard:
    """Stands in the one server of the run and hands each request to the application of the running test."""

    def __init__(self) -> None:
        self.app: ASGIApp = behind

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


@pytest.fixture(scope="session")
def server() -> Iterator[tuple[Switchboard, int]]:
    """Run one real server for all tests, since starting and stopping takes a quarter of a second."""
    switchboard = Switchboard()
    with serving(switchboard) as port:
        yield switchboard, port


@pytest.fixture
def port(server: tuple[Switchboard, int], app: ReadPath) -> int:
    """Put the read path into the real server. Says its port."""
    switchboard, port = server
    switchboard.app = app
    return port


@pytest.fixture(params=["asgi", "server", "hit"])
def ask(request: pytest.FixtureRequest, app: ReadPath, noted: Noted) -> Iterator[Ask]:
    """
    Ask the read path in every way in turn: bare, through a server, and through a server that may answer by itself
    (serve/hits.py), because the same was asked before.
    """
    if request.param == "asgi":
        yield partial(ask_app, app)
        return
    port = request.getfixturevalue("port")
    with closing(httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, verify=False)) as client:
        if request.param == "server":
            app.hits = NoHits()
            yield partial(ask_server, client)
        else:
            yield partial(_ask_again, app, client, noted)


class NoHits(Hits):
    """Leaves everything to the application."""

    def __init__(self) -> None:
        """Know nothing."""

    def recall(self, request: bytes) -> None:
        """Remember nothing."""

    def find(self, target: bytes, headers: list[tuple[bytes, bytes]]) -> None:
        """Find nothing."""


def _ask_again(
    app: ReadPath, client: httpx.Client, noted: Noted, path: str, method: str = "GET", **headers: str
) -> httpx.Response:
    before = list(noted.answers)
    with suppress(StoreUnavailable):
        ask_app(app, path, method, **headers)
    noted.answers[:] = before
    return ask_server(client, path, method, **headers)


async def call(app: ASGIApp, scope: Scope, received: list[Message]) -> list[Message]:
    """Call an ASGI application with exactly this scope. Returns what it sent."""
    sent: list[Message] = []

    async def receive() -> Message:
        if received:
            return received.pop(0)
        await asyncio.Event().wait()
        raise AssertionError("Nobody sets that event.")

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent
