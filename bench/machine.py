"""What the machine tells about programs: which core they run on, the CPU they used, the memory they hold."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, LOAD_CORE = _CORES[0], _CORES[-1]
"""Servers have one core to themselves and the load another, so that neither takes time from the other."""

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_USER_TIME, _CHILDREN_SYSTEM_TIME = 11, 14


class Lacking(RuntimeError):
    """This machine has no program that the bench needs; the sentence says how to add it."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What a program and its children hold: resident bytes, and their fair share of what they share with others."""

    resident_bytes: int
    proportional_bytes: int


def find_program(name: str, debian_package: str) -> Path:
    """
    Say where a program lies; Debian keeps nginx out of a plain user's PATH.

    Raises:
        Lacking: it is nowhere.
    """
    places = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
    found = shutil.which(name, path=places)
    if found is None:
        raise Lacking(f"The bench needs {name}; on Debian or Ubuntu: apt-get install -y {debian_package}")
    return Path(found)


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """Have everything that is started meanwhile run on this core, with all its children and threads."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def cpu_seconds(pid: int) -> float:
    """Say how much CPU a process and its descendants have used, with those that have ended and were waited for."""
    ticks = sum(sum(_stat(one)[_USER_TIME : _CHILDREN_SYSTEM_TIME + 1]) for one in _tree(pid))
    return ticks / _TICKS_PER_SECOND


def memory(pid: int) -> Memory:
    """Say how much memory a process and its descendants hold."""
    resident = proportional = 0
    for one in _tree(pid):
        for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
            name, *rest = line.split()
            resident += int(rest[0]) * 1024 if name == "Rss:" else 0
            proportional += int(rest[0]) * 1024 if name == "Pss:" else 0
    return Memory(resident, proportional)


def describe() -> dict[str, str]:
    """Describe the machine, as far as figures depend on it."""
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        "unknown",
    )
    version = subprocess.run(
        [find_program("nginx", "nginx"), "-v"], capture_output=True, text=True, check=True
    ).stderr.strip()
    return {
        "processor": model,
        "cores": str(len(_CORES)),
        "kernel": os.uname().release,
        "nginx": version.rpartition("/")[2],
        "load": " ".join(f"{part:.1f}" for part in os.getloadavg()),
    }


def _tree(pid: int) -> list[int]:
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            stat = _stat(int(entry.name))
            if stat:
                parents.setdefault(stat[1], []).append(int(entry.name))
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        found.append(one)
        waiting += parents.get(one, [])
    return found


def _stat(pid: int) -> list[int]:
    """Read a process's figures, from the third column on; the name before them may hold anything."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    columns = text.rpartition(")")[2].split()
    return [0, *(int(column) for column in columns[1:15])]
