"""
Which of the collected tests run here, and what is said about those that do not.

Four reasons keep a test from running, all of them visible: a part is missing on this machine (`need`), the run is on a
database that the test does not touch, the test is for one database only (`only_on`), or it has its place in the other
gate (`soak`). The oldest PostgreSQL differs from the newest in its SQL alone, so there only tests run that are about
statements, not those that ask a server in another process. Nothing is skipped silently: with `REQUIRE_ALL=1` a missing part and a skip are failures.
"""

import json
from collections import Counter
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.real import parts

DATABASE_FIXTURES = {"db", "transactional_db", "inside"}
SERVER_FIXTURES = {"cluster", "fresh_database_url", "running_index", "start_index"}
LONGEST_REASON = 300
MARKERS = (
    "need(*parts): needs parts besides Python packages: browser, nginx, caddy, bsdtar, curl, postgres15, newer-python, object-store",
    "only_on(*databases): makes sense on these databases only: sqlite, postgres",
    "database: touches the database through processes of its own, so it runs on every database",
    "soak(only=False): has full numbers for `make soak` (fixture full_numbers); only=True keeps it out of `make test`",
    "clients: drives real pip, uv, twine, poetry, pdm, hatch, bandersnatch, devpi or proxpi",
)


def leads_workers(config: pytest.Config) -> bool:
    """Say whether this process only hands tests to workers of pytest-xdist."""
    return bool(config.getoption("numprocesses", None)) and not hasattr(config, "workerinput")


class Selection:
    """The plugin that picks the tests of a run and keeps count of what did not run."""

    def __init__(self, config: pytest.Config) -> None:
        """Read the options of the run."""
        self.database: str = config.getoption("database")
        self.is_soak: bool = config.getoption("soak")
        self.tally: Path | None = config.getoption("tally")
        self.missing: Counter[str] = Counter()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """
        Deselect what does not belong into this run, or cannot; put browser tests last.

        Playwright keeps an event loop running in the main thread for as long as it is open; `asyncio.run` and Django's
        tables refuse to work meanwhile. So nothing else comes after the first browser test.
        """
        chosen = [(item, self._belongs(item) and self._can_run(item)) for item in items]
        config.hook.pytest_deselected(items=[item for item, is_kept in chosen if not is_kept])
        items[:] = sorted((item for item, is_kept in chosen if is_kept), key=lambda item: "browser" in list_needs(item))

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Fail a test whose part is missing, where everything is required."""
        missing = parts.list_missing(list_needs(item))
        if missing:
            titles = " and ".join(parts.PARTS[name].title for name in missing)
            pytest.fail(
                f"REQUIRE_ALL is set and {titles} is missing: {parts.command_that_adds(missing)}", pytrace=False
            )

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Turn a skip into a failure, where everything is required."""
        report = yield
        if report.outcome == "skipped" and not hasattr(report, "wasxfail") and parts.is_everything_required():
            report.outcome = "failed"
            report.longrepr = f"REQUIRE_ALL is set and the test was skipped: {report.longrepr}"
        return report

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Learn from a worker of pytest-xdist what did not run. Every worker looks at all tests, so each says the same."""
        self.missing |= Counter(getattr(node, "workeroutput", {}).get("missing", {}))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Tell whoever leads this worker what did not run."""
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput["missing"] = dict(self.missing)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Name what did not run and the one command that adds it; leave the counts for tests/run.py."""
        for name, count in sorted(self.missing.items()):
            terminalreporter.write_line(f"Tests that did not run, as they need {parts.PARTS[name].title}: {count}")
        if self.missing:
            terminalreporter.write_line(f"To run them as well: {parts.command_that_adds(self.missing)}")
        if self.tally is not None:
            sizes = {outcome: len(reports) for outcome, reports in terminalreporter.stats.items()}
            counts = {
                "passed": sizes.get("passed", 0) + sizes.get("xfailed", 0),
                "failed": sizes.get("failed", 0) + sizes.get("error", 0),
                "skipped": sizes.get("skipped", 0),
            }
            reports = [report for outcome in ("failed", "error") for report in terminalreporter.stats.get(outcome, [])]
            failures = [f"{report.nodeid}: {say_why(report)}" for report in reports]
            tally = {"counts": counts, "missing": dict(self.missing), "failures": failures}
            self.tally.write_text(json.dumps(tally))

    def _belongs(self, item: pytest.Item) -> bool:
        only_on = item.get_closest_marker("only_on")
        if only_on is not None and self.database.rstrip("15") not in only_on.args:
            return False
        soak = item.get_closest_marker("soak")
        if self.is_soak:
            return soak is not None
        if soak is not None and soak.kwargs.get("only", False):
            return False
        match self.database:
            case "sqlite":
                return True
            case "postgres15":
                return speaks_sql(item)
            case _:
                return touches_database(item)

    def _can_run(self, item: pytest.Item) -> bool:
        missing = parts.list_missing(list_needs(item))
        is_failure = parts.is_everything_required() and all(parts.PARTS[name].is_required for name in missing)
        if not missing or is_failure:
            return True
        self.missing.update(missing)
        return False


def say_why(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Give the first line of what a test failed on."""
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(crash.message if crash else report.longrepr).split("\n", 1)[0][:LONGEST_REASON]


def list_needs(item: pytest.Item) -> list[str]:
    """
    List the parts that a test names, on itself, its class or its module.

    Raises:
        pytest.UsageError: there is no such part.
    """
    names = [str(name) for marker in item.iter_markers("need") for name in marker.args]
    for name in names:
        if name not in parts.PARTS:
            raise pytest.UsageError(f"{item.nodeid} needs {name!r}; known parts: {', '.join(parts.PARTS)}")
    return names


def touches_database(item: pytest.Item) -> bool:
    """Say whether a test would see another database: through Django, or through processes that it starts."""
    return speaks_sql(item) or bool(set(getattr(item, "fixturenames", ())) & SERVER_FIXTURES)


def speaks_sql(item: pytest.Item) -> bool:
    """Say whether a test has statements run in this process, or is marked as being about the database."""
    has_marker = any(item.get_closest_marker(name) is not None for name in ("django_db", "database"))
    return has_marker or bool(set(getattr(item, "fixturenames", ())) & DATABASE_FIXTURES)
