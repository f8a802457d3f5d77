"""`creamery letters`."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from creamery.cli.output import DATA, JSON, prepared, refusals_are_sentences, show_rows, tell

if TYPE_CHECKING:
    from creamery.kernel.letters import State


@click.group("letters")
def letters_() -> None:
    """Letters to people: which were sent, which wait, and which cannot be delivered."""


@letters_.command("list")
@click.argument("state", required=False, type=click.Choice(["waiting", "sent", "failed"]))
@DATA
@JSON
@refusals_are_sentences
def list_letters_(*, state: "State | None", data: Path | None, as_json: bool) -> None:
    """List the letters of the last month, newest first, or those in one state."""
    prepared(data)
    from creamery.accounts.queries import list_letters
    from creamery.kernel.actor import CONSOLE

    rows = [asdict(line) for line in list_letters(state, actor=CONSOLE)]
    columns = ["id", "username", "address", "template", "state", "at", "ended_at", "error"]
    show_rows(columns, rows, as_json=as_json, empty="There are no such letters.")


@letters_.command("retry")
@click.argument("ids", nargs=-1, type=int)
@DATA
@JSON
@refusals_are_sentences
def retry_letters_(*, ids: tuple[int, ...], data: Path | None, as_json: bool) -> None:
    """Put letters that could not be delivered in the post once more: these, or all. The worker sends them."""
    prepared(data)
    from creamery.accounts.actions import retry_letters
    from creamery.kernel.actor import CONSOLE

    posted = retry_letters(ids or None, actor=CONSOLE)
    tell({"posted": posted}, f"Put {len(posted)} letters in the post.", as_json=as_json)
