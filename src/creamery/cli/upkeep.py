"""`creamery release`, `creamery file` and `creamery project`: what is done to things that are published."""

import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import click

from creamery.cli.output import DATA, JSON, prepared, refusals_are_sentences, show_rows, tell

PROJECT = click.argument("project")
VERSION = click.argument("version")
FILENAME = click.argument("filename")
REASON = click.option("--reason", default="", help="Why; installers and pages show it.")
YES = click.option("--yes", is_flag=True, help="Do not ask.")
STATUSES = ("active", "deprecated", "archived", "quarantined", "held", "deleted")


@click.group()
def release() -> None:
    """Releases: yank them, or delete them for ever."""


@release.command("yank")
@PROJECT
@VERSION
@REASON
@DATA
@JSON
@refusals_are_sentences
def yank_release_(*, project: str, version: str, reason: str, data: Path | None, as_json: bool) -> None:
    """Let installers take a release only when they are told this very version."""
    prepared(data)
    from creamery.catalog.upkeep_actions import yank_release
    from creamery.kernel.actor import CONSOLE

    is_changed = _do(lambda: yank_release(project, version, reason=reason, actor=CONSOLE))
    told = {"project": project, "version": version, "yanked": True, "reason": reason, "changed": is_changed}
    tell(told, _sentence(is_changed, f"{project} {version} is yanked."), as_json=as_json)


@release.command("unyank")
@PROJECT
@VERSION
@DATA
@JSON
@refusals_are_sentences
def unyank_release_(*, project: str, version: str, data: Path | None, as_json: bool) -> None:
    """Take the yank of a release back. Files that were yanked by themselves stay so."""
    prepared(data)
    from creamery.catalog.upkeep_actions import unyank_release
    from creamery.kernel.actor import CONSOLE

    is_changed = _do(lambda: unyank_release(project, version, actor=CONSOLE))
    told = {"project": project, "version": version, "yanked": False, "changed": is_changed}
    tell(told, _sentence(is_changed, f"{project} {version} is not yanked."), as_json=as_json)


@release.command("delete")
@PROJECT
@VERSION
@YES
@DATA
@JSON
@refusals_are_sentences
def delete_release_(*, project: str, version: str, yes: bool, data: Path | None, as_json: bool) -> None:
    """Delete a release with its files for ever; neither the version nor the file names can be used again."""
    prepared(data)
    from creamery.catalog.upkeep_actions import delete_release
    from creamery.kernel.actor import CONSOLE

    _confirm(f"The release {version} of {project}, with all its files,", version, yes=yes)
    is_changed = _do(lambda: delete_release(project, version, actor=CONSOLE))
    told = {"project": project, "version": version, "deleted": True, "changed": is_changed}
    tell(told, _sentence(is_changed, f"{project} {version} is deleted."), as_json=as_json)


@click.group("file")
def file_() -> None:
    """Single files: yank them, or delete them for ever."""


@file_.command("yank")
@FILENAME
@REASON
@DATA
@JSON
@refusals_are_sentences
def yank_file_(*, filename: str, reason: str, data: Path | None, as_json: bool) -> None:
    """Yank one file of a release."""
    prepared(data)
    from creamery.catalog.upkeep_actions import yank_file
    from creamery.kernel.actor import CONSOLE

    is_changed = _do(lambda: yank_file(_project_of(filename), filename, reason=reason, actor=CONSOLE))
    told = {"filename": filename, "yanked": True, "reason": reason, "changed": is_changed}
    tell(told, _sentence(is_changed, f"{filename} is yanked."), as_json=as_json)


@file_.command("unyank")
@FILENAME
@DATA
@JSON
@refusals_are_sentences
def unyank_file_(*, filename: str, data: Path | None, as_json: bool) -> None:
    """Take the yank of one file back."""
    prepared(data)
    from creamery.catalog.upkeep_actions import unyank_file
    from creamery.kernel.actor import CONSOLE

    is_changed = _do(lambda: unyank_file(_project_of(filename), filename, actor=CONSOLE))
    told = {"filename": filename, "yanked": False, "changed": is_changed}
    tell(told, _sentence(is_changed, f"{filename} is not yanked."), as_json=as_json)


