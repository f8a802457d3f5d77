"""What it costs to bring the page of a project with 10,000 files up to date, step by step."""

import json
import subprocess
import sys
from functools import partial
from pathlib import Path

from bench.machine import SERVER_CORE, on_core
from bench.rounds import Column, Measured, Sample, compare, take_turns
from bench.stand import Stand
from tests.real.distributions import Distribution, build_wheel
from tests.real.running_index import RunningIndex

PROJECT, FILES = "bench-large", 10_000
COLUMNS = [Column("cpu_ms", "CPU ms", 1, is_compared=False)]
STEPS = ["read the record", "write JSON", "write HTML", "gzip", "zstd", "store", "all together"]


def render(stand: Stand) -> Measured:
    """Measure the reaction that follows an upload, in a process of its own."""
    folder = stand.folder / "render"
    folder.mkdir(exist_ok=True)
    samples = _render(folder, stand.rounds)
    rows = compare(take_turns({step: step for step in STEPS}, stand.rounds, partial(_next, samples)), [])
    return Measured(
        "render", f"Page of a project with {FILES:,} files, after an upload", COLUMNS, [], rows, stand.rounds
    )


def _next(samples: dict[str, list[float]], step: str) -> Sample:
    return {"cpu_ms": samples[step].pop()}


def _render(folder: Path, rounds: int) -> dict[str, list[float]]:
    index = RunningIndex(folder)
    index.create_person("bench")
    imported = index.command("import", str(build_wheel(folder, Distribution(name=PROJECT))))
    if imported.exit_code:
        raise RuntimeError(f"The first file could not be published:\n{imported.output}")
    with on_core(SERVER_CORE):
        done = subprocess.run(
            [sys.executable, "-m", "bench.render_child", PROJECT, str(FILES), str(rounds)],
            env={**index.environment, "PYTHONPATH": str(Path.cwd())},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"The page could not be rendered:\n{done.stderr[-3000:]}")
    steps: dict[str, list[float]] = json.loads(done.stdout.splitlines()[-1])
    return steps
