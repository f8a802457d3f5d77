"""What the first start says: the address, and the exact commands to type next."""

import os
import shlex
import shutil
import sys
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from creamery.config import Config
from creamery.web.pages.commands import list_install_commands


def greet(chosen: Config) -> None:
    """Print the address and what to type next, with the real address filled in."""
    from creamery.accounts.actions import new_setup_code
    from creamery.accounts.queries import has_people

    url, creamery = chosen.public_url, own_command(chosen)
    lines = [f"[bold]Creamery[/] serves [bold cyan]{escape(url)}/[/] from {escape(str(chosen.data))}", ""]
    if has_people():
        lines += ["[bold]Make a token[/], in another terminal, in this folder:", *_commands(_token(creamery, "NAME"))]
    else:
        lines += [
            "Nobody has an account yet. Create the first administrator by this link, which works once:",
            *_commands(f"{url}/setup/{new_setup_code()}/"),
            "",
            "or in another terminal, in this folder:",
            *_commands(f"{creamery} user create ada --email ada@idx.example", _token(creamery, "ada")),
        ]
    lines += [
        "",
        "[bold]Publish[/] what lies in dist/, with twine or with uv:",
        *_commands(
            f"twine upload --repository-url {url}/legacy/ -u __token__ dist/*",
            f"UV_PUBLISH_TOKEN=$TWINE_PASSWORD uv publish --publish-url {url}/legacy/ --check-url {url}/simple/",
        ),
        "",
        "[bold]Install[/], with pip or with uv:",
        *_commands(*(command.text for command in list_install_commands(f"{url}/simple/", "NAME")[:2])),
        "",
        "Stop with Ctrl-C.",
    ]
    Console(highlight=False, soft_wrap=True).print("\n".join(lines))


def own_command(chosen: Config) -> str:
    """Spell this program so that it can be typed in another terminal, in the same folder, for the same data."""
    usual = chosen.data == Path("creamery-data").resolve()
    return _program() if usual else f"CREAMERY_DATA={shlex.quote(str(chosen.data))} {_program()}"


def _program() -> str:
    program = Path(sys.argv[0])
    if program.name == "__main__.py":
        return f"{shlex.quote(sys.executable)} -m creamery"
    found = shutil.which(program.name)
    if found is not None and program.exists() and Path(found).samefile(program):
        return program.name
    near = os.path.relpath(program)
    return shlex.quote(os.path.normpath(program.absolute()) if near.startswith("..") else near)


def _token(creamery: str, username: str) -> str:
    return f"export TWINE_PASSWORD=$({creamery} token create --user {username})"


def _commands(*commands: str) -> list[str]:
    return [f"  {escape(command)}" for command in commands]
