"""
Reads go on, complete and correct, for as long as the store is there: a soak through each fault. REL-9, G6.

Readers ask what installers ask, with their headers, over connections that stay open, and compare every answer with
what it was before the fault. `make soak` lets each fault last a minute.
"""

import hashlib
import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

import pytest

from tests.factories import Upload, make_upload
from tests.faults.test_store_gone import full_disk
from tests.faults.wire import get, send_upload
from tests.real.clients import Clients
from tests.real.distributions import Distribution
from tests.real.processes import tail
from tests.real.running_index import DIRECT, RunningIndex

pytestmark = pytest.mark.only_on("sqlite")
NAMES = ("alpha", "beta", "gamma")
ACCEPTS = {
    "pip": "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01",
    "uv": "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01",
    "old pip": "text/html",
}
READERS = 4
RAISING = """
import django.core.handlers.wsgi as wsgi

def fail(*_):
    raise RuntimeError("Django fails on every request.")

wsgi.WSGIHandler.__call__ = fail
"""
MISSING = """
import sys
sys.modules["django"] = None
"""


@dataclass(frozen=True)
class Question:
    """One request, and what was answered before anything went wrong."""

    path: str
    headers: dict[str, str]
    status: int
    digest: str


@dataclass
class Readers:
    """Clients that ask the same questions over and over and note each answer that is not the right one."""

    port: int
    questions: list[Question]
    answered: int = 0
    wrong: list[str] = field(default_factory=list)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Read while the inside runs."""
        over = threading.Event()
        threads = [threading.Thread(target=self._read, args=(over, number)) for number in range(READERS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            over.set()
            for thread in threads:
                thread.join(30)

    def _read(self, over: threading.Event, number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        start = number * len(self.questions) // READERS
        for question in cycle(self.questions[start:] + self.questions[:start]):
            if over.is_set() or len(self.wrong) > 20:
                break
            try:
                found = ask(connection, question.path, question.headers)
            except (OSError, http.client.HTTPException) as error:
                self.wrong.append(f"{question.path}: {error!r}")
                connection.close()
                continue
            if found != (question.status, question.digest):
                self.wrong.append(f"{question.path} {question.headers}: {found} instead of {question.status}")
            self.answered += 1
        connection.close()


def ask(connection: http.client.HTTPConnection, path: str, headers: dict[str, str]) -> tuple[int, str]:
    """Ask once. Says the status and the digest of the body as it came."""
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    return answer.status, hashlib.sha256(answer.read()).hexdigest()


def list_questions(port: int) -> list[Question]:
    """List what installers ask for, with the answers of this moment."""
    asked: list[tuple[str, dict[str, str]]] = []
    for path in ("/simple/", *(f"/simple/{name}/" for name in NAMES), "/simple/absent/"):
        for accept in ACCEPTS.values():
            asked += [
                (path, {"Accept": accept, "Accept-Encoding": encoding})
                for encoding in ("identity", "gzip, deflate", "zstd")
            ]
    asked += [(f"/simple/{NAMES[0].upper()}", {}), (f"/pypi/{NAMES[0]}/json", {})]
    for name in NAMES:
        for file in json.loads(get(port, f"/simple/{name}/", accept=ACCEPTS["uv"]).body)["files"]:
            asked += [
                (file["url"], {}),
                (file["url"], {"Range": "bytes=-100"}),
                (file["url"], {"Range": "bytes=50-99"}),
            ]
            if file["core-metadata"]:
                asked.append((f"{file['url']}.metadata", {}))
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    questions = [Question(path, headers, *ask(connection, path, headers)) for path, headers in asked]
    connection.close()
    statuses = {question.status for question in questions}
    assert statuses == {200, 206, 301, 404}
    return questions


@dataclass
class Filled:
    """An index with some projects in it, and what it answers."""

    index: RunningIndex
    token: str
    again: Upload
    questions: list[Question]

    def restart(self, **environment: str) -> None:
        """Start anew in a changed environment, and wait for a page of an installer."""
        self.index.stop()
        self.index.spawn(**environment)
        deadline = time.monotonic() + 20
        while True:
            try:
                with DIRECT.open(f"http://127.0.0.1:{self.index.port}/simple/{NAMES[0]}/", timeout=5):
                    return
            except OSError:
                assert time.monotonic() < deadline, tail(self.index.log)
                time.sleep(0.02)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """Publish wheels and sdists, and wait until the worker has written everything."""
    index = RunningIndex(tmp_path_factory.mktemp("index"))
    index.start()
    token = index.create_publisher("ada")
    for name in NAMES:
        for version, kind in (("1.0", "wheel"), ("1.0", "sdist"), ("2.0", "wheel")):
            what = make_upload(Distribution(name=name, version=version, size_bytes=200_000), kind)
            assert send_upload(index.port, token, what).status == 200
    deadline = time.monotonic() + 30
    while b"creamery_jobs_waiting 0.0" not in get(index.port, "/metrics").body:
        assert time.monotonic() < deadline, index.log_tail()
        time.sleep(0.1)
    # To send it again changes nothing, so every answer stays what it was, whether or not it is taken.
    yield Filled(index, token, what, list_questions(index.port))
    index.stop()


@contextmanager
def database_away(filled: Filled, _folder: Path) -> Iterator[None]:
    """Take the database's file away while the server runs."""
    file, away = filled.index.data / "creamery.db", filled.index.data / "away.db"
    file.rename(away)
    try:
        yield
    finally:
        away.rename(file)


