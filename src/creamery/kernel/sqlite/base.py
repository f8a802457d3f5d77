"""
SQLite, made to notice when its file is gone.

An open connection goes on working when its file was removed or renamed: what it writes then would be acknowledged, and
lost with the process. So a connection looks whether its file is still the one at its path: when it is about to be used
by another request, and before each commit. Neither does a connection make a file where there is none: an empty
database in the place of one that is away for a moment would be taken for an index without projects.

And the threads of a process write in turns. SQLite has one writer, and whoever finds it busy asks again after naps of up to
100 ms each; of uploads that come at the same time most were asleep.
"""

import sqlite3
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.db.backends.sqlite3 import base, creation
from django.db.utils import OperationalError

_ABANDONED: list[sqlite3.Connection] = []
"""Kept open on purpose, see `DatabaseWrapper._close`."""

_TURNS: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
"""Held by the thread of this process that writes to that file; other processes are waited for as SQLite does it."""


class DatabaseCreation(creation.DatabaseCreation):
    """Makes the database of a test run."""

    def _create_test_db(self, verbosity: int, autoclobber: bool, keepdb: bool = False) -> str:
        name: str = super()._create_test_db(verbosity, autoclobber, keepdb)  # type: ignore[misc]
        create_file(name)
        return name


class DatabaseWrapper(base.DatabaseWrapper):
    """One connection, and the file that it was opened on."""

    creation_class = DatabaseCreation
    _opened: tuple[int, int] | None = None
    _has_turn = False

    def get_connection_params(self) -> dict[str, Any]:
        """Open files that exist, and make none."""
        params: dict[str, Any] = super().get_connection_params()
        if _is_file(params["database"]):
            params["database"] = f"file:{quote(str(params['database']))}?mode=rw"
        return params

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect, and keep in mind to which file."""
        self._opened = self._find_file()
        return super().get_new_connection(conn_params)

    def is_usable(self) -> bool:
        """Say whether the file is still there; Django asks before it uses a kept connection for the next request."""
        return self._opened == self._find_file()

    @contextmanager
    def turn_to_write(self) -> Iterator[None]:
        """Wait for this thread's turn, for writes outside a transaction; a transaction waits by itself. Raises OperationalError."""
        self._begin_turn()
        try:
            yield
        finally:
            self._end_turn()

    def _begin_turn(self) -> None:
        name = self.settings_dict["NAME"]
        if self._has_turn or not _is_file(name):
            return
        if not _TURNS[str(name)].acquire(timeout=self.settings_dict["OPTIONS"]["timeout"]):
            raise OperationalError("database is locked")
        self._has_turn = True

    def _end_turn(self) -> None:
        if self._has_turn:
            self._has_turn = False
            _TURNS[str(self.settings_dict["NAME"])].release()

    def _start_transaction_under_autocommit(self) -> None:
        self._begin_turn()
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._end_turn()
            raise

    def _commit(self) -> None:
        if not self.is_usable():
            raise OperationalError("The database's file was taken away; nothing is written to what is left of it.")
        super()._commit()  # type: ignore[misc]
        self._end_turn()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
            self._end_turn()

    def _close(self) -> None:
        """
        Close, unless the file is gone.

        The last connection of a process takes the `-wal` file with it, by its name: that may belong by now to a
        database that was put back, and would hold its newest changes. So it stays open; there is one for each thread.
        """
        try:
            if self.connection is None or self.is_usable():
                super()._close()  # type: ignore[misc]
                return
            with suppress(sqlite3.Error):
                self.connection.rollback()
            _ABANDONED.append(self.connection)
        finally:
            self._end_turn()

    def _find_file(self) -> tuple[int, int] | None:
        name = self.settings_dict["NAME"]
        if not _is_file(name):
            return None
        try:
            found = Path(name).stat()
        except FileNotFoundError:
            return 0, 0
        return found.st_dev, found.st_ino


def create_file(name: str) -> None:
    """Make an empty database, if the name is that of a file and there is none: set-up does this, nothing else."""
    if _is_file(name):
        Path(name).touch(mode=0o600)


def _is_file(name: object) -> bool:
    return not str(name).startswith("file:") and str(name) != ":memory:"
