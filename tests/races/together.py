"""Doing several things at once, and letting one thing happen in the middle of another."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import pytest
from django.db import connections

from creamery.kernel import failpoints

T = TypeVar("T")
WAIT_SECONDS = 60.0


def at_once(*calls: Callable[[], T]) -> list[T | Exception]:
    """Make all calls at the same moment, each in a thread and on a connection of its own. Returns what each gave or raised."""
    start = threading.Barrier(len(calls))

    def run(call: Callable[[], T]) -> T | Exception:
        start.wait(WAIT_SECONDS)
        try:
            return call()
        except Exception as error:  # noqa: BLE001 - what was raised is what the test looks at.
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls, timeout=WAIT_SECONDS))


class Elsewhere:
    """Somebody else, who does one thing in a thread and on a connection of their own."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(1)
        self.doing: Future[object] | None = None

    def begin(self, call: Callable[[], object], *, patience: float = WAIT_SECONDS) -> None:
        """Do it; go on after that many seconds if it waits for us."""

        def run() -> object:
            try:
                return call()
            finally:
                connections.close_all()

        self.doing = self._threads.submit(run)
        try:
            self.doing.exception(patience)
        except TimeoutError:
            return

    def end(self) -> object:
        """Wait until it is done. Returns what it gave, or raises what it raised."""
        assert self.doing is not None, "the point was never reached"
        return self.doing.result(WAIT_SECONDS)


class LeftOffError(Exception):
    """Somebody stopped in the middle, as a crash does, but within this process."""


@contextmanager
def armed(point: str, happening: Callable[[], None]) -> Iterator[None]:
    """Have something happen when this process comes to the point, once."""
    failpoints.arm(point, happening)
    try:
        yield
    finally:
        failpoints.arm("")


@contextmanager
def in_the_middle(point: str, call: Callable[[], object], *, patience: float = WAIT_SECONDS) -> Iterator[Elsewhere]:
    """Have somebody else do something when this process comes to the point, once."""
    other = Elsewhere()
    with armed(point, lambda: other.begin(call, patience=patience)):
        yield other


@contextmanager
def left_off(point: str) -> Iterator[None]:
    """Expect that what is done inside comes to the point, and stops there."""

    def leave_off() -> None:
        raise LeftOffError

    with armed(point, leave_off), pytest.raises(LeftOffError):
        yield


def split(outcomes: Sequence[T | Exception]) -> tuple[list[T], list[Exception]]:
    """Part what was given from what was raised."""
    given = [outcome for outcome in outcomes if not isinstance(outcome, Exception)]
    return given, [outcome for outcome in outcomes if isinstance(outcome, Exception)]
