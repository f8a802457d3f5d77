"""An index with a proxy in front of it, configured as the documents say."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.real.access_log import AccessLog, Asked
from tests.real.client_tools import ROOT
from tests.real.clients import Clients
from tests.real.distributions import Distribution, build_sdist, build_wheel
from tests.real.parts import find_caddy, find_nginx
from tests.real.processes import end, find_free_port, plain_environment, wait_until
from tests.real.running_index import RunningIndex

DEPLOY = ROOT / "docs" / "deploy"
START_SECONDS = 20


@dataclass
class Deployed:
    """A proxy's address, the index behind it, and where it stores."""

    url: str
    index: RunningIndex
    store: Path
    client: httpx.Client
    log: AccessLog
    wheel: Path
    keeps_reasons: bool
    """Whether the proxy passes reason phrases on; Caddy writes its own."""

    def ask(self, path: str, method: str = "GET", **headers: str) -> httpx.Response:
        """Ask through the proxy; no header is added by itself."""
        return self._send(self.url, path, method, headers)

    def ask_directly(self, path: str, method: str = "GET", **headers: str) -> httpx.Response:
        """Ask Creamery itself."""
        return self._send(f"http://127.0.0.1:{self.index.port}", path, method, headers)

    def list_asked(self) -> list[Asked]:
        """List what reached Creamery since `log.forget()`."""
        return self.log.list_asked()

    def _send(self, origin: str, path: str, method: str, headers: dict[str, str]) -> httpx.Response:
        request = self.client.build_request(method, origin + path)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        request.headers = httpx.Headers({"host": "idx.example", **given})
        return self.client.send(request)


Start = Callable[[Path, int, int, Path], "subprocess.Popen[bytes]"]


@contextmanager
def deployed(folder: Path, start: Start) -> Iterator[Deployed]:
    """Run an index with two projects, and a proxy that `start(folder, port, port of the index, store)` begins."""
    port, store = find_free_port(), folder / "store"
    index = RunningIndex(folder, storage_url=f"file://{store}", public_url=f"http://localhost:{port}")
    proxy: subprocess.Popen[bytes] | None = None
    try:
        index.start(CREAMERY_ACCESS_LOG="on", CREAMERY_TRUSTED_PROXIES="127.0.0.1,::1")
        proxy = start(folder, port, index.port, store)
        with httpx.Client(trust_env=False) as client:
            found = Deployed(
                f"http://127.0.0.1:{port}", index, store, client, AccessLog(index), folder, start is start_nginx
            )
            wait_until(lambda: _answers(found), proxy, folder / "proxy.log", START_SECONDS)
            _fill(found, f"http://localhost:{port}", folder)
            yield found
    finally:
        if proxy is not None:
            end(proxy)
        index.stop()


def _answers(found: Deployed) -> bool:
    try:
        return found.ask("/health/live").status_code == 200
    except httpx.TransportError:
        return False


def _fill(found: Deployed, url: str, folder: Path) -> None:
    """Publish through the proxy."""
    token = found.index.create_publisher("author")
    clients = Clients(url, folder / "clients")
    sample = Distribution(name="deployed", requires=["Deployed.Leaf"], size_bytes=300_000)
    found.wheel = build_wheel(folder, sample)
    files = [found.wheel, build_sdist(folder, sample), build_wheel(folder, Distribution(name="deployed-leaf"))]
    done = clients.twine_upload(token, *files)
    assert done.exit_code == 0, done


def start_nginx(folder: Path, port: int, index_port: int, store: Path) -> "subprocess.Popen[bytes]":
    """Run nginx with the configuration of the documents; only names, ports and folders are put in."""
    site = (DEPLOY / "nginx.conf").read_text()
    for there, here in (
        ("listen 80;", f"listen 127.0.0.1:{port};"),
        ("server 127.0.0.1:8000;", f"server 127.0.0.1:{index_port};"),
        ("/srv/creamery/public", f"{store}/public"),
    ):
        assert there in site
        site = site.replace(there, here)
    (folder / "site.conf").write_text(site)
    # nginx that an administrator starts gives its rights up; what a test made, only this user may read.
    user = "user root;\n" if Path("/proc/self").owner() == "root" else ""
    scratch = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"{user}daemon off;\npid {folder}/nginx.pid;\nerror_log {folder}/proxy.log;\nworker_processes 1;\n"
        f"events {{ worker_connections 512; }}\nhttp {{\naccess_log off;\n{scratch}include {folder}/site.conf;\n}}\n"
    )
    program = find_nginx()
    assert program is not None
    return subprocess.Popen(
        [program, "-p", folder, "-c", folder / "nginx.conf"],
        env=plain_environment(folder),
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )


def start_caddy(folder: Path, port: int, index_port: int, store: Path) -> "subprocess.Popen[bytes]":
    """Run Caddy with the configuration of the documents; only names, ports and folders are put in, and no TLS."""
    site = (DEPLOY / "Caddyfile").read_text()
    for there, here in (
        ("idx.example {", f"http://:{port} {{\n\tbind 127.0.0.1"),
        ("127.0.0.1:8000", f"127.0.0.1:{index_port}"),
        ("/srv/creamery/public", f"{store}/public"),
    ):
        assert there in site
        site = site.replace(there, here)
    (folder / "Caddyfile").write_text(f"{{\n\tadmin off\n\tauto_https off\n}}\n{site}")
    program = find_caddy()
    assert program is not None
    with (folder / "proxy.log").open("wb") as log:
        return subprocess.Popen(
            [program, "run", "--config", folder / "Caddyfile", "--adapter", "caddyfile"],
            env=plain_environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


PROXIES = [
    pytest.param(start_nginx, id="nginx", marks=pytest.mark.need("nginx")),
    pytest.param(start_caddy, id="caddy", marks=pytest.mark.need("caddy")),
]


@pytest.fixture(scope="module", params=PROXIES)
def front(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """Give an index behind a web server that serves its folder."""
    with deployed(tmp_path_factory.mktemp("front"), request.param) as found:
        yield found
