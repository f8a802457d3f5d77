"""`creamery import`."""

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from creamery.cli.output import DATA, JSON, prepared, refusals_are_sentences

if TYPE_CHECKING:
    from creamery.kernel.actor import Actor
    from creamery.upload.importing import Imported

PER_BATCH = 50
"""Pages are rendered once for so many files."""


@click.command("import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--user", "username", help="Who owns the projects; needed if there are several people.")
@DATA
@JSON
@refusals_are_sentences
def import_(*, paths: tuple[Path, ...], username: str | None, data: Path | None, as_json: bool) -> None:
    """
    Publish folders of wheels and source distributions.

    What is there already is left alone, so an import that was interrupted can be started again. Exit code 1 if a file was
    refused; the table at the end says which and why, and what the uploaders of the others would have been told.
    """
    prepared(data)
    from creamery.upload.importing import find_distributions

    actor = _importer(username)
    files = find_distributions(paths)
    outcomes = list(_with_progress(files, actor, is_quiet=as_json or not sys.stderr.isatty()))
    refused = [outcome for outcome in outcomes if outcome.outcome == "refused"]
    counts = {name: sum(o.outcome == name for o in outcomes) for name in ("published", "held", "unchanged", "refused")}
    if as_json:
        told = [{"path": str(o.path), "code": o.code, "reason": o.reason} for o in refused]
        warned = [{"path": str(o.path), "warnings": o.warnings} for o in outcomes if o.warnings]
        answer = {"files": len(files), **counts, "refused_files": told, "warned_files": warned}
        click.echo(json.dumps(answer, ensure_ascii=False))
    else:
        _show("Remarked", [(o.path, "warning", text) for o in outcomes for text in o.warnings])
        _show("Refused", [(o.path, o.code, o.reason) for o in refused])
        held = f", {counts['held']} held" if counts["held"] else ""
        click.echo(
            f"{len(files)} files: {counts['published']} published{held}, {counts['unchanged']} there already, {counts['refused']} refused"
        )
    sys.exit(1 if refused else 0)


def _importer(username: str | None) -> "Actor":
    from creamery.accounts.queries import get_person_id, list_people
    from creamery.kernel.actor import CONSOLE

    if username is None:
        people = list_people()
        if len(people) != 1:
            raise click.UsageError("Say with --user who owns the projects; `creamery user list` shows who there is.")
        username = people[0].username
    return replace(CONSOLE, person_id=get_person_id(username), username=username)


def _with_progress(files: list[Path], actor: "Actor", *, is_quiet: bool) -> "Iterator[Imported]":
    from creamery.kernel import outbox
    from creamery.upload.importing import import_files

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=is_quiet, transient=True) as progress:
        task = progress.add_task("Importing", total=len(files))
        for begin in range(0, len(files), PER_BATCH):
            with outbox.batch():
                for outcome in import_files(files[begin : begin + PER_BATCH], actor=actor):
                    progress.update(task, advance=1, description=escape(outcome.path.name[:40]))
                    yield outcome


def _show(title: str, lines: list[tuple[Path, str, str]]) -> None:
    if lines and sys.stdout.isatty():
        table = Table("file", "what", title=title, show_lines=True)
        for path, _, text in lines:
            table.add_row(escape(path.name), escape(text))
        Console().print(table)
        return
    for line in lines:
        click.echo("\t".join(map(str, line)))
