"""Who may do what with accounts: permission -> any of these lists of predicates."""

from collections.abc import Callable
from typing import Literal

from creamery.kernel.actor import Actor

Permission = Literal[
    "person.create",
    "person.password",
    "person.invite",
    "person.unfreeze",
    "password.change",
    "address.see",
    "address.change",
    "token.create",
    "token.revoke",
    "people.list",
    "letters.list",
    "letters.retry",
]
Predicate = Callable[[Actor, int | None], bool]


def is_operator(actor: Actor, _person_id: int | None) -> bool:
    """The program itself, or the operator at the command line."""
    return actor.kind == "system"


def is_staff(actor: Actor, _person_id: int | None) -> bool:
    """A member of staff who logged in."""
    return actor.kind == "person" and actor.is_staff


def is_self(actor: Actor, person_id: int | None) -> bool:
    """The person whom it is about, logged in; a token does not make tokens."""
    return actor.kind == "person" and actor.person_id is not None and actor.person_id == person_id


POLICY: dict[Permission, list[list[Predicate]]] = {
    "person.create": [[is_operator], [is_staff]],
    "person.password": [[is_operator]],
    "person.invite": [[is_operator], [is_staff]],
    "person.unfreeze": [[is_operator], [is_staff]],
    "password.change": [[is_self]],
    "address.see": [[is_operator], [is_self]],
    "address.change": [[is_operator], [is_self]],
    "people.list": [[is_operator], [is_staff]],
    "letters.list": [[is_operator], [is_staff]],
    "letters.retry": [[is_operator], [is_staff]],
    "token.create": [[is_operator], [is_self]],
    "token.revoke": [[is_operator], [is_self], [is_staff]],
}


def may(actor: Actor, permission: Permission, person_id: int | None = None) -> bool:
    """Decide whether the actor has the permission concerning that person."""
    return any(all(predicate(actor, person_id) for predicate in needed) for needed in POLICY[permission])
