"""Threads of a process write to SQLite in turns, and whatever ends a transaction ends its turn."""

import threading
from collections.abc import Callable
from contextlib import suppress

import pytest
from django.db import connection, transaction
from django.db.utils import OperationalError

from creamery.kernel.notes import find_note, write_note
from creamery.kernel.transactions import need_not_last

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.only_on("sqlite")]

WAIT_SECONDS = 20


def beside(call: Callable[[], None]) -> threading.Thread:
    """Run something in a thread with a connection of its own."""

    def run() -> None:
        try:
            call()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def write() -> None:
    with transaction.atomic():
        write_note("cheese", "gouda")


def test_a_writer_waits_for_the_one_before_it_and_not_a_moment_longer() -> None:
    is_open, may_end = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            is_open.set()
            may_end.wait(WAIT_SECONDS)

    first = beside(hold)
    assert is_open.wait(WAIT_SECONDS)
    second = beside(write)
    second.join(0.2)
    assert second.is_alive()
    may_end.set()
    first.join(WAIT_SECONDS)
    second.join(WAIT_SECONDS)
    assert find_note("cheese") == "gouda"


def roll_back() -> None:
    with suppress(InterruptedError), transaction.atomic():
        write_note("cheese", "brie")
        raise InterruptedError


def lose_the_connection() -> None:
    with suppress(InterruptedError), transaction.atomic():
        connection.close()
        raise InterruptedError


def fail_to_begin() -> None:
    connection.ensure_connection()
    assert connection.connection is not None
    connection.connection.close()
    with pytest.raises(Exception, match="closed"), transaction.atomic():
        pass
    connection.connection = None


def write_what_need_not_last() -> None:
    with need_not_last():
        write_note("cheese", "edam")


def write_what_need_not_last_and_fail() -> None:
    with suppress(InterruptedError), need_not_last():
        raise InterruptedError


@pytest.mark.parametrize(
    "ending",
    [write, roll_back, lose_the_connection, fail_to_begin, write_what_need_not_last, write_what_need_not_last_and_fail],
)
def test_the_turn_is_over_however_a_transaction_ends(ending: Callable[[], None]) -> None:
    beside(ending).join(WAIT_SECONDS)
    second = beside(write)
    second.join(WAIT_SECONDS / 2)
    assert not second.is_alive()
    assert find_note("cheese") == "gouda"


def test_a_writer_who_waited_too_long_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    def try_to_write() -> None:
        monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 0.1)
        try:
            write()
        except OperationalError as error:
            told.append(str(error))

    with transaction.atomic():
        beside(try_to_write).join(WAIT_SECONDS)
    assert told == ["database is locked"]
