"""What every test run begins with: a data folder of its own, a database, and Django set up on both."""

import os
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from uuid import uuid4

import django
import hypothesis
import pytest
from pytest_django import DjangoDbBlocker

from tests.real import parts
from tests.real.clients import Clients
from tests.real.inside import Inside, begin_afresh, forget_everything
from tests.real.mail_server import mail_server, use_mail
from tests.real.object_store import object_store
from tests.real.postgres import Cluster
from tests.real.running_index import RunningIndex
from tests.selection import MARKERS, Selection, leads_workers

__all__ = ["mail_server", "object_store", "use_mail"]
"""Fixtures that live beside what they start, and are for every test."""

DATABASES = {"postgres": parts.find_postgres, "postgres15": parts.find_postgres_15}
CLUSTER: pytest.StashKey[Cluster | None] = pytest.StashKey()
DATA_FOLDER: pytest.StashKey[Path] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of our runs."""
    group = parser.getgroup("creamery")
    group.addoption("--database", choices=["sqlite", *DATABASES], default="sqlite", help="run the database suite on it")
    group.addoption("--soak", action="store_true", help="run the tests with full numbers, and only those")
    group.addoption("--tally", type=Path, help="write counts and missing parts there, as JSON")


def pytest_configure(config: pytest.Config) -> None:
    """Set the environment that the settings read, then Django up, before anything imports either."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    config.pluginmanager.register(Selection(config), "creamery-selection")
    profile = "full" if config.getoption("soak") else "quick"
    hypothesis.settings.load_profile(profile)
    if leads_workers(config):
        # Its environment is that of the workers: what it set would be theirs as well, one database for all.
        return
    config.stash[DATA_FOLDER] = Path(tempfile.mkdtemp(prefix="creamery-test-"))
    config.stash[CLUSTER] = _start_cluster(config.getoption("database"))
    _set_environment(config.stash[DATA_FOLDER], config.stash[CLUSTER])
    django.setup()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing behind."""
    cluster = config.stash.get(CLUSTER, None)
    if cluster is not None:
        cluster.remove()
    folder = config.stash.get(DATA_FOLDER, None)
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)


def pytest_report_header(config: pytest.Config) -> str:
    """Say in the first lines what the run is on."""
    return f"creamery: on {config.getoption('database')}, {'full' if config.getoption('soak') else 'quick'} numbers"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what a running index logged below the test that failed on it."""
    report = yield
    if report.failed:
        for value in getattr(item, "funcargs", {}).values():
            if isinstance(value, RunningIndex):
                report.sections.append((f"log of {value.url}", value.log_tail()))
    return report


@pytest.fixture(scope="session")
def full_numbers(pytestconfig: pytest.Config) -> bool:
    """Say whether this is `make soak`: a test marked `soak` then uses the full numbers."""
    return bool(pytestconfig.getoption("soak"))


@pytest.fixture(scope="session")
def cluster(pytestconfig: pytest.Config) -> Cluster | None:
    """Give the PostgreSQL server of this run, or None on SQLite."""
    return pytestconfig.stash[CLUSTER]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(pytestconfig: pytest.Config) -> None:
    """Keep SQLite's test database in a file: in memory it knows no WAL, and threads share one connection's locks."""
    from django.db import connections

    default = connections["default"]
    if default.vendor == "sqlite":
        default.settings_dict["TEST"]["NAME"] = str(pytestconfig.stash[DATA_FOLDER] / "django.db")


@pytest.fixture(scope="module")
def fresh_database_url(cluster: Cluster | None) -> Iterator[str | None]:
    """Give the address of an empty database to processes of this module; None where that is SQLite's default."""
    if cluster is None:
        yield None
        return
    name = f"creamery_{uuid4().hex[:12]}"
    yield cluster.create_database(name)
    cluster.drop_database(name)


@pytest.fixture(scope="module")
def start_index(
    cluster: Cluster | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., RunningIndex]]:
    """Start indexes, each on a data folder and an empty database of its own; all are stopped after the module."""
    started: list[RunningIndex] = []
    databases: list[str] = []

    def start(
        *, storage_url: str | None = None, public_url: str | None = None, program: Path | None = None
    ) -> RunningIndex:
        database_url = None
        if cluster is not None:
            databases.append(f"creamery_{uuid4().hex[:12]}")
            database_url = cluster.create_database(databases[-1])
        index = RunningIndex(
            tmp_path_factory.mktemp("index"),
            database_url=database_url,
            storage_url=storage_url,
            public_url=public_url,
            program=program,
        )
        started.append(index)
        index.start()
        return index

    yield start
    for index in started:
        index.stop()
    for name in databases:
        assert cluster is not None
        cluster.drop_database(name)


@pytest.fixture(scope="module")
def running_index(start_index: Callable[..., RunningIndex]) -> RunningIndex:
    """Give a real `creamery serve` that the tests of a module share; a test uses project names of its own."""
    return start_index()


@pytest.fixture(scope="session")
def _application(django_db_blocker: DjangoDbBlocker) -> Iterator[Inside]:
    with django_db_blocker.unblock():
        inside = Inside()
        yield inside
        inside.close()


@pytest.fixture
def inside(django_db_blocker: DjangoDbBlocker, _application: Inside) -> Iterator[Inside]:
    """Give the whole application in this process, on an empty index; faster than a server, and its rows can be seen."""
    with django_db_blocker.unblock():
        begin_afresh()
        yield _application
        forget_everything()


@pytest.fixture
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make argon2 cheap for what is done in this process, where a test is not about how dear it is."""
    from django.contrib.auth.hashers import Argon2PasswordHasher

    monkeypatch.setattr(Argon2PasswordHasher, "memory_cost", 512)
    monkeypatch.setattr(Argon2PasswordHasher, "time_cost", 1)


@pytest.fixture
def clients(running_index: RunningIndex, tmp_path: Path) -> Clients:
    """Give real pip, uv and twine, pointed at the running index, with empty homes and caches."""
    return Clients(running_index.url, tmp_path / "clients")


def _start_cluster(database: str) -> Cluster | None:
    if database == "sqlite":
        return None
    programs = DATABASES[database]()
    if programs is None:
        raise pytest.UsageError(f"{parts.PARTS[database].title} is missing: {parts.command_that_adds([database])}")
    cluster = Cluster(programs)
    cluster.start()
    return cluster


def _set_environment(data: Path, cluster: Cluster | None) -> None:
    """Take away what this machine's environment says about Creamery, and say our own."""
    for name in [name for name in os.environ if name.startswith("CREAMERY_")]:
        del os.environ[name]
    os.environ["CREAMERY_DATA"] = str(data)
    # What runs in this process has no worker of its own: a test says when follow-up work is done.
    os.environ["CREAMERY_MODE"] = "serve"
    os.environ["DJANGO_SETTINGS_MODULE"] = "creamery.settings"
    if cluster is not None:
        os.environ["CREAMERY_DATABASE_URL"] = cluster.create_database("creamery")


# Examples are the same in every run of `make test`, so that a red run is about the change; `make soak` looks further.
hypothesis.settings.register_profile(
    "quick", derandomize=True, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.register_profile(
    "full", max_examples=5000, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
