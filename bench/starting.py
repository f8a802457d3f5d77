"""From the command to the first answer, with data present, and the memory it takes."""

import time
from functools import partial

from bench.load import fetch
from bench.machine import memory
from bench.rounds import Column, Measured, Sample, compare, take_turns
from bench.stand import Stand
from bench.stock import TEN
from bench.targets import Creamery, Target

COLUMNS = [
    Column("first_page_s", "first page s", 2, is_compared=False),
    Column("ready_s", "ready s", 2, is_compared=False),
    Column("fresh_mib", "MiB fresh", 0, is_compared=False),
    Column("used_mib", "MiB used", 0, is_compared=False),
]
MEBIBYTE = 1024 * 1024
WAIT_SECONDS = 60.0


def start(stand: Stand) -> Measured:
    """Measure starts of every server in turn, and the memory of those that have run through the other measures."""
    used = {name: memory(target.pid).proportional_bytes / MEBIBYTE for name, target in stand.targets.items()}
    for target in stand.targets.values():
        target.stop()
    samples = take_turns(stand.targets, stand.rounds, partial(_start, used))
    rows = compare(samples, [])
    measured = Measured("start", "Start with data present, and memory", COLUMNS, [], rows, stand.rounds)
    measured.notes.append(
        "Memory is the proportional share of all processes. “Used”: after the measures above. “Ready”: Creamery's pages and uploads too."
    )
    return measured


def _start(used: dict[str, float], target: Target) -> Sample:
    begun = time.perf_counter()
    target.spawn()
    page = target.page(TEN)
    while True:
        try:
            fetch(page)
            break
        except (OSError, RuntimeError):
            if time.perf_counter() - begun > WAIT_SECONDS:
                raise
            time.sleep(0.01)
    first_page_s = time.perf_counter() - begun
    while isinstance(target, Creamery) and not target.answers():
        time.sleep(0.01)
    ready_s = time.perf_counter() - begun
    fresh = memory(target.pid).proportional_bytes / MEBIBYTE
    target.stop()
    return {"first_page_s": first_page_s, "ready_s": ready_s, "fresh_mib": fresh, "used_mib": used[target.name]}
