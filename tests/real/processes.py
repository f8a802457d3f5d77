"""Starting other programs for a test, and ending them again by their id."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from creamery.kernel.logs import mask

KEPT_VARIABLES = ("PATH", "LANG", "TMPDIR", "SSL_CERT_FILE", "LD_LIBRARY_PATH")
POLL_SECONDS = 0.02
CLIENTS = frozenset({"pip", "uv", "twine", "poetry", "pdm", "hatch", "bandersnatch"})


class DidNotStart(RuntimeError):
    """A program ended, or did not answer in time; the message carries what it logged."""


@dataclass(frozen=True, slots=True, repr=False)
class Finished:
    """What a program left behind."""

    command: tuple[str, ...]
    exit_code: int
    stdout: str
    stderr: str

    @property
    def output(self) -> str:
        """Everything it printed."""
        return self.stdout + self.stderr

    def __repr__(self) -> str:
        """For failing assertions: `assert run.exit_code == 0, run`."""
        return f"$ {' '.join(self.command)}\n{self.stdout}{self.stderr}[exit code {self.exit_code}]"


def run(
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str],
    folder: Path,
    stdin: str | None = None,
    timeout_seconds: float = 120,
) -> Finished:
    """Run a program to its end. It sees the given environment only."""
    words = tuple(str(word) for word in command)
    done = subprocess.run(
        words,
        env=dict(environment),
        cwd=folder,
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        text=True,
        timeout=timeout_seconds,
        check=False,
    )
    finished = Finished(words, done.returncode, done.stdout, done.stderr)
    keep_log(finished)
    return finished


def keep_log(finished: Finished) -> None:
    """Write down what a client was asked and said, where CLIENT_LOG names a file: CI shows it at its end."""
    place = os.environ.get("CLIENT_LOG")
    if place and Path(finished.command[0]).name in CLIENTS:
        test = os.environ.get("PYTEST_CURRENT_TEST", "").partition(" ")[0]
        with Path(place).open("a") as log:
            log.write(f"\n--- {test}\n{mask(repr(finished))}\n")


def plain_environment(home: Path, **more: str) -> dict[str, str]:
    """Make an environment that nothing of this machine's settings leaks into: no proxies, no configuration files."""
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    return {**kept, "HOME": str(home), "LC_ALL": "C.UTF-8", "NO_COLOR": "1", "PYTHONUNBUFFERED": "1", **more}


def find_free_port() -> int:
    """Find a TCP port on this machine that nobody listens on at the moment."""
    with closing(socket.socket(socket.AF_INET)) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(is_ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path, wait_seconds: float) -> None:
    """
    Wait until a started program answers.

    Raises:
        DidNotStart: it ended before, or the time is over; the program is ended then.
    """
    deadline = time.monotonic() + wait_seconds
    while not is_ready():
        if process.poll() is not None:
            raise DidNotStart(f"ended with exit code {process.returncode}:\n{tail(log)}")
        if time.monotonic() > deadline:
            end(process)
            raise DidNotStart(f"did not answer within {wait_seconds} s:\n{tail(log)}")
        time.sleep(POLL_SECONDS)


def end(process: subprocess.Popen[bytes], *, signal_number: int = signal.SIGTERM, wait_seconds: float = 15) -> int:
    """
    End one program: ask it first, kill it when it does not listen. Returns its exit code.

    A program that had to be killed is not hidden: its exit code is then -9.
    """
    if process.poll() is None:
        process.send_signal(signal_number)
        try:
            process.wait(wait_seconds)
        except subprocess.TimeoutExpired:
            process.kill()
    return process.wait(wait_seconds)


def tail(log: Path, lines: int = 60) -> str:
    """Show the end of a log file."""
    if not log.exists():
        return "(no log)"
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
