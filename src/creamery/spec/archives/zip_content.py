"""Unpacks the content of one ZIP member as a stream, never more than its header promises."""

import zlib
from collections.abc import Iterator
from typing import BinaryIO

from creamery.spec.archives.findings import Findings
from creamery.spec.archives.zip_records import ZipMember
from creamery.spec.archives.zip_strict import STORED
from creamery.spec.problems import N_

CHUNK_BYTES = 256 * 1024


def stream_content(file: BinaryIO, member: ZipMember, findings: Findings) -> Iterator[bytes]:
    """
    Give a member's content in pieces of at most 256 KiB, and check size and checksum.

    What is wrong is noted in `findings`; the pieces end there.
    """
    file.seek(member.data_offset)
    pieces = _packed(file, member) if member.method == STORED else _inflated(file, member)
    crc, size_bytes = 0, 0
    try:
        for piece in pieces:
            size_bytes += len(piece)
            if size_bytes > member.unpacked_bytes:
                break
            crc = zlib.crc32(piece, crc)
            yield piece
    except zlib.error:
        size_bytes = -1
    if size_bytes != member.unpacked_bytes or crc != member.crc:
        rule = N_("The member's content is damaged: it does not unpack to the size and checksum in its header.")
        findings.refuse("zip-content", member.name, rule)


def _packed(file: BinaryIO, member: ZipMember) -> Iterator[bytes]:
    left = member.packed_bytes
    while left and (piece := file.read(min(CHUNK_BYTES, left))):
        left -= len(piece)
        yield piece


def _inflated(file: BinaryIO, member: ZipMember) -> Iterator[bytes]:
    """Inflate exactly the packed bytes: the stream must end with them, neither before nor after."""
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    for packed in _packed(file, member):
        if unpacker.eof:
            raise zlib.error("bytes after the end of the stream")
        pending = packed
        while True:
            piece = unpacker.decompress(pending, CHUNK_BYTES)
            if piece:
                yield piece
            pending = unpacker.unconsumed_tail
            # A full piece may mean that more output waits although no input is left.
            if unpacker.eof or (not pending and len(piece) < CHUNK_BYTES):
                break
    if not unpacker.eof or unpacker.unused_data:
        raise zlib.error("the stream does not end with its bytes")
