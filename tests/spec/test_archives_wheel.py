"""Reading wheels: what is right passes, and each way of lying in a ZIP is refused by its name."""

import io
import random
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from creamery.spec.archives import ArchiveContents, ArchiveLimits, read_wheel
from creamery.spec.filenames import parse_filename
from creamery.spec.problems import InvalidInput
from tests.spec.archive_builder import (
    FULL,
    INFO,
    METADATA,
    WHEEL,
    End,
    Entry,
    change,
    digest_line,
    wheel_entries,
    write_zip,
)

NAME = parse_filename("foo-1.0-py3-none-any.whl")


def read(content: bytes, limits: ArchiveLimits | None = None) -> ArchiveContents:
    """Read a wheel of foo 1.0."""
    return read_wheel(io.BytesIO(content), NAME, limits or ArchiveLimits())


def codes(content: bytes, limits: ArchiveLimits | None = None) -> list[str]:
    """List the problems that a wheel has."""
    with pytest.raises(InvalidInput) as caught:
        read(content, limits)
    return [problem.code for problem in caught.value.problems]


def honest(**options: Any) -> bytes:
    """Write an honest wheel."""
    return write_zip(wheel_entries(**options))


def test_an_honest_wheel_is_read() -> None:
    """WH-01, WH-12"""
    contents = read(honest())
    assert contents.metadata_bytes == METADATA
    assert contents.warnings == ()
    assert contents.member_count == 4
    assert contents.unpacked_bytes == sum(len(entry.content) for entry in wheel_entries())


