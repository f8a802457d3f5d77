"""Publishing: small files one after the other, and one large file."""

import shutil
import time
from collections.abc import Callable
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
    number = 50 if stand.is_quick else 150
    names = stand.present("creamery", "pypiserver", *([] if stand.is_quick else ["devpi"]))
    samples = take_turns(
        {name: stand.targets[name] for name in names}, stand.rounds, lambda target: _upload_small(stand, target, number)
    )
    measured = Measured(
        "publish",
        f"{number} small wheels, one connection",
        SMALL,
        ["pypiserver"],
        compare(samples, names),
        stand.rounds,
    )
    measured.notes.append(
        "pypiserver neither reads the wheels nor waits for the disk; Creamery and devpi do. "
        "“After” is follow-up work that nobody waits for, each upload's share of it."
    )
    return measured


def large(stand: Stand) -> Measured:
    """Measure the upload of one wheel of 60 MB."""
    names = stand.present("creamery", "pypiserver", *([] if stand.is_quick else ["devpi"]))
    samples = take_turns(
        {name: stand.targets[name] for name in names}, stand.rounds, lambda target: _upload_large(stand, target)
    )
    rows = compare(samples, names)
    return Measured("publish_large", "One wheel of 60 MB", LARGE, ["pypiserver"], rows, stand.rounds)


def _upload_small(stand: Stand, target: Target, number: int) -> Sample:
    if isinstance(target, Devpi):
        number = min(number, 20)
    forms = _make_forms(stand.folder, lambda folder, series: stock.make_uploads(folder, number, series))
    times = []
    used_before = cpu_seconds(target.pid)
    with Sender(*_door(target)) as sender:
        for form in forms:
            begun = time.perf_counter()
            sender.send(form)
            times.append(time.perf_counter() - begun)
    used = cpu_seconds(target.pid)
    _settle(target)
    return {
        "per_second": number / sum(times),
        "p50_ms": median(times) * 1000,
        "p99_ms": sorted(times)[int(len(times) * 0.99)] * 1000,
        "cpu_ms": (used - used_before) * 1000 / number,
        "cpu_after_ms": (cpu_seconds(target.pid) - used) * 1000 / number,
    }


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
