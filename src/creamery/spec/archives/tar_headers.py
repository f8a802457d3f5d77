"""
The headers of a tar archive: one block, and the extended ones (pax, GNU) that go before it.

Numbers are read more strictly than `tarfile` reads them, which takes `-1`, `+1` and `1_0` for octal numbers.
Source: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Extended Header"; GNU tar manual, "Basic Tar Format".
"""

import re
from functools import lru_cache
from typing import NamedTuple

from creamery.spec.archives.findings import Findings
from creamery.spec.problems import N_

BLOCK_BYTES = 512

_OCTAL = re.compile(rb" *([0-7]+)[ \0]*\Z")
_NOTHING = re.compile(rb"[ \0]*\Z")
_PAX_LENGTH = re.compile(rb"([1-9][0-9]{0,7}) ")
_PAX_FIELDS = frozenset({"path", "linkpath", "size", "hdrcharset"})
# How star and Solaris tell of sparse files. libarchive takes the size from the first.
_PAX_SPARSE = frozenset({"SCHILY.realsize", "SUN.holesdata"})
_PAX_NUMBERS = frozenset({"uid", "gid", "mtime", "atime", "ctime"})
_PAX_NUMBER = re.compile(rb"-?[0-9]{1,20}(\.[0-9]{1,20})?\Z")
# Owner, group, time, device numbers: of no meaning here, but every reader reads them.
_PASSED_OVER = ((108, 116), (116, 124), (136, 148), (329, 337), (337, 345))
# What nearly all headers have there: owner and group, (a size,) a time; no device.
_USUAL = re.compile(rb"(?:[0-7]{7}\0){2}.{12}[0-7]{11}\0", re.DOTALL)
_USUAL_DEVICE = re.compile(rb"(?:[0-7]{7}\0){2}|\0{16}")
_SOURCE = "POSIX.1-2017, pax"


class TarHeader(NamedTuple):
    """One header block, without what extended headers before it change."""

    raw_name: bytes
    kind: bytes
    size_bytes: int
    mode: int
    raw_target: bytes

    @property
    def shown_name(self) -> str:
        """The name for messages; extended headers may give another, and this one may be cut inside a character."""
        return self.raw_name.decode("utf-8", "replace")


def parse_header(block: bytes, findings: Findings) -> TarHeader:
    """
    Read a header block of ustar, GNU or the oldest form.

    Raises:
        InvalidInput: the block is damaged; nothing after it can be found.
    """
    checksum = _number(block[148:156], findings)
    # Most of a header is zeros, which need not be added. The place of the checksum itself counts as spaces.
    if checksum != sum(block.translate(None, b"\0")) - sum(block[148:156]) + 8 * 32:
        rule = N_("A header's checksum is wrong: the archive is damaged, or bytes lie where a header should.")
        findings.fail("tar-header", findings.filename, rule, source=_SOURCE)
    if _USUAL.match(block, 108) is None or _USUAL_DEVICE.match(block, 329) is None:
        for start, end in _PASSED_OVER:
            _check_readable(block[start:end], findings)
    name, prefix = _text(block, 0, 100), b""
    if block[257:263] == b"ustar\0":
        prefix = _text(block, 345, 500)
    elif block[345:500].strip(b"\0"):
        # Here readers differ: some join what GNU keeps in this place (times) to the name.
        rule = N_("A header that is not of the ustar form has nothing in the place of the prefix.")
        findings.fail("tar-prefix", name.decode("utf-8", "replace"), rule, source=_SOURCE)
    raw_name = prefix + b"/" + name if prefix else name
    size_bytes, mode = _number(block[124:136], findings), _number(block[100:108], findings)
    return TarHeader(raw_name, block[156:157], size_bytes, mode, _text(block, 157, 257))


def _number(field: bytes, findings: Findings) -> int:
    found = _parse_octal(field)
    if found is None:
        rule = N_("Sizes, modes and checksums are octal numbers; negative and binary ones are not accepted.")
        findings.fail("tar-number", findings.filename, rule, source=_SOURCE)
    return found


@lru_cache(maxsize=1024)
def _parse_octal(field: bytes) -> int | None:
    """Read a number, 0 where there is nothing; None if it is none. Most headers of an archive have the same few."""
    found = _OCTAL.match(field)
    if found is not None:
        return int(found.group(1), 8)
    return None if _NOTHING.match(field) is None else 0


def _check_readable(field: bytes, findings: Findings) -> None:
    """Refuse a number that nobody could read, as some readers then take the block for the end of the archive."""
    is_binary = field[0] in (0x80, 0xFF)
    if not is_binary and _OCTAL.match(field) is None and _NOTHING.match(field) is None:
        rule = N_("Owners, times and device numbers are octal or binary numbers.")
        findings.fail("tar-number", findings.filename, rule, source=_SOURCE)


def _text(block: bytes, start: int, end: int) -> bytes:
    """Read a text, which ends with a NUL if it is shorter than its place; most places hold none."""
    return block[start:end].partition(b"\0")[0] if block[start] else b""


def decode_name(raw: bytes, findings: Findings) -> str:
    """Decode a name, which is UTF-8: other encodings are guessed differently by every reader."""
    if not raw:
        return ""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        name = raw.decode("utf-8", "replace")
        findings.refuse("tar-name-encoding", name, N_("Names are UTF-8."), source=_SOURCE)
        return name


def parse_pax(content: bytes, findings: Findings) -> dict[str, str]:
    """
    Read a pax extended header: the fields that change what the archive holds.

    Times, owners and comments are passed over. Sparse files are refused: few readers unpack them alike.
    """
    found: dict[str, str] = {}
    position = 0
    while position < len(content):
        key, value, position = _parse_pax_record(content, position, findings)
        if key.startswith("GNU.sparse.") or key in _PAX_SPARSE:
            findings.fail("tar-sparse", value, N_("Sparse files are not accepted."), source=_SOURCE)
        if key in _PAX_FIELDS:
            if key in found:
                rule = N_("A field stands once in an extended header.")
                findings.fail("tar-pax-duplicate", f"{key}={value}", rule, source=_SOURCE)
            found[key] = value
    if "hdrcharset" in found and found["hdrcharset"] != "ISO-IR 10646 2000 UTF-8":
        findings.refuse("tar-name-encoding", found["hdrcharset"], N_("Names are UTF-8."), source=_SOURCE)
    return found


def _parse_pax_record(content: bytes, position: int, findings: Findings) -> tuple[str, str, int]:
    """Read one `<length> <key>=<value>\\n`, where the length counts itself."""
    length = _PAX_LENGTH.match(content, position)
    end = position + int(length.group(1)) if length else 0
    if length is None or end > len(content) or end <= length.end() or content[end - 1 : end] != b"\n":
        findings.fail("tar-pax", findings.filename, N_("An extended header is damaged."), source=_SOURCE)
    key, equals, value = content[length.end() : end - 1].partition(b"=")
    if not key or not equals or b"\0" in key:
        findings.fail("tar-pax", findings.filename, N_("An extended header is damaged."), source=_SOURCE)
    text = key.decode("utf-8", "replace")
    if text in _PAX_NUMBERS and _PAX_NUMBER.match(value) is None:
        rule = N_("Owners and times in an extended header are decimal numbers.")
        findings.fail("tar-pax", f"{text}={value.decode('utf-8', 'replace')}", rule, source=_SOURCE)
    return text, decode_name(value, findings) if text in _PAX_FIELDS else "", end