def test_a_wheel_as_the_standard_library_writes_it_is_read() -> None:
    """WH-01: folders, stored members, names beyond ASCII, room for large sizes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("foo/", b"")
        entries = wheel_entries({"foo/ünï.py": b"x" * 1000, "foo/empty.py": b""})
        for number, entry in enumerate(entries):
            info = zipfile.ZipInfo(str(entry.name))
            info.compress_type = zipfile.ZIP_DEFLATED if number % 2 else zipfile.ZIP_STORED
            with archive.open(info, "w", force_zip64=number == 1) as member:
                member.write(entry.content)
    assert read(stream.getvalue()).member_count == len(entries) + 1


def test_the_place_in_the_file_does_not_matter() -> None:
    stream = io.BytesIO(honest())
    stream.seek(7)
    assert read_wheel(stream, NAME).metadata_bytes == METADATA


def test_an_old_spelling_of_the_folder_is_read() -> None:
    """FN-02, WH-01"""
    name = parse_filename("Foo.Bar-1.0.0-py3-none-any.whl")
    metadata = b"Metadata-Version: 2.1\nName: foo_bar\nVersion: 1.0.0\n"
    entries = wheel_entries(metadata=metadata, info="Foo_bar-1.0.0.dist-info")
    assert read_wheel(io.BytesIO(write_zip(entries)), name).metadata_bytes == metadata


def test_vendored_packages_may_bring_their_own_folders() -> None:
    assert read(honest(files={"foo/_vendor/bar-1.0.dist-info/METADATA": b"x"})).member_count == 4


# Each of these is a wheel that some readers take for another one. {id: (wheel, the problems it has)}
LIES: dict[str, tuple[Callable[[], bytes], list[str]]] = {
    "bytes before": (lambda: write_zip(wheel_entries(), before=b"#!/bin/sh\n"), ["zip-stray-bytes"]),
    "bytes before, offsets as if not": (
        lambda: b"GIF89a" + honest(),
        ["zip-stray-bytes"],
    ),
    "bytes between members": (lambda: write_zip(change(wheel_entries(), 0, after=b"x")), ["zip-stray-bytes"]),
    "bytes before the directory": (lambda: write_zip(wheel_entries(), gap=b"x"), ["zip-stray-bytes"]),
    "a hidden member": (
        lambda: write_zip(change(wheel_entries(), 0, after=write_zip([Entry("evil.py", b"x")])[:40])),
        ["zip-stray-bytes"],
    ),
    "bytes after": (lambda: honest() + b"\n", ["zip-trailing-bytes"]),
    "two ends": (lambda: honest() + honest()[-22:], ["zip-stray-bytes"]),
    "two archives": (lambda: honest() + honest(), ["zip-stray-bytes"]),
    "an archive comment": (lambda: write_zip(wheel_entries(), end=End(comment=b"hi")), ["zip-trailing-bytes"]),
    "a member comment": (lambda: write_zip(change(wheel_entries(), 0, comment=b"hi")), ["zip-comment"]),
    "overlapping members": (lambda: write_zip(change(wheel_entries(), 1, offset=0)), ["zip-stray-bytes"]),
    "an offset past the directory": (
        lambda: write_zip(change(wheel_entries(), 3, offset=0x7FFFFFFF)),
        ["zip-stray-bytes"],
    ),
    "a duplicate in directory and headers": (
        lambda: write_zip([Entry("foo.py", b"evil"), *wheel_entries()]),
        ["duplicate-member"],
    ),
    "a duplicate in local headers": (
        lambda: write_zip(change(wheel_entries(), 1, local={"name": b"foo.py"})),
        ["zip-headers-disagree"],
    ),
    "another name in the header": (
        lambda: write_zip(change(wheel_entries(), 0, local={"name": b"bar.py"})),
        ["zip-headers-disagree"],
    ),
    "another checksum in the header": (
        lambda: write_zip(change(wheel_entries(), 0, local={"crc": 1})),
        ["zip-headers-disagree"],
    ),
    "another method in the header": (
        lambda: write_zip(change(wheel_entries(), 0, local={"method": 0})),
        ["zip-headers-disagree"],
    ),
    "another size in the header": (
        lambda: write_zip(change(wheel_entries(), 0, local={"unpacked": 1})),
        ["zip-headers-disagree"],
    ),
    "other flags in the header": (
        lambda: write_zip(change(wheel_entries(), 0, local={"flags": 0x800})),
        ["zip-headers-disagree"],
    ),
    "encrypted": (lambda: write_zip(change(wheel_entries(), 0, flags=1)), ["zip-encrypted"]),
    "strongly encrypted": (lambda: write_zip(change(wheel_entries(), 0, flags=0x40)), ["zip-encrypted"]),
    "masked headers": (lambda: write_zip(change(wheel_entries(), 0, flags=0x2000)), ["zip-encrypted"]),
    "a data descriptor": (lambda: write_zip(change(wheel_entries(), 0, flags=8)), ["zip-data-descriptor"]),
    "patched data": (lambda: write_zip(change(wheel_entries(), 0, flags=0x20)), ["zip-flags"]),
    "bzip2": (lambda: write_zip(change(wheel_entries(), 0, method=12)), ["zip-method"]),
    "zstandard": (lambda: write_zip(change(wheel_entries(), 0, method=93)), ["zip-method"]),
    "stored with two sizes": (
        lambda: write_zip(change(wheel_entries(), 0, method=0, data=b"longer than it says", packed=19)),
        ["zip-size"],
    ),
    "a symbolic link": (lambda: write_zip(change(wheel_entries(), 0, mode=0o120777)), ["zip-special-file"]),
    "a device": (lambda: write_zip(change(wheel_entries(), 0, mode=0o020666)), ["zip-special-file"]),
    "a folder by mode": (lambda: write_zip(change(wheel_entries(), 0, mode=0o040755)), ["zip-special-file"]),
    "a file by mode": (
        lambda: write_zip([Entry("d/", mode=0o100644), *wheel_entries()]),
        ["zip-special-file"],
    ),
    "a folder by its attributes of DOS": (
        lambda: with_attributes(honest(), system=0, attributes=0x10),
        ["zip-special-file"],
    ),
    "a folder with content": (
        lambda: write_zip([Entry("d/", b"x", mode=0o040755), *wheel_entries()]),
        ["zip-folder-content"],
    ),
    "one of several disks": (lambda: write_zip(change(wheel_entries(), 0, disk=1)), ["zip-split"]),
    "an end on another disk": (lambda: write_zip(wheel_entries(), end=End(disk=1)), ["zip-split"]),
    "fewer members counted": (lambda: write_zip(wheel_entries(), end=End(count=3)), ["zip-directory"]),
    "more members counted": (lambda: write_zip(wheel_entries(), end=End(count=5)), ["zip-directory"]),
    "a directory elsewhere": (lambda: write_zip(wheel_entries(), end=End(offset=0)), ["zip-stray-bytes"]),
    "a smaller directory": (lambda: write_zip(wheel_entries(), end=End(size=60)), ["zip-stray-bytes"]),
    "a name that is not UTF-8": (
        lambda: write_zip([Entry(b"\xff.py", flags=0x800), *wheel_entries()]),
        ["zip-name-encoding", "zip-headers-disagree"],
    ),
    "a name not marked as UTF-8": (
        lambda: write_zip([Entry("ü.py"), *wheel_entries()]),
        ["zip-name-encoding"],
    ),
    "an extra field cut short": (lambda: write_zip(change(wheel_entries(), 0, extra=b"\1\0\5\0x")), ["zip-extra"]),
    "an extra field of one byte": (lambda: write_zip(change(wheel_entries(), 0, extra=b"x")), ["zip-extra"]),
    "another Unicode path": (
        lambda: write_zip(change(wheel_entries(), 0, extra=unicode_path(b"foo.py", b"bar.py"))),
        ["zip-extra"],
    ),
    "two Unicode paths": (
        lambda: write_zip(change(wheel_entries(), 0, extra=unicode_path(b"foo.py", b"foo.py") * 2)),
        ["zip-extra"],
    ),
    "another Unicode path in the header": (
        lambda: write_zip(change(wheel_entries(), 0, local={"extra": unicode_path(b"foo.py", b"bar.py")})),
        ["zip-extra"],
    ),
    "64-bit sizes without need": (
        lambda: write_zip(change(wheel_entries(), 0, extra=struct.pack("<2HQ", 1, 8, 5))),
        ["zip64-extra"],
    ),
    "64-bit sizes that disagree": (
        lambda: write_zip(change(wheel_entries(), 0, local={"extra": struct.pack("<2H2Q", 1, 16, 1, 1)})),
        ["zip64-extra"],
    ),
    "64-bit sizes missing": (lambda: write_zip(change(wheel_entries(), 0, unpacked=FULL)), ["zip64-extra"]),
    "64-bit sizes of odd length": (
        lambda: write_zip(change(wheel_entries(), 0, unpacked=FULL, extra=struct.pack("<2H3L", 1, 12, 1, 0, 0))),
        ["zip64-extra"],
    ),
    "64-bit sizes twice": (
        lambda: write_zip(change(wheel_entries(), 0, local={"extra": struct.pack("<2H2Q", 1, 16, 1, 1) * 2})),
        ["zip-extra", "zip64-extra"],
    ),
    "a 64-bit end with other numbers": (
        lambda: write_zip(wheel_entries(), end=End(wide={"count": 3})),
        ["zip64-end"],
    ),
    "a 64-bit end elsewhere": (
        lambda: write_zip(wheel_entries(), end=End(wide={"locator_offset": 0})),
        ["zip64-end"],
    ),
    "a 64-bit end with more data": (
        lambda: write_zip(wheel_entries(), end=End(wide={"record_bytes": 48}, wide_extra=b"more")),
        ["zip64-end"],
    ),
    "a 64-bit end on other disks": (lambda: write_zip(wheel_entries(), end=End(wide={"disks": 2})), ["zip64-end"]),
    "no 64-bit end where one is needed": (
        lambda: write_zip(wheel_entries(), end=End(offset=FULL)),
        ["zip64-missing"],
    ),
    "a later version of the format": (
        lambda: honest().replace(b"PK\3\4\x14", b"PK\3\4\x40", 1),
        ["zip-version"],
    ),
    "a damaged stream": (
        lambda: write_zip(change(wheel_entries(), 0, data=b"\xff\xff\xff\xff", crc=0)),
        ["zip-content"],
    ),
    "bytes after the stream": (
        lambda: write_zip(change(wheel_entries(), 0, data=deflate(b"print('foo')\n") + b"hidden")),
        ["zip-content"],
    ),
    "a stream cut short": (
        lambda: write_zip(change(wheel_entries(), 0, data=deflate(b"print('foo')\n")[:-1])),
        ["zip-content"],
    ),
    "a wrong checksum": (lambda: write_zip(change(wheel_entries(), 0, crc=1)), ["zip-content"]),
    "more content than it says": (lambda: write_zip(change(wheel_entries(), 0, unpacked=3)), ["zip-content"]),
    "less content than it says": (lambda: write_zip(change(wheel_entries(), 0, unpacked=30)), ["zip-content"]),
    "also a tar archive": (
        lambda: write_zip([Entry("a", b"x" * 226 + b"ustar", method=0), *wheel_entries()]),
        ["zip-and-tar"],
    ),
}


def with_attributes(content: bytes, *, system: int, attributes: int) -> bytes:
    """Give the first member of an archive other attributes, in the directory, as another system writes them."""
    place = content.index(b"PK\1\2")
    head = bytearray(content[place : place + 46])
    head[5], head[38:42] = system, struct.pack("<L", attributes)
    return content[:place] + bytes(head) + content[place + 46 :]


def unicode_path(name: bytes, path: bytes) -> bytes:
    """Write the extra field that says a name again in Unicode."""
    return struct.pack("<2HBL", 0x7075, 5 + len(path), 1, zlib.crc32(name)) + path


def deflate(content: bytes) -> bytes:
    """Pack as ZIP members are packed."""
    return Entry("x", content).packed_data()


@pytest.mark.parametrize("case", LIES)
def test_a_zip_that_readers_could_take_for_another_is_refused(case: str) -> None:
    """WH-09, WH-10, WH-11, ARC, UPL-061, UPL-063"""
    write, expected = LIES[case]
    assert codes(write()) == expected


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK",
        b"PK\x05\x06" + bytes(17),
        b"not a zip" * 100,
        honest()[:-1],
        honest()[:100],
        b"\x1f\x8b" + bytes(100),
    ],
)
def test_what_is_no_zip_is_refused(content: bytes) -> None:
    """UPL-061"""
    assert codes(content)[0] in {"not-a-zip", "zip-stray-bytes", "zip-truncated"}


@pytest.mark.parametrize("wide", [{}, {"offset": 0}])
def test_a_64_bit_end_that_says_the_same_is_read(wide: dict[str, int]) -> None:
    """WH-09: ZIP64 is allowed where both ends agree, also where the short one is full."""
    body = write_zip(wheel_entries())
    offset = struct.unpack("<L", body[-6:-2])[0]
    end = End(wide={}, offset=FULL, count=0xFFFF) if wide else End(wide={}, offset=offset)
    assert read(write_zip(wheel_entries(), end=end)).member_count == 4


def test_sizes_in_64_bits_are_read_where_the_short_ones_are_full() -> None:
    content = b"print('foo')\n"
    packed = deflate(content)
    wide = struct.pack("<2H2Q", 1, 16, len(content), len(packed))
    local = {"packed": FULL, "unpacked": FULL, "extra": wide}
    entries = change(wheel_entries(), 0, packed=FULL, unpacked=FULL, extra=wide, local=local)
    assert read(write_zip(entries)).member_count == 4


def test_sizes_that_stand_twice_alike_are_read() -> None:
    """protobuf's wheels have them so."""
    content = b"print('foo')\n"
    wide = struct.pack("<2H2Q", 1, 16, len(content), len(deflate(content)))
    assert read(write_zip(change(wheel_entries(), 0, local={"extra": wide}))).member_count == 4


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../evil.py",
        "foo/../../evil.py",
        "foo/..",
        "foo/./bar.py",
        "foo//bar.py",
        "foo\\bar.py",
        "..\\evil.py",
        "C:/evil.py",
        "c:evil.py",
        "foo\0.py",
        "foo\n.py",
        "foo\x7f.py",
        "foo\x85.py",
        "",
        "x" * 1025,
        "é" * 600,
        "//host/share",
    ],
)
def test_an_unsafe_name_is_refused(name: str) -> None:
    """WH-09, WH-10, ARC"""
    assert codes(write_zip([Entry(name, flags=0x800), *wheel_entries()])) == ["unsafe-member-name"]


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        ("foo/a.py", "foo/A.py", "colliding-members"),
        ("foo/é.py", "foo/e\u0301.py", "colliding-members"),
        ("foo/straße.py", "foo/STRASSE.py", "colliding-members"),
        ("foo/a", "foo/a/", "colliding-members"),
        ("foo/a", "foo/a/b", "file-is-folder"),
        ("foo/A", "foo/a/b", "file-is-folder"),
        ("foo/a.py", "foo/a.py", "duplicate-member"),
        ("foo/", "foo/", "duplicate-member"),
        ("foo/a.py", "foo/a\u200b.py", "colliding-members"),
    ],
)
def test_names_that_fall_on_one_place_are_refused(first: str, second: str, code: str) -> None:
    """ARC"""

    def entry(name: str) -> Entry:
        return Entry(name, flags=0x800, mode=0o040755 if name.endswith("/") else 0o100644)

    assert codes(write_zip([entry(first), entry(second), *wheel_entries()])) == [code]


