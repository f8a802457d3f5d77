"""
The ASGI application: the read path in front, everything that needs Django behind it.

Reads are answered while Django is still loading, and go on when the database is away or Django does not load at all.
"""

import asyncio
import gc
import logging
import secrets
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from creamery import config, prepare
from creamery.kernel import logs
from creamery.serve.app import ReadPath
from creamery.serve.file_cache import FileCache
from creamery.serve.hits import Hits
from creamery.storage.notice import Notice
from creamery.storage.open_store import open_store
from creamery.storage.store import StoreUnavailable
from creamery.web.asgi_types import App, Message, Receive, Scope, Send, header
from creamery.web.figures import observe

CONFIG = config.load()
logs.set_up(CONFIG.log_format, CONFIG.log_level)
log = logging.getLogger("creamery")

UPLOAD_PATHS = frozenset({"/legacy/", "/legacy", "/", "/pypi/", "/pypi", "/simple/", "/simple"})
"""Where uploads are taken; people configure the address of the index. Never redirected. Source: standards.md UP-01."""


RETRY_SECONDS = 2.0
NOT_YET_SECONDS = 30.0
TURN_SECONDS = 0.0005
"""
How long a thread of ours computes before another gets its turn; Python's own 5 ms are too long for an upload that holds the
database: it lets go at each of its thirty statements, and would wait so long for each of its seven neighbours.
"""
_AWAY = b"The index cannot answer this at the moment. Packages can still be installed. Try again in a few seconds.\n"


class Behind:
    """
    What needs Django: loaded in a thread, so that the read path does not wait for it.

    What keeps it from loading (a database that is away) is tried again until it goes; requests are told meanwhile.
    """

    def __init__(self) -> None:
        self._loader = ThreadPoolExecutor(1, thread_name_prefix="load")
        self._loading: asyncio.Future[tuple[App, App]] | None = None
        self._ending = threading.Event()
        self._trouble = ""
        self._end_worker: Callable[[], None] = _nothing

    def begin(self) -> None:
        """Begin to load Django; the worker starts once it is there."""
        self._loading = asyncio.get_running_loop().run_in_executor(self._loader, self._load_at_last)

    async def end(self) -> None:
        """Let the worker finish what it is at."""
        self._ending.set()
        if self._loading is not None:
            await asyncio.wait([self._loading])
        await asyncio.to_thread(self._end_worker)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer by the upload door or by Django; 503 while they cannot be loaded."""
        doors = await self._find_doors()
        if doors is None:
            await _answer_away(send)
            return
        upload, pages = doors
        await (upload if is_upload(scope) else pages)(scope, receive, send)

    async def _find_doors(self) -> tuple[App, App] | None:
        if self._loading is None:
            self.begin()
        assert self._loading is not None
        patience = time.monotonic() + NOT_YET_SECONDS
        while not self._loading.done() and not self._trouble and time.monotonic() < patience:
            await asyncio.wait([self._loading], timeout=0.2)
        return self._loading.result() if self._loading.done() else None

    def _load_at_last(self) -> tuple[App, App]:
        """Load, as often as it takes. A trouble is logged when it was met twice, as a start that fails says it itself."""
        told = ""
        while True:
            try:
                return self._load()
            except Exception as error:
                trouble = str(error) or type(error).__name__
                if trouble == self._trouble != told:
                    told = trouble
                    is_ours = isinstance(error, (prepare.CannotStart, StoreUnavailable))
                    log.error("Pages and uploads wait: %s", trouble, exc_info=None if is_ours else error)
                self._trouble = trouble
                if self._ending.wait(RETRY_SECONDS):
                    raise

    def _load(self) -> tuple[App, App]:
        prepare.get_ready()
        from django.db import connections

        from creamery.kernel import failpoints, outbox
        from creamery.web.django_door import django_door
        from creamery.web.upload_door import UploadDoor

        connections.close_all()
        failpoints.arm(CONFIG.failpoint)
        doors = UploadDoor(), django_door()
        # What is loaded by now stays; the collector need not go through it each time that a large page is built.
        gc.freeze()
        sys.setswitchinterval(TURN_SECONDS)
        if CONFIG.mode == "all":
            self._end_worker = outbox.work_in_thread()
        return doors


async def _answer_away(send: Send) -> None:
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(_AWAY)),
        (b"retry-after", b"5"),
        (b"cache-control", b"no-store"),
        # What the client still sends is not read.
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": _AWAY})


def _nothing() -> None:
    """Stands for a worker that was not started."""


def is_upload(scope: Scope) -> bool:
    """Tell an upload from XML-RPC, which shares an address with it, by its content type."""
    if scope["method"] != "POST" or below_public_path(scope["path"]) not in UPLOAD_PATHS:
        return False
    return not header(scope, b"content-type").lower().startswith(("text/xml", "application/xml"))


def below_public_path(path: str) -> str:
    """Take the public address's path off, which a proxy may or may not have done already."""
    prefix = CONFIG.public_path
    return path[len(prefix) :] or "/" if prefix and (path + "/").startswith(prefix + "/") else path


class Front:
    """Gives every request an id, answers whether the process lives, and sends each request to its door."""

    def __init__(self) -> None:
        self._behind = Behind()
        store = open_store(CONFIG.storage_url)
        self._reads = ReadPath(
            store,
            behind=self._to_behind,
            public_path=CONFIG.public_path,
            observe=observe,
            files=None if store.is_near else FileCache(store, CONFIG.data / "cache", CONFIG.cache_bytes),
            notice=Notice(CONFIG.notice),
        )

    @property
    def hits(self) -> Hits | None:
        """What the server may answer by itself; nothing where every request is to be logged."""
        return None if CONFIG.access_log else self._reads.hits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or the server's start and end."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        if scope["type"] != "http":
            return
        request_id = secrets.token_hex(8)
        logs.REQUEST_ID.set(request_id)
        scope.setdefault("state", {})["request_id"] = request_id
        if CONFIG.access_log:
            send = _logged(scope, send)
        if is_upload(scope):
            await self._to_behind(scope, receive, send)
        elif scope["path"] == "/health/live":
            await _alive(send)
        else:
            await self._reads(scope, receive, send)

    async def _to_behind(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["path"] = below_public_path(scope["path"])
        request_id = scope["state"]["request_id"].encode()

        async def numbered(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-request-id", request_id)]
                observe("page" if scope["method"] != "POST" else "post", message["status"], 0)
            await send(message)

        await self._behind(scope, receive, numbered)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        self._behind.begin()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._behind.end()
        await send({"type": "lifespan.shutdown.complete"})


async def _alive(send: Send) -> None:
    body = b'{"alive": true}'
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _logged(scope: Scope, send: Send) -> Send:
    begun, sent, status = time.perf_counter(), 0, 0

    async def logging_send(message: Message) -> None:
        nonlocal sent, status
        status = message.get("status", status)
        sent += message.get("sent_bytes", len(message.get("body", b"")))
        await send(message)
        if message["type"] == "http.response.body" and not message.get("more_body"):
            client = (scope.get("client") or ("-",))[0]
            took = (time.perf_counter() - begun) * 1000
            log.info("%s %s %s %d %d bytes %.1f ms", client, scope["method"], scope["path"], status, sent, took)

    return logging_send


application = Front()
