"""`creamery held`."""

from dataclasses import asdict
from pathlib import Path

import click

from creamery.cli.output import DATA, JSON, prepared, refusals_are_sentences, show_rows, tell

PROJECT = click.argument("project")


@click.group()
def held() -> None:
    """New projects that are shown to nobody until the staff has decided about their names (CREAMERY_TYPO_SQUATS=hold)."""


@held.command("list")
@DATA
@JSON
@refusals_are_sentences
def list_held_(*, data: Path | None, as_json: bool) -> None:
    """List what waits for a decision, the oldest first."""
    prepared(data)
    from creamery.catalog.upkeep_queries import list_held
    from creamery.kernel.actor import CONSOLE

    rows = [asdict(line) for line in list_held(actor=CONSOLE)]
    columns = ["name", "reason", "people", "filenames", "since"]
    show_rows(columns, rows, as_json=as_json, empty="Nothing is held.")


@held.command("release")
@PROJECT
@DATA
@JSON
@refusals_are_sentences
def release_held(*, project: str, data: Path | None, as_json: bool) -> None:
    """Show a project to everybody, with all its files. Its owners get a letter."""
    prepared(data)
    from creamery.catalog.held_actions import release_project
    from creamery.kernel import outbox
    from creamery.kernel.actor import CONSOLE

    filenames = release_project(project, actor=CONSOLE)
    outbox.run_soon()
    told = {"project": project, "released": filenames}
    tell(told, f"{project} is published, with {len(filenames)} files.", as_json=as_json)


@held.command("refuse")
@PROJECT
@click.option("--reason", default="", help="Why; its owners are told.")
@DATA
@JSON
@refusals_are_sentences
def refuse_held(*, project: str, reason: str, data: Path | None, as_json: bool) -> None:
    """Delete a project that is held, and give its name to nobody. Its owners get a letter."""
    prepared(data)
    from creamery.catalog.held_actions import refuse_project
    from creamery.kernel import outbox
    from creamery.kernel.actor import CONSOLE

    filenames = refuse_project(project, reason=reason, actor=CONSOLE)
    outbox.run_soon()
    told = {"project": project, "refused": filenames, "reason": reason}
    tell(told, f"{project} is refused; {len(filenames)} files are deleted.", as_json=as_json)