@file_.command("delete")
@FILENAME
@YES
@DATA
@JSON
@refusals_are_sentences
def delete_file_(*, filename: str, yes: bool, data: Path | None, as_json: bool) -> None:
    """Delete a file for ever; its name can never be used again."""
    prepared(data)
    from creamery.catalog.upkeep_actions import delete_file
    from creamery.kernel.actor import CONSOLE

    _confirm(f"The file {filename}", filename, yes=yes)
    is_changed = _do(lambda: delete_file(_project_of(filename), filename, actor=CONSOLE))
    tell(
        {"filename": filename, "deleted": True, "changed": is_changed},
        _sentence(is_changed, f"{filename} is deleted."),
        as_json=as_json,
    )


@click.group()
def project() -> None:
    """Projects: list them, change their status, or delete them for ever."""


@project.command("list")
@click.option("--status", type=click.Choice(STATUSES), help="Only those of this status.")
@DATA
@JSON
@refusals_are_sentences
def list_projects_(*, status: str | None, data: Path | None, as_json: bool) -> None:
    """List all projects, deleted and quarantined ones as well."""
    prepared(data)
    from creamery.catalog.upkeep_queries import list_all_projects
    from creamery.kernel.actor import CONSOLE

    rows = [asdict(line) for line in list_all_projects(status, actor=CONSOLE)]
    columns = ["name", "status", "latest_version", "releases", "files", "size_bytes", "updated_at"]
    show_rows(columns, rows, as_json=as_json, empty="There are no such projects.")


@project.command("status")
@PROJECT
@click.argument("status", type=click.Choice(["active", "deprecated", "archived"]))
@REASON
@DATA
@JSON
@refusals_are_sentences
def change_status(*, project: str, status: str, reason: str, data: Path | None, as_json: bool) -> None:
    """Give a project another status: an archived one takes no uploads, a deprecated one advises against itself."""
    prepared(data)
    from creamery.catalog.upkeep_actions import set_project_status
    from creamery.kernel.actor import CONSOLE

    is_changed = _do(lambda: set_project_status(project, status, reason=reason, actor=CONSOLE))
    told = {"project": project, "status": status, "reason": reason, "changed": is_changed}
    tell(told, _sentence(is_changed, f"{project} is {status}."), as_json=as_json)


@project.command("delete")
@PROJECT
@YES
@DATA
@JSON
@refusals_are_sentences
def delete_project_(*, project: str, yes: bool, data: Path | None, as_json: bool) -> None:
    """Delete a project with all it holds for ever. CREAMERY_DELETED_NAMES says who may have its name again."""
    prepared(data)
    from creamery.catalog.upkeep_actions import delete_project
    from creamery.kernel.actor import CONSOLE

    _confirm(f"The project {project}, with all its releases and files,", project, yes=yes)
    is_changed = _do(lambda: delete_project(project, actor=CONSOLE))
    tell(
        {"project": project, "deleted": True, "changed": is_changed},
        _sentence(is_changed, f"{project} is deleted."),
        as_json=as_json,
    )


def _do(change: Callable[[], bool]) -> bool:
    """Make the change, and write the pages that follow, so that installers see it when the command ends."""
    from creamery.kernel.outbox import run_soon

    is_changed = change()
    run_soon()
    return is_changed


def _sentence(is_changed: bool, sentence: str) -> str:
    return sentence if is_changed else f"{sentence.rstrip('.')} already."


def _confirm(what: str, name: str, *, yes: bool) -> None:
    """Have the name typed once more, at a terminal; programs say --yes."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("What is deleted never comes back. Say --yes if that is meant.")
    click.echo(f"{what} will be deleted for ever.", err=True)
    if click.prompt(f"Type {name} to go on", err=True, default="", show_default=False) != name:
        raise click.UsageError("Nothing was deleted.")


def _project_of(filename: str) -> str:
    """
    Tell by a file's name whose it is.

    Raises:
        NoSuchFile: no file can have this name.
    """
    from creamery.catalog.upkeep_steps import NoSuchFile
    from creamery.spec.filenames import parse_filename
    from creamery.spec.problems import InvalidInput

    try:
        return str(parse_filename(filename).name)
    except InvalidInput as error:
        raise NoSuchFile(project="", filename=filename) from error
