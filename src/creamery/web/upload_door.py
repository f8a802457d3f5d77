"""
The upload door: credentials from the headers, then the body to disk as it comes, then the pipeline in a thread.

It is raw ASGI, because a bridge to WSGI would lose chunked bodies and hold a thread for as long as a slow client takes.
"""

import asyncio
import contextvars
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from django.db import Error as DatabaseFault
from django.db import close_old_connections
from django.utils.translation import gettext_lazy as _

from creamery.catalog.limits import most_file_bytes
from creamery.kernel.actor import ANONYMOUS, Actor
from creamery.kernel.refusals import Limited, Refusal
from creamery.settings import CONFIG
from creamery.storage.store import StoreUnavailable
from creamery.upload.pipeline import Published, check_file, upload_file
from creamery.upload.receive import FileTooLarge
from creamery.web.answers import Answer, refuse, say, wants_json
from creamery.web.asgi_types import Message, Receive, Scope, Send, header
from creamery.web.credentials import authenticate
from creamery.web.figures import UPLOAD_SECONDS
from creamery.web.multipart_form import LONGEST_FIELDS, FormReader

log = logging.getLogger(__name__)
T = TypeVar("T")

CHUNK_BYTES = 1024 * 1024
"""The body is handed to a thread in pieces of about this size: hashing is nine tenths of the work."""
DRAIN_BYTES, DRAIN_SECONDS = 256 * 1024 * 1024, 10.0
"""How much of a refused body is still read, so that the client gets to read the answer before the connection ends."""
THREADS = 8
SLOWEST_BYTES = 2048
"""How much has to arrive in a second, on average: a body that trickles would be held for ever."""


class TooSlow(Limited):
    """The client stopped sending, or as good as stopped."""

    status = 408
    code = "too-slow"
    sentence = _("The file did not arrive: next to nothing came for {seconds} seconds. Send it again.")


class NotNow(Limited):
    """The database, the store or the disk cannot be used. What the pipeline had recorded by then is told by StillOwed."""

    status = 503
    code = "not-now"
    sentence = _(
        "Uploads are not possible at the moment; nothing was published. Send the same request again in a minute."
    )
    retry_after_seconds = 60


class Failed(Limited):
    """A bug of ours; the log has it under the request's id."""

    status = 500
    code = "failed"
    sentence = _(
        "Something went wrong on our side; nothing was lost. Send the same request again, and tell the staff this number: {request}."
    )


class ClientGone(Exception):
    """The client closed the connection in the middle of its upload."""


