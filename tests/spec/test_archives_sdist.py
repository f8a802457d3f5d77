"""Reading source distributions: what is right passes, and each way of lying in a tar is refused by its name."""

import gzip
import io
import tarfile
import time
import tracemalloc
import zlib
from collections.abc import Callable

import pytest

from creamery.spec.archives import ArchiveContents, ArchiveLimits, read_sdist
from creamery.spec.filenames import parse_filename
from creamery.spec.problems import InvalidInput
from tests.spec.archive_builder import METADATA, PKG_INFO, TOP, Block, Entry, pax, sdist, write_tar, write_zip

NAME = parse_filename("foo-1.0.tar.gz")


def read(content: bytes, limits: ArchiveLimits | None = None) -> ArchiveContents:
    """Read a source distribution of foo 1.0."""
    return read_sdist(io.BytesIO(content), NAME, limits or ArchiveLimits())


def codes(content: bytes, limits: ArchiveLimits | None = None) -> list[str]:
    """List the problems that a source distribution has."""
    with pytest.raises(InvalidInput) as caught:
        read(content, limits)
    return [problem.code for problem in caught.value.problems]


def packed(*blocks: Block | bytes, end: bytes = bytes(1024)) -> bytes:
    """Pack blocks and nothing else."""
    return gzip.compress(write_tar(blocks, end=end), mtime=0)


def test_an_honest_source_distribution_is_read() -> None:
    """SD-01, SD-02"""
    contents = read(sdist(Block("foo-1.0/pyproject.toml", b"[build-system]\n")))
    assert contents.metadata_bytes == METADATA
    assert (contents.member_count, contents.unpacked_bytes) == (3, len(METADATA) + 15)
    assert [warning.code for warning in contents.warnings] == ["sdist-metadata-old"]


def test_what_is_missing_for_modern_tools_is_a_warning() -> None:
    """SD-02"""
    modern = METADATA.replace(b"2.1", b"2.2")
    assert [warning.code for warning in read(packed(TOP, Block("foo-1.0/PKG-INFO", modern))).warnings] == [
        "pyproject-missing"
    ]


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_archives_as_the_standard_library_writes_them_are_read(form: int) -> None:
    """SD-01: long names and names beyond ASCII, in all three forms."""
    stream = io.BytesIO()
    # The oldest form splits a long name between two fields and has no long links.
    folder = "foo-1.0/" + ("d/" * 20 if form == tarfile.USTAR_FORMAT else "é/" * 40)
    long_name = folder + "n" * 60
    with tarfile.open(fileobj=stream, mode="w:gz", format=form) as archive:
        for name, content in [("foo-1.0/PKG-INFO", METADATA), (long_name, b"x" * 5_000)]:
            member = tarfile.TarInfo(name)
            member.size, member.mtime = len(content), 1.5 if form == tarfile.PAX_FORMAT else 1
            archive.addfile(member, io.BytesIO(content))
        link = tarfile.TarInfo("foo-1.0/link")
        link.type, link.linkname = tarfile.SYMTYPE, folder.removeprefix("foo-1.0/")
        archive.addfile(link)
    assert read(stream.getvalue()).member_count == 3


def test_a_name_cut_inside_a_character_is_read_from_the_extended_header() -> None:
    """The short name of a pax member is cut at 100 bytes, wherever that falls."""
    name = "foo-1.0/" + "é" * 60
    assert read(sdist(pax(("path", name)), Block(name.encode()[:99]))).member_count == 3


@pytest.mark.parametrize("folder", ["Foo-1.0", "foo-1.0.0", "foo-v1.0"])
def test_an_old_spelling_of_the_folder_is_read(folder: str) -> None:
    """FN-08, SD-01"""
    assert read(packed(Block(f"{folder}/PKG-INFO", METADATA))).metadata_bytes == METADATA


def test_a_folder_and_version_with_hyphens_are_read() -> None:
    """FN-08"""
    name = parse_filename("foo-bar-1.0.post1.tar.gz")
    metadata = b"Metadata-Version: 2.1\nName: foo_bar\nVersion: 1.0-1\n"
    stream = io.BytesIO(packed(Block("foo-bar-1.0-1/PKG-INFO", metadata)))
    assert read_sdist(stream, name).metadata_bytes == metadata


