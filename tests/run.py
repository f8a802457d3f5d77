"""
Run every check and every test: what `make test`, `make check` and `make soak` call.

    .venv/bin/python tests/run.py                       style, types, walls, locks, then the tests on each database
    .venv/bin/python tests/run.py --only-checks         without the tests
    .venv/bin/python tests/run.py --soak                the tests that have full numbers, with full numbers
    .venv/bin/python tests/run.py -- -k name -x         more words for pytest

Every stage runs even when one before it failed. A machine that lacks a part (a browser, nginx) runs the rest; the
closing message names what did not run and the one command that adds it. With REQUIRE_ALL=1, as on CI, a missing part
is a failure, and the database suite also runs on PostgreSQL 15.
"""

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
sys.path.insert(0, str(ROOT))

from tests.real import parts  # noqa: E402 - the line above makes it importable.

SOURCES = [name for name in ("src", "tests", "bench", "docs") if (ROOT / name).exists()]
NO_TESTS_COLLECTED = 5
SPREAD = ("--numprocesses=logical", "--maxprocesses=4", "--dist=loadfile", "--no-loadscope-reorder")
"""A process for each core. The order stays: nothing may come after the first browser test of a process (tests/selection.py)."""
PINNED = re.compile(r"^[A-Za-z0-9._-]+(\[[A-Za-z0-9._,-]+\])?==\S+( ; [^\\]+)? \\$")


@dataclass
class Outcome:
    """What a stage, or the whole run, found."""

    counts: Counter[str] = field(default_factory=Counter)
    missing: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def add(self, other: "Outcome") -> None:
        """Count another stage's finding in."""
        self.counts.update(other.counts)
        self.missing.update(other.missing)
        self.failures += other.failures


@dataclass(frozen=True)
class Stage:
    """One heading of the run. `run` does it and prints what a person needs to see."""

    title: str
    run: Callable[[], Outcome]


def main(words: Sequence[str]) -> int:
    """Run the stages that were asked for. Returns the exit code."""
    options = read_options(words)
    total = Outcome()
    times: list[tuple[str, float, bool]] = []
    for stage in plan(options):
        print(f"\n=== {stage.title} ===", flush=True)
        begun = time.monotonic()
        outcome = stage.run()
        times.append((stage.title, time.monotonic() - begun, outcome.counts["failed"] == 0))
        print(f"--- {stage.title}: {'good' if times[-1][2] else 'FAILED'}, {times[-1][1]:.1f} s", flush=True)
        total.add(outcome)
    print_client_log()
    print_closing(total, times)
    return 1 if total.counts["failed"] or not total.counts["passed"] else 0


def read_options(words: Sequence[str]) -> argparse.Namespace:
    """Read the command line; what stands behind `--` is for pytest."""
    parser = argparse.ArgumentParser(prog="tests/run.py", description="Run every check and every test.")
    parser.add_argument("--only-checks", action="store_true", help="style, types, walls and locks, without the tests")
    parser.add_argument("--soak", action="store_true", help="only the tests that have full numbers, with full numbers")
    parser.add_argument("--seed", type=int, help="repeat a soak run with the seed that it printed")
    parser.add_argument("pytest_words", nargs="*", metavar="-- WORDS", help="more words for pytest")
    return parser.parse_args(words)


def plan(options: argparse.Namespace) -> list[Stage]:
    """List the stages of a run."""
    checks = [
        command_stage("Style (ruff)", [BIN / "ruff", "check", "--output-format=concise", *SOURCES]),
        command_stage("Format (ruff)", [BIN / "ruff", "format", "--check", "--output-format=concise", *SOURCES]),
        command_stage("Types (mypy)", [BIN / "mypy"]),
        command_stage("Walls between rooms (import-linter)", [BIN / "lint-imports"]),
        Stage("Locked dependencies", check_locks),
    ]
    if options.only_checks:
        return checks
    words = list(options.pytest_words)
    if options.soak:
        seed = random.SystemRandom().randrange(2**32) if options.seed is None else options.seed
        words = ["--soak", f"--hypothesis-seed={seed}", *words]
        checks = []
    return [*checks, *(pytest_stage(databases, words) for databases in list_databases())]


def list_databases() -> list[list[str]]:
    """
    List the databases that the suite runs on, those together that are run at the same time.

    The oldest PostgreSQL is there only where everything is required.
    """
    return [["sqlite"], ["postgres", *(["postgres15"] if parts.is_everything_required() else [])]]


def command_stage(title: str, command: Sequence[str | Path]) -> Stage:
    """Make a stage of a program that says by its exit code whether all is well."""

    def run() -> Outcome:
        done = subprocess.run(command, cwd=ROOT, check=False)
        return Outcome(Counter({"passed" if done.returncode == 0 else "failed": 1}))

    return Stage(title, run)


