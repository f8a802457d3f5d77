"""`creamery check`."""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from creamery import config
from creamery.cli.output import DATA, JSON, prepared, refusals_are_sentences

if TYPE_CHECKING:
    from creamery.upload.checking import Checked


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--policy", type=click.Choice(["open", "public"]), help="Check by this policy.  [default: that of the index]"
)
@DATA
@JSON
@refusals_are_sentences
def check(*, paths: tuple[Path, ...], policy: str | None, data: Path | None, as_json: bool) -> None:
    """
    Say what an upload of these files would be answered, and publish nothing.

    All that would refuse a file, and all that its uploader would be told, at once. Where there is no data folder the files
    are checked against an empty index. Exit code 1 if a file would be refused.
    """
    with _index_or_empty(data):
        from creamery.kernel.actor import CONSOLE
        from creamery.upload.checking import check_files
        from creamery.upload.importing import find_distributions

        named = [path for path in paths if path.is_file()]
        found = {*named, *find_distributions(path for path in paths if path.is_dir())}
        files = sorted(found, key=lambda file: (file.name, file))
        outcomes = list(check_files(files, policy_name=policy, actor=CONSOLE))
    _show(outcomes, as_json=as_json)
    sys.exit(1 if any(outcome.outcome == "refused" for outcome in outcomes) else 0)


@contextmanager
def _index_or_empty(data: Path | None) -> Iterator[None]:
    """Use the index that is there; an author who only checks files wants no new one beside them."""
    config.choose(data=data)
    if config.load().data.exists():
        prepared(None)
        yield
        return
    with TemporaryDirectory(prefix="creamery-check-") as folder:
        prepared(Path(folder))
        yield


def _show(outcomes: "list[Checked]", *, as_json: bool) -> None:
    counts = Counter(outcome.outcome for outcome in outcomes)
    if as_json:
        files = [
            {
                "path": str(outcome.path),
                "outcome": outcome.outcome,
                "code": outcome.code,
                "problems": outcome.problems,
                "warnings": outcome.warnings,
            }
            for outcome in outcomes
        ]
        click.echo(json.dumps({"files": files, **counts}, ensure_ascii=False))
        return
    lines = [(outcome.path.name, kind, text) for outcome in outcomes for kind, text in _lines(outcome)]
    if sys.stdout.isatty():
        table = Table("file", "", "what", show_lines=True)
        for name, kind, text in lines:
            table.add_row(escape(name), kind, escape(text))
        Console().print(table)
    else:
        for line in lines:
            click.echo("\t".join(line))
    click.echo(
        f"{len(outcomes)} files: {counts['fine']} fine, {counts['unchanged']} there already, {counts['refused']} refused",
        err=True,
    )


def _lines(outcome: "Checked") -> list[tuple[str, str]]:
    found = [("refused", text) for text in outcome.problems] + [("warning", text) for text in outcome.warnings]
    return found or [(outcome.outcome, "")]
