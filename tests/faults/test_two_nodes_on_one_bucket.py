"""Two servers on one bucket and one database: what one takes the other shows, and both keep what they read."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import pytest

from tests.factories import make_upload
from tests.faults.wire import Heard, get, send_upload
from tests.real.distributions import Distribution
from tests.real.inside import basic
from tests.real.object_store import ObjectStore
from tests.real.running_index import RunningIndex

pytestmark = [pytest.mark.need("object-store"), pytest.mark.only_on("sqlite")]
JSON = "application/vnd.pypi.simple.v1+json"
SEEN_SECONDS = 1.0
SECRET = "only for these tests: 0123456789abcdef"


@dataclass
class Nodes:
    """Two servers, and the token of somebody who publishes."""

    one: RunningIndex
    other: RunningIndex
    token: str


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory, object_store: ObjectStore) -> Iterator[Nodes]:
    """Start both."""
    folder, address = tmp_path_factory.mktemp("shared"), object_store.create_url()
    started = []
    for name in ("one", "other"):
        index = RunningIndex(
            tmp_path_factory.mktemp(name),
            database_url=f"sqlite:///{folder / 'shared.db'}",
            storage_url=address,
            public_url="http://localhost:8000",
        )
        index.environment["CREAMERY_SECRET"] = SECRET
        index.start()
        started.append(index)
    one, other = started
    yield Nodes(one, other, one.create_publisher("ada"))
    for index in started:
        index.stop()


def publish(nodes: Nodes, name: str, version: str = "1.0", size_bytes: int = 0) -> tuple[str, bytes]:
    """Upload to the first node. Says the file's name and content."""
    what = make_upload(Distribution(name=name, version=version, size_bytes=size_bytes))
    assert send_upload(nodes.one.port, nodes.token, what).status == 200
    return what.filename, what.content


def files(answer: Heard) -> list[str]:
    """List the files of a page."""
    return [file["filename"] for file in json.loads(answer.body)["files"]] if answer.status == 200 else []


def list_kept(index: RunningIndex) -> list[Path]:
    """List what a node keeps of the bucket."""
    return [path for path in (index.data / "cache").rglob("*") if path.is_file() and path.parent.name != "arriving"]


def test_an_upload_is_seen_at_once_where_it_was_taken_and_within_a_second_elsewhere(nodes: Nodes) -> None:
    waited = []
    for version in ("1.0", "2.0", "3.0", "4.0", "5.0"):
        # Somebody else has just asked the other node, which now knows the old page.
        get(nodes.other.port, "/simple/seen/", accept=JSON)
        filename, _content = publish(nodes, "seen", version)
        taken = time.monotonic()
        assert filename in files(get(nodes.one.port, "/simple/seen/", accept=JSON, cache_control="no-cache"))
        while filename not in files(get(nodes.other.port, "/simple/seen/", accept=JSON)):
            assert time.monotonic() - taken < SEEN_SECONDS + 0.5
            time.sleep(0.02)
        waited.append(time.monotonic() - taken)
    assert median(waited) <= SEEN_SECONDS, waited


def test_the_node_that_took_an_upload_shows_it_at_once_to_everybody(nodes: Nodes) -> None:
    for version in ("1.0", "2.0", "3.0"):
        get(nodes.one.port, "/simple/own/", accept=JSON)
        filename, _content = publish(nodes, "own", version)
        assert filename in files(get(nodes.one.port, "/simple/own/", accept=JSON))


@pytest.mark.parametrize(
    "headers",
    [{"cache_control": "no-cache"}, {"pragma": "no-cache"}, {"authorization": basic("__token__", "whatever")}],
    ids=["no-cache", "pragma", "credentials"],
)
def test_who_must_see_the_present_sees_it_at_once(nodes: Nodes, headers: dict[str, str]) -> None:
    name = f"present-{len(headers)}-{next(iter(headers)).replace('_', '-')}"
    for version in ("1.0", "2.0", "3.0"):
        get(nodes.other.port, f"/simple/{name}/", accept=JSON)
        filename, content = publish(nodes, name, version)
        answer = get(nodes.other.port, f"/simple/{name}/", accept=JSON, **headers)
        assert filename in files(answer)
        path = next(file["url"] for file in json.loads(answer.body)["files"] if file["filename"] == filename)
        assert get(nodes.other.port, path, **headers).body == content


def test_a_file_is_kept_where_it_was_read_and_parts_come_from_there(nodes: Nodes) -> None:
    filename, content = publish(nodes, "kept", size_bytes=5_000_000)
    page = get(nodes.other.port, "/simple/kept/", accept=JSON)
    path = next(file["url"] for file in json.loads(page.body)["files"] if file["filename"] == filename)
    before = len(list_kept(nodes.other))
    assert get(nodes.other.port, path).body == content
    deadline = time.monotonic() + 5
    while len(list_kept(nodes.other)) == before:
        assert time.monotonic() < deadline, "it was not kept"
        time.sleep(0.02)
    assert len(content) in {kept.stat().st_size for kept in list_kept(nodes.other)}
    part = get(nodes.other.port, path, range="bytes=1000000-1999999")
    assert (part.status, part.body) == (206, content[1_000_000:2_000_000])
    assert get(nodes.other.port, path, range="bytes=-10").body == content[-10:]
    # Whose bytes these are shows when those on the disk are other ones, of the same number.
    kept = next(path for path in list_kept(nodes.other) if path.stat().st_size == len(content))
    kept.write_bytes(content[::-1])
    assert get(nodes.other.port, path).body == content[::-1]
    kept.unlink()
    assert get(nodes.other.port, path).body == content
