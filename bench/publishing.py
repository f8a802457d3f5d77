"""Publishing: small files one after the other, and one large file."""

import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from statistics import median

from bench import stock
from bench.load import Address, fetch
from bench.machine import cpu_seconds
from bench.rounds import Column, Measured, Sample, compare, take_turns
from bench.stand import Stand
from bench.targets import Creamery, Devpi, Target
from bench.uploading import Form, Sender

SMALL = [
    Column("per_second", "per s", 1),
    Column("p50_ms", "p50 ms", 1),
    Column("p99_ms", "p99 ms", 1, is_compared=False),
    Column("cpu_ms", "CPU ms", 2),
    Column("cpu_after_ms", "CPU ms after", 2, is_compared=False),
]
LARGE = [Column("mb_per_second", "MB/s"), Column("cpu_ms_per_mb", "CPU ms per MB", 2)]
SETTLE_SECONDS = 30.0
_series = count()


def small(stand: Stand) -> Measured:
    """Measure uploads of small wheels over one connection; Creamery's are durable when they are answered."""
    return _measure_small(stand, "publish", connections=1)


def parallel(stand: Stand) -> Measured:
    """Measure uploads of small wheels over eight connections."""
    return _measure_small(stand, "publish_parallel", connections=8)


def _measure_small(stand: Stand, name: str, *, connections: int) -> Measured:
    number = 50 if stand.is_quick else 200
    # Each can be published once, so the two measures share them.
    real = stock.choose_small(stand.corpus, 2 * number)[connections > 1 :: 2]
    names = stand.present("creamery", "floor", "pypiserver", *([] if stand.is_quick else ["devpi"]))
    samples = take_turns(
        {one: stand.targets[one] for one in names},
        1 if real else stand.rounds,
        lambda target: _upload_small(stand, target, real, number, connections),
    )
    kind = "real" if real else "made"
    title = f"{len(real) or number} small {kind} wheels, {connections} at a time"
    measured = Measured(
        name, title, SMALL, ["floor", "pypiserver"], compare(samples, names), 1 if real else stand.rounds
    )
    measured.notes.append(
        "The floor receives, hashes and synchronises, and checks and records nothing. pypiserver neither reads the wheels "
        "nor waits for the disk. “After” is follow-up work that nobody waits for, each upload's share of it."
    )
    return measured


def large(stand: Stand) -> Measured:
    """Measure the upload of one wheel of 60 MB."""
    names = stand.present("creamery", "floor", "pypiserver", *([] if stand.is_quick else ["devpi"]))
    samples = take_turns(
        {name: stand.targets[name] for name in names}, stand.rounds, lambda target: _upload_large(stand, target)
    )
    rows = compare(samples, names)
    return Measured("publish_large", "One wheel of 60 MB", LARGE, ["floor", "pypiserver"], rows, stand.rounds)


def _upload_small(stand: Stand, target: Target, real: list[Path], number: int, connections: int) -> Sample:
    if isinstance(target, Devpi):
        number, real = min(number, 20), real[:20]
    forms = [Form.for_file(path) for path in real] or _make_forms(
        stand.folder, lambda folder, series: stock.make_uploads(folder, number, series)
    )
    times: list[float] = []
    used_before, begun = cpu_seconds(target.pid), time.perf_counter()
    with ThreadPoolExecutor(connections) as senders:
        for part in [senders.submit(_send_all, target, forms[one::connections], times) for one in range(connections)]:
            part.result()
    seconds, used = time.perf_counter() - begun, cpu_seconds(target.pid)
    _settle(target)
    return {
        "per_second": len(forms) / seconds,
        "p50_ms": median(times) * 1000,
        "p99_ms": sorted(times)[int(len(times) * 0.99)] * 1000,
        "cpu_ms": (used - used_before) * 1000 / len(forms),
        "cpu_after_ms": (cpu_seconds(target.pid) - used) * 1000 / len(forms),
    }


def _send_all(target: Target, forms: list[Form], times: list[float]) -> None:
    with Sender(*_door(target)) as sender:
        for form in forms:
            begun = time.perf_counter()
            sender.send(form)
            times.append(time.perf_counter() - begun)


def _upload_large(stand: Stand, target: Target) -> Sample:
    forms = _make_forms(stand.folder, lambda folder, series: stock.make_uploads(folder, 1, series, stock.BIG_BYTES))
    used_before, begun = cpu_seconds(target.pid), time.perf_counter()
    with Sender(*_door(target)) as sender:
        sender.send(forms[0])
    seconds, megabytes = time.perf_counter() - begun, forms[0].file_bytes / 1e6
    used = cpu_seconds(target.pid) - used_before
    _settle(target)
    return {"mb_per_second": megabytes / seconds, "cpu_ms_per_mb": used * 1000 / megabytes}


def _make_forms(folder: Path, make: Callable[[Path, str], list[Path]]) -> list[Form]:
    series = str(next(_series))
    made = folder / f"uploads-{series}"
    forms = [Form.for_file(path) for path in make(made, series)]
    shutil.rmtree(made)
    return forms


def _door(target: Target) -> tuple[str, str, str]:
    """Say where a server takes uploads, and with which credentials."""
    match target:
        case Creamery():
            return f"{target.url}/legacy/", "__token__", target.token
        case Devpi():
            return f"{target.url}/bench/dev/", *target.credentials
        case _:
            return f"{target.url}/", "", ""


def _settle(target: Target) -> None:
    """Wait until Creamery's follow-up work is done, so that it does not fall into the next turn."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while isinstance(target, Creamery) and time.monotonic() < deadline:
        figures = fetch(Address(f"{target.url}/metrics")).body.decode()
        waiting = next(line for line in figures.splitlines() if line.startswith("creamery_jobs_waiting "))
        if float(waiting.split()[1]) == 0:
            return
        time.sleep(0.2)
