"""The server is asked to end, or runs without its worker."""

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.factories import make_upload
from tests.faults.wire import Wire, get, send_upload, upload_request
from tests.real.distributions import Distribution
from tests.real.running_index import RunningIndex


@pytest.fixture
def index(tmp_path_factory: pytest.TempPathFactory, fresh_database_url: str | None) -> Iterator[RunningIndex]:
    """Prepare an index; each test starts it as it likes."""
    running = RunningIndex(tmp_path_factory.mktemp("index"), database_url=fresh_database_url)
    yield running
    running.stop()


def test_a_server_that_is_asked_to_end_finishes_the_uploads_under_way(index: RunningIndex, tmp_path: Path) -> None:
    index.start(TMPDIR=str(tmp_path))
    token = index.create_publisher("ada")
    what = make_upload(Distribution(name="in-flight", size_bytes=2_000_000))
    head, body = upload_request(token, what)
    with Wire(index.port) as wire, Wire(index.port) as idle:
        wire.send(head + body[:1_500_000])
        idle.send(b"")
        time.sleep(0.3)
        assert index.process is not None
        index.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert index.process.poll() is None, "it did not wait"
        wire.send(body[1_500_000:])
        answer = wire.hear()
    assert answer.status == 200, answer
    assert index.process.wait(15) == 0
    assert list(tmp_path.iterdir()) == [], "it left temporary files"
    index.start()
    assert index.list_files("in-flight") == [what.filename]


def test_reads_and_uploads_go_on_without_a_worker(index: RunningIndex) -> None:
    index.start(CREAMERY_MODE="serve")
    token = index.create_publisher("grace")
    what = make_upload("without-worker")
    assert send_upload(index.port, token, what).status == 200
    time.sleep(3)
    assert index.list_files("without-worker") == [what.filename]
    assert get(index.port, "/project/without-worker/").status == 200
    assert "without-worker" not in list_projects(index), "somebody did the worker's work"
    index.stop()
    index.start()
    deadline = time.monotonic() + 10
    while "without-worker" not in list_projects(index):
        assert time.monotonic() < deadline, "what was owed is not done by the next worker"
        time.sleep(0.1)


def list_projects(index: RunningIndex) -> list[str]:
    """List the names on the page of all projects."""
    page = get(index.port, "/simple/", accept="application/vnd.pypi.simple.v1+json").body
    return [project["name"] for project in json.loads(page)["projects"]]