LINK = Block("foo-1.0/docs/link", kind=b"2")


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("foo-1.0/docs/link", "../README"),
        ("foo-1.0/docs/link", "other"),
        ("foo-1.0/docs/link", "./other"),
        ("foo-1.0/docs/link", ".."),
        ("foo-1.0/docs/link", "deep/er"),
        ("foo-1.0/link", "PKG-INFO"),
        ("foo-1.0/link", "."),
        ("foo-1.0/a/b/c/link", "../../../x"),
    ],
)
def test_a_link_that_stays_inside_is_read(name: str, target: str) -> None:
    """SD-05"""
    assert read(sdist(Block(name, kind=b"2", link=target))).member_count == 3


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("foo-1.0/link", "/etc/passwd"),
        ("foo-1.0/link", ".."),
        ("foo-1.0/link", "../other"),
        ("foo-1.0/docs/link", "../../x"),
        ("foo-1.0/docs/link", "a/../../.."),
        ("foo-1.0/docs/link", "a/.."),
        ("foo-1.0/docs/link", ""),
        ("foo-1.0/docs/link", "C:\\x"),
        ("foo-1.0/docs/link", "..\\..\\x"),
        ("foo-1.0/docs/link", "a\nb"),
        ("foo-1.0/docs/link", "../../../../../../../etc/passwd"),
    ],
)
def test_a_link_that_could_lead_outside_is_refused(name: str, target: str) -> None:
    """SD-05, ARC"""
    assert codes(sdist(Block(name, kind=b"2", link=target))) == ["unsafe-link"]


def test_a_hard_link_names_a_file_that_is_there_already() -> None:
    """SD-05"""
    assert read(sdist(Block("foo-1.0/again", kind=b"1", link="foo-1.0/PKG-INFO"))).member_count == 3
    assert codes(sdist(Block("foo-1.0/again", kind=b"1", link="foo-1.0/later"), Block("foo-1.0/later"))) == [
        "unsafe-link"
    ]
    assert codes(sdist(Block("foo-1.0/again", kind=b"1", link="/etc/passwd"))) == ["unsafe-link"]
    assert codes(sdist(Block("foo-1.0/l", kind=b"2", link="x"), Block("foo-1.0/m", kind=b"1", link="foo-1.0/l"))) == [
        "unsafe-link"
    ]


@pytest.mark.parametrize("last", ["foo-1.0/d/evil", "foo-1.0/D/evil", "foo-1.0/d/e/vil"])
def test_no_member_lies_below_a_link(last: str) -> None:
    """SD-05, ARC: it would be written to where the link points, also where case is ignored."""
    assert codes(sdist(Block("foo-1.0/d", kind=b"2", link="docs"), Block(last))) == ["file-is-folder"]
    assert codes(sdist(Block(last), Block("foo-1.0/d", kind=b"2", link="docs"))) == ["file-is-folder"]


