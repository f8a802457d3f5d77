"""
A process that has imported everything and forks lives from itself.

    python -m tests.kills.nursery LOG      commands come as JSON lines on stdin, answers go to stdout

It never connects to a database itself, and has one thread, so that what it forks is clean.
"""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.kills import life
from tests.kills.reaper import Plan
from tests.real.processes import plain_environment, tail

ROOT = Path(__file__).parents[2]
ANSWER_SECONDS = 60.0


class Died(Exception):
    """The life ended before it answered."""


class Nursery:
    """The test's side: one index, whose server lives and dies many times."""

    def __init__(self, folder: Path, *, database_url: str | None, storage_url: str | None) -> None:
        """Start the process on an index that does not exist yet; make the index; keep the token of its one person."""
        self.log = folder / "log"
        given = {"CREAMERY_DATABASE_URL": database_url, "CREAMERY_STORAGE_URL": storage_url}
        environment = plain_environment(
            folder,
            CREAMERY_DATA=str(folder / "data"),
            CREAMERY_PUBLIC_URL="http://localhost:8000",
            CREAMERY_LOG_LEVEL="warning",
            PYTHONPATH=f"{ROOT}:{ROOT / 'src'}",
            **{name: value for name, value in given.items() if value is not None},
        )
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.kills.nursery", str(self.log)],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.token = str(self._ask("prepare"))

    def live(self, moved: timedelta, *, is_quiet: bool = False) -> int:
        """Begin a life, a quiet one without a worker. Returns the port that it listens on."""
        return int(self._ask("live", moved.total_seconds(), is_quiet))

    def arm(self, plan: Plan) -> None:
        """Choose when the present life ends."""
        self._tell("arm", plan.words())

    def move(self, seconds: float) -> None:
        """Let time pass for the present life."""
        self._tell("move", seconds)

    def leave_orphan(self, content: str) -> None:
        """Have the present life put content that nothing refers to."""
        self._tell("orphan", content)

    def list_recorded(self, filenames: list[str]) -> list[bool]:
        """Ask the record for each file name."""
        found: list[bool] = self._tell("recorded", filenames)
        return found

    def await_end(self, seconds: float) -> bool:
        """Wait for the present life to kill itself; False if it still lives."""
        return bool(self._ask("await", seconds))

    def kill(self) -> None:
        """Kill the present life."""
        self._ask("kill")

    def check(self, moved: timedelta) -> dict[str, Any]:
        """Have a new process finish what is owed, and compare everything with the record."""
        found: dict[str, Any] = self._ask("check", moved.total_seconds())
        return found

    def close(self) -> None:
        """End the process and what it forked."""
        if self._process.poll() is None:
            self._ask("kill")
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()
        self._process.wait(10)

    def _tell(self, *words: object) -> Any:
        answer = self._ask("tell", *words)
        if answer == "died":
            raise Died(f"{words}\n{tail(self.log)}")
        return json.loads(answer)

    def _ask(self, *words: object) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(words) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, f"The nursery ended:\n{tail(self.log)}"
        return json.loads(answer)


class Mother:
    """The process's side."""

    def __init__(self, log: str) -> None:
        self._log = log
        self._pid = 0
        self._control: socket.socket | None = None

    def prepare(self) -> object:
        """Make the index in a fork."""
        return self._in_fork(life.prepare)

    def check(self, moved: float) -> object:
        """Look at the record in a fork."""
        return self._in_fork(lambda: life.check(timedelta(seconds=moved)))

    def live(self, moved: float, is_quiet: bool) -> int:
        """Fork a server with a port of its own, so that what was sent to a dead one never reaches the next."""
        listening = socket.create_server(("127.0.0.1", 0))
        ours, theirs = socket.socketpair()
        self._pid = os.fork()
        if self._pid == 0:
            with life.last_words(self._log):
                ours.close()
                life.live(listening, theirs, timedelta(seconds=moved), is_quiet=is_quiet)
        theirs.close()
        self._control = ours
        port: int = listening.getsockname()[1]
        listening.close()
        return port

    def tell(self, *words: object) -> str:
        """Hand a line to the life, and its answer back."""
        assert self._control is not None
        try:
            self._control.sendall(json.dumps(words).encode() + b"\n")
            answer = b""
            while not answer.endswith(b"\n"):
                piece = self._control.recv(65536)
                if not piece:
                    return "died"
                answer += piece
        except OSError:
            return "died"
        return answer.decode()

    def await_(self, seconds: float) -> bool:
        """Wait for the life's end. Its control socket closes with it."""
        deadline = time.monotonic() + seconds
        while self._pid and time.monotonic() < deadline:
            assert self._control is not None
            select.select([self._control], [], [], max(0.0, deadline - time.monotonic()))
            self._reap(os.WNOHANG)
        return self._pid == 0

    def kill(self) -> None:
        """Kill the life, if it lives."""
        if self._pid:
            os.kill(self._pid, signal.SIGKILL)
            self._reap(0)

    def _reap(self, options: int) -> None:
        pid, status = os.waitpid(self._pid, options)
        if not pid:
            return
        self._pid = 0
        if os.waitstatus_to_exitcode(status) != -signal.SIGKILL:
            raise RuntimeError(f"A life ended by itself: {os.waitstatus_to_exitcode(status)}")

    def _in_fork(self, call: Callable[[], object]) -> object:
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            with life.last_words(self._log):
                os.write(writing, b"")
                with os.fdopen(writing, "w") as out:
                    json.dump(call(), out)
        os.close(writing)
        with os.fdopen(reading) as answer:
            text = answer.read()
        os.waitpid(pid, 0)
        return json.loads(text) if text else {"wrong": ["the look at the record ended badly; see the log"], "files": []}


def main(log: str) -> None:
    """Import everything, then do what the test says."""
    answers = os.fdopen(os.dup(1), "w")
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(out, 1)
    os.dup2(out, 2)
    _import_everything()
    mother = Mother(log)
    verbs: dict[str, Callable[..., object]] = {
        "prepare": mother.prepare,
        "check": mother.check,
        "live": mother.live,
        "tell": mother.tell,
        "await": mother.await_,
        "kill": mother.kill,
    }
    for line in sys.stdin:
        verb, *words = json.loads(line)
        print(json.dumps(verbs[verb](*words)), file=answers, flush=True)


def _import_everything() -> None:
    from creamery import config, prepare

    prepare.make_data_folder(config.load())
    config.load_django()
    import creamery.asgi
    import creamery.cli.serving
    import creamery.publish.rebuild
    import creamery.serve.protocol
    import creamery.urls
    import creamery.web.django_door
    import creamery.web.upload_door  # noqa: F401


if __name__ == "__main__":
    main(sys.argv[1])
