"""
The whole application inside this process: requests go through its ASGI door, rows and keys are in the test's reach.

Nothing is put on: the read path, the upload door and Django answer as they do in a server. Follow-up work that a server
leaves to its worker runs when the test says `run_due()`.
"""

import asyncio
import json
import shutil
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from threading import Barrier
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

Fields = Sequence[tuple[str, str | bytes]]
SIMPLE_JSON = "application/vnd.pypi.simple.v1+json"


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer to one request."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        """Read a header; empty if it is not there. Fails when it was sent twice, which no header of ours may be."""
        found = [value for key, value in self.headers if key == name.lower()]
        assert len(found) <= 1, f"{name} was sent {len(found)} times"
        return found[0] if found else ""

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    def json(self) -> Any:
        """Read the body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Part:
    """A file in a form. `filename` None leaves the parameter out."""

    filename: str | bytes | None
    content: bytes
    name: str = "content"
    content_type: str = "application/octet-stream"


class Inside:
    """The application, with one event loop for its life."""

    def __init__(self) -> None:
        """Begin without a server: no port, no worker. Makes the tables, if the run's database has none."""
        from django.db import connections

        from creamery import prepare
        from creamery.asgi import Front

        # Connections end with their request, so that no thread holds one when a database is dropped.
        connections["default"].settings_dict["CONN_MAX_AGE"] = 0
        prepare.load_tables()
        self._runner = asyncio.Runner()
        self._app = Front()

    def send(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | Iterable[bytes] = b"",
        address: str = "127.0.0.1",
        breaks_off: bool = False,
        stands_still: bool = False,
    ) -> Answer:
        """
        Send one request. A body in pieces comes chunked, one message a piece; with `breaks_off` the client goes away
        after them, with `stands_still` nothing comes after them. The answer has status 0 when nothing was answered.
        """
        pieces = [body] if isinstance(body, bytes) else list(body)
        given = dict(headers or {})
        if isinstance(body, bytes) and (body or method == "POST"):
            given.setdefault("content-length", str(len(body)))
        incoming: list[dict[str, Any]] = [
            {"type": "http.request", "body": piece, "more_body": place < len(pieces) - 1}
            for place, piece in enumerate(pieces)
        ]
        if breaks_off or stands_still:
            incoming[-1]["more_body"] = True
        scope = _scope(method, path, given, address)
        return self._runner.run(self._send(scope, incoming, breaks_off=breaks_off))

    def get(self, path: str, **headers: str) -> Answer:
        """Read an address: `get("/simple/", accept=...)`."""
        return self.send("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def post_form(self, path: str, fields: Mapping[str, str], **headers: str) -> Answer:
        """Send a form as a browser does."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        kind = {"content-type": "application/x-www-form-urlencoded"}
        return self.send("POST", path, headers={**kind, **given}, body=urlencode(fields).encode())

    def upload(self, token: str | None, fields: Fields, *files: Part, path: str = "/legacy/", **headers: str) -> Answer:
        """Send an upload form with an API token as `__token__`."""
        content_type, body = encode(fields, files)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        authorization = {} if token is None else {"authorization": basic("__token__", token)}
        return self.send("POST", path, headers={"content-type": content_type, **authorization, **given}, body=body)

    def list_files(self, project: str) -> list[str]:
        """List the file names on a project's page, as an installer sees them; none if there is no page."""
        answer = self.get(f"/simple/{project}/", accept=SIMPLE_JSON)
        if answer.status == 404:
            return []
        assert answer.status == 200, answer
        return [str(file["filename"]) for file in answer.json()["files"]]

    def close(self) -> None:
        """End the loop, and give back the database connections of the upload door's threads."""
        self._runner.run(self._end_door())
        self._runner.close()

    async def _send(self, scope: dict[str, Any], incoming: list[dict[str, Any]], *, breaks_off: bool) -> Answer:
        sent: list[dict[str, Any]] = []
        ended = asyncio.Event()

        async def receive() -> dict[str, Any]:
            if incoming:
                return incoming.pop(0)
            if not breaks_off:
                await ended.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(dict(message))
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                ended.set()

        await self._app(scope, receive, send)
        return _answer(sent)

    async def _end_door(self) -> None:
        loading = self._app._behind._loading
        if loading is None:
            return
        upload, _pages = await loading
        await asyncio.to_thread(_close_connections, upload._pool)  # type: ignore[attr-defined]


def _close_connections(pool: Any) -> None:
    from django.db import connections

    size = pool._max_workers
    together = Barrier(size)

    def close() -> None:
        together.wait(10)
        connections.close_all()

    for future in [pool.submit(close) for _ in range(size)]:
        future.result()
    pool.shutdown()


def _scope(method: str, path: str, headers: dict[str, str], address: str) -> dict[str, Any]:
    target, _, query = path.partition("?")
    given = {"host": "localhost:8000", **headers}
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": _unquoted(target),
        "raw_path": quote(target, safe="/%:@!$&'()*+,;=~").encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in given.items()],
        "client": (address, 40000),
        "server": ("127.0.0.1", 8000),
        "extensions": {"creamery.reason": {}},
        "state": {},
    }