SPARSE = pax(("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"))
LIES: dict[str, tuple[Callable[[], bytes], list[str]]] = {
    "a character device": (lambda: sdist(Block("foo-1.0/x", kind=b"3")), ["tar-special-file"]),
    "a block device": (lambda: sdist(Block("foo-1.0/x", kind=b"4")), ["tar-special-file"]),
    "a pipe": (lambda: sdist(Block("foo-1.0/x", kind=b"6")), ["tar-special-file"]),
    "a contiguous file": (lambda: sdist(Block("foo-1.0/x", kind=b"7")), ["tar-special-file"]),
    "an unknown kind": (lambda: sdist(Block("foo-1.0/x", kind=b"Z")), ["tar-special-file"]),
    "a volume header": (lambda: sdist(Block("foo-1.0/x", kind=b"V")), ["tar-special-file"]),
    "an old folder": (lambda: sdist(Block("foo-1.0/x/", kind=b"\0")), ["tar-special-file"]),
    "an old sparse file": (lambda: sdist(Block("foo-1.0/x", b"x", kind=b"S")), ["tar-sparse"]),
    "a sparse file": (lambda: sdist(SPARSE, Block("foo-1.0/x", b"x")), ["tar-sparse"]),
    "a sparse file of star": (
        lambda: sdist(pax(("SCHILY.realsize", "9999")), Block("foo-1.0/x", b"x")),
        ["tar-sparse"],
    ),
    "a sparse file of Solaris": (
        lambda: sdist(pax(("SUN.holesdata", " 0 1")), Block("foo-1.0/x", b"x")),
        ["tar-sparse"],
    ),
    "a file with a target": (lambda: sdist(Block("foo-1.0/x", b"x", link="foo-1.0/PKG-INFO")), ["tar-content"]),
    "a file with a target in its extended header": (
        lambda: sdist(pax(("linkpath", "foo-1.0/PKG-INFO")), Block("foo-1.0/x", b"x")),
        ["tar-content"],
    ),
    "a folder with a target": (lambda: sdist(Block("foo-1.0/x/", kind=b"5", link="y")), ["tar-content"]),
    "setuid": (lambda: sdist(Block("foo-1.0/x", mode=b"0004755\0")), ["tar-special-mode"]),
    "setgid": (lambda: sdist(Block("foo-1.0/x", mode=b"0002755\0")), ["tar-special-mode"]),
    "two sizes": (lambda: sdist(pax(("size", "512")), Block("foo-1.0/x", b"x")), ["tar-two-sizes"]),
    "a size of none and another": (
        lambda: sdist(pax(("size", "512")), Block("foo-1.0/x", size=b"00000000000\0"), bytes(512)),
        ["tar-two-sizes"],
    ),
    "a negative size": (lambda: sdist(Block("foo-1.0/x", size=b"-0000000001\0")), ["tar-number"]),
    "a binary size": (lambda: sdist(Block("foo-1.0/x", size=b"\x80" + bytes(10) + b"\1")), ["tar-number"]),
    "a binary negative size": (lambda: sdist(Block("foo-1.0/x", size=b"\xff" * 12)), ["tar-number"]),
    "a size that only int() reads": (lambda: sdist(Block("foo-1.0/x", size=b"0000001_000\0")), ["tar-number"]),
    "a size past the end": (lambda: sdist(Block("foo-1.0/x", size=b"77777777777\0")), ["tar-truncated"]),
    "an owner that nobody can read": (lambda: sdist(Block("foo-1.0/x", owner=b"0x00001\0")), ["tar-number"]),
    "a time that is no number": (lambda: sdist(pax(("mtime", "nan")), Block("foo-1.0/x")), ["tar-pax"]),
    "a folder with content": (lambda: sdist(Block("foo-1.0/x/", b"x", kind=b"5")), ["tar-content"]),
    "a link with content": (lambda: sdist(Block("foo-1.0/x", b"x", kind=b"2", link="y")), ["tar-content"]),
    "a wrong checksum": (lambda: sdist(Block("foo-1.0/x", checksum=b"000000\0 ")), ["tar-header"]),
    "bytes for a header": (lambda: sdist(b"x" * 512), ["tar-number"]),
    "a GNU header with a prefix": (
        lambda: sdist(Block("foo-1.0/x", magic=b"ustar  \0", prefix=b"evil")),
        ["tar-prefix"],
    ),
    "two names": (
        lambda: sdist(pax(("path", "foo-1.0/a")), Block("././@LongLink", b"foo-1.0/b\0", b"L"), Block("foo-1.0/x")),
        ["tar-two-names"],
    ),
    "two extended headers": (
        lambda: sdist(pax(("path", "foo-1.0/a")), pax(("path", "foo-1.0/b")), Block("foo-1.0/x")),
        ["tar-extended"],
    ),
    "a name twice in one header": (
        lambda: sdist(pax(("path", "foo-1.0/a"), ("path", "foo-1.0/b")), Block("foo-1.0/x")),
        ["tar-pax-duplicate"],
    ),
    "a name for all": (lambda: sdist(pax(("path", "foo-1.0/a"), kind=b"g"), Block("foo-1.0/x")), ["tar-global-header"]),
    "an extended header for nothing": (lambda: sdist(pax(("path", "foo-1.0/a"))), ["tar-extended"]),
    "an extended header too long": (lambda: sdist(Block("x", b"x" * 70_000, b"x")), ["tar-extended"]),
    "a damaged extended header": (lambda: sdist(Block("x", b"99 path=x\n", b"x")), ["tar-pax"]),
    "an extended header without a length": (lambda: sdist(Block("x", b"path=x\n", b"x")), ["tar-pax"]),
    "an extended header without a value": (lambda: sdist(Block("x", b"8 path\n", b"x")), ["tar-pax"]),
    "binary names": (
        lambda: sdist(pax(("hdrcharset", "BINARY"), ("path", "foo-1.0/a")), Block("foo-1.0/x")),
        ["tar-name-encoding"],
    ),
    "a name that is not UTF-8": (lambda: sdist(Block(b"foo-1.0/\xff")), ["tar-name-encoding"]),
    "no end": (lambda: sdist(end=b""), ["tar-truncated"]),
    "half a block": (lambda: sdist(end=b"x" * 100), ["tar-truncated"]),
    "bytes after the end": (lambda: sdist(end=bytes(1024) + b"x"), ["tar-trailing-bytes"]),
    "members after the end": (lambda: sdist(end=bytes(512) + bytes(Block("evil"))), ["tar-trailing-bytes"]),
    "a second gzip stream": (lambda: sdist() + sdist(), ["gzip-trailing-bytes"]),
    "an archive split over two streams": (
        lambda: gzip.compress(write_tar([TOP, PKG_INFO])) + gzip.compress(write_tar([Block("evil")])),
        ["gzip-trailing-bytes"],
    ),
    "bytes after the stream": (lambda: sdist() + b"x", ["gzip-trailing-bytes"]),
    "zeros after the stream": (lambda: sdist() + bytes(512), ["gzip-trailing-bytes"]),
    "also a ZIP": (lambda: sdist() + write_zip([Entry("evil.py", b"x")]), ["gzip-trailing-bytes"]),
    "a stream cut short": (lambda: sdist()[:-9], ["gzip-damaged"]),
    "a stream without its checksum": (lambda: sdist()[:-8], ["gzip-damaged"]),
    "a wrong checksum of the stream": (lambda: sdist()[:-8] + b"\0" * 8, ["gzip-damaged"]),
}


