"""
The records of a ZIP archive as they lie in the file: the end, the central directory, the local headers.

Readers disagree about ZIP files that say a thing twice: they take the directory or the headers, the first or the last
end record, the 32- or the 64-bit number. So everything that is said twice must be said alike here.
Source: APPNOTE.TXT 6.3.10, sections 4.3 and 4.5.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from creamery.spec.archives.findings import Findings
from creamery.spec.archives.limits import ArchiveLimits
from creamery.spec.problems import N_

_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_EXTRA = struct.Struct("<2H")

_END_SIGNATURE = b"PK\x05\x06"
_FULL_16, _FULL_32 = 0xFFFF, 0xFFFFFFFF
_ZIP64_EXTRA, _UNICODE_PATH_EXTRA = 0x0001, 0x7075
_UTF8_FLAG = 0x800

_SOURCE = "PyPA specifications, 'Binary distribution format'; ZIP APPNOTE 4.3"
_TRUNCATED = N_("The archive ends in the middle of a record.")


@dataclass(frozen=True, slots=True)
class Directory:
    """Where the central directory lies; everything before `offset` is members."""

    offset: int
    size_bytes: int
    count: int


class ZipMember(NamedTuple):
    """
    One member as the central directory describes it. `data_offset` is where its content begins.

    `attributes` hold a mode of Unix in their upper half and those of DOS in their lowest byte.
    """

    name: str
    flags: int
    method: int
    crc: int
    packed_bytes: int
    unpacked_bytes: int
    header_offset: int
    attributes: int
    data_offset: int = 0


def read_exactly(file: BinaryIO, offset: int, size_bytes: int, findings: Findings) -> bytes:
    """Read bytes that the archive says are there."""
    file.seek(offset)
    found = file.read(size_bytes)
    if len(found) != size_bytes:
        findings.fail("zip-truncated", findings.filename, _TRUNCATED, source=_SOURCE)
    return found


def read_directory(file: BinaryIO, size_bytes: int, limits: ArchiveLimits, findings: Findings) -> Directory:
    """Find the central directory from the end of the file, which must be the end record and nothing after it."""
    end_offset = size_bytes - _END.size
    if end_offset < 0:
        findings.fail("not-a-zip", findings.filename, _NO_ZIP, source=_SOURCE)
    fields = _END.unpack(read_exactly(file, end_offset, _END.size, findings))
    if fields[0] != _END_SIGNATURE or fields[7]:
        _fail_without_end(file, size_bytes, findings)
    _, disk, directory_disk, count_here, count, directory_bytes, offset, _ = fields
    if disk or directory_disk or count_here != count:
        findings.fail("zip-split", findings.filename, N_("The archive is one of several parts."), source=_SOURCE)
    directory = Directory(offset, directory_bytes, count)
    directory, end_offset = _widen_directory(file, end_offset, directory, findings)
    if directory.offset + directory.size_bytes != end_offset:
        rule = N_(
            "The central directory ends where the end record begins; here bytes lie between, before or over them."
        )
        findings.fail("zip-stray-bytes", findings.filename, rule, source=_SOURCE)
    _check_directory_limits(directory, limits, findings)
    return directory


_NO_ZIP = N_("The file is no ZIP archive.")


def _fail_without_end(file: BinaryIO, size_bytes: int, findings: Findings) -> None:
    tail_bytes = min(size_bytes, _END.size + _FULL_16)
    tail = read_exactly(file, size_bytes - tail_bytes, tail_bytes, findings)
    found = tail.rfind(_END_SIGNATURE)
    if found > tail_bytes - _END.size:
        findings.fail("zip-truncated", findings.filename, _TRUNCATED, source=_SOURCE)
    if found >= 0:
        rule = N_("The archive ends with its end record, without a comment and without bytes after it.")
        findings.fail("zip-trailing-bytes", findings.filename, rule, source=_SOURCE)
    findings.fail("not-a-zip", findings.filename, _NO_ZIP, source=_SOURCE)


def _widen_directory(
    file: BinaryIO, end_offset: int, directory: Directory, findings: Findings
) -> tuple[Directory, int]:
    """Take the 64-bit end record if there is one; what both say must agree."""
    locator_offset = end_offset - _LOCATOR.size
    found = read_exactly(file, locator_offset, _LOCATOR.size, findings) if locator_offset >= 0 else b""
    if not found.startswith(b"PK\x06\x07"):
        if directory.count == _FULL_16 or _FULL_32 in (directory.offset, directory.size_bytes):
            findings.fail("zip64-missing", findings.filename, N_("The archive needs a 64-bit end record and has none."))
        return directory, end_offset
    _, disk, wide_offset, disks = _LOCATOR.unpack(found)
    if disk or disks != 1 or wide_offset != locator_offset - _END_64.size:
        findings.fail("zip64-end", findings.filename, _WIDE_END, source=_SOURCE)
    fields = _END_64.unpack(read_exactly(file, wide_offset, _END_64.size, findings))
    signature, record_bytes, _, _, disk, directory_disk, count_here, count, directory_bytes, offset = fields
    # 44 is the size of a record without extensible data, which no reader of wheels understands.
    is_plain = signature == b"PK\x06\x06" and record_bytes == _END_64.size - 12
    if not is_plain or disk or directory_disk or count_here != count:
        findings.fail("zip64-end", findings.filename, _WIDE_END, source=_SOURCE)
    agrees = (
        directory.count in (count, _FULL_16)
        and directory.size_bytes in (directory_bytes, _FULL_32)
        and directory.offset in (offset, _FULL_32)
    )
    if not agrees:
        findings.fail(
            "zip64-end", findings.filename, N_("The 32-bit and the 64-bit end records disagree."), source=_SOURCE
        )
    return Directory(offset, directory_bytes, count), wide_offset


_WIDE_END = N_(
    "The 64-bit end record and its locator are damaged, not where they should be, or hold more than they may."
)


def _check_directory_limits(directory: Directory, limits: ArchiveLimits, findings: Findings) -> None:
    if directory.count > limits.max_members:
        rule = N_("An archive has at most {limit} members; this one has {count}.")
        findings.fail("too-many-members", findings.filename, rule, limit=limits.max_members, count=directory.count)
    if directory.size_bytes > limits.max_directory_bytes:
        rule = N_("The central directory has at most {limit} bytes.")
        findings.fail("directory-too-large", findings.filename, rule, limit=limits.max_directory_bytes)


def list_members(file: BinaryIO, directory: Directory, findings: Findings) -> Iterator[ZipMember]:
    """Read the central directory, which must hold exactly the members that the end record counts."""
    content = read_exactly(file, directory.offset, directory.size_bytes, findings)
    position = 0
    for _ in range(directory.count):
        if len(content) - position < _CENTRAL.size or not content.startswith(b"PK\x01\x02", position):
            findings.fail("zip-directory", findings.filename, _DAMAGED_DIRECTORY, source=_SOURCE)
        fields = _CENTRAL.unpack_from(content, position)
        name_end = position + _CENTRAL.size + fields[10]
        extra_end = name_end + fields[11]
        next_position = extra_end + fields[12]
        if next_position > len(content):
            findings.fail("zip-directory", findings.filename, _DAMAGED_DIRECTORY, source=_SOURCE)
        raw_name = content[position + _CENTRAL.size : name_end]
        yield _read_member(fields, raw_name, content[name_end:extra_end], findings)
        position = next_position
    if position != len(content):
        findings.fail("zip-directory", findings.filename, _DAMAGED_DIRECTORY, source=_SOURCE)


_DAMAGED_DIRECTORY = N_("The central directory is damaged, or its end record counts other members than it holds.")


def _read_member(fields: tuple[int, ...], raw_name: bytes, extra: bytes, findings: Findings) -> ZipMember:
    _, _, needed, flags, method, _, _, crc, packed, unpacked, _, _, comment, disk, _, attributes, offset = fields
    name = _decode_name(raw_name, flags, findings)
    _check_version(needed, name, findings)
    if comment:
        findings.refuse("zip-comment", name, N_("Members have no comments."), source=_SOURCE)
    if disk:
        findings.refuse("zip-split", name, N_("The archive is one of several parts."), source=_SOURCE)
    extras = _read_extras(extra, raw_name, name, findings)
    unpacked, packed, offset = _widen([unpacked, packed, offset], extras, name, findings)
    return ZipMember(name, flags, method, crc, packed, unpacked, offset, attributes)


def _check_version(needed: int, name: str, findings: Findings) -> None:
    """4.5 is what ZIP64 needs; readers refuse members that ask for more than they know, each at another number."""
    if needed & 0xFF > 45:
        rule = N_("Members need version 4.5 of the format at most.")
        findings.refuse("zip-version", name, rule, source=_SOURCE)


def _decode_name(raw_name: bytes, flags: int, findings: Findings) -> str:
    """Decode a name; one that is not ASCII must be marked as UTF-8, or readers fall back to different code pages."""
    try:
        return raw_name.decode("utf-8" if flags & _UTF8_FLAG else "ascii")
    except UnicodeDecodeError:
        name = raw_name.decode("utf-8", "replace")
        findings.refuse("zip-name-encoding", name, N_("Names are UTF-8, and marked so when they are not ASCII."))
        return name


def _read_extras(extra: bytes, raw_name: bytes, name: str, findings: Findings) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    position = 0
    while position < len(extra):
        if len(extra) - position < _EXTRA.size:
            findings.refuse("zip-extra", name, N_("An extra field is cut short."), source=_SOURCE)
            return found
        kind, size = _EXTRA.unpack_from(extra, position)
        content = extra[position + _EXTRA.size : position + _EXTRA.size + size]
        if len(content) != size or (kind in found and kind in (_ZIP64_EXTRA, _UNICODE_PATH_EXTRA)):
            findings.refuse("zip-extra", name, N_("An extra field is cut short or stands twice."), source=_SOURCE)
            return found
        found[kind] = content
        position += _EXTRA.size + size
    if _UNICODE_PATH_EXTRA in found and found[_UNICODE_PATH_EXTRA][5:] != raw_name:
        findings.refuse("zip-extra", name, N_("The Unicode path says another name than the header."), source=_SOURCE)
    return found


def _widen(values: list[int], extras: dict[int, bytes], name: str, findings: Findings) -> list[int]:
    """
    Replace numbers that are full by their 64-bit twins; the extra must hold those and no others.

    Packers that write as a stream leave room for large sizes and put small ones into both places: protobuf's wheels
    come so. That is harmless as long as both places say the same.
    """
    full = [index for index, value in enumerate(values) if value == _FULL_32]
    wide = extras.get(_ZIP64_EXTRA, b"")
    if not full and wide in (b"", struct.pack("<2Q", *values[:2])):
        return values
    if not full or len(wide) != 8 * len(full):
        rule = N_("The 64-bit extra field does not hold exactly the numbers that need it.")
        findings.fail("zip64-extra", name, rule, source=_SOURCE)
    for index, value in zip(full, struct.unpack(f"<{len(full)}Q", wide), strict=True):
        values[index] = value
    return values


def read_local_header(file: BinaryIO, member: ZipMember, findings: Findings) -> ZipMember:
    """Compare a member's own header with the directory; gives the member with the place of its content."""
    fields = _LOCAL.unpack(read_exactly(file, member.header_offset, _LOCAL.size, findings))
    signature, needed, flags, method, _, _, crc, packed, unpacked, name_bytes, extra_bytes = fields
    if signature != b"PK\x03\x04":
        findings.fail("zip-local-header", member.name, N_("The directory points to no member."), source=_SOURCE)
    _check_version(needed, member.name, findings)
    rest = read_exactly(file, member.header_offset + _LOCAL.size, name_bytes + extra_bytes, findings)
    extras = _read_extras(rest[name_bytes:], rest[:name_bytes], member.name, findings)
    unpacked, packed = _widen([unpacked, packed], extras, member.name, findings)
    said_here = (rest[:name_bytes], flags, method, crc, packed, unpacked)
    said_there = (
        member.name.encode(),
        member.flags,
        member.method,
        member.crc,
        member.packed_bytes,
        member.unpacked_bytes,
    )
    if said_here != said_there:
        rule = N_("The directory and the member's own header disagree about name, flags, method, checksum or size.")
        findings.refuse("zip-headers-disagree", member.name, rule, source=_SOURCE)
    return member._replace(data_offset=member.header_offset + _LOCAL.size + len(rest))
