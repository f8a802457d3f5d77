"""The words for transactions: an action opens one, a step needs one."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import transaction

P = ParamSpec("P")
R = TypeVar("R")


def writes(action: Callable[P, R]) -> Callable[P, R]:
    """
    Open the one transaction of an action.

    It must be the outermost: an action that is called inside another's transaction raises RuntimeError, because its
    caller could still undo what the action has answered for.
    """

    @wraps(action)
    def opened(*args: P.args, **kwargs: P.kwargs) -> R:
        with transaction.atomic(durable=True):
            return action(*args, **kwargs)

    return opened


def needs_transaction(step: str) -> None:
    """Refuse to run a step outside an action's transaction."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError(f"{step} is a step: call it inside an action that wears @writes.")
