"""
Archives with random damage: they are refused in words, or every other reader sees in them what we saw.

The damage is of kinds that hide from checksums, too: single fields of records, and tar headers with a new checksum.
"""

import gzip
import io
import struct
import tarfile
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creamery.spec.archives import ArchiveContents, read_sdist, read_wheel
from creamery.spec.filenames import parse_filename
from creamery.spec.metadata import CoreMetadata, compare_claims, parse_metadata
from tests.spec.archive_builder import METADATA, PKG_INFO, TOP, Block, pax, wheel_entries, write_tar, write_zip
from tests.spec.refusals import attempt

pytestmark = pytest.mark.soak

WHEEL_NAME, SDIST_NAME = parse_filename("foo-1.0-py3-none-any.whl"), parse_filename("foo-1.0.tar.gz")
WHEEL = write_zip(wheel_entries({"foo/__init__.py": b"", "foo/text.txt": b"some text " * 20}))
TAR = write_tar(
    [
        TOP,
        PKG_INFO,
        pax(("path", "foo-1.0/" + "long/" * 30 + "name"), ("mtime", "1.5")),
        Block("foo-1.0/short", b"content"),
        Block("foo-1.0/link", kind=b"2", link="short"),
        Block("foo-1.0/again", kind=b"1", link="foo-1.0/PKG-INFO"),
    ]
)
SIGNATURES = [b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"]
RECORD_OFFSETS = [
    offset for offset in range(len(WHEEL)) if any(WHEEL.startswith(signature, offset) for signature in SIGNATURES)
]
interesting = st.sampled_from([0, 1, 2, 8, 0x20, 0x2F, 0x5C, 0x7F, 0x80, 0xFF]) | st.integers(0, 255)


@st.composite
def damaged(draw: st.DrawFn, original: bytes, hot_offsets: list[int]) -> bytes:
    """Damage bytes in one to four places: change, drop, repeat, put in, cut off."""
    content = bytearray(original)
    for _ in range(draw(st.integers(1, 4))):
        hot = st.tuples(st.sampled_from(hot_offsets), st.integers(0, 60)).map(sum)
        offset = min(draw(hot | st.integers(0, len(content))), len(content))
        kind = draw(st.sampled_from(["change", "change", "change", "drop", "repeat", "put", "cut", "full"]))
        end = min(len(content), offset + draw(st.integers(1, 64)))
        if kind == "change" and offset < len(content):
            content[offset] = draw(interesting)
        elif kind == "drop":
            del content[offset:end]
        elif kind == "repeat":
            content[offset:offset] = content[offset:end]
        elif kind == "put":
            content[offset:offset] = draw(st.binary(min_size=1, max_size=40))
        elif kind == "cut":
            del content[max(offset, 1) :]
        elif kind == "full":
            content[offset : offset + 4] = b"\xff\xff\xff\xff"
        if not content:
            break
    return bytes(content)


@given(damaged(WHEEL, RECORD_OFFSETS))
def test_a_damaged_wheel_is_refused_or_read_alike_by_all(content: bytes) -> None:
    """ARC, WH-09"""
    found = attempt(lambda: read_wheel(io.BytesIO(content), WHEEL_NAME))
    if found is None:
        return
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert len(set(archive.namelist())) == found.member_count
        assert sum(member.file_size for member in archive.infolist()) == found.unpacked_bytes
        assert archive.read("foo-1.0.dist-info/METADATA") == found.metadata_bytes


def with_checksums(content: bytes) -> bytes:
    """Give every block that looks like a header a right checksum, so that damage passes it."""
    blocks = [content[offset : offset + 512] for offset in range(0, len(content), 512)]
    for index, block in enumerate(blocks):
        if len(block) == 512 and block[257:262] == b"ustar":
            total = sum(block[:148]) + sum(block[156:]) + 8 * 32
            blocks[index] = block[:148] + b"%06o\0 " % total + block[156:]
    return b"".join(blocks)


@given(damaged(TAR, [0, 100, 124, 148, 156, 257, 512, 636, 1536, 1636, 1660, 2048, 2560, 2660]))
def test_a_damaged_source_distribution_is_refused_or_read_alike_by_all(content: bytes) -> None:
    """ARC, SD-05"""
    packed = gzip.compress(with_checksums(content), compresslevel=1, mtime=0)
    found = _read_sdist(packed)
    if found is None:
        return
    with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as archive:
        members = archive.getmembers()
        assert len({member.name for member in members}) == found.member_count
        assert sum(member.size for member in members) == found.unpacked_bytes
        metadata = archive.extractfile("foo-1.0/PKG-INFO")
        assert metadata is not None
        assert metadata.read() == found.metadata_bytes
        for member in members:
            tarfile.data_filter(member, "/nowhere")


@given(damaged(gzip.compress(TAR, mtime=0), [0, 3, 10]))
def test_a_damaged_gzip_stream_is_refused_or_read_alike(content: bytes) -> None:
    """ARC, SD-06"""
    if _read_sdist(content) is not None:
        assert gzip.decompress(content) == TAR


def _read_sdist(content: bytes) -> ArchiveContents | None:
    return attempt(lambda: read_sdist(io.BytesIO(content), SDIST_NAME))


@given(st.binary(max_size=3_000), st.sampled_from(["", "zip", "gzip", "tar"]))
def test_random_bytes_are_refused(content: bytes, disguise: str) -> None:
    """ARC"""
    if disguise == "zip":
        content += struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(content), 0, 0)
    elif disguise == "gzip":
        content = b"\x1f\x8b\x08" + content
    elif disguise == "tar":
        content = gzip.compress(with_checksums(content))
    assert _read_sdist(content) is None
    assert attempt(lambda: read_wheel(io.BytesIO(content), WHEEL_NAME)) is None


@given(damaged(METADATA + b"Requires-Dist: x; " * 3, [0, 18, 30]))
def test_damaged_metadata_is_refused_or_read(content: bytes) -> None:
    """MD-02"""
    found = attempt(lambda: parse_metadata(content))
    if found is not None:
        assert CoreMetadata.from_json(found.to_json(), found.description) == found


@given(st.dictionaries(st.sampled_from(["name", "version", "requires_dist", "keywords", "x"]), st.lists(st.text())))
def test_no_form_makes_the_comparison_fail(claims: dict[str, list[str]]) -> None:
    """UP-13"""
    metadata = CoreMetadata(metadata_version="2.1", name="foo", version="1.0")
    assert all(problem.text() for problem in compare_claims(claims, metadata))
