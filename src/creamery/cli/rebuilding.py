"""`creamery rebuild`."""

import sys
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from creamery.cli.output import DATA, JSON, prepared, refusals_are_sentences, show_rows, tell


@click.command()
@click.option(
    "--check", is_flag=True, help="Write nothing; compare what is served with the record, and exit 1 if it differs."
)
@DATA
@JSON
@refusals_are_sentences
def rebuild(*, check: bool, data: Path | None, as_json: bool) -> None:
    """Render every document anew from the record; works while the server runs."""
    prepared(data)
    if check:
        _check(as_json=as_json)
        return
    from creamery.catalog.queries import index_figures
    from creamery.publish.rebuild import rebuild_all

    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True) as progress:
        task = progress.add_task("Rendering", total=index_figures().projects)
        count = 0
        for count, _project in enumerate(rebuild_all(), start=1):  # noqa: B007 - the count is told below.
            progress.advance(task)
    tell({"projects": count}, f"Rendered {count} projects and the list of them.", as_json=as_json)


def _check(*, as_json: bool) -> None:
    from creamery.publish.rebuild import check_all

    differences = [difference for found in check_all() for difference in found]
    show_rows(
        ["key", "what"], [asdict(d) for d in differences], as_json=as_json, empty="What is served equals the record."
    )
    sys.exit(1 if differences else 0)
