"""
Archives written byte by byte, honest ones and ones that no packing tool would write.

`wheel` and `sdist` make small honest ones. `write_zip` and `write_tar` take every field of every record, so that a test
can make any of them lie.
"""

import base64
import gzip
import hashlib
import struct
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

METADATA = b"Metadata-Version: 2.1\nName: foo\nVersion: 1.0\n\nA description.\n"
WHEEL = b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
INFO = "foo-1.0.dist-info"
FULL = 0xFFFFFFFF


@dataclass(frozen=True)
class Entry:
    """
    One ZIP member; fields that are None are what they should be.

    `local` overrides fields in the member's own header only: name, flags, method, crc, packed, unpacked, extra.
    """

    name: str | bytes
    content: bytes = b""
    method: int = 8
    flags: int = 0
    mode: int = 0o100644
    data: bytes | None = None
    crc: int | None = None
    packed: int | None = None
    unpacked: int | None = None
    offset: int | None = None
    extra: bytes = b""
    comment: bytes = b""
    disk: int = 0
    after: bytes = b""
    local: Mapping[str, Any] = field(default_factory=dict)

    @property
    def raw_name(self) -> bytes:
        """The name as it is written."""
        return self.name.encode() if isinstance(self.name, str) else self.name

    def packed_data(self) -> bytes:
        """The content as it is written."""
        if self.data is not None:
            return self.data
        if self.method != 8:
            return self.content
        packer = zlib.compressobj(wbits=-15)
        return packer.compress(self.content) + packer.flush()

    def fields(self) -> dict[str, Any]:
        """What both headers say."""
        return {
            "name": self.raw_name,
            "flags": self.flags,
            "method": self.method,
            "crc": zlib.crc32(self.content) if self.crc is None else self.crc,
            "packed": len(self.packed_data()) if self.packed is None else self.packed,
            "unpacked": len(self.content) if self.unpacked is None else self.unpacked,
            "extra": b"",
        }


@dataclass(frozen=True, kw_only=True)
class End:
    """What the end of a ZIP says; fields that are None are what they should be."""

    comment: bytes = b""
    count: int | None = None
    offset: int | None = None
    size: int | None = None
    disk: int = 0
    wide: Mapping[str, int] | None = None
    """Write a 64-bit end record; overrides: count, offset, size, record_bytes, locator_offset, disks."""
    wide_extra: bytes = b""


def write_zip(
    entries: Iterable[Entry], *, before: bytes = b"", gap: bytes = b"", after: bytes = b"", end: End | None = None
) -> bytes:
    """Write a ZIP archive; `before` goes before the first member, `gap` before the directory, `after` at the end."""
    end = end or End()
    body, directory, count = bytearray(before), bytearray(), 0
    for entry in entries:
        here = entry.fields() | dict(entry.local)
        offset = len(body) if entry.offset is None else entry.offset
        body += _local_header(here) + entry.packed_data() + entry.after
        directory += _central_header(entry, offset)
        count += 1
    body += gap
    return bytes(body + directory) + _end(end, count, len(body), len(directory)) + after


def _local_header(here: Mapping[str, Any]) -> bytes:
    head = struct.pack(
        "<4s5H3L2H",
        *(b"PK\x03\x04", 20, here["flags"], here["method"], 0, 33),
        *(here["crc"], here["packed"], here["unpacked"], len(here["name"]), len(here["extra"])),
    )
    return head + bytes(here["name"]) + bytes(here["extra"])


def _central_header(entry: Entry, offset: int) -> bytes:
    there = entry.fields()
    head = struct.pack(
        "<4s6H3L5H2L",
        *(b"PK\x01\x02", 0x0314, 20, there["flags"], there["method"], 0, 33),
        *(there["crc"], there["packed"], there["unpacked"], len(there["name"])),
        *(len(entry.extra), len(entry.comment), entry.disk, 0, entry.mode << 16, offset),
    )
    return head + bytes(there["name"]) + entry.extra + entry.comment


