"""Unpacks one gzip stream, bounded in size and ratio, and nothing behind it."""

import zlib
from collections.abc import Iterator
from typing import BinaryIO, NoReturn

from creamery.spec.archives.findings import Findings
from creamery.spec.archives.limits import ArchiveLimits
from creamery.spec.problems import N_

CHUNK_BYTES = 128 * 1024
_SOURCE = "PyPA specifications, 'Source distribution format'; RFC 1952"


class GzipStream:
    """
    Reads a gzip file forwards.

    `position` counts unpacked bytes. Every method raises InvalidInput when the stream is damaged or grows past its
    bounds.
    """

    def __init__(self, file: BinaryIO, limits: ArchiveLimits, findings: Findings) -> None:
        self._file = file
        self._limits = limits
        self._findings = findings
        self._unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        self._pending = b""
        self._packed_bytes = 0
        self._unpacked_bytes = 0
        self._buffer, self._cursor = b"", 0
        self.position = 0
        file.seek(0)
        if file.read(2) != b"\x1f\x8b":
            findings.fail("not-a-gzip", findings.filename, N_("The file is no gzip archive."), source=_SOURCE)
        file.seek(0)

    def read(self, size_bytes: int) -> bytes:
        """Read up to `size_bytes`; fewer only at the end of the stream."""
        end = self._cursor + size_bytes
        if end <= len(self._buffer):
            # Nearly all that is read of an archive are headers, which are short.
            found = self._buffer[self._cursor : end]
            self._cursor = end
            self.position += size_bytes
            return found
        pieces = []
        wanted = size_bytes
        while wanted and self._has_more():
            piece = self._buffer[self._cursor : self._cursor + wanted]
            self._cursor += len(piece)
            self.position += len(piece)
            wanted -= len(piece)
            pieces.append(piece)
        return b"".join(pieces)

    def skip_to(self, position: int) -> None:
        """Pass over content up to a position; the caller learns by `position` whether there was so much."""
        while self.position < position and self._has_more():
            passed = min(position - self.position, len(self._buffer) - self._cursor)
            self._cursor += passed
            self.position += passed

    def read_rest(self) -> Iterator[bytes]:
        """Give what is left, in pieces."""
        while piece := self.read(CHUNK_BYTES):
            yield piece

    def finish(self) -> None:
        """Make sure that the file ends with the stream: readers differ on second streams and on padding."""
        if self._pending or self._unpacker.unused_data or self._file.read(1):
            rule = N_("The file ends with its gzip stream; bytes or a second stream follow.")
            self._findings.fail("gzip-trailing-bytes", self._findings.filename, rule, source=_SOURCE)

    def _has_more(self) -> bool:
        """Unpack the next piece when the buffer is used up; False at the end of the stream."""
        if self._cursor < len(self._buffer):
            return True
        self._buffer, self._cursor = b"", 0
        while not self._buffer:
            if self._unpacker.eof:
                return False
            if not self._pending:
                self._pending = self._file.read(CHUNK_BYTES)
                self._packed_bytes += len(self._pending)
            was_at_end = not self._pending
            try:
                self._buffer = self._unpacker.decompress(self._pending, CHUNK_BYTES)
            except zlib.error:
                self._fail_damaged()
            self._pending = self._unpacker.unconsumed_tail
            if was_at_end and not self._buffer and not self._unpacker.eof:
                self._fail_damaged()
            self._unpacked_bytes += len(self._buffer)
            self._check_bounds()
        return True

    def _fail_damaged(self) -> NoReturn:
        rule = N_("The gzip stream is damaged or cut short.")
        self._findings.fail("gzip-damaged", self._findings.filename, rule, source=_SOURCE)

    def _check_bounds(self) -> None:
        limits, unpacked = self._limits, self._unpacked_bytes
        if unpacked > limits.max_unpacked_bytes:
            rule = N_("An archive unpacks to at most {limit} bytes.")
            self._findings.fail("too-large-unpacked", self._findings.filename, rule, limit=limits.max_unpacked_bytes)
        if unpacked > limits.ratio_free_bytes and unpacked > limits.max_ratio * self._packed_bytes:
            rule = N_("An archive unpacks to at most {limit} times its size.")
            self._findings.fail("archive-bomb", self._findings.filename, rule, limit=limits.max_ratio)
