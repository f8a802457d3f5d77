"""Pages of the Simple API, and files: many requests on connections that stay open."""

from dataclasses import replace
from pathlib import Path

from bench.load import Address, WrongAnswer, fetch, press
from bench.rounds import Column, Measured, compare, take_turns
from bench.stand import Stand
from bench.stock import BIG, MANY, TEN
from bench.targets import JSON, Target

CPU = Column("cpu_us", "CPU µs", 1)
RATE = Column("per_second", "per s")
P50, P99 = Column("p50_ms", "p50 ms", 2, is_compared=False), Column("p99_ms", "p99 ms", 1, is_compared=False)
WARM_SECONDS = 1
PEERS = ["pypiserver", "devpi", "simpleindex"]


def page(stand: Stand) -> Measured:
    """Measure the page of a project with ten files."""
    addresses = {name: stand.targets[name].page(TEN) for name in stand.present("creamery", "nginx", *PEERS)}
    _require_same_bytes(addresses)
    return _press(
        stand, "page", "JSON page of a project with 10 files, 16 connections", addresses, [CPU, RATE, P50, P99]
    )


def unchanged(stand: Stand) -> Measured:
    """Measure the same page for clients that have it already; of the others none answers 304."""
    addresses = {}
    for name in stand.present("creamery", "nginx"):
        whole = stand.targets[name].page(TEN)
        etag = fetch(whole).headers["etag"]
        addresses[name] = replace(whole, headers={**whole.headers, "If-None-Match": etag}, status=304)
    return _press(stand, "unchanged", "The same, 304", addresses, [CPU, RATE, P50, P99])


def long_page(stand: Stand) -> Measured:
    """Measure the page of a project with 1,500 files, compressed where the server does that."""
    addresses = {}
    for name in stand.present("creamery", "nginx", "pypiserver", "simpleindex"):
        whole = stand.targets[name].page(MANY)
        addresses[name] = replace(whole, headers={**whole.headers, "Accept-Encoding": "gzip"})
    _require_same_bytes(addresses)
    columns = [CPU, RATE, Column("mb_per_second", "MB/s", is_compared=False), P50]
    return _press(stand, "long_page", "Page of a project with 1,500 files, gzip", addresses, columns)


def file(stand: Stand) -> Measured:
    """Measure a file of 60 MB on four connections."""
    filename = stand.big_file.name
    addresses = {name: stand.targets[name].file(BIG, filename) for name in stand.present("creamery", "nginx", *PEERS)}
    columns = [Column("mb_per_second", "MB/s"), Column("cpu_ms_per_mb", "CPU ms per MB", 3)]
    return _press(stand, "file", "File of 60 MB, 4 connections", addresses, columns, connections=4)


def _press(
    stand: Stand, name: str, title: str, addresses: dict[str, Address], columns: list[Column], connections: int = 16
) -> Measured:
    targets = {one: stand.targets[one] for one in addresses}
    for one, address in addresses.items():
        fetch(address)
        _ask(targets[one], address, stand.folder, connections, WARM_SECONDS)
    samples = take_turns(
        targets,
        stand.rounds,
        lambda target: _ask(target, addresses[target.name], stand.folder, connections, stand.seconds),
    )
    return Measured(
        name, title, columns, ["nginx", "creamery"], compare(samples, ["nginx", *stand.targets]), stand.rounds
    )


def _ask(target: Target, address: Address, folder: Path, connections: int, seconds: float) -> dict[str, float]:
    return press(address, target.pid, folder, connections=connections, seconds=seconds)


def _require_same_bytes(addresses: dict[str, Address]) -> None:
    """Make sure that nginx sends what Creamery sends: else the ratio would compare different work."""
    ours, theirs = fetch(addresses["creamery"]), fetch(addresses["nginx"])
    if ours.body != theirs.body or JSON not in ours.headers["content-type"]:
        raise WrongAnswer("Creamery and nginx do not send the same page.")