def _end(end: End, count: int, offset: int, size: int) -> bytes:
    found = b""
    if end.wide is not None:
        wide = {"count": count, "offset": offset, "size": size, "record_bytes": 44, "disks": 1} | dict(end.wide)
        found = struct.pack("<4sQ2H2L", b"PK\x06\x06", wide["record_bytes"], 45, 45, 0, 0)
        found += struct.pack("<4Q", wide["count"], wide["count"], wide["size"], wide["offset"]) + end.wide_extra
        locator_offset = wide.get("locator_offset", offset + size)
        found += struct.pack("<4sLQL", b"PK\x06\x07", 0, locator_offset, wide["disks"])
    count = count if end.count is None else end.count
    size = size if end.size is None else end.size
    offset = offset if end.offset is None else end.offset
    found += struct.pack("<4s4H2LH", b"PK\x05\x06", end.disk, 0, count, count, size, offset, len(end.comment))
    return found + end.comment


def digest_line(path: str, content: bytes) -> bytes:
    """Write one line of RECORD."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
    return path.encode() + b",sha256=" + digest + b"," + str(len(content)).encode() + b"\n"


def wheel_entries(
    files: Mapping[str, bytes] | None = None,
    *,
    metadata: bytes = METADATA,
    wheel: bytes = WHEEL,
    record: bytes | None = None,
    info: str = INFO,
) -> list[Entry]:
    """List the members of an honest wheel of foo 1.0; RECORD, made of the others if None, is the last."""
    content = dict(files if files is not None else {"foo.py": b"print('foo')\n"})
    content |= {f"{info}/METADATA": metadata, f"{info}/WHEEL": wheel}
    if record is None:
        record = b"".join(digest_line(path, data) for path, data in content.items()) + f"{info}/RECORD,,\n".encode()
    return [*(Entry(path, data) for path, data in content.items()), Entry(f"{info}/RECORD", record)]


def change(entries: list[Entry], index: int, **values: Any) -> list[Entry]:
    """Give the entries with one of them changed."""
    changed = list(entries)
    changed[index] = replace(entries[index], **values)
    return changed


@dataclass(frozen=True)
class Block:
    """One tar header with its content; `size` and `checksum` are what they should be if None."""

    name: str | bytes
    content: bytes = b""
    kind: bytes = b"0"
    link: str = ""
    mode: bytes = b"0000644\0"
    owner: bytes = b"0000000\0"
    size: bytes | None = None
    magic: bytes = b"ustar\x0000"
    prefix: bytes = b""
    checksum: bytes | None = None
    padding: bool = True

    def __bytes__(self) -> bytes:
        """Write it."""
        name = self.name.encode() if isinstance(self.name, str) else self.name
        size = b"%011o\0" % len(self.content) if self.size is None else self.size
        head = name.ljust(100, b"\0") + self.mode + self.owner + b"0000000\0" + size + b"00000000000\0" + b" " * 8
        head += self.kind + self.link.encode().ljust(100, b"\0") + self.magic + bytes(64) + b"0000000\0" * 2
        head += self.prefix.ljust(155, b"\0") + bytes(12)
        checksum = b"%06o\0 " % sum(head) if self.checksum is None else self.checksum
        padding = bytes(-len(self.content) % 512) if self.padding else b""
        return head[:148] + checksum + head[156:] + self.content + padding


def pax(*records: tuple[str, str], kind: bytes = b"x") -> Block:
    """Write a pax extended header."""
    content = b"".join(_pax_record(key, value) for key, value in records)
    return Block("PaxHeaders/x", content, kind)


def _pax_record(key: str, value: str) -> bytes:
    body = f" {key}={value}\n".encode()
    length = len(body) + 1
    while len(str(length)) + len(body) != length:
        length += 1
    return str(length).encode() + body


TOP = Block("foo-1.0/", kind=b"5", mode=b"0000755\0")
PKG_INFO = Block("foo-1.0/PKG-INFO", METADATA)


def write_tar(blocks: Iterable[Block | bytes], *, end: bytes = bytes(1024)) -> bytes:
    """Write a tar archive."""
    return b"".join(map(bytes, blocks)) + end


def sdist(*blocks: Block | bytes, end: bytes = bytes(1024)) -> bytes:
    """Write an honest source distribution of foo 1.0 with more members."""
    return gzip.compress(write_tar([TOP, PKG_INFO, *blocks], end=end), mtime=0)
