"""Who may do what about safety: permission -> any of these lists of predicates."""

from collections.abc import Callable
from typing import Literal

from creamery.kernel.actor import Actor

Permission = Literal["names.list", "names.change"]
Predicate = Callable[[Actor], bool]


def is_operator(actor: Actor) -> bool:
    """The program itself, or the operator at the command line."""
    return actor.kind == "system"


def is_staff(actor: Actor) -> bool:
    """A member of staff who logged in."""
    return actor.kind == "person" and actor.is_staff


POLICY: dict[Permission, list[list[Predicate]]] = {
    "names.list": [[is_operator], [is_staff]],
    "names.change": [[is_operator], [is_staff]],
}


def may(actor: Actor, permission: Permission) -> bool:
    """Decide whether the actor has the permission."""
    return any(all(predicate(actor) for predicate in needed) for needed in POLICY[permission])
