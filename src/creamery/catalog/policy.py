"""Who may do what with projects: permission -> any of these lists of predicates."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from creamery.kernel.actor import Actor

Permission = Literal[
    "project.create",
    "project.upload",
    "project.retake",
    "project.list",
    "project.see",
    "project.addresses",
    "project.yank",
    "project.delete",
    "project.status",
    "held.list",
    "held.decide",
    "limits.change",
    "index.rebuild",
]
Role = Literal["owner", "maintainer", "publisher"]


@dataclass(frozen=True, slots=True)
class About:
    """What a permission is asked for: the project's normalised name, and the actor's role in it, if any."""

    normalized_name: str = ""
    role: str | None = None


Predicate = Callable[[Actor, About], bool]


def is_operator(actor: Actor, _about: About) -> bool:
    """The program itself, or the operator at the command line."""
    return actor.kind == "system"


def is_known(actor: Actor, _about: About) -> bool:
    """Somebody with an account, in person or by token."""
    return actor.person_id is not None


def token_covers_project(actor: Actor, about: About) -> bool:
    """Not limited to other projects by the token that is used."""
    return actor.projects is None or about.normalized_name in actor.projects


def may_publish(_actor: Actor, about: About) -> bool:
    """Somebody with a role that publishes."""
    return about.role in {"owner", "maintainer", "publisher"}


def is_owner(_actor: Actor, about: About) -> bool:
    """An owner of the project."""
    return about.role == "owner"


def has_role(_actor: Actor, about: About) -> bool:
    """Somebody with any role in the project."""
    return about.role is not None


def is_logged_in(actor: Actor, _about: About) -> bool:
    """A person who logged in."""
    return actor.kind == "person"


def is_token(actor: Actor, _about: About) -> bool:
    """An API token."""
    return actor.kind == "token"


def is_staff(actor: Actor, _about: About) -> bool:
    """A member of staff."""
    return actor.is_staff


POLICY: dict[Permission, list[list[Predicate]]] = {
    "project.create": [[is_operator], [is_known, token_covers_project]],
    "project.upload": [[is_operator], [is_known, token_covers_project, may_publish]],
    "project.retake": [[is_operator], [is_known, token_covers_project, is_owner]],
    "project.list": [[is_operator]],
    "project.see": [[is_operator], [is_logged_in, has_role], [is_token, token_covers_project, has_role]],
    "project.addresses": [[is_operator], [is_logged_in, is_owner]],
    "project.yank": [[is_operator], [is_logged_in, is_owner], [is_token, token_covers_project, is_owner]],
    "project.delete": [[is_operator], [is_logged_in, is_owner]],
    "project.status": [[is_operator], [is_logged_in, is_owner]],
    "held.list": [[is_operator], [is_logged_in, is_staff]],
    "held.decide": [[is_operator], [is_logged_in, is_staff]],
    "limits.change": [[is_operator], [is_logged_in, is_staff]],
    "index.rebuild": [[is_operator]],
}


def may(actor: Actor, permission: Permission, about: About) -> bool:
    """Decide whether the actor has the permission."""
    return any(all(predicate(actor, about) for predicate in needed) for needed in POLICY[permission])