NOT_ON_WINDOWS = [
    "foo/NUL",
    "foo/con.txt",
    "AUX/x.py",
    "foo/com1.tar.gz",
    "foo/lpt\u00b9",
    "foo/x.",
    "foo /x.py",
    "foo/x.py::$DATA",
    "foo/what?",
    "foo/a|b",
]


@pytest.mark.parametrize("name", NOT_ON_WINDOWS)
def test_a_name_that_windows_has_not_is_refused_where_windows_is_meant(name: str) -> None:
    """ARC, WH-10"""
    content = write_zip(replace(e, flags=0 if e.raw_name.isascii() else 0x800) for e in wheel_entries({name: b""}))
    assert codes(content) == ["windows-name"]
    elsewhere = parse_filename("foo-1.0-cp311-cp311-manylinux_2_17_x86_64.whl")
    wheel = WHEEL.replace(b"py3-none-any", b"cp311-cp311-manylinux_2_17_x86_64")
    content = write_zip(
        replace(e, flags=0 if e.raw_name.isascii() else 0x800) for e in wheel_entries({name: b""}, wheel=wheel)
    )
    assert [warning.code for warning in read_wheel(io.BytesIO(content), elsewhere).warnings] == ["windows-name"]


@pytest.mark.parametrize(
    "name", ["foo/null", "foo/console.py", "foo/aux_.h", "foo/com10", "foo/.hidden", "foo/a b.txt"]
)
def test_a_name_that_only_looks_like_that_is_read(name: str) -> None:
    assert read(honest(files={name: b""})).warnings == ()


