"""
How a process is made to kill itself between two of its steps.

Named failpoints stand in the code where one thing is finished and the next is not begun. Everything between them is
reached by counting: before the n-th operation on the file system, the n-th SQL statement, the n-th piece sent to the
object store, or after a while. SIGKILL leaves nothing flushed, closed or rolled back.
"""

import os
import random
import re
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

SOURCE = Path(__file__).parents[2] / "src" / "creamery"
FILE_OPERATIONS = {"os.rename", "os.link", "os.remove", "os.mkdir", "os.utime", "os.chmod"}
MOST_FILE_OPERATIONS = 130
MOST_STATEMENTS = 110
MOST_PIECES = 30
LONGEST_SECONDS = 0.25
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


@dataclass(frozen=True, slots=True)
class Plan:
    """When a process dies: `kind` is failpoint, file, statement, piece or seconds; `count` how many of them pass first."""

    kind: str
    point: str = ""
    count: float = 1

    def words(self) -> dict[str, Any]:
        """Write it so that it can be sent to the process."""
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.point}:{self.count:.0f}" if self.kind == "failpoint" else f"{self.kind} {self.count:.3g}"


def list_failpoints() -> list[str]:
    """List every failpoint that the source names."""
    found = {name for path in SOURCE.rglob("*.py") for name in re.findall(r'\breach\("([^"]+)"\)', path.read_text())}
    return sorted(found)


def choose(rng: random.Random, *, is_far: bool) -> Plan:
    """Choose a moment anywhere in the work of a few uploads. `is_far`: the store is reached over the network."""
    kinds = ["statement", "file", "seconds", "failpoint"] + (["piece", "piece"] if is_far else [])
    match rng.choice(kinds):
        case "failpoint":
            return Plan("failpoint", rng.choice(list_failpoints()), rng.randint(1, 4))
        case "file":
            return Plan("file", count=rng.randint(1, MOST_FILE_OPERATIONS))
        case "statement":
            return Plan("statement", count=rng.randint(1, MOST_STATEMENTS))
        case "piece":
            return Plan("piece", count=rng.randint(1, MOST_PIECES))
        case _:
            return Plan("seconds", count=rng.uniform(0, LONGEST_SECONDS))


class Reaper:
    """Counts what a process does once it is armed, and kills it at the chosen moment."""

    def __init__(self, folder: Path) -> None:
        """Watch this process; operations on files count below the folder."""
        self._folder = str(folder)
        self._kind = ""
        self._left = 0.0
        sys.addaudithook(self._on_audit)
        connection_created.connect(self._on_connection, weak=False)

    def arm(self, plan: Plan) -> None:
        """Begin to count."""
        from creamery.kernel import failpoints

        match plan.kind:
            case "failpoint":
                failpoints.arm(f"{plan.point}:{plan.count:.0f}")
            case "seconds":
                threading.Timer(plan.count, _die).start()
            case _:
                self._left, self._kind = plan.count, plan.kind

    def _count(self, kind: str) -> None:
        if self._kind == kind:
            self._left -= 1
            if self._left < 1:
                _die()

    def _on_audit(self, event: str, args: tuple[Any, ...]) -> None:
        if self._kind == "file" and self._is_ours(event, args):
            self._count("file")
        elif event == "http.client.send":
            self._count("piece")

    def _is_ours(self, event: str, args: tuple[Any, ...]) -> bool:
        if event == "open":
            return str(args[0]).startswith(self._folder) and bool(args[2] & _WRITING)
        return event in FILE_OPERATIONS and any(
            isinstance(arg, int) or str(arg).startswith(self._folder) for arg in args[:2]
        )

    def _on_connection(self, *, connection: BaseDatabaseWrapper, **_more: object) -> None:
        connection.execute_wrappers.append(self._on_statement)

    def _on_statement(self, execute: Callable[..., Any], *words: Any) -> Any:
        self._count("statement")
        return execute(*words)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
