"""
Clients that cannot live in our own environment, because they want other versions of what we need.

    python -m tests.real.client_tools        install them all, as `make test` does before anything runs

Each set is locked and hash-checked, and lies below `.venv-clients/`, in an environment that is made once for a lock.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.real import parts

ROOT = Path(__file__).resolve().parent.parent.parent
ENVIRONMENTS = ROOT / ".venv-clients"


@dataclass(frozen=True, slots=True)
class ToolSet:
    """A lock in `requirements/` by its name there; with `is_newer` it needs a Python above the oldest supported."""

    name: str
    is_newer: bool = False

    @property
    def lock(self) -> Path:
        """The file with every version and hash."""
        return ROOT / "requirements" / f"{self.name}.txt"

    def find_python(self) -> Path | None:
        """Say which interpreter the set runs on; None where this machine has none that it can run on."""
        return parts.find_newer_python() if self.is_newer else Path(sys.executable)


CLIENTS = ToolSet("clients")
OLD_PIP = ToolSet("clients-pip-20")
NEW_BANDERSNATCH = ToolSet("clients-bandersnatch-8", is_newer=True)
SETS = (CLIENTS, OLD_PIP, NEW_BANDERSNATCH)


def find_programs(tools: ToolSet) -> Path:
    """
    Say where a set's programs lie; installed when that was not done for the present lock.

    Raises:
        AssertionError: this machine has no interpreter for them (a test asks for the part `newer-python` first).
    """
    python = tools.find_python()
    assert python is not None, f"There is no Python for {tools.name}."
    ENVIRONMENTS.mkdir(exist_ok=True)
    with (ENVIRONMENTS / f"{tools.name}.lock").open("w") as lock:
        # Two runs at the same time must not install into one folder.
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _bring_up_to_date(tools, python)


def _bring_up_to_date(tools: ToolSet, python: Path) -> Path:
    environment = ENVIRONMENTS / tools.name
    mark, wanted = environment / ".installed", f"{python}\n{tools.lock.read_text()}"
    if not mark.exists() or mark.read_text() != wanted:
        print(f"Installing {tools.name} into {environment.relative_to(ROOT)} ...", flush=True)
        shutil.rmtree(environment, ignore_errors=True)
        _uv("venv", "--quiet", "--python", python, environment)
        _uv("pip", "sync", "--quiet", "--require-hashes", "--python", environment / "bin" / "python", tools.lock)
        mark.write_text(wanted)
    return environment / "bin"


def _uv(*words: str | Path) -> None:
    command: Sequence[str | Path] = [Path(sys.executable).with_name("uv"), *words]
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    subprocess.run(command, check=True, env=environment, stdin=subprocess.DEVNULL)


if __name__ == "__main__":
    for each in SETS:
        if each.find_python() is not None:
            find_programs(each)
