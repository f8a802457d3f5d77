"""What is accepted is read alike by everybody: Python, libarchive and uv find the same names and the same content."""

import gzip
import hashlib
import io
import sys
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from creamery.spec.archives import read_sdist, read_wheel
from creamery.spec.filenames import parse_filename
from tests.factories import build
from tests.real.distributions import Distribution
from tests.real.processes import plain_environment, run
from tests.spec.archive_builder import PKG_INFO, TOP, Block, End, Entry, pax, wheel_entries, write_tar, write_zip

UV = Path(sys.executable).with_name("uv")
WHEEL, SDIST = "foo-1.0-py3-none-any.whl", "foo-1.0.tar.gz"
FILES = {"foo/__init__.py": b"", "foo/data.txt": b"some text " * 100, "foo/käse.txt": "Käse".encode()}


def entries(files: Mapping[str, bytes] = FILES) -> list[Entry]:
    """List the members of an honest wheel, with the mark of UTF-8 where it is needed."""
    return [replace(e, flags=0 if e.raw_name.isascii() else 0x800) for e in wheel_entries(files)]


def packed(*blocks: Block | bytes) -> bytes:
    """Pack a source distribution of foo with more members."""
    return gzip.compress(write_tar([TOP, PKG_INFO, *blocks]), mtime=0)


LONG = "foo-1.0/" + "a" * 90 + "/" + "b" * 90
HONEST: dict[str, tuple[str, Callable[[], bytes]]] = {
    "a wheel": (WHEEL, lambda: write_zip(entries())),
    "a wheel with stored members": (
        WHEEL, lambda: write_zip(replace(e, method=0) for e in entries()),
    ),
    "a wheel with folders": (
        WHEEL, lambda: write_zip([Entry("foo/", method=0, mode=0o040755), *entries()]),
    ),
    "a wheel with a 64-bit end": (WHEEL, lambda: write_zip(entries(), end=End(wide={}))),
    "a wheel with programs": (WHEEL, lambda: write_zip(entries({"foo-1.0.data/scripts/foo": b"#!python\n", **FILES}))),
    "a source distribution": (SDIST, lambda: packed(Block("foo-1.0/pyproject.toml", b"[project]\n"), Block("foo-1.0/x", b"x" * 5000))),
    "one with links": (
        SDIST,
        lambda: packed(
            Block("foo-1.0/a", b"content"),
            Block("foo-1.0/b", kind=b"2", link="a"),
            Block("foo-1.0/c", kind=b"1", link="foo-1.0/a"),
        ),
    ),
    "one with long names in pax": (SDIST, lambda: packed(pax(("path", LONG)), Block("foo-1.0/short", b"long"))),
    "one with long names in GNU's way": (
        SDIST,
        lambda: packed(
            Block("././@LongLink", LONG.encode() + b"\0", b"L", magic=b"ustar  \0"),
            Block("foo-1.0/short", b"long", magic=b"ustar  \0"),
        ),
    ),
    "one with names beyond ASCII": (SDIST, lambda: packed(Block("foo-1.0/käse", b"content"))),
    "one with nothing in it": (SDIST, lambda: packed(Block("foo-1.0/empty"))),
    "a wheel as we build them": ("foo-1.0-py3-none-any.whl", lambda: build(Distribution(name="foo"))[1]),
    "an sdist as we build them": ("foo-1.0.tar.gz", lambda: build(Distribution(name="foo"), "sdist")[1]),
}  # fmt: skip


@pytest.mark.need("bsdtar")
@pytest.mark.parametrize("case", HONEST)
def test_python_and_libarchive_unpack_the_same_files(case: str, tmp_path: Path) -> None:
    """ARC: names, and the digest of each file's content"""
    filename, make = HONEST[case]
    content = make()
    accept(filename, content)
    (tmp_path / filename).write_bytes(content)
    by_python, by_libarchive = tmp_path / "python", tmp_path / "libarchive"
    by_libarchive.mkdir()
    if filename.endswith(".whl"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            archive.extractall(by_python)
    else:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
            archive.extractall(by_python, filter="data")
    done = run(
        ["bsdtar", "-xf", tmp_path / filename, "-C", by_libarchive],
        environment=plain_environment(tmp_path, LC_ALL="C.UTF-8"),
        folder=tmp_path,
    )
    assert done.exit_code == 0, done
    assert list_content(by_libarchive) == list_content(by_python) != {}


@pytest.mark.parametrize("case", [case for case, (filename, _) in HONEST.items() if filename.endswith(".whl")])
def test_uv_installs_what_python_sees(case: str, tmp_path: Path) -> None:
    """ARC"""
    filename, make = HONEST[case]
    content = make()
    accept(filename, content)
    (tmp_path / filename).write_bytes(content)
    words: list[str | Path] = [
        "pip",
        "install",
        "--no-deps",
        "--no-index",
        "--target",
        tmp_path / "uv",
        tmp_path / filename,
    ]
    done = run(
        [UV, *words], environment=plain_environment(tmp_path, UV_CACHE_DIR=str(tmp_path / "cache")), folder=tmp_path
    )
    assert done.exit_code == 0, done
    installed = list_content(tmp_path / "uv")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        seen = {m.filename: sha256(archive.read(m)) for m in archive.infolist() if not m.is_dir()}
    # RECORD is written anew by installers, programs get their interpreter's path.
    expected = {name: digest for name, digest in seen.items() if not name.endswith("/RECORD") and ".data/" not in name}
    assert {name: installed.get(name) for name in expected} == expected


def accept(filename: str, content: bytes) -> None:
    """Read it as the pipeline does."""
    name = parse_filename(filename)
    (read_wheel if name.kind == "bdist_wheel" else read_sdist)(io.BytesIO(content), name)


def list_content(folder: Path) -> dict[str, str]:
    """List the files below a folder with the digest of each."""
    return {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes()) for path in folder.rglob("*") if path.is_file()
    }


def sha256(content: bytes) -> str:
    """Digest content."""
    return hashlib.sha256(content).hexdigest()
