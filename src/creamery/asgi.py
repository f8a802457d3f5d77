"""
The ASGI application: the read path in front, everything that needs Django behind it.

Reads are answered while Django is still loading, and go on when the database is away.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from creamery import config
from creamery.kernel import logs
from creamery.serve.app import ReadPath
from creamery.storage.open_store import open_store
from creamery.web.asgi_types import App, Message, Receive, Scope, Send, header
from creamery.web.figures import observe

CONFIG = config.load()
logs.set_up(CONFIG.log_format, CONFIG.log_level)
log = logging.getLogger("creamery")

UPLOAD_PATHS = frozenset({"/legacy/", "/legacy", "/", "/pypi/", "/pypi", "/simple/", "/simple"})
"""Where uploads are taken; people configure the address of the index. Never redirected. Source: standards.md UP-01."""


class Behind:
    """What needs Django: loaded in a thread, so that the read path does not wait for it."""

    def __init__(self) -> None:
        self._loader = ThreadPoolExecutor(1, thread_name_prefix="load")
        self._loading: asyncio.Future[tuple[App, App]] | None = None
        self._end_worker: Callable[[], None] = _nothing

    def begin(self) -> None:
        """Begin to load Django; the worker starts once it is there."""
        self._loading = asyncio.get_running_loop().run_in_executor(self._loader, self._load)

    async def end(self) -> None:
        """Let the worker finish what it is at."""
        if self._loading is not None:
            await asyncio.wait([self._loading])
        await asyncio.to_thread(self._end_worker)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer by the upload door or by Django."""
        if self._loading is None:
            self.begin()
        assert self._loading is not None
        upload, pages = await asyncio.shield(self._loading)
        await (upload if is_upload(scope) else pages)(scope, receive, send)

    def _load(self) -> tuple[App, App]:
        config.load_django()
        from creamery.kernel import failpoints, outbox
        from creamery.web.django_door import django_door
        from creamery.web.upload_door import UploadDoor

        failpoints.arm(CONFIG.failpoint)
        if CONFIG.mode == "all":
            self._end_worker = outbox.work_in_thread()
        return UploadDoor(), django_door()


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
        self._reads = ReadPath(
            open_store(CONFIG.storage_url), behind=self._to_behind, public_path=CONFIG.public_path, observe=observe
        )

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
        sent += len(message.get("body", b""))
        await send(message)
        if message["type"] == "http.response.body" and not message.get("more_body"):
            client = (scope.get("client") or ("-",))[0]
            took = (time.perf_counter() - begun) * 1000
            log.info("%s %s %s %d %d bytes %.1f ms", client, scope["method"], scope["path"], status, sent, took)

    return logging_send


application = Front()
