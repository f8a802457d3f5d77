"""A client that has its hands on the wire: it sends what it wants, when it wants, or stops in the middle."""

import socket
import time
from dataclasses import dataclass
from types import TracebackType

from tests.factories import Upload
from tests.real.inside import basic, encode

SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer, as it stood on the wire."""

    status: int
    reason: str
    headers: dict[str, str]
    body: bytes


def upload_request(token: str, what: Upload, **headers: str) -> tuple[bytes, bytes]:
    """Write an upload's head and body. `headers` replace usual ones; an empty one is left out."""
    content_type, body = encode(what.fields, [what.part()])
    usual = {
        "host": "localhost",
        "content-type": content_type,
        "content-length": str(len(body)),
        "authorization": basic("__token__", token),
    }
    given = usual | {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{name}: {value}" for name, value in given.items() if value]
    return "\r\n".join(["POST /legacy/ HTTP/1.1", *lines, "", ""]).encode(), body


class Wire:
    """One connection."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=SECONDS)
        self._heard = b""

    def __enter__(self) -> "Wire":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def send(self, content: bytes) -> None:
        """Send all of it."""
        self._socket.sendall(content)

    def send_slowly(self, content: bytes, *, pieces: int, seconds: float) -> None:
        """Send it in so many pieces over so many seconds."""
        size = len(content) // pieces + 1
        for start in range(0, len(content), size):
            self.send(content[start : start + size])
            time.sleep(seconds / pieces)

    def end_sending(self) -> None:
        """Say that nothing more comes, as a client that breaks off politely."""
        self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Go away."""
        self._socket.close()

    def is_silent(self, seconds: float) -> bool:
        """Wait, and say whether nothing was heard."""
        self._socket.settimeout(seconds)
        try:
            self._heard += self._socket.recv(1)
        except TimeoutError:
            return True
        finally:
            self._socket.settimeout(SECONDS)
        return not self._heard

    def hear(self) -> Heard:
        """Read one answer: its head, and as much body as it says."""
        while b"\r\n\r\n" not in self._heard:
            self._heard += self._more()
        head, _, rest = self._heard.partition(b"\r\n\r\n")
        line, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in lines)}
        size = int(headers.get("content-length", "0"))
        while len(rest) < size:
            rest += self._more()
        self._heard = rest[size:]
        _version, status, reason = line.split(" ", 2)
        return Heard(int(status), reason, headers, rest[:size])

    def is_closed(self) -> bool:
        """Wait for the server's end of the connection."""
        try:
            return self._socket.recv(65536) == b""
        except ConnectionResetError:
            return True

    def _more(self) -> bytes:
        piece = self._socket.recv(65536)
        assert piece, f"the connection ended after {self._heard!r}"
        return piece


def send_upload(port: int, token: str, what: Upload, **headers: str) -> Heard:
    """Upload it, all at once."""
    with Wire(port) as wire:
        head, body = upload_request(token, what, **headers)
        wire.send(head + body)
        return wire.hear()


def get(port: int, path: str, **headers: str) -> Heard:
    """Read an address."""
    with Wire(port) as wire:
        lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        wire.send(
            "\r\n".join([f"GET {path} HTTP/1.1", "host: localhost", "connection: close", *lines, "", ""]).encode()
        )
        return wire.hear()
