"""
Writes documents that are too long for memory: piece by piece, with their compressed twins, into local files first.

The list of 700,000 projects is 40 MB in each form. Held whole, with its twins and with what it is made of, it took
470 MB; this way the memory stays flat.
"""

import time
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from types import TracebackType
from typing import IO

from creamery.kernel.outbox import Claim
from creamery.publish.documents import Packer, put
from creamery.settings import CONFIG
from creamery.storage import keys
from creamery.storage.keys import BlobKey
from creamery.storage.store import Content

SMALL_BYTES = 1024 * 1024
"""What is kept in memory and never becomes a local file, as in most indexes."""

LEFT_BEHIND_SECONDS = 3600


class LongDocument:
    """A document in the making. Used in a `with`, which takes away what is not published."""

    def __init__(self, key: BlobKey) -> None:
        """Begin the document of that key."""
        self.key = key
        self._plain = _Spool()
        self._twins = {keys.variant(key, encoding): (Packer(encoding), _Spool()) for encoding in keys.ENCODINGS}

    def __enter__(self) -> "LongDocument":
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take away the local files."""
        for spool in (self._plain, *(spool for _, spool in self._twins.values())):
            spool.remove()

    def write(self, piece: bytes) -> None:
        """Add to the end."""
        self._plain.write(piece)
        for packer, spool in self._twins.values():
            spool.write(packer.write(piece))

    def publish(self, *, claim: Claim) -> None:
        """
        Put what was written where readers find it: the twins first, then the document, whose serial says what is finished.

        Raises:
            ClaimLost: another process has taken over since the document was begun.
        """
        contents: dict[BlobKey, Content] = {}
        for key, (packer, spool) in self._twins.items():
            spool.write(packer.finish())
            contents[key] = spool.finish()
        contents[self.key] = self._plain.finish()
        put(contents, claim=claim)


class _Spool:
    """Bytes in memory, and in a local file once they are many."""

    def __init__(self) -> None:
        self._few = bytearray()
        self._path: Path | None = None
        self._file: IO[bytes] | None = None

    def write(self, piece: bytes) -> None:
        if self._file is None and len(self._few) + len(piece) > SMALL_BYTES:
            self._path = _folder() / token_hex(8)
            self._file = self._path.open("xb", buffering=0)
            self._file.write(self._few)
            self._few.clear()
        if self._file is None:
            self._few += piece
        else:
            self._file.write(piece)

    def finish(self) -> bytes | Path:
        if self._path is None or self._file is None:
            return bytes(self._few)
        self._file.close()
        return self._path

    def remove(self) -> None:
        if self._path is not None and self._file is not None:
            self._file.close()
            self._path.unlink(missing_ok=True)


def _folder() -> Path:
    """Make the folder of local files, and remove from it what a crash left."""
    folder = CONFIG.data / "rendering"
    folder.mkdir(mode=0o700, exist_ok=True)
    oldest = time.time() - LEFT_BEHIND_SECONDS
    for path in folder.iterdir():
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < oldest:
                path.unlink()
    return folder
