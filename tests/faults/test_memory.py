"""A large upload goes to disk as it comes: the server's memory stays where it was. REL-22, I12."""

import http.client
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.faults.wire import get
from tests.real.distributions import Distribution, build_wheel
from tests.real.inside import basic
from tests.real.running_index import RunningIndex

MEBIBYTE = 1024 * 1024
GROWTH_BYTES = 64 * MEBIBYTE
BOUNDARY = "a-line-that-no-wheel-holds"
pytestmark = pytest.mark.soak


class Watch(threading.Thread):
    """Keeps the highest memory that a process had while this looked."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._process, self._over = psutil.Process(pid), threading.Event()
        self.highest_bytes = 0

    def run(self) -> None:
        """Look twenty times a second."""
        while not self._over.wait(0.05):
            self.highest_bytes = max(self.highest_bytes, self.now_bytes())

    def now_bytes(self) -> int:
        """Say how much memory of its own the process and its children have at present."""
        return sum(one.memory_info().rss for one in (self._process, *self._process.children(recursive=True)))

    def end(self) -> None:
        """Look no longer."""
        self._over.set()
        self.join()


def stream(wheel: Path, token: str, port: int) -> tuple[int, bytes]:
    """Upload a file without reading it into this process's memory."""
    fields = {":action": "file_upload", "protocol_version": "1", "filetype": "bdist_wheel"}
    head = "".join(
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    head += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="content"; filename="{wheel.name}"\r\n\r\n'
    end = f"\r\n--{BOUNDARY}--\r\n".encode()

    def body() -> Iterator[bytes]:
        yield head.encode()
        with wheel.open("rb") as file:
            while piece := file.read(MEBIBYTE):
                yield piece
        yield end

    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    headers = {
        "content-type": f"multipart/form-data; boundary={BOUNDARY}",
        "content-length": str(len(head.encode()) + wheel.stat().st_size + len(end)),
        "authorization": basic("__token__", token),
    }
    connection.request("POST", "/legacy/", body=body(), headers=headers)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, content


def await_idle(index: RunningIndex) -> None:
    """Wait until the worker has nothing left to do."""
    deadline = time.monotonic() + 60
    while b"creamery_jobs_waiting 0.0" not in get(index.port, "/metrics").body:
        assert time.monotonic() < deadline, index.log_tail()
        time.sleep(0.1)


def test_a_large_upload_leaves_the_memory_as_it_was(
    running_index: RunningIndex, full_numbers: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    size_bytes = (3 * 1024 if full_numbers else 256) * MEBIBYTE
    token = running_index.create_publisher("ada")
    small = build_wheel(tmp_path, Distribution(name="small"))
    large = build_wheel(tmp_path, Distribution(name="large", size_bytes=size_bytes))
    # What every first upload and its follow-up work load is not the large one's doing.
    assert stream(small, token, running_index.port)[0] == 200
    assert get(running_index.port, "/project/small/").status == 200
    await_idle(running_index)
    assert running_index.process is not None
    watch = Watch(running_index.process.pid)
    before_bytes = watch.now_bytes()
    watch.start()
    status, answer = stream(large, token, running_index.port)
    watch.end()
    await_idle(running_index)
    after_bytes = watch.now_bytes()
    assert status == 200, answer
    assert running_index.list_files("large") == [large.name]
    # pytest keeps the folders of its last runs, and gigabytes would stay with them.
    for path in (large, *(path for path in running_index.data.rglob("*") if path.is_file())):
        if path.stat().st_size >= size_bytes:
            path.unlink()
    with capsys.disabled():
        figures = [
            f"{bytes_ / MEBIBYTE:.0f}" for bytes_ in (size_bytes, before_bytes, watch.highest_bytes, after_bytes)
        ]
        print("\n{} MiB uploaded; memory before {}, at most {}, after {} MiB".format(*figures))
    assert after_bytes - before_bytes <= GROWTH_BYTES
    assert watch.highest_bytes - before_bytes <= GROWTH_BYTES