def _unquoted(target: str) -> str:
    from urllib.parse import unquote

    return unquote(target)


def _answer(sent: list[dict[str, Any]]) -> Answer:
    if not sent:
        return Answer(0, "", (), b"")
    start = sent[0]
    headers = tuple((name.decode().lower(), value.decode("latin-1")) for name, value in start["headers"])
    body = b"".join(message.get("body", b"") for message in sent if message["type"] == "http.response.body")
    for message in sent:
        if "path" in message:  # http.response.pathsend
            body += open(message["path"], "rb").read()  # noqa: PTH123, SIM115
    return Answer(start["status"], start.get("reason", b"").decode("latin-1"), headers, body)


def basic(username: str, password: str) -> str:
    """Write an Authorization header."""
    return "Basic " + b64encode(f"{username}:{password}".encode()).decode()


def encode(fields: Fields, files: Iterable[Part] = ()) -> tuple[str, bytes]:
    """Write a multipart form: its Content-Type and body. Source: RFC 7578."""
    boundary = uuid4().hex
    body = bytearray()
    for name, value in fields:
        content = value if isinstance(value, bytes) else value.encode()
        body += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + content + b"\r\n"
    for part in files:
        filename = part.filename.encode() if isinstance(part.filename, str) else part.filename
        parameter = b"" if filename is None else b'; filename="' + filename + b'"'
        body += f'--{boundary}\r\nContent-Disposition: form-data; name="{part.name}"'.encode() + parameter
        body += f"\r\nContent-Type: {part.content_type}\r\n\r\n".encode() + part.content + b"\r\n"
    body += f"--{boundary}--\r\n".encode()
    return f"multipart/form-data; boundary={boundary}", bytes(body)


def begin_afresh() -> None:
    """Give the database what a first start makes, and empty the store."""
    from creamery import prepare
    from creamery.catalog.actions import ensure_default_index
    from creamery.catalog.models import Index, Serial
    from creamery.kernel.stores import the_store
    from creamery.settings import CONFIG
    from creamery.spec.simple import find_serial
    from creamery.storage.keys import DEFAULT_INDEX, simple_root

    store, root = the_store(), simple_root(DEFAULT_INDEX, "json")
    keys = [key for prefix in ("blobs/", "public/", "rendered/") for key in store.list(prefix)]
    # An empty list of projects may stay: writing it takes longer than many a test.
    kept = "public/simple/.root/" if root in keys and find_serial(store.read(root)) == 0 else "nothing"
    for key in keys:
        if not key.startswith(kept):
            store.delete(key)
    shutil.rmtree(CONFIG.incoming, ignore_errors=True)
    Serial.objects.update_or_create(pk=1, defaults={"n": 0})  # A flush by another test takes it away.
    ensure_default_index("open")
    Index.objects.update(project_count=0, release_count=0, file_count=0, size_bytes=0)
    prepare.start_afresh()


def forget_everything() -> None:
    """Empty every table that a test may have written to. Much faster than a flush, which also asks all apps to set up."""
    from django.apps import apps
    from django.db import connection, transaction

    kept = {"serial", "django_content_type", "auth_permission"}
    with transaction.atomic(), connection.cursor() as cursor:
        # Foreign keys are checked at the commit, so the order does not matter.
        for model in apps.get_models():
            if model._meta.db_table not in kept:
                cursor.execute(f'DELETE FROM "{model._meta.db_table}"')