@pytest.mark.parametrize("case", LIES)
def test_a_tar_that_readers_could_take_for_another_is_refused(case: str) -> None:
    """SD-05, SD-06, ARC, UPL-065, UPL-066, WH-11, INC-16, INC-20"""
    write, expected = LIES[case]
    assert codes(write()) == expected


def test_a_large_owner_in_binary_is_read() -> None:
    """SD-01: machines with directory services have such owners."""
    assert read(sdist(Block("foo-1.0/x", owner=b"\x80\0\0\0\x40\0\0\1"))).member_count == 3


@pytest.mark.parametrize(
    "content", [b"", b"\x1f", b"\x1f\x8b", b"not gzip", write_zip([Entry("a")]), write_tar([TOP, PKG_INFO])]
)
def test_what_is_no_gzip_is_refused(content: bytes) -> None:
    """UPL-061"""
    assert codes(content)[0] in {"not-a-gzip", "gzip-damaged"}


def test_a_gzip_of_something_else_is_refused() -> None:
    """UPL-065"""
    assert codes(gzip.compress(b"")) == ["tar-truncated"]
    assert codes(gzip.compress(write_zip([Entry("a")]))) == ["tar-truncated"]


@pytest.mark.parametrize(
    "name",
    [
        "foo-1.0/../evil",
        "foo-1.0/./x",
        "foo-1.0//x",
        "foo-1.0/a\\b",
        "foo-1.0/a\nb",
        "foo-1.0/a\x7fb",
    ],
)
def test_an_unsafe_name_is_refused(name: str) -> None:
    """SD-05, ARC"""
    assert codes(sdist(Block(name))) == ["unsafe-member-name"]
    assert codes(sdist(pax(("path", name)), Block("foo-1.0/x"))) == ["unsafe-member-name"]


@pytest.mark.parametrize("name", ["/etc/passwd", "../evil", "C:/evil", "./foo-1.0/x"])
def test_a_name_outside_the_folder_is_refused(name: str) -> None:
    """SD-05, ARC"""
    assert codes(sdist(Block(name))) == ["unsafe-member-name", "sdist-many-folders"]


@pytest.mark.parametrize("name", ["evil", "bar-1.0/x", "foo-1.0x/y"])
def test_everything_lies_in_one_folder(name: str) -> None:
    """SD-01, UPL-065"""
    assert codes(sdist(Block(name))) == ["sdist-many-folders"]


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        ("a.py", "A.py", "colliding-members"),
        ("é", "e\u0301", "colliding-members"),
        ("a", "a", "duplicate-member"),
        ("a", "a/b", "file-is-folder"),
        ("a.py", "a.py.", "colliding-members"),
    ],
)
def test_names_that_fall_on_one_place_are_refused(first: str, second: str, code: str) -> None:
    """ARC"""
    assert codes(sdist(Block(f"foo-1.0/{first}"), Block(f"foo-1.0/{second}"))) == [code]


