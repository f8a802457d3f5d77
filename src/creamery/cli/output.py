"""What the command line prints: tables and colour for people, plain lines for pipes, JSON on request."""

import functools
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from creamery import config
from creamery.config import Config

F = TypeVar("F", bound=Callable[..., Any])

DATA = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Data folder.  [default: $CREAMERY_DATA or ./creamery-data]",
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def complain(sentence: str) -> None:
    """Print an error for people."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(f"[bold red]Error:[/] {escape(sentence)}")


def show_rows(columns: Sequence[str], rows: Sequence[Mapping[str, Any]], *, as_json: bool, empty: str) -> None:
    """Print rows: JSON if asked; a table on a terminal; else one line a row with tabs between."""
    if as_json:
        click.echo(json.dumps(list(rows), default=_plain, ensure_ascii=False))
    elif not rows:
        click.echo(empty, err=True)
    elif sys.stdout.isatty():
        table = Table(header_style="bold")
        for column in columns:
            table.add_column(column.replace("_", " "))
        for row in rows:
            table.add_row(*(escape(_cell(row[column])) for column in columns))
        Console().print(table)
    else:
        for row in rows:
            click.echo("\t".join(_cell(row[column]) for column in columns))


def tell(told: Mapping[str, Any], sentence: str, *, as_json: bool) -> None:
    """Print one outcome."""
    click.echo(json.dumps(told, default=_plain, ensure_ascii=False) if as_json else sentence)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return str(value)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def prepared(data: Path | None) -> Config:
    """
    Load settings and Django for a command on a data folder, with the tables brought up to date.

    Raises:
        BadSetting, CannotStart: as their sentences say.
    """
    from creamery import prepare
    from creamery.kernel import logs

    config.choose(data=data)
    prepare.make_data_folder(config.load())
    chosen = config.load()
    logs.set_up(chosen.log_format, "warning" if chosen.log_level == "info" else chosen.log_level)
    prepare.load_tables()
    return chosen


def refusals_are_sentences(command: F) -> F:
    """Turn a refusal into its sentence and exit code 1."""

    @functools.wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except Exception as error:
            from creamery.kernel.refusals import Refusal

            if not isinstance(error, Refusal):
                raise
            if kwargs.get("as_json"):
                click.echo(json.dumps(error.as_json(), ensure_ascii=False))
            complain(error.message())
            sys.exit(1)

    return wrapped  # type: ignore[return-value]