def pytest_stage(databases: Sequence[str], words: Sequence[str]) -> Stage:
    """Make a stage of pytest on one database, or on several at the same time, each printed when all are over."""

    def run() -> Outcome:
        outcome = Outcome()
        with tempfile.TemporaryDirectory(prefix="creamery-tally-") as folder, ExitStack() as running:
            runs = []
            for database in databases:
                if parts.list_missing({database} & parts.PARTS.keys()):
                    outcome.add(report_missing(database))
                    continue
                base = Path(folder) / database
                options = [f"--database={database}", f"--tally={base}.json", "--durations=10", "--durations-min=2"]
                if database == "sqlite" and "--soak" not in words:
                    options += SPREAD
                printed = running.enter_context(base.open("w")) if len(databases) > 1 else None
                command = [sys.executable, "-m", "pytest", *options, *words]
                runs.append((base, running.enter_context(subprocess.Popen(command, cwd=ROOT, stdout=printed))))
            for base, process in runs:
                exit_code = process.wait()
                if base.exists():
                    print(base.read_text(), flush=True)
                outcome.add(read_tally(base.with_suffix(".json"), exit_code))
        return outcome

    titles = " and ".join(parts.PARTS[database].title for database in databases if database != "sqlite")
    return Stage(f"Database suite on {titles}" if titles else "Tests on SQLite", run)


def read_tally(tally: Path, exit_code: int) -> Outcome:
    """
    Read what our pytest plugin counted.

    A run that broke off before it counted, or failed without naming a test, is one failure: it must not look green.
    """
    outcome = Outcome()
    if tally.exists():
        found = json.loads(tally.read_text())
        outcome = Outcome(Counter(found["counts"]), Counter(found["missing"]), found.get("failures", []))
    if exit_code not in (0, NO_TESTS_COLLECTED) and not outcome.counts["failed"]:
        print(f"pytest ended with exit code {exit_code}")
        outcome.counts["failed"] += 1
    return outcome


def report_missing(database: str) -> Outcome:
    """Say that a database is missing: a failure where everything is required."""
    print(f"{parts.PARTS[database].title} is missing: {parts.command_that_adds([database])}")
    if parts.is_everything_required():
        return Outcome(Counter(failed=1))
    return Outcome(missing=Counter({database: 1}))


def check_locks() -> Outcome:
    """Check the requirements files: every line pinned and hashed, and nothing that says where to download from."""
    complaints = [
        f"{path.relative_to(ROOT)}:{complaint}"
        for path in sorted((ROOT / "requirements").glob("*.txt"))
        for complaint in list_lock_complaints(path.read_text())
    ]
    for complaint in complaints:
        print(complaint)
    return Outcome(Counter(failed=len(complaints)) if complaints else Counter(passed=1))


def list_lock_complaints(text: str) -> list[str]:
    """
    List what is wrong with a requirements file, as `line: sentence`.

    >>> list_lock_complaints("six==1.17.0 \\\\\\n    --hash=sha256:00\\n")
    []
    >>> list_lock_complaints("--index-url https://idx.example/simple/\\nsix\\n")
    ['1: an option of this machine: --index-url https://idx.example/simple/', '2: not pinned with a hash: six']
    """
    complaints = []
    lines = [*text.splitlines(), ""]
    for number, (line, following) in enumerate(pairwise(lines), start=1):
        if line.startswith("-"):
            complaints.append(f"{number}: an option of this machine: {line}")
        elif "://" in line and not line.lstrip().startswith("#"):
            complaints.append(f"{number}: an address: {line.strip()}")
        elif line and line[0] not in "# " and not (PINNED.match(line) and "--hash=sha256:" in following):
            complaints.append(f"{number}: not pinned with a hash: {line}")
    return complaints


def print_client_log() -> None:
    """Show what real clients were asked and said, where the tests wrote it down (tests/real/processes.py)."""
    log = Path(os.environ.get("CLIENT_LOG", ""))
    if log.is_file():
        print(f"\n=== What clients were asked and said ===\n{log.read_text()}", flush=True)


def print_closing(total: Outcome, times: Sequence[tuple[str, float, bool]]) -> None:
    """Print the last lines: stages and their times, what failed, what did not run, the sum."""
    print("\n=== Summary ===")
    for title, seconds, is_good in times:
        print(f"  {'good  ' if is_good else 'FAILED'} {seconds:7.1f} s  {title}")
    for failure in total.failures:
        print(f"FAILED {failure}")
    if total.missing:
        names = sorted(total.missing)
        what = ", ".join(f"{parts.PARTS[name].title} ({total.missing[name]})" for name in names)
        print(f"Tests that did not run, as they need what this machine lacks: {what}")
        print(f"To run everything: {parts.command_that_adds(names)}")
    if total.counts["skipped"]:
        print(f"Skipped: {total.counts['skipped']}")
    print(f"{total.counts['passed']} passed, {total.counts['failed']} failed", flush=True)


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
