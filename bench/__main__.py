"""
The bench: figures as ratios to nginx and to other indexes, in one run.

    make bench                                  everything, about ten minutes
    .venv/bin/python -m bench --quick           shorter and fewer rounds, under three minutes
    .venv/bin/python -m bench page unchanged    only these
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from bench import pages, publishing, rendering, report, resolving, starting, stock
from bench.machine import Lacking, describe, find_program
from bench.rounds import Measured
from bench.stand import Stand

PEERS = ("pypiserver", "devpi", "simpleindex")


@dataclass(frozen=True, slots=True)
class Measure:
    """One of the bench's measures: what it does, and which stock it needs besides the ten-file project."""

    run: Callable[[Stand], Measured | None]
    needs: frozenset[str] = frozenset()
    asks_servers: bool = True


MEASURES = {
    "page": Measure(pages.page, frozenset({"many"})),
    "unchanged": Measure(pages.unchanged),
    "long_page": Measure(pages.long_page, frozenset({"many"})),
    "file": Measure(pages.file, frozenset({"big"})),
    "resolve": Measure(resolving.resolve, frozenset({"real"})),
    "publish": Measure(publishing.small, frozenset({"floor"})),
    "publish_parallel": Measure(publishing.parallel, frozenset({"floor"})),
    "publish_large": Measure(publishing.large, frozenset({"floor"})),
    "render": Measure(rendering.render, asks_servers=False),
    "start": Measure(starting.start),
}
"""In this order: the last one stops the servers."""


def main(words: Sequence[str]) -> int:
    """Run the measures that were asked for. Returns the exit code."""
    options = read_options(words)
    console = Console(width=None if sys.stdout.isatty() else 150)
    if options.list:
        for name, measure in MEASURES.items():
            console.print(f"{name:14} {(measure.run.__doc__ or '').strip().splitlines()[0]}", highlight=False)
        return 0
    try:
        find_program("nginx", "nginx wrk"), find_program("wrk", "nginx wrk")
    except Lacking as lacking:
        console.print(str(lacking), highlight=False)
        return 2
    with tempfile.TemporaryDirectory(prefix="creamery-bench-") as folder:
        results = run(options, Path(folder), console)
    path = report.write(results, describe(), {name: str(value) for name, value in vars(options).items()})
    console.print(f"Written to {path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}")
    return 0


def run(options: argparse.Namespace, folder: Path, console: Console) -> list[Measured]:
    """Build the stand, take each measure, and print it as soon as it is there."""
    chosen = {name: MEASURES[name] for name in MEASURES if name in options.measures or not options.measures}
    stand = Stand(
        folder,
        rounds=options.rounds or (3 if options.quick else 5),
        seconds=options.seconds or (1 if options.quick else 2),
        is_quick=options.quick,
        say=lambda text: console.print(text, style="dim", highlight=False),
        corpus=options.corpus or stock.find_corpus(),
    )
    results = []
    begun = time.monotonic()
    try:
        if any(measure.asks_servers for measure in chosen.values()):
            stand.build(set().union(*(measure.needs for measure in chosen.values())), options.peers)
        for measure in chosen.values():
            measured = measure.run(stand)
            if measured is not None:
                results.append(measured)
                report.show(measured, console)
    finally:
        stand.stop()
    stand.say(f"{time.monotonic() - begun:.0f} s")
    return results


def read_options(words: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Measure Creamery against nginx and other indexes."
    )
    parser.add_argument("measures", nargs="*", choices=[*MEASURES, []], metavar="MEASURE", help=", ".join(MEASURES))
    parser.add_argument("--quick", action="store_true", help="less of everything, under three minutes")
    parser.add_argument("--rounds", type=int, help="turns that every target gets (default 5, quick 3)")
    parser.add_argument("--seconds", type=float, help="length of a turn (default 2, quick 1)")
    parser.add_argument(
        "--corpus", type=Path, action="append", metavar="DIR", help="folder of real wheels; else what pip is told of"
    )
    parser.add_argument(
        "--peers", nargs="*", choices=PEERS, default=PEERS, help="other indexes that take part; none with nothing"
    )
    parser.add_argument("--list", action="store_true", help="list the measures")
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
