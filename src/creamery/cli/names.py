"""`creamery names`."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from creamery.cli.output import DATA, JSON, prepared, refusals_are_sentences, show_rows, tell

if TYPE_CHECKING:
    from creamery.safety.actions import ListName

NAMES = click.argument("names", nargs=-1, required=True)
REASON = click.option("--reason", default="", help="Why; told to whoever tries to use a forbidden one.")


@click.group("names")
def names_() -> None:
    """Names that may not become projects, that may in any case, or that others must not be mistaken for."""


@names_.command("forbid")
@NAMES
@REASON
@DATA
@JSON
@refusals_are_sentences
def forbid_names(*, names: tuple[str, ...], reason: str, data: Path | None, as_json: bool) -> None:
    """Let nobody create projects of these names. Projects that exist stay."""
    prepared(data)
    _put_on("forbidden", names, reason, as_json=as_json)


@names_.command("allow")
@NAMES
@REASON
@DATA
@JSON
@refusals_are_sentences
def allow_names(*, names: tuple[str, ...], reason: str, data: Path | None, as_json: bool) -> None:
    """Let these names become projects, though they look like others or are of the standard library."""
    prepared(data)
    _put_on("allowed", names, reason, as_json=as_json)


@names_.command("popular")
@click.argument("names", nargs=-1)
@click.option(
    "--file", "file", type=click.File(encoding="utf-8"), help="A file with one name a line; - for standard input."
)
@DATA
@JSON
@refusals_are_sentences
def note_popular_names(*, names: tuple[str, ...], file: TextIO | None, data: Path | None, as_json: bool) -> None:
    """
    Watch over these names: who creates one that could be a mistyped one of them is warned, held or refused.

    CREAMERY_TYPO_SQUATS says which. Without a list no name is compared: downloads are not counted, so the index cannot tell
    by itself what is popular.
    """
    prepared(data)
    lines = (line.strip() for line in file or ())
    given = [*names, *(line for line in lines if line and not line.startswith("#"))]
    if not given:
        raise click.UsageError("Name projects, or a file of them with --file.")
    _put_on("popular", given, "", as_json=as_json)


@names_.command("forget")
@NAMES
@DATA
@JSON
@refusals_are_sentences
def forget_names(*, names: tuple[str, ...], data: Path | None, as_json: bool) -> None:
    """Take names off all lists."""
    prepared(data)
    from creamery.kernel.actor import CONSOLE
    from creamery.safety.actions import unlist_names

    count = unlist_names(names, actor=CONSOLE)
    tell({"removed": count}, f"Removed {count} entries.", as_json=as_json)


@names_.command("list")
@click.argument("which", required=False, type=click.Choice(["forbidden", "allowed", "popular"]))
@DATA
@JSON
@refusals_are_sentences
def list_names_(*, which: str | None, data: Path | None, as_json: bool) -> None:
    """List what is on the lists, or on one of them."""
    prepared(data)
    from creamery.kernel.actor import CONSOLE
    from creamery.safety.queries import list_names

    rows = [asdict(line) for line in list_names(which, actor=CONSOLE)]
    columns = ["list", "name", "reason", "added_at", "added_by"]
    show_rows(columns, rows, as_json=as_json, empty="No names are listed: creamery names forbid NAME --reason WHY")


def _put_on(list_name: "ListName", names: "tuple[str, ...] | list[str]", reason: str, *, as_json: bool) -> None:
    from creamery.kernel.actor import CONSOLE
    from creamery.safety.actions import list_names_as

    listed = list_names_as(list_name, names, reason=reason, actor=CONSOLE)
    shown = ", ".join(listed) if len(listed) <= 10 else f"{len(listed)} names"
    tell({"list": list_name, "names": listed}, f"{list_name}: {shown}", as_json=as_json)
