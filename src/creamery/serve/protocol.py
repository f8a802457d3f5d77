"""
uvicorn's HTTP protocol, made to send reason phrases and files, and to answer hits of the read path by itself.

ASGI has no place for reason phrases, but pip, twine, poetry and pdm print the phrase of a refusal and nothing else. An
application may put `reason` into `http.response.start` where the scope has the extension `creamery.reason`.

An application that has `hits` (or has an `app` that does) lets the server answer from there: a GET that is one is
written at once, without scope, task and messages, and when it comes again word for word, without being parsed. Everything
else goes the way that it always went.

This leans on names inside uvicorn 0.54.0, which is therefore pinned: `on_message_begin`, `on_headers_complete`,
`on_message_complete`, `on_response_complete`, `_start_asgi_task`, the attributes of a connection, `RequestResponseCycle.send` and its `transport`,
to which it writes an answer's head in one piece.
"""

import re
from io import FileIO
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from creamery.serve.documents import OpenFile
from creamery.serve.head_limits import LimitedProtocol
from creamery.serve.hits import Hit, Hits
from creamery.serve.messages import REASON_EXTENSION, SENDFILE_EXTENSION
from creamery.serve.sendfile import find_socket, send_at_once, send_file
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


class _Piece:
    """What a piece of data held: how many requests began in it, and the last hit among them."""

    begun = 0
    hit: Hit | None = None


class HttpProtocol(LimitedProtocol):
    """One connection of a client."""

    _hits: Hits | None = None
    _socket: int | None = None
    _is_between_requests = True
    _piece = _Piece()
    _server_headers: tuple[list[tuple[bytes, bytes]] | None, bytes] = (None, b"")

    def connection_made(self, transport: Any) -> None:
        """Begin a connection."""
        super().connection_made(transport)
        self._piece = _Piece()
        self._socket = find_socket(transport)
        self._hits = None if self.root_path or self.limit_concurrency is not None else _find_hits(self.app)

    def data_received(self, data: bytes) -> None:
        """
        Take what the client sends: a request that is remembered is answered without being parsed, others are remembered.

        That is right only between two requests, for bytes that hold exactly one. The parser neither sees nor misses it.
        """
        if self._hits is None or not self._is_between_requests or not self._may_answer():
            super().data_received(data)
            return
        hit = self._hits.recall(data)
        if hit is not None:
            self._send(hit)
            self.count_answer()
            return
        piece = self._piece = _Piece()
        super().data_received(data)
        if piece.hit is not None and piece.begun == 1 and self._is_between_requests:
            self._hits.remember(data, piece.hit)

    def on_message_begin(self) -> None:
        """Begin a request. Its scope is made when it is known that an application will see it."""
        self._is_between_requests = False
        self._piece.begun += 1
        self.begin_head()
        self.url = b""
        self.headers = []
        self.expect_100_continue = False

    def on_message_complete(self) -> None:
        """End a request."""
        self._is_between_requests = True
        super().on_message_complete()

    def on_headers_complete(self) -> None:
        """Answer a hit; else tell the application that its reason phrases will be sent, and hand the request on."""
        self.end_head()
        if self._hits is not None and self._is_plain():
            hit = self._hits.find(self.url, self.headers)
            if hit is not None:
                self._piece.hit = hit
                self._send(hit)
                # What the parser still tells of this request (the end of its body) is not for the cycle before it.
                self.cycle = _ANSWERED
                self.on_response_complete()
                return
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.headers, self.expect_100_continue = url, headers, expects
        self.scope["headers"] = headers
        self.scope["extensions"] = {REASON_EXTENSION: {}}
        super().on_headers_complete()

    def _may_answer(self) -> bool:
        """Say whether an answer may be sent now: none is in the making, and the client takes what it is sent."""
        return (
            (self.cycle is None or self.cycle.response_complete)
            and not self.pipeline
            and not self.flow.write_paused
            and not self.transport.is_closing()
        )

    def _is_plain(self) -> bool:
        """Say whether this request may be answered by the protocol: a GET of HTTP/1.1 on a connection that stays open."""
        parser = self.parser
        return (
            self._may_answer()
            and parser.get_method() == b"GET"
            and parser.get_http_version() == "1.1"
            and parser.should_keep_alive()
            and not parser.should_upgrade()
        )

    def _send(self, hit: Hit) -> None:
        head, end, body = hit.reply.head, self._find_server_headers(), hit.body
        if len(body) <= JOINED_BYTES:
            self.transport.write(b"".join((head, end, body)))
        elif hit.file is None or self._socket is None or self.transport.get_write_buffer_size():
            self.transport.writelines((head, end, body))
        else:
            self._send_file(self._socket, head + end, body, hit.file)

    def _send_file(self, number: int, head: bytes, body: bytes, file: OpenFile) -> None:
        try:
            sent_bytes = send_at_once(number, head, file.number, len(body))
        except OSError:
            self.transport.close()
            return
        if sent_bytes < len(head):
            self.transport.writelines((head[sent_bytes:], body))
        elif sent_bytes < len(head) + len(body):
            self.transport.write(memoryview(body)[sent_bytes - len(head) :])

    def _find_server_headers(self) -> bytes:
        """Find the lines that end every head: the date, in a list that is a new one every second, and an empty one."""
        headers, lines = HttpProtocol._server_headers
        if headers is not self.server_state.default_headers:
            headers = self.server_state.default_headers
            lines = b"".join(b"%b: %b\r\n" % header for header in headers) + b"\r\n"
            HttpProtocol._server_headers = headers, lines
        return lines

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        # uvicorn names the class of its cycles in the middle of a long method; a copy of that would age worse.
        cycle.__class__ = _Cycle
        if self._socket is not None:
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
