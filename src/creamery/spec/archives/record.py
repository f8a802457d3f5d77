"""
RECORD: the list of a wheel's files with their digests.

Source: PyPA specifications, "Binary distribution format" and "Recording installed projects"; PEP 815.
"""

import base64
import binascii
import csv
import hashlib
import io
import sys
from typing import TYPE_CHECKING, NamedTuple

from creamery.spec.archives.findings import Findings
from creamery.spec.problems import N_

if TYPE_CHECKING:
    from hashlib import _Hash

_SOURCE = "PyPA specifications, 'Binary distribution format', 'The .dist-info directory'"
# The digests that are at least as strong as sha256, with their sizes in bytes.
_STRONG = {"sha256": 32, "sha384": 48, "sha512": 64, "sha3_256": 32, "sha3_384": 48, "sha3_512": 64, "blake2b": 64}
_REMEDY = N_("Build the wheel again, and do not change it afterwards other than by `wheel unpack` and `wheel pack`.")


class RecordLine(NamedTuple):
    """What RECORD says about one file; `size_bytes` is None where it says nothing."""

    algorithm: str
    digest: bytes
    size_bytes: int | None


class Record:
    """The lines of RECORD, ticked off as the files are read."""

    def __init__(self, folder: str, lines: dict[str, RecordLine | None], findings: Findings) -> None:
        self._lines = lines
        self._findings = findings
        # RECORD cannot hold its own digest, and its signatures (deprecated by PEP 815) sign it.
        self._exempt = {f"{folder}/RECORD", f"{folder}/RECORD.jws", f"{folder}/RECORD.p7s"}

    def start(self, name: str) -> "RecordCheck | None":
        """Begin to check a file; None when RECORD has no digest of it, which is noted unless it may be so."""
        if name not in self._lines:
            if name not in self._exempt:
                rule = N_("RECORD lists every file of the wheel; this one is missing from it.")
                self._findings.refuse("record-missing-file", name, rule, _REMEDY, _SOURCE)
            return None
        line = self._lines.pop(name)
        if line is None:
            if name not in self._exempt:
                rule = N_("RECORD has a digest for every file: sha256 or stronger, in URL-safe base64.")
                self._findings.refuse("record-without-digest", name, rule, _REMEDY, _SOURCE)
            return None
        return RecordCheck(name, line, self._findings)

    def finish(self) -> None:
        """Refuse what RECORD lists and the wheel does not have."""
        for name in self._lines:
            if name not in self._exempt:
                rule = N_("RECORD lists a file that is not in the wheel.")
                self._findings.refuse("record-extra-file", name, rule, _REMEDY, _SOURCE)


class RecordCheck:
    """Compares one file's content with its line, piece by piece."""

    def __init__(self, name: str, line: RecordLine, findings: Findings) -> None:
        self._name = name
        self._line = line
        self._findings = findings
        self._hash: _Hash = hashlib.new(line.algorithm)
        self._size_bytes = 0

    def update(self, piece: bytes) -> None:
        """Take the next piece of content."""
        self._hash.update(piece)
        self._size_bytes += len(piece)

    def finish(self) -> None:
        """Note a difference in digest or size."""
        if self._hash.digest() != self._line.digest or self._line.size_bytes not in (None, self._size_bytes):
            rule = N_("The file's digest or size is not what RECORD says.")
            self._findings.refuse("record-mismatch", self._name, rule, _REMEDY, _SOURCE)


def parse_record(content: bytes, folder: str, findings: Findings) -> Record:
    """
    Read RECORD.

    `folder` is the wheel's `.dist-info`. Lines that cannot be read are noted in `findings`.
    """
    lines: dict[str, RecordLine | None] = {}
    try:
        # A wrapper instead of decoded text: text in memory would take four times the size of the content.
        for row in csv.reader(io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", newline="")):
            if row:
                _add_row(row, lines, findings)
    except (csv.Error, UnicodeDecodeError):
        findings.fail("record-unreadable", f"{folder}/RECORD", N_("RECORD is CSV in UTF-8."), _REMEDY, _SOURCE)
    return Record(folder, lines, findings)


def _add_row(row: list[str], lines: dict[str, RecordLine | None], findings: Findings) -> None:
    if len(row) != 3:
        rule = N_("A line of RECORD has a path, a digest and a size.")
        findings.refuse("record-line", ",".join(row), rule, _REMEDY, _SOURCE)
        return
    path, digest, size = row
    line = _parse_line(digest, size)
    if line is not None and len(digest) > 2 * len(line.digest):
        # gmsh's wheels have right digests in the wrong spelling; what they are there for, they do.
        rule = N_("Digests in RECORD are written in URL-safe base64, these in hexadecimal digits.")
        if all(warning.code != "record-hex-digest" for warning in findings.warnings):
            findings.warn("record-hex-digest", path, rule, _REMEDY, _SOURCE)
    if path in lines and lines[path] != line:
        rule = N_("RECORD lists this file twice, with different digests.")
        findings.refuse("record-duplicate", path, rule, _REMEDY, _SOURCE)
    lines[path] = line


def _parse_line(digest: str, size: str) -> RecordLine | None:
    algorithm, _, encoded = digest.partition("=")
    if algorithm not in _STRONG or (size and not (size.isascii() and size.isdigit() and len(size) < 20)):
        return None
    found = _decode(encoded, _STRONG[algorithm])
    # One object for the algorithm of all lines.
    return None if found is None else RecordLine(sys.intern(algorithm), found, int(size) if size else None)


def _decode(encoded: str, size_bytes: int) -> bytes | None:
    """Decode a digest of known size, from URL-safe base64 or from hexadecimal digits; their lengths never meet."""
    try:
        if len(encoded) == 2 * size_bytes:
            return bytes.fromhex(encoded)
        encoded = encoded.rstrip("=")
        found = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return found if len(found) == size_bytes else None
