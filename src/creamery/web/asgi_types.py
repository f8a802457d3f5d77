"""Names for what ASGI passes around."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


def header(scope: Scope, name: bytes) -> str:
    """Read a request header; empty if it was not sent, the last one if it was sent twice."""
    value = b""
    for key, sent in scope["headers"]:
        if key == name:
            value = sent
    return value.decode("latin-1")
