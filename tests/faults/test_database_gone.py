"""The database goes away while the index serves: installs go on, everything else says so and comes back. REL-9, G6."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.factories import make_upload
from tests.faults.wire import Wire, get, send_upload, upload_request
from tests.real import parts
from tests.real.clients import Clients
from tests.real.distributions import Distribution, build_wheel
from tests.real.postgres import Cluster
from tests.real.running_index import RunningIndex

JSON = "application/vnd.pypi.simple.v1+json"
RECOVERED_SECONDS = 10.0


class FileRenamed:
    """Somebody renames the database's file while it is in use."""

    def __init__(self, data: Path) -> None:
        self._file = data / "creamery.db"
        self._away = data / "elsewhere.db"

    def begin(self) -> None:
        self._file.rename(self._away)

    def end(self) -> None:
        assert not self._file.exists(), "the server made an empty database in the place of the one that went away"
        self._away.rename(self._file)


class FileRemoved:
    """Somebody removes the database with everything beside it, and puts a copy back."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._kept: dict[str, bytes] = {}

    def begin(self) -> None:
        self._kept = {path.name: path.read_bytes() for path in self._data.glob("creamery.db*")}
        for name in self._kept:
            (self._data / name).unlink()

    def end(self) -> None:
        found = [path.name for path in self._data.glob("creamery.db*")]
        assert not found, f"the server made {found} in the place of the database that went away"
        for name, content in self._kept.items():
            if not name.endswith("-shm"):
                (self._data / name).write_bytes(content)


class ServerStopped:
    """PostgreSQL is stopped, and started again later."""

    def __init__(self, cluster: Cluster) -> None:
        self.begin, self.end = cluster.stop, cluster.start


Outage = FileRenamed | FileRemoved | ServerStopped


@pytest.fixture(scope="module")
def own_cluster(cluster: Cluster | None) -> Iterator[Cluster | None]:
    """Give a PostgreSQL that nobody else needs; None where the run is on SQLite."""
    if cluster is None:
        yield None
        return
    programs = parts.find_postgres()
    assert programs is not None
    own = Cluster(programs)
    own.start()
    yield own
    own.remove()


@pytest.fixture(scope="module")
def index(own_cluster: Cluster | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningIndex]:
    """Run an index on it."""
    database_url = None if own_cluster is None else own_cluster.create_database("creamery")
    running = RunningIndex(tmp_path_factory.mktemp("index"), database_url=database_url)
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def token(index: RunningIndex) -> str:
    """Give the token of somebody who publishes there."""
    return index.create_publisher("ada")


@pytest.fixture(
    params=[
        pytest.param("renamed", marks=pytest.mark.only_on("sqlite")),
        pytest.param("removed", marks=pytest.mark.only_on("sqlite")),
        pytest.param("stopped", marks=pytest.mark.only_on("postgres")),
    ]
)
def outage(request: pytest.FixtureRequest, own_cluster: Cluster | None, index: RunningIndex) -> Iterator[Outage]:
    """Give each way in which the database may go away."""
    if own_cluster is not None:
        chosen: Outage = ServerStopped(own_cluster)
    else:
        chosen = FileRenamed(index.data) if request.param == "renamed" else FileRemoved(index.data)
    yield chosen
    await_ready(index)


def await_ready(index: RunningIndex) -> float:
    """Wait until the index says that it is ready. Returns the seconds that it took."""
    begun = time.monotonic()
    while not index.is_ready():
        assert time.monotonic() - begun < RECOVERED_SECONDS, index.log_tail()
        time.sleep(0.05)
    return time.monotonic() - begun


def test_installs_go_on_while_everything_else_answers_503(index: RunningIndex, token: str, outage: Outage) -> None:
    name = f"before-{type(outage).__name__.lower()}"
    before, during = make_upload(name), make_upload(Distribution(name=name, version="2.0"))
    assert send_upload(index.port, token, before).status == 200
    path = json.loads(get(index.port, f"/simple/{name}/", accept=JSON).body)["files"][0]["url"]
    outage.begin()
    try:
        for _ in range(3):
            assert index.list_files(name) == [before.filename]
            assert b"before" in get(index.port, f"/simple/{name}/", accept="text/html").body
            assert get(index.port, path).body == before.content
            assert get(index.port, f"{path}.metadata").status == 200
            assert get(index.port, "/health/live").status == 200
            answer = send_upload(index.port, token, during)
            assert (answer.status, int(answer.headers["retry-after"]) > 0) == (503, True), answer
            for page in ("/", f"/project/{name}/", "/health/ready", "/search/?q=x"):
                assert get(index.port, page).status == 503, page
            # A browser with a session makes Django look for it before any view runs.
            for page in ("/", "/manage/projects/"):
                assert get(index.port, page, cookie="session=abcdefghijklmnopqrstuvwxyz012345").status == 503
            told = get(index.port, "/api/v1/projects", authorization=f"Bearer {token}")
            assert (told.status, json.loads(told.body)["refusal"]) == (503, "away")
        assert index.list_files(name) == [before.filename]
        assert list((index.data / "incoming").iterdir()) == []
    finally:
        outage.end()
    await_ready(index)
    answer = send_upload(index.port, token, before, accept="application/json")
    assert json.loads(answer.body)["status"] == "unchanged", "what was promised before is there"
    answer = send_upload(index.port, token, during, accept="application/json")
    assert json.loads(answer.body)["status"] == "published", "what was refused left nothing"
    assert index.list_files(name) == [before.filename, during.filename]
    assert get(index.port, f"/project/{name}/").status == 200


def test_an_upload_that_was_under_way_is_refused_cleanly(index: RunningIndex, token: str, outage: Outage) -> None:
    name = f"under-way-{type(outage).__name__.lower()}"
    what = make_upload(Distribution(name=name, size_bytes=3_000_000))
    head, body = upload_request(token, what)
    with Wire(index.port) as wire:
        wire.send(head + body[:2_000_000])
        time.sleep(0.2)
        outage.begin()
        try:
            wire.send(body[2_000_000:])
            answer = wire.hear()
        finally:
            outage.end()
    assert (answer.status, int(answer.headers["retry-after"]) > 0) == (503, True), answer
    await_ready(index)
    assert list((index.data / "incoming").iterdir()) == []
    answer = send_upload(index.port, token, what, accept="application/json")
    assert json.loads(answer.body)["status"] == "published", answer


def test_the_worker_comes_back_with_the_database(index: RunningIndex, token: str, outage: Outage) -> None:
    name = f"worker-{type(outage).__name__.lower()}"
    outage.begin()
    time.sleep(3)
    outage.end()
    await_ready(index)
    assert send_upload(index.port, token, make_upload(name)).status == 200
    deadline = time.monotonic() + RECOVERED_SECONDS
    while f'href="{name}/"'.encode() not in get(index.port, "/simple/", accept="text/html").body:
        assert time.monotonic() < deadline, "the worker never wrote the list of projects"
        time.sleep(0.1)


@pytest.mark.clients
def test_pip_installs_while_the_database_is_away(
    index: RunningIndex, token: str, outage: Outage, tmp_path: Path
) -> None:
    """G6"""
    name = f"pip-{type(outage).__name__.lower()}"
    people = Clients(index.url, tmp_path / "clients")
    wheel = build_wheel(tmp_path / "dist", Distribution(name=name))
    done = people.twine_upload(token, wheel)
    assert done.exit_code == 0, done
    python = people.create_environment()
    outage.begin()
    try:
        installed = people.pip("install", name, python=python)
        second = build_wheel(tmp_path / "dist", Distribution(name=name, version="2.0"))
        refused = people.twine_upload(token, second)
    finally:
        outage.end()
    assert installed.exit_code == 0, installed
    assert people.import_version(python, name.replace("-", "_")) == "1.0"
    assert refused.exit_code != 0
    assert "503" in refused.output, refused
    await_ready(index)
    done = people.twine_upload(token, second)
    assert done.exit_code == 0, done
