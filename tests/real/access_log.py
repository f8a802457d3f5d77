"""What a running index was asked for, read from its access log (`CREAMERY_ACCESS_LOG=on`)."""

import re
import time
from contextlib import suppress
from dataclasses import dataclass
from secrets import token_hex
from urllib.error import HTTPError

from tests.real.running_index import RunningIndex

LINE = re.compile(r" creamery: \S+ (?P<method>[A-Z]+) (?P<path>\S+) (?P<status>\d{3}) (?P<size>\d+) bytes ")
WAIT_SECONDS = 10
MARK = "/simple/mark-"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request and how it was answered."""

    method: str
    path: str
    status: int
    size_bytes: int

    @property
    def is_file(self) -> bool:
        """Whether a distribution file was asked for, and not only its metadata."""
        return self.path.startswith("/packages/") and not self.path.endswith(".metadata")

    @property
    def is_metadata(self) -> bool:
        """Whether a file's metadata was asked for (PEP 658)."""
        return self.path.startswith("/packages/") and self.path.endswith(".metadata")


class AccessLog:
    """The requests to an index since `forget` was called last."""

    def __init__(self, index: RunningIndex) -> None:
        """Read the log of an index that runs with `CREAMERY_ACCESS_LOG=on`."""
        self._index = index
        self._begin = 0

    def forget(self) -> None:
        """Begin here."""
        self._until_mark()
        self._begin = self._index.log.stat().st_size

    def list_asked(self) -> list[Asked]:
        """List what was asked, oldest first. Nothing that was answered before this call is missing."""
        self._until_mark()
        text = self._index.log.read_bytes()[self._begin :].decode()
        found = [Asked(m["method"], m["path"], int(m["status"]), int(m["size"])) for m in LINE.finditer(text)]
        return [asked for asked in found if not asked.path.startswith(MARK)]

    def _until_mark(self) -> None:
        """Ask for something that nobody else asks for, and wait until its line is there: all before it are too."""
        mark = f"{MARK}{token_hex(8)}/"
        with suppress(HTTPError):
            self._index.fetch(mark)
        deadline = time.monotonic() + WAIT_SECONDS
        while f"GET {mark} 404" not in self._index.log.read_text():
            assert time.monotonic() < deadline, "The access log does not tell of this request."
            time.sleep(0.01)
