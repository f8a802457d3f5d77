"""
uvicorn's HTTP protocol, made to send reason phrases and files, and to answer hits of the read path by itself.

ASGI has no place for reason phrases, but pip, twine, poetry and pdm print the phrase of a refusal and nothing else. An
application may put `reason` into `http.response.start` where the scope has the extension `creamery.reason`.

An application that has `hits` (or has an `app` that does) lets the server answer from there: a GET that is one is
written at once, without scope, task and messages. Everything else goes the way that it always went.

This leans on names inside uvicorn 0.54.0, which is therefore pinned: `on_message_begin`, `on_headers_complete`,
`on_response_complete`, `_start_asgi_task`, the attributes of a connection, `RequestResponseCycle.send` and its `transport`,
to which it writes an answer's head in one piece.
"""

import re
from io import FileIO
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from creamery.serve.head_limits import LimitedProtocol
from creamery.serve.hits import Hit, Hits
from creamery.serve.messages import REASON_EXTENSION, SENDFILE_EXTENSION
from creamery.serve.sendfile import can_send_files, send_file
from creamery.storage.store import StoreUnavailable

LONGEST_REASON_BYTES = 200
JOINED_BYTES = 32 * 1024
"""Bodies up to this are copied behind their head; a system call more costs more."""

_UNFIT = re.compile(rb"[^\x20-\x7e]")


class _Event:
    """An event that nobody waits for."""

    def set(self) -> None:
        """Do nothing."""


class _Answered:
    """Stands where the cycle of a request stands that was answered by the protocol itself."""

    response_complete = True
    message_event = _Event()


_ANSWERED: Any = _Answered()


class HttpProtocol(LimitedProtocol):
    """One connection of a client."""

    _hits: Hits | None = None
    _server_headers: tuple[list[tuple[bytes, bytes]] | None, bytes] = (None, b"")

    def connection_made(self, transport: Any) -> None:
        """Begin a connection."""
        super().connection_made(transport)
        self._hits = None if self.root_path or self.limit_concurrency is not None else _find_hits(self.app)

    def on_message_begin(self) -> None:
        """Begin a request. Its scope is made when it is known that an application will see it."""
        self.begin_head()
        self.url = b""
        self.headers = []
        self.expect_100_continue = False

    def on_headers_complete(self) -> None:
        """Answer a hit; else tell the application that its reason phrases will be sent, and hand the request on."""
        self.end_head()
        if self._hits is not None and self._is_plain():
            hit = self._hits.find(self.url, self.headers)
            if hit is not None:
                self._answer(hit)
                return
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.headers, self.expect_100_continue = url, headers, expects
        self.scope["headers"] = headers
        self.scope["extensions"] = {REASON_EXTENSION: {}}
        super().on_headers_complete()

    def _is_plain(self) -> bool:
        """
        Say whether this request may be answered before any other: a GET of HTTP/1.1 on a connection that stays open and
        can take an answer, while none is in the making.
        """
        parser = self.parser
        return (
            (self.cycle is None or self.cycle.response_complete)
            and parser.get_method() == b"GET"
            and parser.get_http_version() == "1.1"
            and parser.should_keep_alive()
            and not parser.should_upgrade()
            and not self.pipeline
            and not self.flow.write_paused
            and not self.transport.is_closing()
        )

    def _answer(self, hit: Hit) -> None:
        head = b"".join((STATUS_LINE[hit.status], self._find_server_headers(), hit.head, b"\r\n"))
        if len(hit.body) <= JOINED_BYTES:
            self.transport.write(head + hit.body)
        else:
            self.transport.writelines((head, hit.body))
        # What the parser still tells of this request (the end of its body) is not for the cycle before it.
        self.cycle = _ANSWERED
        self.on_response_complete()

    def _find_server_headers(self) -> bytes:
        """Find the lines that the server adds to every answer: the date, in a list that is a new one every second."""
        headers, lines = HttpProtocol._server_headers
        if headers is not self.server_state.default_headers:
            headers = self.server_state.default_headers
            lines = b"".join(b"%b: %b\r\n" % header for header in headers)
            HttpProtocol._server_headers = headers, lines
        return lines

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        # uvicorn names the class of its cycles in the middle of a long method; a copy of that would age worse.
        cycle.__class__ = _Cycle
        if can_send_files(self.transport):
            extensions: Any = cycle.scope["extensions"]
            extensions[SENDFILE_EXTENSION] = cast("_Cycle", cycle).send_file
        super()._start_asgi_task(cycle, app)


def _find_hits(app: Any) -> Hits | None:
    """Look through what stands around the application, such as uvicorn's own reader of proxies' headers."""
    while app is not None:
        hits: Hits | None = getattr(app, "hits", None)
        if hits is not None:
            return hits
        app = getattr(app, "app", None)
    return None


class _Cycle(RequestResponseCycle):
    """One request and its answer."""

    async def send_file(self, file: FileIO, size_bytes: int) -> int:
        """
        Send the body of an answer that has begun, or a part of it, from a file. Returns how many bytes went out.

        Raises:
            StoreUnavailable: the file ended early. The answer stays unfinished, so the connection is cut.
        """
        sent_bytes = await send_file(self, file, size_bytes)
        self.expected_content_length -= sent_bytes
        if sent_bytes < size_bytes and not self.disconnected:
            raise StoreUnavailable(f"A file ended {size_bytes - sent_bytes} bytes early.")
        return sent_bytes

    def send(self, message: Any) -> Any:
        reason = message.get("reason")
        if reason and message["type"] == "http.response.start":
            self.transport = _StatusLine(self, reason)  # type: ignore[assignment]
        return super().send(message)


class _StatusLine:
    """Stands in for a transport during one write, that of an answer's head, to put the reason into its first line."""

    def __init__(self, cycle: RequestResponseCycle, reason: bytes) -> None:
        self._cycle = cycle
        self._transport = cycle.transport
        self._reason = _UNFIT.sub(b"?", reason)[:LONGEST_REASON_BYTES]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, head: bytes) -> None:
        """Write the head with the reason, and step aside."""
        line, _, rest = head.partition(b"\r\n")
        version_and_status = line.split(b" ", 2)[:2]
        self._cycle.transport = self._transport
        self._transport.write(b" ".join([*version_and_status, self._reason]) + b"\r\n" + rest)
