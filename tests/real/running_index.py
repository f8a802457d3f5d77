"""A real `creamery serve` as a process of its own, and the operator's commands on its folder."""

import http.client
import json
import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import ProxyHandler, Request, build_opener

from tests.real.processes import Finished, end, find_free_port, plain_environment, run, tail, wait_until

START_SECONDS = 60
DIRECT = build_opener(ProxyHandler({}))


class RunningIndex:
    """
    One index: a data folder, a database, and the server that may be started, stopped and killed on them.

    `creamery` is found beside this interpreter unless `program` names another.
    """

    def __init__(
        self,
        folder: Path,
        *,
        database_url: str | None = None,
        storage_url: str | None = None,
        public_url: str | None = None,
        program: Path | None = None,
    ) -> None:
        """Choose a folder and a port; nothing runs yet. `database_url` None is the default: SQLite in the folder."""
        self.folder = folder
        self.data = folder / "data"
        self.port = find_free_port()
        self.url = public_url or f"http://localhost:{self.port}"
        self.log = folder / "serve.log"
        self.process: subprocess.Popen[bytes] | None = None
        self._program = program or Path(sys.executable).with_name("creamery")
        settings = {"CREAMERY_DATABASE_URL": database_url, "CREAMERY_STORAGE_URL": storage_url}
        given = {name: value for name, value in settings.items() if value is not None}
        self.environment = plain_environment(folder, CREAMERY_DATA=str(self.data), **given)

    def start(self, *options: str, **environment: str) -> None:
        """
        Start the server and wait until it is ready.

        Raises:
            DidNotStart: with what it logged.
        """
        self.spawn(*options, **environment)
        assert self.process is not None
        wait_until(self.is_ready, self.process, self.log, START_SECONDS)

    def spawn(self, *options: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start the server without waiting; `options` are more words of `creamery serve`."""
        command: list[str | Path] = [
            self._program,
            "serve",
            "--port",
            str(self.port),
            "--public-url",
            self.url,
            *options,
        ]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                env={**self.environment, **environment},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self.process

    def is_ready(self) -> bool:
        """Ask the server whether it takes requests."""
        try:
            with DIRECT.open(f"http://127.0.0.1:{self.port}/health/ready", timeout=5) as answer:
                return bool(answer.status == 200)
        except (OSError, http.client.HTTPException):
            return False

    def stop(self) -> int | None:
        """Stop the server as an operator does. Returns its exit code; None when it did not run."""
        if self.process is None:
            return None
        exit_code = end(self.process)
        self.process = None
        return exit_code

    def kill(self) -> None:
        """Kill the server, as a crash does: nothing is finished, nothing is flushed."""
        assert self.process is not None
        end(self.process, signal_number=signal.SIGKILL)
        self.process = None

    def command(self, *words: str, stdin: str | None = None) -> Finished:
        """Run another `creamery` command on the same folder and database, while the server runs or not."""
        return run([self._program, *words], environment=self.environment, folder=self.folder, stdin=stdin)

    def create_person(self, name: str) -> None:
        """Create a person who may publish."""
        done = self.command(
            "user", "create", name, "--email", f"{name}@idx.example", "--password-stdin", stdin=PASSWORD
        )
        assert done.exit_code == 0, done

    def create_token(self, name: str, *projects: str) -> str:
        """Create an API token of a person, for all their projects or only these."""
        options = [word for project in projects for word in ("--project", project)]
        done = self.command("token", "create", "--user", name, *options)
        assert done.exit_code == 0, done
        return done.stdout.splitlines()[-1].strip()

    def create_publisher(self, name: str) -> str:
        """Create a person together with a token. Returns the token."""
        self.create_person(name)
        return self.create_token(name)

    def list_tokens(self, name: str) -> list[str]:
        """List the ids of a person's tokens."""
        done = self.command("token", "list", "--user", name, "--json")
        assert done.exit_code == 0, done
        return [str(token["id"]) for token in json.loads(done.stdout)]

    def fetch(self, path: str, **headers: str) -> bytes:
        """Read an address of the index. Raises urllib's HTTPError for anything but success."""
        words = {name.replace("_", "-"): value for name, value in headers.items()}
        with DIRECT.open(Request(f"http://127.0.0.1:{self.port}{path}", headers=words), timeout=30) as answer:
            content: bytes = answer.read()
            return content

    def list_files(self, project: str) -> list[str]:
        """List the file names on a project's page, as an installer sees them."""
        page = self.fetch(f"/simple/{project}/", Accept="application/vnd.pypi.simple.v1+json")
        return [str(entry["filename"]) for entry in json.loads(page)["files"]]

    def log_tail(self) -> str:
        """Show the end of what the server logged."""
        return tail(self.log)


PASSWORD = "correct horse battery staple 7\n"