@contextmanager
def database_away_at_start(filled: Filled, folder: Path) -> Iterator[None]:
    """Start while the database is away; a folder stands in its place, so that none can be made."""
    file, away = filled.index.data / "creamery.db", filled.index.data / "away.db"
    filled.index.stop()
    file.rename(away)
    file.mkdir()
    try:
        filled.restart()
        yield
    finally:
        file.rmdir()
        away.rename(file)


@contextmanager
def worker_dead(filled: Filled, _folder: Path) -> Iterator[None]:
    """Run without a worker."""
    filled.restart(CREAMERY_MODE="serve")
    yield


@contextmanager
def django_raising(filled: Filled, folder: Path) -> Iterator[None]:
    """Have Django fail on every request."""
    (folder / "sitecustomize.py").write_text(RAISING)
    filled.restart(PYTHONPATH=str(folder))
    yield


@contextmanager
def django_missing(filled: Filled, folder: Path) -> Iterator[None]:
    """Have Django not load at all."""
    (folder / "sitecustomize.py").write_text(MISSING)
    filled.restart(PYTHONPATH=str(folder))
    yield


@contextmanager
def disk_full(filled: Filled, _folder: Path) -> Iterator[None]:
    """Have no room for anything new."""
    with full_disk(filled.index):
        yield


FAULTS = [database_away, database_away_at_start, worker_dead, django_raising, django_missing, disk_full]
Fault = Callable[[Filled, Path], AbstractContextManager[None]]
PAGES_ANSWER = {"worker_dead", "disk_full"}


@pytest.mark.soak
@pytest.mark.clients
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_reads_go_on(
    filled: Filled, fault: Fault, full_numbers: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = fault.__name__
    readers = Readers(filled.index.port, filled.questions)
    people = Clients(filled.index.url, tmp_path / "clients")
    python = people.create_environment()
    with fault(filled, tmp_path):
        with readers.reading():
            until = time.monotonic() + (60 if full_numbers else 2)
            page = get(filled.index.port, "/").status
            upload = send_upload(filled.index.port, filled.token, filled.again)
            installed = people.pip("install", NAMES[0], python=python)
            while time.monotonic() < until:
                get(filled.index.port, "/search/?q=x")
                time.sleep(0.2)
        assert filled.index.process is not None
        assert filled.index.process.poll() is None, "the server ended"
    with capsys.disabled():
        print(f"\n{name}: {readers.answered} reads, {len(readers.wrong)} wrong; page {page}, upload {upload.status}")
    assert readers.wrong == []
    assert readers.answered > 200
    assert installed.exit_code == 0, installed
    assert (page == 200) == (name in PAGES_ANSWER), page
    assert (upload.status == 200) == (name in {"worker_dead", "django_raising"}), upload
    if upload.status != 200:
        assert upload.status == 503, upload
        assert int(upload.headers["retry-after"]) > 0
    come_back(filled)


def come_back(filled: Filled) -> None:
    """Once the fault is over everything answers; without a restart where the process can mend itself."""
    deadline = time.monotonic() + 8
    while not filled.index.is_ready():
        if time.monotonic() > deadline:
            filled.index.stop()
            filled.index.start()
        time.sleep(0.1)
    assert get(filled.index.port, "/").status == 200
