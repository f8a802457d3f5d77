"""Devpi and proxpi work with ours as the index that they read from."""

import json
import subprocess
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from urllib.request import Request

import pytest

from tests.clients.conftest import Publish
from tests.real.access_log import AccessLog
from tests.real.client_tools import CLIENTS, find_programs
from tests.real.other_clients import OtherClients
from tests.real.processes import end, find_free_port, plain_environment, run, wait_until
from tests.real.running_index import DIRECT, RunningIndex

pytestmark = pytest.mark.clients
START_SECONDS = 60
USER = "root"  # The one that devpi begins with.


def ask(url: str, method: str = "GET", told: object = None, **headers: str) -> bytes:
    """Send a request to one of them. Raises urllib's HTTPError for anything but success."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    body = None if told is None else json.dumps(told).encode()
    with DIRECT.open(Request(url, method=method, data=body, headers=given), timeout=30) as answer:
        content: bytes = answer.read()
        return content


@contextmanager
def running(folder: Path, url: str, *command: str | Path, **environment: str) -> Iterator[None]:
    """Run a program until the end of the block; begin when its address answers."""
    log = folder / "server.log"

    def is_ready() -> bool:
        try:
            ask(url)
        except OSError as error:
            return hasattr(error, "code")
        return True

    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(word) for word in command],
            env=plain_environment(folder, **environment),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        wait_until(is_ready, process, log, START_SECONDS)
        yield
    finally:
        end(process)


@contextmanager
def devpi(upstream: str, folder: Path) -> Iterator[str]:
    """Run devpi with a mirror of the upstream. Yields the address of its Simple API."""
    programs, port = find_programs(CLIENTS), find_free_port()
    done = run(
        [programs / "devpi-init", "--serverdir", folder / "devpi", "--no-root-pypi"],
        environment=plain_environment(folder),
        folder=folder,
    )
    assert done.exit_code == 0, done
    url = f"http://localhost:{port}"
    options: list[str | Path] = ["--serverdir", folder / "devpi", "--host", "localhost", "--port", str(port)]
    with running(folder, f"{url}/+api", programs / "devpi-server", *options):
        logged_in = json.loads(ask(f"{url}/+login", "POST", {"user": USER, "password": ""}, Accept="application/json"))
        ticket = b64encode(f"{USER}:{logged_in['result']['password']}".encode()).decode()
        index = {"type": "mirror", "mirror_url": upstream}
        mirror = f"{url}/{USER}/ours"
        ask(mirror, "PUT", index, Accept="application/json", X_Devpi_Auth=ticket)
        yield f"{mirror}/+simple/"


@contextmanager
def proxpi(upstream: str, folder: Path) -> Iterator[str]:
    """Run proxpi in front of the upstream. Yields the address of its Simple API."""
    programs, port = find_programs(CLIENTS), find_free_port()
    url = f"http://localhost:{port}"
    command: list[str | Path] = [
        programs / "flask",
        "--app",
        "proxpi.server",
        "run",
        "--host",
        "localhost",
        "--port",
        str(port),
    ]
    with running(folder, f"{url}/health", *command, PROXPI_INDEX_URL=upstream, PROXPI_INDEX_TTL="1"):
        yield f"{url}/index/"


@pytest.mark.parametrize("start", [devpi, proxpi])
def test_pip_installs_through_an_index_that_reads_from_ours(
    start: Callable[[str, Path], AbstractContextManager[str]],
    logged_index: RunningIndex,
    others: OtherClients,
    put: Publish,
    settle: Callable[[], None],
    log: AccessLog,
    tmp_path: Path,
) -> None:
    """SJ-01, SJ-12, SH-05, MR-02: the page is translated, the file comes through byte for byte"""
    name = f"behind-{start.__name__}"
    put(name, "1.0")
    wheel = put(name, "2.0", requires_python=">=3.8")
    put(name, "3.0", requires_python=">=4")
    settle()  # Devpi looks for the name in the list of all projects, which may be some seconds late.
    with start(others.simple_url, tmp_path) as simple_url:
        others.simple_url = simple_url
        done = others.pip("download", "--no-deps", "--dest", tmp_path / "got", name)
        assert done.exit_code == 0, done
        assert (tmp_path / "got" / wheel.name).read_bytes() == wheel.read_bytes()
    asked = [one.path for one in log.list_asked() if one.status == 200]
    assert f"/simple/{name}/" in asked
    assert wheel.name in {path.rsplit("/", 1)[1] for path in asked}
