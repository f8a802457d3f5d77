"""`creamery verify`."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import Progress

from creamery.cli.output import DATA, JSON, prepared, refusals_are_sentences, show_rows

if TYPE_CHECKING:
    from creamery.publish.verify import Finding, Step

TITLES = {"contents": "Hashing contents", "projects": "Comparing projects"}


@click.command()
@click.option(
    "--repair",
    is_flag=True,
    help="Mend what can be mended; what cannot is not served any more, and is named.",
)
@DATA
@JSON
@refusals_are_sentences
def verify(*, repair: bool, data: Path | None, as_json: bool) -> None:
    """
    Hash everything stored and hold it against the record, byte for byte; works while the server runs.

    Exits with 1 if anything is wrong, or stays wrong with --repair.
    """
    prepared(data)
    from creamery.publish.verify import Verification

    findings: list[Finding] = []
    with _progress() as advance:
        for step in Verification(repair=repair).run():
            findings += step.findings
            advance(step)
    rows = [asdict(finding) for finding in findings]
    show_rows(["key", "what", "outcome"], rows, as_json=as_json, empty="Everything stored is what the record says.")
    sys.exit(1 if any(finding.outcome != "mended" for finding in findings) else 0)


@contextmanager
def _progress() -> Iterator[Callable[["Step"], None]]:
    """Show how far it is, on a terminal."""
    from creamery.catalog.holder_queries import measure_blobs
    from creamery.catalog.queries import index_figures

    totals = {"contents": measure_blobs(), "projects": index_figures().projects}
    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True) as progress:
        tasks = {part: progress.add_task(title, total=totals[part]) for part, title in TITLES.items()}
        yield lambda step: progress.advance(tasks[step.part], step.done)