@pytest.mark.parametrize("second", ["foo/x.py.", "foo/x.py ", "foo/X.PY::$DATA", "foo./x.py"])
def test_names_that_windows_takes_for_one_are_refused_for_every_system(second: str) -> None:
    """ARC"""
    elsewhere = parse_filename("foo-1.0-cp311-cp311-manylinux_2_17_x86_64.whl")
    with pytest.raises(InvalidInput) as caught:
        read_wheel(io.BytesIO(honest(files={"foo/x.py": b"", second: b""})), elsewhere)
    assert [problem.code for problem in caught.value.problems] == ["colliding-members"]


@pytest.mark.parametrize("missing", ["METADATA", "WHEEL", "RECORD"])
def test_a_wheel_without_its_description_is_refused(missing: str) -> None:
    """WH-01, UPL-064, UPL-072, UPL-074"""
    entries = [entry for entry in wheel_entries() if entry.name != f"{INFO}/{missing}"]
    assert codes(write_zip(entries)) == ["dist-info-incomplete"]


def test_a_wheel_has_one_folder_of_description() -> None:
    """WH-01"""
    assert codes(write_zip([Entry("a.py")])) == ["dist-info-count"]
    assert codes(write_zip([Entry("bar-1.0.dist-info/METADATA"), *wheel_entries()])) == ["dist-info-count"]
    assert codes(write_zip([Entry("FOO-1.0.DIST-INFO/OTHER"), *wheel_entries()])) == ["dist-info-count"]
    # A file is one folder too many to pip.
    assert codes(honest(files={"bar-1.0.dist-info": b""})) == ["dist-info-count"]


