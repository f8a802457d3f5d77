"""
Figures of an index of 700,000 projects: its list, its start, its memory.

    .venv/bin/python -m bench.big FOLDER                     some minutes and 8 GB, most of it to fill the folder
    .venv/bin/python -m bench.big FOLDER --projects 20000    less

What is in the folder already is used again.
"""

import argparse
import json
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from bench.big_child import PAGES
from bench.big_index import PROJECTS, make
from bench.load import Address, fetch
from bench.machine import SERVER_CORE, memory, on_core
from bench.targets import JSON
from tests.real.running_index import RunningIndex

ROUNDS = 2
MEBIBYTE = 1024 * 1024
_ACCEPTS = [{"Accept": JSON}, {"Accept": "text/html"}, {"Accept": JSON, "Accept-Encoding": "gzip"}]


def measure(index: RunningIndex) -> dict[str, float]:
    """Take every figure once, the list's as the median of some rebuildings."""
    figures = rebuild_root(index)
    names = _list_names(index)
    index.folder.joinpath("serve.log").unlink(missing_ok=True)
    with on_core(SERVER_CORE):
        begun = time.perf_counter()
        process = index.spawn()
        try:
            _wait_for(Address(f"{index.url}/simple/{names[0]}/"), begun)
            figures["first page, s"] = time.perf_counter() - begun
            while not index.is_ready():
                time.sleep(0.01)
            figures["ready, s"] = time.perf_counter() - begun
            figures["fresh, MiB"] = memory(process.pid).proportional_bytes / MEBIBYTE
            _read_everything(index, names)
            figures["after readers, MiB"] = memory(process.pid).proportional_bytes / MEBIBYTE
        finally:
            index.stop()
    return figures


def rebuild_root(index: RunningIndex) -> dict[str, float]:
    """Have the list of all projects written anew, in a process of its own, as a worker does."""
    with on_core(SERVER_CORE):
        done = subprocess.run(
            [sys.executable, "-m", "bench.big_child", str(ROUNDS)],
            env={**index.environment, "PYTHONPATH": str(Path.cwd())}, capture_output=True, text=True, check=False,
        )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"The list could not be written:\n{done.stderr[-3000:]}")
    told = json.loads(done.stdout.splitlines()[-1])
    return {"list rebuilt, CPU s": median(told["root_cpu_s"]), "its peak, MiB": told["peak_mib"]}


def _list_names(index: RunningIndex) -> list[str]:
    connection = sqlite3.connect(index.data / "creamery.db")
    try:
        return [
            row[0] for row in connection.execute("SELECT normalized_name FROM project ORDER BY id LIMIT ?", [PAGES])
        ]
    finally:
        connection.close()


def _wait_for(page: Address, begun: float) -> None:
    while True:
        try:
            fetch(page)
            return
        except (OSError, RuntimeError):
            if time.perf_counter() - begun > 60:
                raise
            time.sleep(0.01)


def _read_everything(index: RunningIndex, names: list[str]) -> None:
    """Read the list in every form, many pages, and what Django answers."""
    for headers in _ACCEPTS:
        fetch(Address(f"{index.url}/simple/", headers))
        for name in names:
            fetch(Address(f"{index.url}/simple/{name}/", headers))
    for path in ["/", "/search/?q=http+client", *[f"/project/{name}/" for name in names[:50]]]:
        fetch(Address(index.url + path))


def main() -> None:
    """Make the index that the command line asks for, and print its figures."""
    parser = argparse.ArgumentParser(prog="python -m bench.big", description="Measure an index of great size.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--projects", type=int, default=PROJECTS)
    options = parser.parse_args()
    for name, figure in measure(make(options.folder.absolute(), options.projects)).items():
        print(f"{name:22} {figure:8.2f}")


if __name__ == "__main__":
    main()
