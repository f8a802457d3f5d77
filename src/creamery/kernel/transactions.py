"""The words for transactions: an action opens one, a step needs one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import connection, transaction

from creamery.kernel.sqlite.base import DatabaseWrapper as SqliteDatabase

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


@contextmanager
def need_not_last() -> Iterator[None]:
    """
    Commit what is written inside without waiting for the disk.

    Only for what is done again when a power cut takes it back. The database stays consistent, and the next usual commit
    makes this one last as well. Inside an open transaction it changes nothing.

    Source: SQLite, "PRAGMA synchronous", NORMAL with WAL; PostgreSQL, "Asynchronous Commit".
    """
    database = transaction.get_connection()
    if database.in_atomic_block:
        yield
    elif not isinstance(database, SqliteDatabase):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit TO OFF")
            yield
    else:
        with database.turn_to_write(), database.cursor() as cursor:
            cursor.execute("PRAGMA synchronous=NORMAL")
            try:
                yield
            finally:
                cursor.execute("PRAGMA synchronous=FULL")
