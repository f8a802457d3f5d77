"""A request as the read path sees it, and the answer that it makes of it; ASGI begins and ends here."""

from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, BinaryIO, TypeAlias
from urllib.parse import quote

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
ASGIApp: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
HeaderList: TypeAlias = list[tuple[bytes, bytes]]

Observe: TypeAlias = Callable[[str, int, int], None]
"""Told of each answer: kind (`simple`, `file`, `metadata`, `document`), status, bytes of body."""

REASON_EXTENSION = "creamery.reason"
"""The ASGI extension of servers that send the `reason` of an answer's first message as its reason phrase."""

SENDFILE_EXTENSION = "creamery.sendfile"
"""The ASGI extension of servers that send files themselves: a function that takes a file and how many bytes of it."""

COMMON_HEADERS: HeaderList = [
    # Readers in browsers (Pyodide, micropip) come from other origins. Source: SC-09.
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"X-PyPI-Last-Serial"),
    # Uploaded content must never be taken for a page of ours.
    (b"x-content-type-options", b"nosniff"),
]


@dataclass(frozen=True, slots=True)
class Request:
    """What the read path needs to know of a request. Header names are in lower case; repeated ones are joined."""

    method: str
    headers: dict[bytes, bytes]
    query: bytes

    @classmethod
    def from_scope(cls, scope: Scope) -> "Request":
        """Read a request from an ASGI scope."""
        headers: dict[bytes, bytes] = {}
        for name, value in scope["headers"]:
            headers[name] = headers[name] + b", " + value if name in headers else value
        return cls(scope["method"], headers, scope.get("query_string", b""))

    @property
    def wants_fresh(self) -> bool:
        """
        Whether the client must see the present state of a store that is far away.

        Clients with credentials are those that publish and then look; `no-cache` is an explicit wish.
        """
        headers = self.headers
        if b"authorization" in headers or b"cookie" in headers:
            return True
        return b"no-cache" in headers.get(b"cache-control", b"") or b"no-cache" in headers.get(b"pragma", b"")


@dataclass(frozen=True, slots=True)
class FilePart:
    """Bytes of a file that are to be sent as they are read. Whoever holds one closes the stream."""

    stream: AbstractContextManager[BinaryIO]
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Answer:
    """
    What is sent back.

    `reason` is the reason phrase of refusals, since pip, twine and poetry show nothing else.
    """

    status: int
    headers: HeaderList
    body: bytes | FilePart = b""
    reason: str = ""

    @property
    def size_bytes(self) -> int:
        """How many bytes the body has."""
        return self.body.size_bytes if isinstance(self.body, FilePart) else len(self.body)


def start_message(answer: Answer, scope: Scope) -> Message:
    """Make the message that begins an answer, with its reason phrase where the server carries one."""
    message: Message = {"type": "http.response.start", "status": answer.status, "headers": answer.headers}
    if answer.reason and REASON_EXTENSION in scope.get("extensions", {}):
        message["reason"] = answer.reason.encode("ascii", "replace")
    return message


def raw_path_of(scope: Scope) -> bytes:
    """Find a request's path as it came, still encoded; servers may leave it out. Source: ASGI, "HTTP"."""
    raw_path: bytes | None = scope.get("raw_path")
    if raw_path is None:
        return quote(scope["path"]).encode()
    return raw_path.partition(b"?")[0]
