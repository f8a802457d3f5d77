"""The store or the disk takes nothing any more: uploads say so and leave nothing, reads go on. REL-7, REL-8, REL-11."""

import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

from tests.factories import make_upload
from tests.faults.wire import Heard, get, send_upload
from tests.real.distributions import Distribution
from tests.real.running_index import RunningIndex

JSON = "application/vnd.pypi.simple.v1+json"


@pytest.fixture(scope="module")
def token(running_index: RunningIndex) -> str:
    """Give the token of somebody who publishes there."""
    return running_index.create_publisher("ada")


@contextmanager
def store_without_room(index: RunningIndex) -> Iterator[None]:
    """Take away the folder that the store writes to before it renames; what is stored can still be read."""
    folder = index.data / "blobs" / ".incoming"
    away = index.data / "elsewhere"
    folder.rename(away)
    try:
        yield
    finally:
        away.rename(folder)


@contextmanager
def full_disk(index: RunningIndex) -> Iterator[None]:
    """Let no file of the server grow beyond a size that even small uploads exceed, as on a disk that is full."""
    assert index.process is not None
    server = psutil.Process(index.process.pid)
    before = server.rlimit(psutil.RLIMIT_FSIZE)
    server.rlimit(psutil.RLIMIT_FSIZE, (200, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        server.rlimit(psutil.RLIMIT_FSIZE, before)


@contextmanager
def store_away(index: RunningIndex) -> Iterator[None]:
    """Unmount the store: its folder is empty."""
    folder, away = index.data / "blobs", index.data / "elsewhere"
    folder.rename(away)
    folder.mkdir()
    try:
        yield
    finally:
        assert list(folder.iterdir()) == [], "the server began an empty store where one was away"
        folder.rmdir()
        away.rename(folder)


@pytest.mark.parametrize("fault", [store_without_room, full_disk])
def test_uploads_are_refused_and_reads_go_on(running_index: RunningIndex, token: str, fault: object) -> None:
    name = f"before-{fault.__name__}".replace("_", "-")  # type: ignore[attr-defined]
    before, during = make_upload(name), make_upload(Distribution(name=name, version="2.0", size_bytes=50_000))
    assert send_upload(running_index.port, token, before).status == 200
    path = json.loads(get(running_index.port, f"/simple/{name}/", accept=JSON).body)["files"][0]["url"]
    with fault(running_index):  # type: ignore[operator]
        for _ in range(2):
            assert_refused(send_upload(running_index.port, token, during))
            assert running_index.list_files(name) == [before.filename]
            assert get(running_index.port, path).body == before.content
        assert list((running_index.data / "incoming").iterdir()) == []
    assert running_index.list_files(name) == [before.filename]
    answer = send_upload(running_index.port, token, during, accept="application/json")
    assert (answer.status, json.loads(answer.body)["status"]) == (200, "published"), answer
    assert running_index.list_files(name) == [before.filename, during.filename]


def test_a_store_that_is_away_is_never_an_empty_index(running_index: RunningIndex, token: str) -> None:
    """An installer that hears 404 takes the project from the next index."""
    before, during = make_upload("away"), make_upload(Distribution(name="away", version="2.0"))
    assert send_upload(running_index.port, token, before).status == 200
    with store_away(running_index):
        assert_refused(send_upload(running_index.port, token, during))
        for path in ("/simple/away/", "/simple/", "/simple/never-heard-of/", "/health/ready"):
            assert get(running_index.port, path).status == 503, path
        assert get(running_index.port, "/health/live").status == 200
    assert running_index.list_files("away") == [before.filename]
    answer = send_upload(running_index.port, token, during, accept="application/json")
    assert (answer.status, json.loads(answer.body)["status"]) == (200, "published"), answer


def assert_refused(answer: Heard) -> None:
    """It says that it is not for ever, and when to try again."""
    assert (answer.status, int(answer.headers.get("retry-after", 0)) > 0) == (503, True), answer
