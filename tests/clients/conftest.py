"""
An index with an access log, for clients that only read: one for each module, filled through its own upload door.

Reads never touch the database (tests/faults shows that), so these tests run on one database only.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import HTTPError

import pytest

from tests.real.access_log import AccessLog
from tests.real.client_tools import ROOT
from tests.real.distributions import Distribution, build_sdist, build_wheel
from tests.real.inside import SIMPLE_JSON
from tests.real.other_clients import OtherClients
from tests.real.processes import run
from tests.real.running_index import RunningIndex

Publish = Callable[..., Path]
WAIT_SECONDS = 20


@pytest.fixture(scope="module")
def logged_index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningIndex]:
    """Give a running index that logs every request."""
    index = RunningIndex(tmp_path_factory.mktemp("logged"))
    try:
        index.start(CREAMERY_ACCESS_LOG="on")
        yield index
    finally:
        index.stop()


@pytest.fixture(scope="module")
def publisher(logged_index: RunningIndex) -> str:
    """Give the token of a person who publishes to the logged index."""
    return logged_index.create_publisher("author")


@pytest.fixture
def log(logged_index: RunningIndex) -> AccessLog:
    """Give the requests to the logged index, from here on."""
    log = AccessLog(logged_index)
    log.forget()
    return log


@pytest.fixture
def others(logged_index: RunningIndex, tmp_path: Path) -> OtherClients:
    """Give all clients, pointed at the logged index, with empty homes and caches."""
    return OtherClients(logged_index.url, tmp_path / "clients")


@pytest.fixture(scope="module")
def put(logged_index: RunningIndex, publisher: str, tmp_path_factory: pytest.TempPathFactory) -> Publish:
    """Give a function that publishes a distribution on the logged index, as a wheel or with `sdist=True`, by twine."""
    folder = tmp_path_factory.mktemp("made")
    twine = OtherClients(logged_index.url, folder / "twine")

    def publish(name: str, version: str = "1.0", *, sdist: bool = False, **more: object) -> Path:
        what = Distribution(name=name, version=version, **more)  # type: ignore[arg-type]
        file = (build_sdist if sdist else build_wheel)(folder, what)
        done = twine.twine_upload(publisher, file)
        assert done.exit_code == 0, done
        return file

    return publish


@pytest.fixture(scope="module")
def change(logged_index: RunningIndex) -> Callable[..., None]:
    """Give a function that changes what the logged index says of a project; see tests/real/changes.py for the verbs."""

    def make(verb: str, *words: str) -> None:
        environment = {**logged_index.environment, "CREAMERY_PUBLIC_URL": logged_index.url}
        command = [sys.executable, "-m", "tests.real.changes", verb, *words]
        done = run(command, environment=environment, folder=ROOT)
        assert done.exit_code == 0, done

    return make


@pytest.fixture(scope="module")
def settle(logged_index: RunningIndex) -> Callable[[], None]:
    """Give a function that waits until the worker has written what mirrors read."""

    def is_settled() -> bool:
        root = json.loads(logged_index.fetch("/simple/", Accept=SIMPLE_JSON))
        serials = {entry["name"]: entry["_last-serial"] for entry in root["projects"]}
        documents = {name: json.loads(logged_index.fetch(f"/pypi/{name.lower()}/json")) for name in serials}
        pages = [json.loads(logged_index.fetch(f"/simple/{name.lower()}/", Accept=SIMPLE_JSON)) for name in serials]
        newest = max((page["meta"]["_last-serial"] for page in pages), default=-1)
        is_current = all(document["last_serial"] == serials[name] for name, document in documents.items())
        return is_current and root["meta"]["_last-serial"] == newest

    def wait() -> None:
        deadline = time.monotonic() + WAIT_SECONDS
        while not _is_true(is_settled):
            assert time.monotonic() < deadline, "The worker did not write what mirrors read."
            time.sleep(0.25)

    return wait


def _is_true(ask: Callable[[], bool]) -> bool:
    try:
        return ask()
    except HTTPError:
        return False
