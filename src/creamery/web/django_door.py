"""Django behind the read path: its WSGI handler in a pool of threads, with small bodies that have arrived in full."""

import asyncio
import re
from typing import Any, cast

from a2wsgi import WSGIMiddleware
from django.core.wsgi import get_wsgi_application

from creamery.web.asgi_types import App, Message, Receive, Scope, Send, header

LARGEST_BODY = 1024 * 1024
BODY_SECONDS = 30.0
THREADS = 10
_NOT_ASCII = re.compile(rb"[^\x21-\x7e]")


def django_door() -> App:
    """
    Make the ASGI application that hands requests to Django.

    A thread is taken only once the body is there, so slow senders cannot hold them all.
    """
    bridge: Any = WSGIMiddleware(cast("Any", get_wsgi_application()), workers=THREADS)

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await asyncio.wait_for(_whole_body(scope, receive), BODY_SECONDS)
        except TimeoutError:
            await _refuse(send, 408, b"The request took too long to arrive.")
            return
        if body is None:
            await _refuse(send, 413, b"The request is larger than 1 MiB.")
            return
        await bridge({**scope, "query_string": _ascii(scope["query_string"])}, _once(body, receive), send)

    return door


def _ascii(query: bytes) -> bytes:
    """Encode what no query may hold as it is, because the bridge fails on it, and some clients send it."""
    return _NOT_ASCII.sub(lambda found: b"%%%02X" % found[0][0], query)


async def _whole_body(scope: Scope, receive: Receive) -> bytes | None:
    if int(header(scope, b"content-length") or 0) > LARGEST_BODY:
        return None
    body, more = bytearray(), scope["method"] not in {"GET", "HEAD"}
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message["type"] == "http.request" and message.get("more_body", False)
        if len(body) > LARGEST_BODY:
            return None
    return bytes(body)


def _once(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def replay() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


async def _refuse(send: Send, status: int, text: bytes) -> None:
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(text)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text})
