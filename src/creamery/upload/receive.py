"""Bytes once to disk, hashed on the way."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from creamery.kernel.failpoints import reach
from creamery.kernel.refusals import Limited
from creamery.spec.digests import Sha256
from creamery.storage.store import StoreUnavailable


class FileTooLarge(Limited):
    """The file is larger than this index accepts. Source: standards.md UP-07, UP-27."""

    status = 413
    code = "file-too-large"
    sentence = _(
        "content: the file is larger than {limit} bytes, the most that this index accepts. Ask its staff for a higher limit."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A file as it arrived: a temporary file that belongs to this upload alone, and its digests in lower-case hexadecimal."""

    path: Path
    size_bytes: int
    sha256: Sha256
    md5: str
    blake2b_256: str


class Receiver:
    """
    Takes a file chunk by chunk into a temporary file and three digests; memory does not grow with the file.

    The file lies in a folder that only this program may enter, and is hashed before it is written, from the same bytes.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        with _unavailable():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(prefix="upload-", dir=folder)
        self._path = Path(name)
        self._out = os.fdopen(descriptor, "wb", buffering=0)
        self._max_bytes = max_bytes
        self._size_bytes = 0
        self._sha256 = hashlib.sha256()
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._blake2b = hashlib.blake2b(digest_size=32)

    def write(self, chunk: bytes | bytearray | memoryview) -> None:
        """
        Take the next bytes.

        Raises:
            FileTooLarge: the limit is passed; nothing of it should be kept.
            StoreUnavailable: the disk is full or broken.
        """
        self._size_bytes += len(chunk)
        if self._size_bytes > self._max_bytes:
            raise FileTooLarge(limit=self._max_bytes)
        for digest in (self._sha256, self._md5, self._blake2b):
            digest.update(chunk)
        reach("upload.receiving")
        view = memoryview(chunk)
        with _unavailable():
            while view:
                view = view[self._out.write(view) :]

    def finish(self) -> Received:
        """Close the file and tell what it is. Its content is made durable when it is put into the store."""
        self._out.close()
        return Received(
            path=self._path,
            size_bytes=self._size_bytes,
            sha256=Sha256(self._sha256.hexdigest()),
            md5=self._md5.hexdigest(),
            blake2b_256=self._blake2b.hexdigest(),
        )

    def discard(self) -> None:
        """Remove the temporary file; does nothing when it is gone already."""
        self._out.close()
        self._path.unlink(missing_ok=True)


@contextmanager
def _unavailable() -> Iterator[None]:
    """Say that the disk takes nothing: that passes, and is no bug of ours."""
    try:
        yield
    except OSError as error:
        raise StoreUnavailable(error.errno, error.strerror, "incoming") from error


def receive_local(path: Path, folder: Path, max_bytes: int) -> Received:
    """
    Take a file that lies on this machine, as an import does; the original stays.

    Raises:
        FileTooLarge: it is larger than the limit.
    """
    receiver = Receiver(folder, max_bytes)
    try:
        with path.open("rb") as source:
            while chunk := source.read(1024 * 1024):
                receiver.write(chunk)
    except BaseException:
        receiver.discard()
        raise
    return receiver.finish()
