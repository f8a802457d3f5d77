"""
Bounds for what a client may send before it is answered, and for how long: uvicorn has none. Nor does it ask for a host.

Without them one client could fill the memory with headers that never end, or hold connections open for ever by sending a
byte now and then ("slowloris"). There is one timer for a connection, not one for a request, which would cost a tenth of
what an answer that lies ready costs; so it also ends connections on which nothing more is asked for, as uvicorn would.
"""

from asyncio import TimerHandle
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

HEAD_SECONDS = 20.0
"""How long the head of a request may take, from the connection or the end of the answer before."""

LONGEST_TARGET_BYTES = 8 * 1024
LONGEST_HEAD_BYTES = 64 * 1024
MOST_HEADERS = 200


class BadHead(Exception):
    """Ends the reading of a request; uvicorn's parser turns it into a refusal."""


class LimitedProtocol(HttpToolsProtocol):
    """
    A connection that waits for heads of bounded size, for bounded time.

    Who inherits calls `begin_head` and `end_head`, or `count_answer` where it answered what it did not parse.
    """

    _head_seconds = HEAD_SECONDS
    _refusal: tuple[int, str] | None = None
    _is_in_head = False
    _head_bytes = 0
    _waits_since = 0.0
    _has_answered = False
    _watch: TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin a connection."""
        super().connection_made(transport)
        self._waits_since = self.loop.time()
        self._watch = self.loop.call_later(self._quiet_seconds, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """End a connection."""
        if self._watch is not None:
            self._watch.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what the client sends, until its head is too large."""
        if self._is_in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._is_in_head and self._head_bytes > LONGEST_HEAD_BYTES and not self.transport.is_closing():
            self._refuse(431, "The request's headers are too large.")

    def begin_head(self) -> None:
        """Note that a head begins."""
        self._is_in_head, self._head_bytes = True, 0

    def end_head(self) -> None:
        """
        Note that a head is complete.

        Raises:
            BadHead: it breaks a limit, or does not name one host; the refusal is kept for `send_400_response`.
        """
        self._is_in_head = False
        if len(self.url) > LONGEST_TARGET_BYTES:
            self._refusal = 414, "The request's address is too long."
        elif len(self.headers) > MOST_HEADERS:
            self._refusal = 431, "The request has too many headers."
        elif sum([len(name) + len(value) for name, value in self.headers]) > LONGEST_HEAD_BYTES:
            self._refusal = 431, "The request's headers are too large."
        elif not self._names_one_host():
            # Two servers in a row could take such a request for one to different hosts. Source: RFC 9112, section 3.2.
            self._refusal = 400, "The request must have one Host header."
        else:
            return
        raise BadHead

    def _names_one_host(self) -> bool:
        count = [name for name, _ in self.headers].count(b"host")
        return count == 1 or (count == 0 and self.parser.get_http_version() != "1.1")

    def count_answer(self) -> None:
        """Count an answer that was sent between two requests, after which nothing else waits."""
        self._waits_since = self.loop.time()
        self._has_answered = True
        self.server_state.total_requests += 1

    def on_response_complete(self) -> None:
        """Begin to wait for the next request."""
        self._waits_since = self.loop.time()
        self._has_answered = True
        super().on_response_complete()
        # That armed a timer for what this class watches already.
        self._unset_keepalive_if_required()

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be read, in the way that is right for it, and end the connection."""
        status, text = self._refusal or (400, msg)
        self._refuse(status, text)

    @property
    def _quiet_seconds(self) -> float:
        """How long a connection may be quiet after an answer."""
        return min(self._head_seconds, self.timeout_keep_alive)

    def _refuse(self, status: int, text: str) -> None:
        body = text.encode()
        head = b"content-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(body)
        # Within another answer nothing can be said; its reader would take this for its body.
        if self.cycle is None or self.cycle.response_complete:
            self.transport.write(STATUS_LINE[status] + head + body)
        self.transport.close()

    def _look(self) -> None:
        """End a connection that has waited too long for a head; else look again when it might have."""
        if self.transport.is_closing():
            return
        now = self.loop.time()
        if self.cycle is not None and not self.cycle.response_complete:
            self._waits_since = now
        is_quiet = self._has_answered and not self._is_in_head
        left_seconds = self._waits_since + (self._quiet_seconds if is_quiet else self._head_seconds) - now
        if left_seconds > 0:
            # It may become quiet at any time until then.
            self._watch = self.loop.call_later(min(left_seconds, self._quiet_seconds) + 0.01, self._look)
        elif self._is_in_head:
            self._refuse(408, "The request took too long to arrive.")
        else:
            self.transport.close()