class UploadDoor:
    """Answers uploads; the caller has matched the path."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="upload")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Receive one upload and answer it."""
        begun, body = time.monotonic(), _Body(receive)
        answer = await self._answer_to(scope, body)
        if answer is not None:
            UPLOAD_SECONDS.labels(str(answer.status)).observe(time.monotonic() - begun)
            await _answer(answer, body, send)

    async def _answer_to(self, scope: Scope, body: "_Body") -> Answer | None:
        as_json = wants_json(header(scope, b"accept"))
        try:
            return _tell(await self._upload(scope, body), as_json=as_json)
        except ClientGone:
            log.info("The client went away during an upload")
            return None
        except Refusal as refusal:
            return refuse(refusal, as_json=as_json)
        except (StoreUnavailable, DatabaseFault):
            log.exception("An upload met a database or store that is away")
            return refuse(NotNow(), as_json=as_json)
        except Exception:
            log.exception("An upload failed")
            failed = Failed(request=scope.get("state", {}).get("request_id", "-"))
            return refuse(failed, as_json=as_json)

    async def _upload(self, scope: Scope, body: "_Body") -> Published:
        actor, limit = await self._in_thread(_begin, header(scope, b"authorization"), _asked_by(scope))
        if int(header(scope, b"content-length") or 0) > limit + LONGEST_FIELDS:
            raise FileTooLarge(limit=limit)
        reader = FormReader(header(scope, b"content-type"), folder=CONFIG.incoming, max_file_bytes=limit)
        try:
            await self._read(reader, body)
            form, received = await self._in_thread(reader.finish)
        except BaseException:
            await self._in_thread(reader.discard)
            raise
        # Shielded: when the client goes away now, the upload still ends in one of its two states, and cleans up.
        publish = check_file if _is_check(scope) else upload_file
        return await asyncio.shield(self._in_thread(publish, form, received, actor=actor))

    async def _read(self, reader: FormReader, body: "_Body") -> None:
        waiting, patience = bytearray(), CONFIG.upload_wait_seconds
        deadline = time.monotonic() + patience
        while not body.is_over:
            try:
                message = await asyncio.wait_for(body.receive(), min(patience, deadline - time.monotonic()))
            except TimeoutError:
                raise TooSlow(seconds=patience) from None
            if message["type"] == "http.disconnect":
                raise ClientGone
            waiting += message.get("body", b"")
            deadline += len(message.get("body", b"")) / SLOWEST_BYTES
            if len(waiting) >= CHUNK_BYTES or body.is_over:
                await self._in_thread(reader.feed, bytes(waiting))
                waiting.clear()

    async def _in_thread(self, call: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        context = contextvars.copy_context()

        def run() -> T:
            close_old_connections()
            return call(*args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._pool, context.run, run)


def _begin(authorization: str, asked_by: Actor) -> tuple[Actor, int]:
    """Tell who asks, and how large a file is received at all; how large this one may be is asked when its name is known."""
    return authenticate(authorization, asked_by=asked_by), most_file_bytes(CONFIG.max_file_bytes)


def _is_check(scope: Scope) -> bool:
    """Tell whether the client asks what would happen: `POST /legacy/?dry-run`."""
    asked = dict(parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True))
    return asked.get("dry-run", "no").lower() not in {"no", "0", "false", "off"}


class _Body:
    """A request's body, which knows whether there is more of it: nothing may be waited for that never comes."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.is_over = False

    async def receive(self) -> Message:
        """Take the next message."""
        message = await self._receive()
        self.is_over = message["type"] == "http.disconnect" or not message.get("more_body", False)
        return message


async def _answer(answer: Answer, body: _Body, send: Send) -> None:
    if body.is_over:
        await send(answer.start())
        await send({"type": "http.response.body", "body": answer.body})
        return
    # The whole answer is on its way before the rest of the body is read: clients that look for it early can stop.
    await send(answer.start((b"connection", b"close")))
    await send({"type": "http.response.body", "body": answer.body, "more_body": True})
    await _drain(body)
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _drain(body: _Body) -> None:
    deadline, left = time.monotonic() + DRAIN_SECONDS, DRAIN_BYTES
    while not body.is_over and left > 0 and (wait := deadline - time.monotonic()) > 0:
        try:
            message = await asyncio.wait_for(body.receive(), wait)
        except TimeoutError:
            return
        left -= len(message.get("body", b""))


def _tell(published: Published, *, as_json: bool) -> Answer:
    url = f"{CONFIG.public_url}/project/{published.project}/{published.version}/"
    warnings = [problem.text() for problem in published.warnings]
    state = "held" if published.is_held else "published" if published.is_new else "unchanged"
    if published.is_check and published.is_new:
        state = f"would be {state}"
    told = {"status": state, "filename": published.filename, "url": url, "warnings": warnings}
    # What is held has no page.
    lines = [
        f"{published.filename}: {state}" + ("" if published.is_held else f", {url}"),
        *(f"warning: {warning}" for warning in warnings),
    ]
    return say(200, told, "\n".join(lines), as_json=as_json)


def _asked_by(scope: Scope) -> Actor:
    client = scope.get("client") or ("", 0)
    return replace(
        ANONYMOUS,
        address=str(client[0]),
        user_agent=header(scope, b"user-agent"),
        request_id=scope.get("state", {}).get("request_id", ""),
    )
