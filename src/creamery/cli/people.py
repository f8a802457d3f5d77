"""`creamery user` and `creamery token`."""

import re
import sys
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import click

from creamery.cli.greeting import own_command
from creamery.cli.output import DATA, JSON, prepared, refusals_are_sentences, show_rows, tell


@click.group()
def user() -> None:
    """People who may publish here."""


@user.command("create")
@click.argument("name")
@click.option("--email", required=True, help="Where the person can be reached.")
@click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input; without one, only tokens work."
)
@click.option("--staff", is_flag=True, help="The person may administer the index.")
@DATA
@JSON
@refusals_are_sentences
def create_user(*, name: str, email: str, password_stdin: bool, staff: bool, data: Path | None, as_json: bool) -> None:
    """Create a person, who counts as verified and may publish at once."""
    chosen = prepared(data)
    from creamery.accounts.actions import create_person
    from creamery.kernel.actor import CONSOLE

    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    person = create_person(name, email=email, password=password, is_staff=staff, is_verified=True, actor=CONSOLE)
    told = {"id": person.pk, "username": person.username, "email": person.email, "is_staff": person.is_staff}
    tell(
        told,
        f"Created {person.username}. Next: {own_command(chosen)} token create --user {person.username}",
        as_json=as_json,
    )


@user.command("password")
@click.argument("name")
@DATA
@JSON
@refusals_are_sentences
def set_password_(*, name: str, data: Path | None, as_json: bool) -> None:
    """Give a person another password, or a first one, read from standard input; their sessions end, their tokens go on."""
    prepared(data)
    from creamery.accounts.actions import set_password
    from creamery.kernel.actor import CONSOLE

    set_password(name, sys.stdin.readline().rstrip("\r\n"), actor=CONSOLE)
    tell({"username": name, "password_changed": True}, f"{name} has a new password to log in with.", as_json=as_json)


@user.command("invite")
@click.argument("address")
@DATA
@JSON
@refusals_are_sentences
def invite_user(*, address: str, data: Path | None, as_json: bool) -> None:
    """Send somebody a link with which they make an account, for a week. The worker sends it."""
    prepared(data)
    from creamery.accounts.registration import invite_person
    from creamery.kernel.actor import CONSOLE

    invite_person(address, actor=CONSOLE)
    tell({"address": address, "invited": True}, f"A letter to {address} is in the post.", as_json=as_json)


@user.command("unfreeze")
@click.argument("name")
@DATA
@JSON
@refusals_are_sentences
def unfreeze_user(*, name: str, data: Path | None, as_json: bool) -> None:
    """Open an account again that was frozen by the link in a letter; its password and tokens do not come back."""
    prepared(data)
    from creamery.accounts.freeze_actions import unfreeze_person
    from creamery.kernel.actor import CONSOLE

    is_changed = unfreeze_person(name, actor=CONSOLE)
    said = (
        f"{name} is open again. It has no password: creamery user password {name}"
        if is_changed
        else f"{name} is not frozen."
    )
    tell({"username": name, "unfrozen": is_changed}, said, as_json=as_json)


@user.command("list")
@DATA
@JSON
def list_users(*, data: Path | None, as_json: bool) -> None:
    """List everybody."""
    prepared(data)
    from creamery.accounts.queries import list_people

    rows = [asdict(person) for person in list_people()]
    columns = ["id", "username", "email", "is_verified", "is_staff", "created_at"]
    show_rows(columns, rows, as_json=as_json, empty="There is nobody yet: creamery user create NAME --email ADDRESS")


@click.group()
def token() -> None:
    """API tokens, with which twine, uv and others publish."""


def _lifetime(_context: click.Context, _parameter: click.Parameter, value: str) -> timedelta | None:
    if value == "never":
        return None
    found = re.fullmatch(r"([1-9][0-9]{0,4})([dhw])", value)
    if not found:
        raise click.BadParameter("write a number with h, d or w, such as 90d, or never")
    return int(found[1]) * {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}[found[2]]


@token.command("create")
@click.option("--user", "username", required=True, help="Whose token it is.")
@click.option("--project", "projects", multiple=True, help="Limit it to a project; may be given several times.")
@click.option(
    "--expires", default="90d", show_default=True, callback=_lifetime, help="Lifetime: 12h, 90d, 8w, or never."
)
@click.option("--name", default="made at the console", show_default=True, help="What it is for.")
@DATA
@JSON
@refusals_are_sentences
def create_token_(
    *, username: str, projects: tuple[str, ...], expires: timedelta | None, name: str, data: Path | None, as_json: bool
) -> None:
    """Make a token and print it alone on the last line; it is shown this once."""
    prepared(data)
    from creamery.accounts.actions import create_token
    from creamery.accounts.queries import get_person_id
    from creamery.kernel import clock
    from creamery.kernel.actor import CONSOLE

    expires_at = None if expires is None else clock.now() + expires
    made = create_token(
        get_person_id(username), name=name, projects=projects or None, expires_at=expires_at, actor=CONSOLE
    )
    told = {
        "id": made.id,
        "name": made.name,
        "user": username,
        "projects": projects or None,
        "expires_at": expires_at,
        "token": made.text,
    }
    if not as_json:
        until = f"until {expires_at:%Y-%m-%d}" if expires_at else "for ever"
        click.echo(f"Token {made.id} of {username} works {until}; the username to give with it is __token__:", err=True)
    tell(told, made.text, as_json=as_json)


@token.command("list")
@click.option("--user", "username", help="Only this person's.")
@DATA
@JSON
@refusals_are_sentences
def list_tokens_(*, username: str | None, data: Path | None, as_json: bool) -> None:
    """List tokens; never their text."""
    prepared(data)
    from creamery.accounts.queries import list_tokens

    rows = [asdict(line) for line in list_tokens(username)]
    columns = ["id", "username", "name", "projects", "created_at", "expires_at", "revoked_at", "last_used_at"]
    show_rows(columns, rows, as_json=as_json, empty="There are no tokens: creamery token create --user NAME")


@token.command("revoke")
@click.argument("token_id", type=int)
@DATA
@JSON
@refusals_are_sentences
def revoke_token_(*, token_id: int, data: Path | None, as_json: bool) -> None:
    """Make a token useless, at once and for ever."""
    prepared(data)
    from creamery.accounts.actions import revoke_token
    from creamery.kernel.actor import CONSOLE

    revoke_token(token_id, actor=CONSOLE)
    tell({"id": token_id, "revoked": True}, f"Token {token_id} works no more.", as_json=as_json)
