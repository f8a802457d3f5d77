"""Resolving real requirements with an empty cache, as the first `uv pip compile` on a new machine does."""

import shutil
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

from bench.machine import LOAD_CORE, cpu_seconds, on_core
from bench.rounds import Column, Measured, Sample, compare, take_turns
from bench.stand import Stand
from bench.targets import Target
from tests.real.processes import plain_environment

COLUMNS = [Column("seconds", "s", 3), Column("server_cpu_ms", "server CPU ms", 0)]


def resolve(stand: Stand) -> Measured | None:
    """Measure resolving what the real distributions of this machine allow; None where it has none."""
    if not stand.real.requirements:
        stand.say("No resolving: this machine has no folder of real distributions. Name one with --corpus DIR.")
        return None
    wanted = stand.folder / "requirements.in"
    wanted.write_text("\n".join(stand.real.requirements) + "\n")
    names = stand.present("creamery", "nginx", "pypiserver", *([] if stand.is_quick else ["devpi"]))
    targets = {name: stand.targets[name] for name in names}
    for target in targets.values():
        _compile(stand.folder, wanted, target)
    samples = take_turns(targets, stand.rounds, partial(_compile, stand.folder, wanted))
    title = f"uv pip compile of {len(stand.real.requirements)} requirements, {len(stand.real.wheels)} projects, cold"
    rows = compare(samples, ["nginx", *targets])
    return Measured("resolve", title, COLUMNS, ["nginx", "creamery"], rows, stand.rounds)


def _compile(folder: Path, wanted: Path, target: Target) -> Sample:
    uv = Path(sys.executable).with_name("uv")
    cache = folder / "uv-cache"
    shutil.rmtree(cache, ignore_errors=True)
    words: list[str | Path] = ["pip", "compile", "--quiet", "--no-config", "--no-header", "--cache-dir", cache]
    environment = plain_environment(folder)
    used_before, begun = cpu_seconds(target.pid), time.perf_counter()
    with on_core(LOAD_CORE):
        done = subprocess.run(
            [uv, *words, "--python", sys.executable, "--default-index", target.index_url, wanted],
            env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"uv could not resolve from {target.name}:\n{done.stderr[-2000:]}")
    seconds = time.perf_counter() - begun
    return {"seconds": seconds, "server_cpu_ms": (cpu_seconds(target.pid) - used_before) * 1000}
