"""`creamery limits`."""

from dataclasses import asdict
from pathlib import Path

import click

from creamery.cli.output import DATA, JSON, prepared, refusals_are_sentences, show_rows, tell

KIND = click.argument("kind", type=click.Choice(["file-bytes", "project-bytes", "new-projects"]))
PROJECT = click.option("--project", default="", help="The project whose limit it is.")
USER = click.option("--user", "username", default="", help="The person whose limit it is.")


@click.group()
def limits() -> None:
    """Limits of single projects and people, which stand above the settings."""


@limits.command("set")
@KIND
@click.argument("value", type=click.IntRange(min=0))
@PROJECT
@USER
@DATA
@JSON
@refusals_are_sentences
def set_limit_(*, kind: str, value: int, project: str, username: str, data: Path | None, as_json: bool) -> None:
    """
    Give a project or a person a limit of its own; 0 is no limit.

    file-bytes: the largest file. project-bytes: what a project may hold, or each project that a person uploads to.
    new-projects: how many a person may create in an hour.
    """
    _require_one(project, username)
    prepared(data)
    from creamery.catalog.limit_actions import set_limit
    from creamery.kernel.actor import CONSOLE

    is_changed = set_limit(kind, value, project=project, username=username, actor=CONSOLE)
    told = {"kind": kind, "value": value, "project": project, "username": username, "changed": is_changed}
    tell(told, f"{project or username}: {kind} {value or 'without limit'}", as_json=as_json)


@limits.command("remove")
@KIND
@PROJECT
@USER
@DATA
@JSON
@refusals_are_sentences
def remove_limit_(*, kind: str, project: str, username: str, data: Path | None, as_json: bool) -> None:
    """Take the own limit of a project or a person back: the setting counts again."""
    _require_one(project, username)
    prepared(data)
    from creamery.catalog.limit_actions import remove_limit
    from creamery.kernel.actor import CONSOLE

    is_changed = remove_limit(kind, project=project, username=username, actor=CONSOLE)
    told = {"kind": kind, "project": project, "username": username, "changed": is_changed}
    tell(told, f"{project or username}: {kind} as the settings say", as_json=as_json)


@limits.command("list")
@DATA
@JSON
@refusals_are_sentences
def list_limits_(*, data: Path | None, as_json: bool) -> None:
    """List the limits of single projects and people."""
    prepared(data)
    from creamery.catalog.limits import list_limits
    from creamery.kernel.actor import CONSOLE

    rows = [asdict(line) for line in list_limits(actor=CONSOLE)]
    columns = ["kind", "value", "project", "username", "set_at", "set_by"]
    show_rows(columns, rows, as_json=as_json, empty="The settings count for everybody.")


def _require_one(project: str, username: str) -> None:
    if bool(project) == bool(username):
        raise click.UsageError("Say whose limit it is, with --project or with --user.")
