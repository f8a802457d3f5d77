"""
A real PostgreSQL in a folder of its own, from any folder of its programs: the wheel's or Debian's.

PostgreSQL refuses to run as root. A run as root (containers, CI) therefore gives the server to a user without rights.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import psycopg

from tests.real.processes import DidNotStart, end, find_free_port, tail, wait_until

OWNER = "creamery"
# Safe for `kill -9` of any process, as the page cache survives that; only a machine that loses power would lose data.
FAST = ("fsync=off", "full_page_writes=off", "timezone=UTC", "log_min_messages=warning", "max_connections=100")
START_SECONDS = 30
PLAIN_USERS = ("postgres", "nobody")


class Cluster:
    """
    One PostgreSQL server with its databases.

    It may be stopped and started again; the databases stay until `remove`.
    """

    def __init__(self, programs: Path) -> None:
        """Make a new cluster with the programs of that folder (`initdb`, `postgres`); it does not run yet."""
        self._folder = Path(tempfile.mkdtemp(prefix="creamery-pg-"))
        self._log = self._folder / "log"
        self._user = _find_plain_user()
        if self._user is not None:
            os.chown(self._folder, self._user.pw_uid, self._user.pw_gid)
        self._programs = self._find_reachable(programs)
        self._process: subprocess.Popen[bytes] | None = None
        self.port = find_free_port()
        self._initialize()

    def start(self) -> None:
        """
        Start the server, on 127.0.0.1 only.

        Raises:
            DidNotStart: with what it logged.
        """
        settings = (*FAST, "listen_addresses=127.0.0.1", f"unix_socket_directories={self._folder}")
        options = [word for setting in settings for word in ("-c", setting)]
        self._process = self._spawn(self._programs / "postgres", "-D", "data", "-p", str(self.port), *options)
        wait_until(self._is_answering, self._process, self._log, START_SECONDS)

    def stop(self) -> None:
        """Stop the server, cutting its connections."""
        if self._process is not None:
            end(self._process, signal_number=signal.SIGINT)
            self._process = None

    def remove(self) -> None:
        """Stop the server and delete everything it held."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def create_database(self, name: str) -> str:
        """Create an empty database. Returns its address."""
        self._execute(f'CREATE DATABASE "{name}"')
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Delete a database, cutting whoever is still connected."""
        self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def url(self, database: str) -> str:
        """Say the address of a database of this server."""
        return f"postgres://{OWNER}:{OWNER}@127.0.0.1:{self.port}/{database}"

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    def _is_answering(self) -> bool:
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _initialize(self) -> None:
        options = ("--auth=trust", "--no-locale", "--encoding=UTF8", "--no-sync")
        if self._spawn(self._programs / "initdb", "-D", "data", "-U", OWNER, *options).wait():
            raise DidNotStart(f"initdb:\n{tail(self._log)}")

    def _find_reachable(self, programs: Path) -> Path:
        """Copy the programs when the plain user may not reach them, as in a clone below a private home."""
        try:
            if self._spawn(programs / "postgres", "--version").wait() == 0:
                return programs
        except PermissionError:
            pass
        # A wheel keeps the shared libraries of <site>/<package>/<install>/bin in <site>/<package>.libs.
        site, package, installation = programs.parents[2], programs.parents[1].name, programs.parent.name
        copy = self._folder / "programs"
        shutil.copytree(programs.parent, copy / package / installation, symlinks=True)
        if (site / f"{package}.libs").exists():
            shutil.copytree(site / f"{package}.libs", copy / f"{package}.libs")
        for path in (copy, *copy.rglob("*")):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o555 if path.is_dir() or path.parent.name == "bin" else 0o444))
        return copy / package / installation / programs.name

    def _spawn(self, *words: str | Path) -> subprocess.Popen[bytes]:
        """Start one of the programs as the plain user, where there is one."""
        user = self._user
        with self._log.open("ab") as log:
            return subprocess.Popen(
                words,
                cwd=self._folder,
                env={"PATH": os.defpath, "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=user.pw_uid if user else None,
                group=user.pw_gid if user else None,
                extra_groups=() if user else None,
            )


def _find_plain_user() -> pwd.struct_passwd | None:
    """Find the user to run the server as: None for ourselves, unless we are root, which PostgreSQL refuses."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return next(known[name] for name in PLAIN_USERS if name in known)
