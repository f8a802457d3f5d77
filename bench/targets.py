"""The servers that are measured: ours, nginx over the very same bytes, and other indexes. Each runs on the servers' core."""

import base64
import json
import os
import pwd
import shutil
import sys
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from subprocess import DEVNULL, Popen
from typing import Any, ClassVar
from urllib.error import HTTPError, URLError
from urllib.parse import urljoin
from urllib.request import ProxyHandler, Request, build_opener

from bench.load import Address, fetch
from bench.machine import SERVER_CORE, find_program, on_core
from bench.uploading import Form, Sender
from tests.real.processes import end, find_free_port, plain_environment, run, wait_until
from tests.real.running_index import RunningIndex

JSON = "application/vnd.pypi.simple.v1+json"
START_SECONDS, PUBLISH_SECONDS = 60, 900
_DIRECT = build_opener(ProxyHandler({}))


class Target(ABC):
    """A server, as far as measures need to know it."""

    name: ClassVar[str]
    speaks_json: ClassVar[bool] = False

    def __init__(self, folder: Path) -> None:
        """Choose a folder and a port; nothing runs yet."""
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = find_free_port()
        self.process: Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.folder / "log"

    @property
    def url(self) -> str:
        """Where the server listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def index_url(self) -> str:
        """What installers are given as the index."""
        return f"{self.url}/simple/"

    @property
    def pid(self) -> int:
        """The process that all others of the server descend from."""
        assert self.process is not None, f"{self.name} does not run"
        return self.process.pid

    @abstractmethod
    def publish(self, paths: Sequence[Path]) -> None:
        """Bring these distributions in, before the server starts or while it runs."""

    def command(self) -> list[str | Path]:
        """Say how the server is started."""
        return []

    def environment(self) -> dict[str, str]:
        """Say what the server finds in its environment."""
        return plain_environment(self.folder)

    def spawn(self) -> None:
        """Start the server without waiting for it."""
        with on_core(SERVER_CORE), self.log.open("ab") as log:
            self.process = Popen(
                self.command(),
                env=self.environment(),
                cwd=self.folder,
                stdin=DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        self.spawn()
        assert self.process is not None
        wait_until(self.answers, self.process, self.log, START_SECONDS)

    def stop(self) -> None:
        """Stop the server, if it runs."""
        if self.process is not None:
            end(self.process)
            self.process = None

    def page(self, project: str) -> Address:
        """Say how a project's page is asked for: as JSON where the server has that."""
        headers = {"Accept": JSON} if self.speaks_json else {}
        return Address(f"{self.index_url}{project}/", headers)

    def file(self, project: str, filename: str) -> Address:
        """Find where the page of a project says that a file is."""
        page = self.page(project)
        text = fetch(Address(page.url)).body.decode()
        link = next(part.split('"')[0] for part in text.split('href="')[1:] if filename in part.split(">")[0])
        return Address(urljoin(page.url, link.partition("#")[0]))

    def answers(self) -> bool:
        try:
            with _DIRECT.open(Request(self.index_url), timeout=5):
                return True
        except HTTPError as error:
            return error.code < 500
        except (URLError, OSError):
            return False


class Creamery(Target):
    """Ours, as `creamery serve` starts it: one process that answers and works."""

    name = "creamery"
    speaks_json = True

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.running = RunningIndex(folder)
        self.port = self.running.port
        self.token = ""

    @property
    def public(self) -> Path:
        """The folder of what may be served, documents and files alike."""
        return self.running.data / "blobs" / "public"

    def publish(self, paths: Sequence[Path]) -> None:
        if not self.running.data.exists():
            self.token = self.running.create_publisher("bench")
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            for path in paths:
                shutil.copy(path, folder)
            words: list[str | Path] = [Path(sys.executable).with_name("creamery"), "import", folder]
            environment = self.running.environment
            done = run(words, environment=environment, folder=self.folder, timeout_seconds=PUBLISH_SECONDS)
        if done.exit_code:
            raise RuntimeError(f"Creamery did not take the stock:\n{done.output[-2000:]}")

    def enlarge(self, project: str, files: int) -> None:
        """Give a project with one file so many, on its page."""
        words: list[str | Path] = [sys.executable, "-m", "bench.enlarge_child", project, str(files)]
        done = run(words, environment={**self.running.environment, "PYTHONPATH": str(Path.cwd())}, folder=self.folder)
        if done.exit_code:
            raise RuntimeError(f"The project could not be made large:\n{done.output[-2000:]}")

    def spawn(self) -> None:
        with on_core(SERVER_CORE):
            self.process = self.running.spawn()

    def answers(self) -> bool:
        return self.running.is_ready()


class Floor(Target):
    """The limit of uploads: the same server, which receives, hashes and synchronises, and does nothing else."""

    name = "floor"

    def publish(self, paths: Sequence[Path]) -> None:
        """It is for uploads alone."""

    def command(self) -> list[str | Path]:
        return [sys.executable, "-m", "bench.floor", self.folder / "data", str(self.port)]

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "PYTHONPATH": str(Path.cwd())}


