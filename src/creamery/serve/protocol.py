"""
uvicorn's HTTP protocol, made to send reason phrases.

ASGI has no place for them, but pip, twine, poetry and pdm print the phrase of a refusal and nothing else. An
application may put `reason` into `http.response.start` where the scope has the extension `creamery.reason`.

This leans on names inside uvicorn 0.54.0, which is therefore pinned: `on_message_begin`, `_start_asgi_task`,
`RequestResponseCycle.send` and its `transport`, to which it writes an answer's head in one piece.
"""

import re
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from creamery.serve.messages import REASON_EXTENSION

LONGEST_REASON_BYTES = 200
_UNFIT = re.compile(rb"[^\x20-\x7e]")


class HttpProtocol(HttpToolsProtocol):
    """One connection of a client."""

    def on_message_begin(self) -> None:
        """Begin a request, and tell the application that its reason phrases will be sent."""
        super().on_message_begin()
        self.scope["extensions"] = {REASON_EXTENSION: {}}

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        # uvicorn names the class of its cycles in the middle of a long method; a copy of that would age worse.
        cycle.__class__ = _ReasonCycle
        super()._start_asgi_task(cycle, app)


class _ReasonCycle(RequestResponseCycle):
    """One request and its answer."""

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
