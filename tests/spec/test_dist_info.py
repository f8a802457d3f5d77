"""What lies in a wheel's `.dist-info`: entry points, licences, SBOMs, folders with and without a meaning."""

import gzip
import io

import pytest

from creamery.spec.archives import ArchiveContents, InvalidArchive, read_sdist, read_wheel
from creamery.spec.filenames import parse_filename
from tests.spec.archive_builder import INFO, TOP, Block, wheel_entries, write_tar, write_zip

NAME, SDIST_NAME = parse_filename("foo-1.0-py3-none-any.whl"), parse_filename("foo-1.0.tar.gz")
LICENSED = b"Metadata-Version: 2.4\nName: foo\nVersion: 1.0\nLicense-File: LICENSE\n"


def read(files: dict[str, bytes], **options: bytes) -> ArchiveContents:
    """Read a wheel with more files."""
    return read_wheel(io.BytesIO(write_zip(wheel_entries({"foo.py": b"", **files}, **options))), NAME)  # type: ignore[arg-type]


def warned(files: dict[str, bytes], **options: bytes) -> list[str]:
    """Say what is remarked about a wheel with more files."""
    return [warning.code for warning in read(files, **options).warnings]


@pytest.mark.parametrize(
    "content",
    [
        b"[console_scripts]\nfoo = foo.cli:main\nFoo-2.x = foo:main [extra]\n",
        b"[gui_scripts]\nfoo=foo:main.run\n\n[foo.plugins]\na b = foo\n",
        b"\xef\xbb\xbf[pytest11]\nfoo = foo.plugin\n# comment\n",
        b"",
        "[console_scripts]\nkäse = käse:öffnen\n".encode(),
        b"[paste.app_factory]\nmain = foo: main\nmain% = foo:main\n",
    ],
)
def test_entry_points_that_every_reader_takes_are_read(content: bytes) -> None:
    """WH-08, UPL-073"""
    assert warned({f"{INFO}/entry_points.txt": content}) == []


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"foo = foo:main\n", "entry-points-unreadable"),
        (b"[console_scripts]\nfoo\n", "entry-points-unreadable"),
        (b"[console_scripts]\nfoo : foo.main\n", "entry-points-unreadable"),
        (b"[a]\nx = y\n[a]\nx = z\n", "entry-points-unreadable"),
        (b"[a]\nx = y\nx = z\n", "entry-points-unreadable"),
        (b"[a]\nx = \xff\n", "entry-points-unreadable"),
        (b"[DEFAULT]\nx = y\n", "entry-point-group"),
        (b"[console_scripts]\n../evil = foo:main\n", "entry-point-script"),
        (b"[console_scripts]\n/usr/bin/python = foo:main\n", "entry-point-script"),
        (b"[console_scripts]\nc:\\evil = foo:main\n", "entry-point-script"),
        (b"[gui_scripts]\n.. = foo:main\n", "entry-point-script"),
        (b"[console_scripts]\nfoo = foo:main; import os\n", "entry-point-object"),
        (b"[console_scripts]\nfoo = foo:(lambda: 0)\n", "entry-point-object"),
        (b"[console_scripts]\nfoo =\n", "entry-point-object"),
    ],
)
def test_entry_points_that_would_do_harm_or_break_are_refused(content: bytes, code: str) -> None:
    """WH-08, UPL-073"""
    with pytest.raises(InvalidArchive) as caught:
        read({f"{INFO}/entry_points.txt": content})
    assert {problem.code for problem in caught.value.problems} == {code}


def test_an_odd_object_outside_scripts_is_only_remarked() -> None:
    """WH-08: only the program that reads the group knows what it means."""
    assert warned({f"{INFO}/entry_points.txt": b"[my.plugins]\nfoo = something else\n"}) == ["entry-point-object"]


@pytest.mark.parametrize("folder", ["licenses", "license_files", "LICENSES", "sboms"])
def test_folders_with_a_meaning_are_taken(folder: str) -> None:
    """WH-07"""
    assert warned({f"{INFO}/{folder}/x.txt": b"x"}) == []


def test_a_folder_without_a_meaning_is_remarked() -> None:
    """WH-07"""
    assert warned({f"{INFO}/data/x.txt": b"x", f"{INFO}/data/y/z": b""}) == ["dist-info-folder"]


@pytest.mark.parametrize(
    "content", [b"", b"not json", b'{"bomFormat": "Unheard-Of", "specVersion": "99"}', b"\xff\x00\x1b"]
)
def test_an_sbom_of_any_kind_never_refuses_a_wheel(content: bytes) -> None:
    """SB-01, WH-06"""
    assert warned({f"{INFO}/sboms/foo.cdx.json": content}) == []


@pytest.mark.parametrize("name", ["RECORD.jws", "RECORD.p7s"])
def test_a_signature_of_record_is_remarked(name: str) -> None:
    """WH-04"""
    assert warned({f"{INFO}/{name}": b"{}"}) == ["record-signature"]


@pytest.mark.parametrize(
    ("content", "codes"), [("Käse".encode(), []), (b"K\xe4se", ["licence-not-utf8"]), (b"\xc3", ["licence-not-utf8"])]
)
def test_a_licence_that_is_no_utf_8_is_remarked(content: bytes, codes: list[str]) -> None:
    """LI-06"""
    assert warned({f"{INFO}/licenses/LICENSE": content}, metadata=LICENSED) == codes
    blocks = [
        TOP,
        Block("foo-1.0/LICENSE", content),
        Block("foo-1.0/PKG-INFO", LICENSED),
        Block("foo-1.0/pyproject.toml"),
    ]
    contents = read_sdist(io.BytesIO(gzip.compress(write_tar(blocks), mtime=0)), SDIST_NAME)
    assert [warning.code for warning in contents.warnings] == codes


def test_what_was_learnt_of_a_wheel_before_it_was_refused_is_kept() -> None:
    with pytest.raises(InvalidArchive) as caught:
        read({f"{INFO}/entry_points.txt": b"x", f"{INFO}/odd/x": b""})
    assert caught.value.metadata_bytes is not None
    assert [warning.code for warning in caught.value.warnings] == ["dist-info-folder"]


@pytest.mark.parametrize("name", ["INSTALLER", "REQUESTED"])
def test_what_an_installer_wrote_is_remarked(name: str) -> None:
    """WH-07"""
    assert warned({f"{INFO}/{name}": b"pip\n"}) == ["dist-info-of-installer"]


@pytest.mark.parametrize("name", ["direct_url.json", "provenance_url.json"])
def test_a_wheel_does_not_say_itself_where_it_came_from(name: str) -> None:
    """ARC: tools that list what is installed would believe it."""
    with pytest.raises(InvalidArchive) as caught:
        read({f"{INFO}/{name}": b"{}"})
    assert [problem.code for problem in caught.value.problems] == ["dist-info-origin"]