class Nginx(Target):
    """
    The limit: nginx with one worker, over the documents and files that Creamery has written.

    A page is asked for by its file's name, so that it costs nginx no rule at all; for installers `/simple/` is negotiated.
    """

    name = "nginx"
    speaks_json = True

    def __init__(self, folder: Path, public: Path) -> None:
        super().__init__(folder)
        self._public = public

    def publish(self, paths: Sequence[Path]) -> None:
        """It serves what Creamery has published."""

    def command(self) -> list[str | Path]:
        config = self.folder / "nginx.conf"
        config.write_text(_NGINX.format(port=self.port, public=self._public, user=_user()))
        return [find_program("nginx", "nginx"), "-p", self.folder, "-e", "stderr", "-c", config]

    def page(self, project: str) -> Address:
        return Address(f"{self.url}/simple/{project}/index.json")

    def file(self, project: str, filename: str) -> Address:
        text = fetch(Address(f"{self.url}/simple/{project}/index.html")).body.decode()
        link = next(part.split("#")[0] for part in text.split('href="')[1:] if f"/{filename}#" in part)
        return Address(self.url + link)


class PeerTarget(Target):
    """Another index, from the bench's own environment."""

    def __init__(self, folder: Path, programs: Path) -> None:
        super().__init__(folder)
        self.programs = programs
        self.stock = folder / "stock"
        self.stock.mkdir(exist_ok=True)


class Pypiserver(PeerTarget):
    """pypiserver on gunicorn with threads: the fastest way to run it from wheels alone (watchdog from before 2.2)."""

    name = "pypiserver"

    def publish(self, paths: Sequence[Path]) -> None:
        for path in paths:
            shutil.copy(path, self.stock)

    def command(self) -> list[str | Path]:
        app = f'pypiserver:app(roots=["{self.stock}"],authenticate=[],password_file=".",overwrite=True)'
        words = ["-k", "gthread", "--threads", "8", "-w", "1", "-b", f"127.0.0.1:{self.port}", "--log-level", "warning"]
        return [self.programs / "gunicorn", *words, app]


class Simpleindex(PeerTarget):
    """simpleindex over a folder for each project, on uvicorn."""

    name = "simpleindex"

    def publish(self, paths: Sequence[Path]) -> None:
        for path in paths:
            folder = self.stock / path.name.split("-")[0].lower().replace("_", "-")
            folder.mkdir(exist_ok=True)
            shutil.copy(path, folder)

    def command(self) -> list[str | Path]:
        config = self.folder / "simpleindex.toml"
        config.write_text(
            f'[routes."{{project}}"]\nsource = "path"\nto = "{self.stock}/{{project}}"\n'
            f'[server]\nhost = "127.0.0.1"\nport = {self.port}\n'
        )
        return [self.programs / "simpleindex", config]

    @property
    def index_url(self) -> str:
        return f"{self.url}/"


class Devpi(PeerTarget):
    """devpi-server with one private index, and its default server."""

    name = "devpi"
    speaks_json = True
    credentials: tuple[str, str] = ("", "")

    def publish(self, paths: Sequence[Path]) -> None:
        with Sender(f"{self.url}/bench/dev/", *self.credentials) as sender:
            for path in paths:
                sender.send(Form.for_file(path))

    def command(self) -> list[str | Path]:
        data = self.folder / "data"
        if not data.exists():
            words: list[str | Path] = [self.programs / "devpi-init", "--serverdir", data, "--no-root-pypi"]
            done = run(words, environment=plain_environment(self.folder), folder=self.folder)
            if done.exit_code:
                raise RuntimeError(f"devpi did not begin:\n{done.output}")
        return [self.programs / "devpi-server", "--serverdir", data, "--host", "127.0.0.1", "--port", str(self.port)]

    def start(self) -> None:
        super().start()
        if not self.credentials[0]:
            self._ask("PUT", "/bench", '{"password": "bench"}')
            login = self._ask("POST", "/+login", '{"user": "bench", "password": "bench"}')
            self.credentials = ("bench", login["result"]["password"])
            self._ask("PUT", "/bench/dev", '{"type": "stage", "bases": []}')

    def _ask(self, method: str, path: str, body: str) -> Any:
        token = base64.b64encode(":".join(self.credentials).encode()).decode()
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self.credentials[0]:
            headers["X-Devpi-Auth"] = token
        with _DIRECT.open(Request(f"{self.url}{path}", body.encode(), headers, method=method), timeout=30) as answer:
            return json.load(answer)

    @property
    def index_url(self) -> str:
        return f"{self.url}/bench/dev/+simple/"

    def answers(self) -> bool:
        try:
            with _DIRECT.open(f"{self.url}/+api", timeout=5):
                return True
        except (URLError, OSError):
            return False


def _user() -> str:
    """Have nginx's worker be the same user as its parent, which else it is not for root."""
    return f"user {pwd.getpwuid(os.getuid()).pw_name};" if os.getuid() == 0 else ""


_NGINX = """
{user}
worker_processes 1;
daemon off;
pid nginx.pid;
error_log stderr error;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000000;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  gzip_static on;
  types {{ application/vnd.pypi.simple.v1+json json; text/html html; }}
  default_type application/octet-stream;
  map $http_accept $form {{ default html; "~application/vnd.pypi.simple.v1.json" json; }}
  server {{
    listen 127.0.0.1:{port} backlog=2048;
    root {public};
    location / {{ }}
    location ~ ^/simple/[^/]+/$ {{ try_files ${{uri}}index.$form =404; add_header Vary Accept; }}
    location ~ ^/simple/$ {{ try_files /simple/.root/index.$form =404; }}
  }}
}}
"""
