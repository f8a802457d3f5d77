"""Our own gate: a missing part never looks like a good test, and a broken run never looks green."""

import json
import os
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.architecture.house import ROOT
from tests.real.processes import Finished, run
from tests.run import Outcome, list_databases, main, plan, print_closing, read_options, read_tally

MOON = """
from tests.real import parts
parts.PARTS["moon"] = parts.Part("the moon", lambda: None, "moon-dev")
"""
SAMPLE = """
import pytest

def test_plain() -> None: ...

@pytest.mark.need("moon")
def test_on_the_moon() -> None: ...

@pytest.mark.soak
def test_long(full_numbers: bool) -> None:
    assert full_numbers in (True, False)

@pytest.mark.soak(only=True)
def test_very_long() -> None: ...

@pytest.mark.only_on("postgres")
@pytest.mark.database
def test_locks() -> None: ...

@pytest.mark.database
def test_rows() -> None: ...
"""


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """Write a small suite that needs a part that nobody has."""
    (tmp_path / "conftest.py").write_text(MOON)
    (tmp_path / "test_sample.py").write_text(SAMPLE)
    return tmp_path


def run_sample(folder: Path, *options: str, require_all: str = "") -> tuple[Finished, Counter[str], set[str]]:
    """Run the small suite with our plugin. Returns the run, its counts and the names of the tests that passed."""
    tally = folder / "tally.json"
    words: list[str | Path] = [
        "-p",
        "tests.conftest",
        "-c",
        ROOT / "pyproject.toml",
        "--rootdir",
        folder,
        "-v",
        f"--tally={tally}",
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "REQUIRE_ALL": require_all}
    done = run([sys.executable, "-m", "pytest", *words, *options, folder], environment=environment, folder=folder)
    lines = [line for line in done.stdout.splitlines() if " PASSED" in line]
    return done, Counter(json.loads(tally.read_text())["counts"]), {line.split("::")[1].split()[0] for line in lines}


def test_a_missing_part_is_named_with_the_command_that_adds_it(sample: Path) -> None:
    done, counts, passed = run_sample(sample)
    assert passed == {"test_plain", "test_long", "test_rows"}
    assert (counts["passed"], counts["failed"], counts["skipped"], done.exit_code) == (3, 0, 0, 0)
    assert "Tests that did not run, as they need the moon: 1" in done.stdout
    assert "To run them as well: apt-get install -y moon-dev" in done.stdout


def test_a_missing_part_fails_where_everything_is_required(sample: Path) -> None:
    done, counts, _ = run_sample(sample, require_all="1")
    assert (counts["passed"], counts["failed"], done.exit_code) == (3, 1, 1)
    assert "REQUIRE_ALL is set and the moon is missing: apt-get install -y moon-dev" in done.stdout


def test_a_skip_fails_where_everything_is_required(sample: Path) -> None:
    (sample / "test_sample.py").write_text("import pytest\ndef test_a() -> None: pytest.skip('later')\n")
    assert run_sample(sample)[1] == {"passed": 0, "failed": 0, "skipped": 1}
    assert run_sample(sample, require_all="1")[1] == {"passed": 0, "failed": 1, "skipped": 0}


def test_the_tally_names_what_failed_and_why(sample: Path) -> None:
    (sample / "test_sample.py").write_text(
        "import pytest\n@pytest.fixture\ndef broken() -> None: raise OSError('gone')\n"
        "def test_a() -> None: assert 1 == 2, 'they differ'\ndef test_b(broken: None) -> None: ...\n"
    )
    run_sample(sample)
    assert read_tally(sample / "tally.json", exit_code=1).failures == [
        "test_sample.py::test_a: AssertionError: they differ",
        "test_sample.py::test_b: OSError: gone",
    ]


def test_an_unknown_part_stops_the_run(sample: Path) -> None:
    (sample / "test_sample.py").write_text("import pytest\n@pytest.mark.need('sun')\ndef test_a() -> None: ...\n")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    words: list[str | Path] = ["-p", "tests.conftest", "-c", ROOT / "pyproject.toml", "--rootdir", sample, sample]
    done = run([sys.executable, "-m", "pytest", *words], environment=environment, folder=sample)
    assert done.exit_code == 4
    assert "needs 'sun'; known parts:" in done.output


def test_a_soak_run_takes_only_tests_that_have_full_numbers(sample: Path) -> None:
    assert run_sample(sample, "--soak")[2] == {"test_long", "test_very_long"}


def test_a_run_on_postgres_takes_what_touches_the_database(sample: Path) -> None:
    assert run_sample(sample, "--database=postgres")[2] == {"test_locks", "test_rows"}


def test_a_run_that_broke_off_counts_as_a_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert read_tally(tmp_path / "none.json", exit_code=3).counts == {"failed": 1}
    (tmp_path / "tally.json").write_text('{"counts": {"passed": 5, "failed": 0}, "missing": {}}')
    assert read_tally(tmp_path / "tally.json", exit_code=2).counts == {"passed": 5, "failed": 1}
    assert read_tally(tmp_path / "tally.json", exit_code=0).counts == {"passed": 5, "failed": 0}


def test_the_last_line_is_the_total_alone(capsys: pytest.CaptureFixture[str]) -> None:
    total = Outcome(Counter(passed=12, failed=1, skipped=2), Counter(browser=7, nginx=1), ["tests/a.py::test_b: no"])
    print_closing(total, [("Style (ruff)", 0.4, False)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "12 passed, 1 failed"
    assert "FAILED tests/a.py::test_b: no" in lines
    assert "To run everything: apt-get install -y chromium nginx" in lines


def test_the_oldest_postgres_is_asked_for_where_everything_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REQUIRE_ALL", raising=False)
    assert list_databases() == [["sqlite"], ["postgres"]]
    monkeypatch.setenv("REQUIRE_ALL", "1")
    assert list_databases() == [["sqlite"], ["postgres", "postgres15"]]


def test_a_plain_run_has_checks_and_tests_and_a_soak_run_tests_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REQUIRE_ALL", raising=False)
    plain = [stage.title for stage in plan(read_options([]))]
    assert plain[-2:] == ["Tests on SQLite", "Database suite on PostgreSQL"]
    assert len(plain) == 7
    assert [stage.title for stage in plan(read_options(["--only-checks"]))] == plain[:-2]
    assert [stage.title for stage in plan(read_options(["--soak"]))] == plain[-2:]


def test_the_exit_code_tells_of_a_failed_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests import run as runner

    def stages(*words: str) -> list[runner.Stage]:
        return [runner.command_stage(word, [sys.executable, "-c", f"raise SystemExit({word})"]) for word in words]

    monkeypatch.setattr(runner, "plan", lambda options: stages("0", "0"))
    assert main([]) == 0
    monkeypatch.setattr(runner, "plan", lambda options: stages("3", "0"))
    assert main([]) == 1
    monkeypatch.setattr(runner, "plan", lambda options: [])
    assert main([]) == 1
