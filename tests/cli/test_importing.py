"""`creamery import`: whole folders, what was refused and why, and again after it was interrupted."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.real.distributions import Distribution, build_sdist, build_wheel
from tests.real.running_index import RunningIndex

CREAMERY = Path(sys.executable).with_name("creamery")
FILES = 120


@pytest.fixture(scope="module")
def index(start_index: Callable[..., RunningIndex]) -> RunningIndex:
    """Start an index with one person, and stop it: an import needs no server."""
    index = start_index()
    index.create_person("ada")
    index.stop()
    return index


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder as people have them: good files, bad ones, and things that are none of our business."""
    folder = tmp_path_factory.mktemp("dists")
    for number in range(FILES // 2):
        what = Distribution(name=f"import-{number}")
        build_wheel(folder / "wheels", what)
        build_sdist(folder / "sdists" / str(number % 7), what)
    (folder / "notes.txt").write_text("none of our business")
    (folder / "old-1.0.zip").write_bytes(b"PK")
    (folder / "broken-1.0-py3-none-any.whl").write_bytes(b"not a wheel")
    return folder


def test_an_import_that_was_killed_is_finished_by_the_next(index: RunningIndex, folder: Path) -> None:
    process = subprocess.Popen(
        [CREAMERY, "import", str(folder)], env=index.environment, cwd=index.folder,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while len(list((index.data / "blobs" / "blobs").rglob("*/*/*"))) < 60:
        assert process.poll() is None, "It was over before it could be killed."
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    done = index.command("import", str(folder), "--json")
    assert done.exit_code == 1, done
    told = json.loads(done.stdout)
    assert told["files"] == FILES + 2
    assert told["published"] + told["unchanged"] == FILES
    assert told["unchanged"] > 0, "What was done before the kill is left alone."
    assert told["published"] > 0
    assert sorted((Path(file["path"]).name, file["code"]) for file in told["refused_files"]) == [
        ("broken-1.0-py3-none-any.whl", "invalid-upload"), ("old-1.0.zip", "invalid-upload"),
    ]  # fmt: skip
    index.start()
    assert index.command("rebuild", "--check").exit_code == 0
    assert [len(index.list_files(f"import-{number}")) for number in range(FILES // 2)] == [2] * (FILES // 2)
    assert not list((index.data / "incoming").glob("*.whl"))


def test_a_third_time_changes_nothing_and_says_what_was_refused(index: RunningIndex, folder: Path) -> None:
    done = index.command("import", str(folder))
    assert done.exit_code == 1
    *refused, last = done.stdout.splitlines()
    assert last == f"{FILES + 2} files: 0 published, {FILES} there already, 2 refused"
    paths = [line.split("\t") for line in refused]
    assert [Path(path).name for path, _code, _reason in paths] == ["broken-1.0-py3-none-any.whl", "old-1.0.zip"]
    assert all(reason.startswith("This file was not published.") for _path, _code, reason in paths)


def test_without_anything_refused_it_is_exit_code_0(index: RunningIndex, folder: Path) -> None:
    done = index.command("import", str(folder / "wheels"), str(folder / "sdists" / "0"), "--json")
    assert done.exit_code == 0, done
    assert {key: json.loads(done.stdout)[key] for key in ("published", "unchanged", "refused")} == {
        "published": 0, "unchanged": FILES // 2 + 9, "refused": 0,
    }  # fmt: skip


def test_on_a_terminal_it_shows_how_far_it_is(index: RunningIndex, folder: Path) -> None:
    ours, theirs = pty.openpty()
    environment = {**index.environment, "TERM": "xterm", "COLUMNS": "120"}
    process = subprocess.Popen(
        [CREAMERY, "import", str(folder / "wheels")], env=environment, cwd=index.folder, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    os.close(ours)
    assert process.wait(30) == 0
    assert f"/{FILES // 2}".encode() in shown
    assert b"0 refused" in shown


def test_a_path_that_is_not_there_is_exit_code_2(index: RunningIndex) -> None:
    done = index.command("import", "/nowhere/at/all")
    assert (done.exit_code, "/nowhere/at/all" in done.stderr) == (2, True)


def test_of_several_people_one_has_to_be_named(index: RunningIndex, folder: Path) -> None:
    index.create_person("grace")
    done = index.command("import", str(folder / "wheels"))
    assert (done.exit_code, "--user" in done.stderr) == (2, True)
    done = index.command("import", str(folder / "wheels"), "--user", "nobody")
    assert (done.exit_code, "nobody" in done.stderr) == (1, True)
