"""Limits that are counted in the database."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection, connections

from creamery.kernel import clock
from creamery.kernel.models import LimitCount
from creamery.kernel.shared_limits import SharedWindow
from tests.factories import finish_work
from tests.real.inside import Inside

WINDOW = SharedWindow("of-a-test", limit=3, seconds=60)


def test_so_many_are_allowed_and_then_none_until_the_window_is_over(inside: Inside) -> None:
    assert [WINDOW.take("ada") for _ in range(3)] == [0, 0, 0]
    assert 50 < WINDOW.take("ada") <= 60
    with clock.moved(timedelta(seconds=40)):
        assert 10 < WINDOW.take("ada") <= 20, "To go on trying does not make the wait longer."
    with clock.moved(timedelta(seconds=61)):
        assert WINDOW.take("ada") == 0


def test_keys_and_windows_are_counted_apart(inside: Inside) -> None:
    for _ in range(3):
        WINDOW.take("ada")
    assert WINDOW.take("grace") == 0
    assert SharedWindow("another", limit=1, seconds=60).take("ada") == 0


def test_what_is_given_back_or_forgotten_counts_no_more(inside: Inside) -> None:
    for _ in range(3):
        WINDOW.take("ada")
    WINDOW.give_back("ada")
    assert [WINDOW.take("ada") > 0 for _ in range(2)] == [False, True]
    WINDOW.forget("ada")
    assert WINDOW.take("ada") == 0
    WINDOW.give_back("nobody")
    assert WINDOW.take("nobody") == 0


@pytest.mark.parametrize("taken_before", [0, 2])
def test_of_many_at_once_no_more_get_through(taken_before: int, inside: Inside) -> None:
    """AUT-5: sixteen in parallel."""
    for _ in range(taken_before):
        WINDOW.take("ada")
    together, waits = Barrier(16), []

    def take() -> None:
        together.wait(10)
        waits.append(WINDOW.take("ada"))
        connections.close_all()

    threads = [Thread(target=take) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(waits), waits.count(0)) == (16, 3 - taken_before)


def test_what_is_counted_stays_when_all_else_is_undone(inside: Inside) -> None:
    WINDOW.take("ada")
    connection.close()
    assert LimitCount.objects.get().count == 1


def test_old_counts_are_removed(inside: Inside) -> None:
    WINDOW.take("ada")
    finish_work()
    assert LimitCount.objects.count() == 1
    with clock.moved(timedelta(days=2)):
        finish_work()
    assert not LimitCount.objects.exists()