@pytest.mark.parametrize("info", ["bar-1.0.dist-info", "foo-1.1.dist-info", "foo.dist-info", "foo-1.0.DIST-INFO"])
def test_the_folder_of_another_project_or_version_is_refused(info: str) -> None:
    """WH-01"""
    assert codes(honest(info=info)) == ["dist-info-name"]


@pytest.mark.parametrize(
    "path", ["bar-1.0.data/scripts/x", "foo-1.0.data/other/x", "foo-1.0.data/x", "Foo-1.0.data/scripts/x"]
)
def test_data_that_only_some_installers_would_install_is_refused(path: str) -> None:
    assert codes(honest(files={path: b"x"})) == ["data-folder"]


@pytest.mark.parametrize(
    "files",
    [
        ["foo.py", "foo-1.0.data/purelib/foo.py"],
        ["foo.py", "foo-1.0.data/platlib/FOO.py"],
        ["foo-1.0.data/purelib/foo.py", "foo-1.0.data/platlib/foo.py"],
        ["foo-1.0.data/purelib/foo-1.0.dist-info/METADATA"],
        ["foo-1.0.data/platlib/bar-1.0.dist-info/METADATA"],
    ],
)
def test_data_that_would_be_installed_over_what_was_read_is_refused(files: list[str]) -> None:
    """ARC, MET-1: what installers put last would count, not what everybody looks at."""
    assert codes(honest(files=dict.fromkeys(files, b"x"))) == ["data-replaces"]


