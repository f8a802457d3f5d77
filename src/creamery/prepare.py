"""What has to be there before anything is served: the data folder, the secret, the tables, the default index."""

import contextlib
import fcntl
import os
import secrets
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from creamery.config import KEPT_PUBLIC_URL, Config, load_django
from creamery.kernel.logs import mask

MIGRATION_LOCK = 0x63726561
"""The number of PostgreSQL's advisory lock under which tables are changed: "crea" in ASCII."""


_getting_ready = threading.Lock()
_is_ready = threading.Event()


class CannotStart(Exception):
    """The index cannot start; the sentence says why and what to do."""


def make_data_folder(config: Config) -> None:
    """
    Create the data folder and the secret in it, if they are not there.

    Raises:
        CannotStart: the folder cannot be made or written to.
    """
    try:
        config.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        config.incoming.mkdir(mode=0o700, exist_ok=True)
        if not config.secret:
            _write_secret(config.data / "secret")
        probe = config.data / ".writable"
        probe.touch()
        probe.unlink(missing_ok=True)  # Another process that starts now may have taken it away.
    except OSError as error:
        raise CannotStart(
            f"The data folder {config.data} cannot be written to ({error.strerror}). "
            "Give this user the right to, or name another folder with --data."
        ) from error


def _write_secret(path: Path) -> None:
    """Make the secret appear whole: another process that starts now reads all of it, or makes its own first."""
    temporary = path.with_name(f".secret-{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        _appear_once(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _appear_once(temporary: Path, path: Path) -> None:
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        return  # Another process was first; its secret is the one.
    except OSError:
        # This file system has no hard links.
        if not path.exists():
            temporary.rename(path)


@contextlib.contextmanager
def only_instance(config: Config) -> Iterator[None]:
    """
    Hold the data folder for this server and the processes that it starts.

    Raises:
        CannotStart: another server holds it.
    """
    file = (config.data / "lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        pid = file.read().strip() or "unknown"
        file.close()
        raise CannotStart(
            f"Another creamery serve (process {pid}) runs on {config.data}. Stop it, or name another folder with --data."
        ) from None
    _write_pid(file)
    try:
        yield
    finally:
        file.close()


def _write_pid(file: IO[str]) -> None:
    file.seek(0)
    file.truncate()
    file.write(str(os.getpid()))
    file.flush()


def get_ready() -> None:
    """
    Do all that a server needs before pages and uploads are answered; once for a process, by whichever thread is first.

    Raises:
        CannotStart: the database cannot be reached.
        StoreUnavailable: what a first start writes cannot be written.
    """
    with _getting_ready:
        if not _is_ready.is_set():
            load_tables()
            start_afresh()
            _is_ready.set()


def remember_address(config: Config) -> None:
    """Leave the server's address in the data folder, for commands that run beside it."""
    temporary = config.data / f".public-url-{os.getpid()}"
    temporary.write_text(config.public_url + "\n")
    temporary.replace(config.data / KEPT_PUBLIC_URL)


def load_tables() -> None:
    """
    Load Django, and create or change the tables and the default index, under a lock: several processes may try at once.

    Raises:
        CannotStart: the database cannot be reached.
    """
    load_django()
    from django.db import DatabaseError

    try:
        _bring_up_to_date()
    except DatabaseError as error:
        what = " ".join(mask(str(error)).split()).rstrip(".?")
        raise CannotStart(f"The database cannot be used: {what}. Check CREAMERY_DATABASE_URL.") from error


def start_afresh() -> None:
    """Write the documents that a first start or a new public address needs."""
    from creamery.publish.rebuild import render_after_move, render_missing_roots

    render_missing_roots()
    render_after_move()


def _bring_up_to_date() -> None:
    from django.db import connection

    from creamery import config
    from creamery.catalog.actions import ensure_default_index
    from creamery.kernel.migrating import migrate
    from creamery.kernel.sqlite.base import create_file
    from creamery.settings import CONFIG

    with _table_lock():
        if connection.vendor == "sqlite":
            create_file(connection.settings_dict["NAME"])
        connection.ensure_connection()
        migrate()
        # A command beside a server, without the server's settings, must not open a public index.
        ensure_default_index(CONFIG.index_policy, only_new=not config.is_given("index_policy"))


@contextlib.contextmanager
def _table_lock() -> Iterator[None]:
    from django.db import connection

    from creamery.settings import CONFIG

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATION_LOCK])
        return
    with (CONFIG.data / "migrate.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
