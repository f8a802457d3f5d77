"""
The command line.

Exit codes: 0 done; 1 done, but something was refused or differs; 2 not begun: wrong options, settings or surroundings.
Django is imported inside commands only, so that `--help` and completion are quick.
"""

import sys

import click

from creamery.cli.checking import check
from creamery.cli.held import held
from creamery.cli.importing import import_
from creamery.cli.letters import letters_
from creamery.cli.limits import limits
from creamery.cli.names import names_
from creamery.cli.output import complain
from creamery.cli.people import token, user
from creamery.cli.rebuilding import rebuild
from creamery.cli.serving import serve, worker
from creamery.cli.upkeep import file_, project, release
from creamery.cli.verifying import verify
from creamery.config import BadSetting
from creamery.kernel.logs import mask
from creamery.prepare import CannotStart
from creamery.storage.open_store import StorageAddressInvalid
from creamery.storage.store import StoreUnavailable

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(context_settings=CONTEXT)
@click.version_option(package_name="creamery", prog_name="creamery")
def commands() -> None:
    """Creamery: the Python package index that anyone can run."""


EVERYTHING = (
    serve, worker, user, token, import_, check, project, release, file_, names_, held, limits, letters_, rebuild, verify,
)  # fmt: skip

for command in EVERYTHING:
    commands.add_command(command)


@commands.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """
    Print the completion script for a shell.

    \b
    bash: creamery completion bash > ~/.local/share/bash-completion/completions/creamery
    zsh:  creamery completion zsh > ~/.zfunc/_creamery
    fish: creamery completion fish > ~/.config/fish/completions/creamery.fish
    """
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    if found is not None:
        click.echo(found(commands, {}, "creamery", "_CREAMERY_COMPLETE").source())


def main() -> None:
    """Run the command line; whatever an operator can mend is one sentence and exit code 2."""
    try:
        commands(prog_name="creamery")
    except (BadSetting, CannotStart) as error:
        complain(str(error))
        sys.exit(2)
    except (StorageAddressInvalid, StoreUnavailable) as error:
        what = mask(str(getattr(error, "strerror", None) or error)).rstrip(".")
        complain(f"The store cannot be used: {what}. Check CREAMERY_STORAGE_URL.")
        sys.exit(2)