def test_data_in_its_place_is_read() -> None:
    assert read(honest(files={"foo-1.0.data/scripts/x": b"x", "foo-1.0.data/data/share/y": b"y"})).member_count == 5


@pytest.mark.parametrize(
    ("wheel", "code"),
    [
        (WHEEL.replace(b"Wheel-Version: 1.0", b"Wheel-Version: 2.0"), "wheel-version"),
        (WHEEL.replace(b"Wheel-Version: 1.0\n", b""), "wheel-version"),
        (WHEEL.replace(b"Root-Is-Purelib: true\n", b""), "wheel-root"),
        (WHEEL.replace(b"true", b"perhaps"), "wheel-root"),
        (WHEEL + b"Root-Is-Purelib: false\n", "wheel-field-twice"),
        (WHEEL + b"Wheel-Version: 2.0\n", "wheel-field-twice"),
        (WHEEL + b"Generator: \xff\n", "wheel-file-unreadable"),
        (WHEEL + b"\nTag: cp311-cp311-any\n", "wheel-file-unreadable"),
    ],
)
def test_a_wheel_file_that_installers_cannot_follow_is_refused(wheel: bytes, code: str) -> None:
    """WH-02, UPL-075"""
    assert codes(honest(wheel=wheel)) == [code]


@pytest.mark.parametrize(
    ("wheel", "code"),
    [
        (WHEEL.replace(b"py3-none-any", b"py2-none-any"), "wheel-tags"),
        (WHEEL + b"Tag: " + b"-".join([b".".join([b"a"] * 9)] * 3) + b"\n", "wheel-tags"),
        (WHEEL + b"Build: 7\n", "wheel-build"),
    ],
)
def test_a_wheel_file_that_differs_from_the_name_is_a_warning(wheel: bytes, code: str) -> None:
    """WH-02"""
    assert [warning.code for warning in read(honest(wheel=wheel)).warnings] == [code]


def test_a_record_that_misses_a_file_is_refused() -> None:
    """WH-03, ARC"""
    record = digest_line(f"{INFO}/METADATA", METADATA) + digest_line(f"{INFO}/WHEEL", WHEEL)
    assert codes(honest(record=record)) == ["record-missing-file"]


RECORD = b"".join(digest_line(path, data) for path, data in [(f"{INFO}/METADATA", METADATA), (f"{INFO}/WHEEL", WHEEL)])


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (digest_line("foo.py", b"other"), ["record-mismatch"]),
        (digest_line("foo.py", b"print('foo')\n").replace(b",13", b",14"), ["record-mismatch"]),
        (digest_line("foo.py", b"print('foo')\n") + digest_line("bar.py", b""), ["record-extra-file"]),
        (
            digest_line("foo.py", b"print('foo')\n") + digest_line("foo.py", b""),
            ["record-duplicate", "record-mismatch"],
        ),
        (b"foo.py,,\n", ["record-without-digest"]),
        (b"foo.py,md5=rL0Y20zC-Fzt72VPzMSk2A,13\n", ["record-without-digest"]),
        (b"foo.py,sha1=C-7Hteo_D9vJXQ3UfzxbwnXaijM,13\n", ["record-without-digest"]),
        (b"foo.py,sha256=AAAA,13\n", ["record-without-digest"]),
        (b"foo.py,sha256=" + b"z" * 64 + b",13\n", ["record-without-digest"]),
        (b"foo.py,sha256=???,13\n", ["record-without-digest"]),
        (digest_line("foo.py", b"print('foo')\n").replace(b",13", b",-1"), ["record-without-digest"]),
        (b"foo.py\n", ["record-line", "record-missing-file"]),
        (b"foo.py,,,\n", ["record-line", "record-missing-file"]),
        (b"\xff,,\n", ["record-unreadable"]),
        (b'"' + b"x" * 200_000 + b'",,\n', ["record-unreadable"]),
    ],
)
def test_a_record_that_does_not_agree_with_the_files_is_refused(line: bytes, expected: list[str]) -> None:
    """WH-03, ARC"""
    assert codes(honest(record=RECORD + line)) == expected


