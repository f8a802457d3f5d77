"""`creamery check` and `creamery names`: what they print, what they leave, and how they end."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.real.distributions import Distribution, build_sdist, build_wheel
from tests.real.processes import Finished, plain_environment, run
from tests.real.running_index import RunningIndex

CREAMERY = Path(sys.executable).with_name("creamery")
ODD = Distribution(name="odd-sample", extra_headers=[("Classifier", "Cheese :: Hard")], tag="py3-none-linux_x86_64")


def check(folder: Path, *words: str | Path) -> Finished:
    """Run the command where there is no index."""
    return run([CREAMERY, "check", *words], environment=plain_environment(folder), folder=folder)


def test_good_files_are_fine_and_nothing_is_left_beside_them(tmp_path: Path) -> None:
    files = [build_wheel(tmp_path, Distribution(name="sample")), build_sdist(tmp_path, Distribution(name="sample"))]
    before = sorted(tmp_path.iterdir())
    done = check(tmp_path, *files)
    assert (done.exit_code, done.stderr) == (0, "2 files: 2 fine, 0 there already, 0 refused\n"), done
    assert done.stdout.splitlines() == [f"{file.name}\tfine\t" for file in files]
    assert [path for path in sorted(tmp_path.iterdir()) if path not in before and not path.name.startswith(".")] == []


def test_all_problems_and_warnings_of_a_file_are_listed(tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path, ODD)
    remarked = check(tmp_path, tmp_path)
    assert remarked.exit_code == 0, remarked
    assert [line.split("\t")[:2] for line in remarked.stdout.splitlines()] == [[wheel.name, "warning"]]
    refused = check(tmp_path, "--policy", "public", wheel)
    assert refused.exit_code == 1
    kinds = [line.split("\t")[1] for line in refused.stdout.splitlines()]
    assert kinds == ["refused", "refused"]
    assert "linux_x86_64" in refused.stdout
    assert "Cheese :: Hard" in refused.stdout


def test_what_cannot_be_read_is_refused_in_json_too(tmp_path: Path) -> None:
    broken = tmp_path / "broken-1.0-py3-none-any.whl"
    broken.write_bytes(b"This is no wheel.")
    done = check(tmp_path, "--json", broken, build_wheel(tmp_path, ODD))
    told = json.loads(done.stdout)
    assert (done.exit_code, told["refused"], told["fine"]) == (1, 1, 1)
    first, second = told["files"]
    assert (first["outcome"], first["code"], len(first["problems"])) == ("refused", "invalid-upload", 1)
    assert (second["outcome"], second["problems"], len(second["warnings"])) == ("fine", [], 1)


@pytest.fixture(scope="module")
def ada(running_index: RunningIndex) -> None:
    """Let there be somebody."""
    running_index.create_person("ada")


@pytest.mark.usefixtures("ada")
def test_files_are_checked_against_the_index_that_is_there(running_index: RunningIndex, tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path / "one", Distribution(name="check-cli"))
    assert running_index.command("import", str(wheel), "--user", "ada").exit_code == 0
    again = running_index.command("check", str(wheel))
    assert (again.exit_code, again.stdout) == (0, f"{wheel.name}\tunchanged\t\n"), again
    other = build_wheel(tmp_path / "two", Distribution(name="check-cli", summary="Another."))
    taken = running_index.command("check", "--json", str(other))
    assert (taken.exit_code, json.loads(taken.stdout)["files"][0]["code"]) == (1, "file-exists")
    assert running_index.list_files("check-cli") == [wheel.name]


def test_a_command_beside_a_public_index_leaves_its_policy_alone(
    start_index: Callable[..., RunningIndex], tmp_path: Path
) -> None:
    index = start_index()
    index.stop()
    index.start(CREAMERY_INDEX_POLICY="public")
    index.create_person("ada")
    wheel = build_wheel(tmp_path, ODD)
    assert index.command("check", str(wheel)).exit_code == 1
    assert index.command("import", str(wheel), "--user", "ada").exit_code == 1
    index.stop()
    index.start()
    assert index.command("check", str(wheel)).exit_code == 0


@pytest.mark.usefixtures("ada")
def test_a_forbidden_name_is_refused_from_then_on(running_index: RunningIndex, tmp_path: Path) -> None:
    done = running_index.command("names", "forbid", "Brand.Name", "--reason", "It is a trade mark.")
    assert (done.exit_code, done.stdout) == (0, "forbidden: brand-name\n"), done
    (line,) = json.loads(running_index.command("names", "list", "forbidden", "--json").stdout)
    assert (line["name"], line["reason"], line["added_by"]) == ("brand-name", "It is a trade mark.", "console")
    wheel = build_wheel(tmp_path, Distribution(name="brand-name"))
    assert "trade mark" in running_index.command("check", str(wheel)).stdout
    assert json.loads(running_index.command("names", "forget", "brand-name", "--json").stdout) == {"removed": 1}
    assert running_index.command("check", str(wheel)).exit_code == 0


@pytest.mark.usefixtures("ada")
def test_popular_names_come_from_a_file_or_the_line(running_index: RunningIndex, tmp_path: Path) -> None:
    names = tmp_path / "popular.txt"
    names.write_text("# The most needed ones.\nrequests\n\nnumpy\n")
    done = running_index.command("names", "popular", "edam-cheese", "--file", str(names), "--json")
    assert json.loads(done.stdout) == {"list": "popular", "names": ["edam-cheese", "numpy", "requests"]}
    wheel = build_wheel(tmp_path, Distribution(name="reqeusts"))
    assert "requests" in running_index.command("check", str(wheel)).stdout
    assert running_index.command("names", "popular").exit_code == 2
    bad = running_index.command("names", "allow", "no name")
    assert (bad.exit_code, "no name" in bad.stderr) == (1, True), bad


@pytest.mark.usefixtures("ada")
def test_what_is_held_is_listed_and_released_or_refused(
    running_index: RunningIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """UPL-040"""
    monkeypatch.setitem(running_index.environment, "CREAMERY_TYPO_SQUATS", "hold")
    running_index.command("names", "popular", "gouda-cheese")
    for name in ("guoda-cheese", "gouda-chese"):
        build_wheel(tmp_path, Distribution(name=name))
    done = json.loads(running_index.command("import", "--user", "ada", "--json", str(tmp_path)).stdout)
    assert (done["held"], done["published"]) == (2, 0), done
    assert "gouda-cheese" in str(done["warned_files"])
    held = json.loads(running_index.command("held", "list", "--json").stdout)
    assert [(line["name"], line["people"]) for line in held] == [("gouda-chese", ["ada"]), ("guoda-cheese", ["ada"])]
    assert running_index.command("held", "release", "guoda-cheese").exit_code == 0
    assert running_index.command("held", "refuse", "gouda-chese", "--reason", "A trap.").exit_code == 0
    assert running_index.list_files("guoda-cheese") == ["guoda_cheese-1.0-py3-none-any.whl"]
    again = running_index.command("held", "release", "guoda-cheese")
    assert (again.exit_code, "creamery held list" in again.stderr) == (1, True), again
    assert running_index.command("held", "list").stderr == "Nothing is held.\n"