def test_a_name_that_windows_has_not_is_remarked_once() -> None:
    """SD-05: most of those who build from source are elsewhere."""
    found = [warning.code for warning in read(sdist(Block("foo-1.0/nul"), Block("foo-1.0/a:b"))).warnings]
    assert found.count("windows-name") == 1


def test_a_folder_of_another_project_or_version_is_refused() -> None:
    """SD-01, SD-03"""
    assert codes(packed(Block("bar-1.0/PKG-INFO", METADATA))) == ["sdist-folder-name"]
    assert codes(packed(Block("foo-1.1/PKG-INFO", METADATA))) == ["sdist-folder-name"]


def test_metadata_of_something_else_is_refused() -> None:
    """SD-03, VR-03"""
    other = METADATA.replace(b"foo", b"bar").replace(b": 1.0", b": 1.1")
    assert codes(packed(TOP, Block("foo-1.0/PKG-INFO", other))) == ["name-differs", "version-differs"]


def test_a_source_distribution_without_metadata_is_refused() -> None:
    """SD-02"""
    assert codes(packed(TOP)) == ["pkg-info-missing"]
    assert codes(packed(end=bytes(1024))) == ["pkg-info-missing"]
    assert codes(packed(TOP, Block("foo-1.0/foo.egg-info/PKG-INFO", METADATA))) == ["pkg-info-missing"]
    assert codes(packed(TOP, Block("foo-1.0/PKG-INFO", kind=b"2", link="x"))) == ["pkg-info"]


def test_a_licence_file_that_is_named_is_there() -> None:
    """SD-04, LI-05, UPL-069"""
    metadata = METADATA.replace(b"2.1", b"2.4").replace(b"\n\n", b"\nLicense-File: LICENSE\n\n")
    assert codes(packed(TOP, Block("foo-1.0/PKG-INFO", metadata))) == ["licence-file-missing"]
    assert read(packed(TOP, Block("foo-1.0/PKG-INFO", metadata), Block("foo-1.0/LICENSE"))).member_count == 3


def test_all_problems_are_told_at_once() -> None:
    found = codes(packed(TOP, Block("foo-1.0/../x"), Block("foo-1.0/p", kind=b"6"), Block("bar"), LINK))
    assert found == ["unsafe-member-name", "tar-special-file", "sdist-many-folders", "unsafe-link", "pkg-info-missing"]


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (ArchiveLimits(max_members=1), "too-many-members"),
        (ArchiveLimits(max_unpacked_bytes=2_000), "too-large-unpacked"),
        (ArchiveLimits(max_metadata_bytes=10), "pkg-info"),
        (ArchiveLimits(max_directory_bytes=10), "names-too-large"),
        (ArchiveLimits(max_ratio=2, ratio_free_bytes=0), "archive-bomb"),
    ],
)
def test_every_limit_holds(limits: ArchiveLimits, code: str) -> None:
    """ARC, SD-06"""
    assert codes(sdist(), limits) == [code]


def bomb(*, megabytes: int) -> bytes:
    """Write a member of zeros, without ever holding it whole."""
    packer = zlib.compressobj(wbits=31)
    head = write_tar([TOP, PKG_INFO, Block("foo-1.0/zeros", size=b"%011o\0" % (megabytes << 20))], end=b"")
    pieces = [packer.compress(head), *(packer.compress(bytes(1 << 20)) for _ in range(megabytes))]
    return b"".join([*pieces, packer.compress(bytes(1024)), packer.flush()])


def test_a_bomb_is_stopped_while_it_unpacks() -> None:
    """SD-06, ARC"""
    content = bomb(megabytes=300)
    tracemalloc.start()
    start = time.process_time()
    assert codes(content) == ["archive-bomb"]
    assert time.process_time() - start < 1
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 4 * 1024 * 1024


def test_a_small_file_of_zeros_is_honest() -> None:
    """SD-06"""
    assert read(bomb(megabytes=20)).unpacked_bytes > 20 << 20


def test_deep_trees_may_not_fill_the_memory() -> None:
    """A few KiB of archive can name millions of folders."""
    blocks = [
        block
        for number in range(400)
        for block in (pax(("path", f"foo-1.0/{number}/" + "d/" * 480 + "x")), Block("foo-1.0/x"))
    ]
    tracemalloc.start()
    assert codes(sdist(*blocks)) == ["names-too-large"]
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 64 * 1024 * 1024