def test_right_digests_in_hexadecimal_are_a_warning() -> None:
    """WH-03: gmsh's wheels have them so."""
    line = b"foo.py,sha256=" + sha256(b"print('foo')\n").hexdigest().encode() + b",13\n"
    assert [warning.code for warning in read(honest(record=RECORD + line)).warnings] == ["record-hex-digest"]


def test_old_signatures_of_the_record_need_no_digest() -> None:
    """WH-03, WH-04"""
    entries = wheel_entries()
    assert read(write_zip([*entries, Entry(f"{INFO}/RECORD.jws", b"{}"), Entry(f"{INFO}/RECORD.p7s", b"x")]))


def test_a_licence_file_that_is_named_is_there() -> None:
    """WH-05, LI-05, UPL-069"""
    metadata = b"Metadata-Version: 2.4\nName: foo\nVersion: 1.0\nLicense-File: LICENSE\n"
    assert codes(honest(metadata=metadata)) == ["licence-file-missing"]
    assert read(honest(metadata=metadata, files={f"{INFO}/licenses/LICENSE": b"x"}))
    assert read(honest(metadata=metadata.replace(b"2.4", b"2.1")))


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        (METADATA.replace(b"foo", b"bar"), ["name-differs"]),
        (METADATA.replace(b"1.0", b"1.1"), ["version-differs"]),
        (b"Name: foo\n", ["missing-field", "missing-field"]),
        (b"\xff", ["metadata-not-utf8"]),
    ],
)
def test_metadata_of_something_else_is_refused(metadata: bytes, expected: list[str]) -> None:
    """VR-03, FN-03, FN-07, UPL-070"""
    assert codes(honest(metadata=metadata)) == expected


def test_all_problems_of_the_records_are_told_at_once() -> None:
    entries = [Entry("../a"), Entry("b", mode=0o120777), Entry("c", method=12), *wheel_entries()[:1]]
    assert codes(write_zip(entries)) == ["unsafe-member-name", "zip-special-file", "zip-method", "dist-info-count"]


def test_all_problems_of_the_contents_are_told_at_once() -> None:
    wheel, metadata = WHEEL.replace(b"1.0", b"2.0"), METADATA.replace(b"1.0", b"1.1")
    record = digest_line("foo.py", b"other")
    assert sorted(codes(honest(wheel=wheel, metadata=metadata, record=record))) == [
        "record-mismatch",
        "record-missing-file",
        "record-missing-file",
        "version-differs",
        "wheel-version",
    ]


def test_a_thousand_problems_are_as_good_as_fifty() -> None:
    assert len(codes(write_zip([Entry(f"../{number}") for number in range(1_000)]))) == 50


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (ArchiveLimits(max_members=3), "too-many-members"),
        (ArchiveLimits(max_unpacked_bytes=100), "too-large-unpacked"),
        (ArchiveLimits(max_directory_bytes=100), "directory-too-large"),
        (ArchiveLimits(max_metadata_bytes=10), "description-too-large"),
        (ArchiveLimits(max_record_bytes=10), "description-too-large"),
        (ArchiveLimits(max_name_bytes=10), "unsafe-member-name"),
    ],
)
def test_every_limit_holds(limits: ArchiveLimits, code: str) -> None:
    """ARC, UPL-062"""
    assert set(codes(honest(), limits)) == {code}


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    """WH-09, UPL-062"""
    bomb = write_zip([Entry("zeros", data=b"never read", unpacked=80 * 1024 * 1024), *wheel_entries()])
    assert codes(bomb) == ["archive-bomb"]


def test_a_bomb_that_lies_about_its_size_is_stopped_at_the_lie() -> None:
    """ARC"""
    bomb = Entry("zeros", bytes(80 * 1024 * 1024))
    packed = bomb.packed_data()
    lying = replace(bomb, content=b"", data=packed, packed=len(packed), unpacked=1_000, crc=0)
    content = write_zip([lying, *wheel_entries()])
    tracemalloc.start()
    assert "zip-content" in codes(content)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 4 * 1024 * 1024


def test_memory_does_not_grow_with_the_content() -> None:
    """Members are read in pieces: 12 MiB of them take a few hundred KiB."""
    large = random.Random(1).randbytes(6 * 1024 * 1024)
    stream = io.BytesIO(honest(files={"foo/a.bin": large, "foo/b.bin": large}))
    tracemalloc.start()
    assert read_wheel(stream, NAME).unpacked_bytes > 2 * len(large)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 4 * 1024 * 1024
