"""What is owed is done: once for many, again after a failure, never by two at once."""

import contextvars
import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connections

from creamery.kernel import clock, outbox
from creamery.kernel.models import Job, Lease, Periodic
from creamery.kernel.outbox import FAILING_ATTEMPTS, LEASE, Claim, ClaimLost, JobKey, later
from creamery.kernel.refusals import StillOwed
from tests.kernel.things import LATER, SOON, do_thing, react, react_late, table
from tests.real.inside import Inside

KEY = JobKey("tests.kernel.things.react", "5")
LATE_KEY = JobKey("tests.kernel.things.react_late", "5")


def break_down(_claim: Claim) -> None:
    """Fail as a reaction may."""
    raise ZeroDivisionError("The reason.")


def test_a_soon_reaction_runs_before_the_answer_and_leaves_no_row(inside: Inside) -> None:
    with table(SOON) as ran:
        do_thing(5)
        assert ran.ids == []
        outbox.run_soon()
        assert (ran.ids, Job.objects.count(), Lease.objects.count()) == ([(5,)], 0, 0)


def test_a_later_reaction_waits_for_the_worker_and_for_its_delay(inside: Inside) -> None:
    with table(LATER) as ran:
        do_thing(5)
        outbox.run_soon()
        assert (outbox.run_due(), ran.ids) == (0, [])
        with clock.moved(timedelta(seconds=3)):
            assert (outbox.run_due(), ran.ids) == (1, [(5,)])
        assert not Job.objects.exists()


def test_ten_changes_are_ten_rows_and_one_run(inside: Inside) -> None:
    with table(SOON) as ran:
        for _ in range(10):
            do_thing(5)
        assert Job.objects.count() == 10
        outbox.run_soon()
        assert (ran.ids, Job.objects.count()) == ([(5,)], 0)


def test_a_change_during_a_run_is_not_swallowed_by_it(inside: Inside) -> None:
    with table(SOON) as ran:
        do_thing(5)
        ran.meanwhile = lambda _claim: do_thing(5) if len(ran.ids) == 1 else None
        assert outbox.run(KEY) is True
        assert Job.objects.count() == 1, "The row that came meanwhile stays."
        assert outbox.run(KEY) is True
        assert (ran.ids, Job.objects.count()) == ([(5,), (5,)], 0)


def test_keys_are_told_apart(inside: Inside) -> None:
    with table(SOON) as ran:
        for thing in (1, 2, 1):
            do_thing(thing)
        outbox.run_soon()
        assert ran.ids == [(1,), (2,)]


def test_a_batch_runs_once_at_its_end(inside: Inside) -> None:
    with table(SOON) as ran:
        with outbox.batch():
            for _ in range(3):
                do_thing(5)
                outbox.run_soon()
            assert ran.ids == []
        assert ran.ids == [(5,)]


def test_a_batch_that_breaks_still_does_what_is_owed(inside: Inside) -> None:
    with table(SOON) as ran:
        with pytest.raises(ZeroDivisionError), outbox.batch():
            do_thing_and_break(5)
        assert ran.ids == [(5,)]
        do_thing(6)
        outbox.run_soon()
        assert ran.ids == [(5,), (6,)]


def test_a_batch_also_does_what_somebody_else_left_undone(inside: Inside) -> None:
    """As an import does that was killed and is started again."""
    with table(SOON) as ran:
        contextvars.copy_context().run(do_thing, 5)
        with outbox.batch():
            outbox.run_soon(also=(KEY,))
            assert ran.ids == []
        assert (ran.ids, Job.objects.count()) == ([(5,)], 0)


def test_a_failure_is_said_and_the_row_stays_with_its_reason(inside: Inside, caplog: pytest.LogCaptureFixture) -> None:
    with table(SOON) as ran:
        ran.meanwhile = break_down
        do_thing(5)
        with pytest.raises(StillOwed):
            outbox.run_soon()
        job = Job.objects.get()
        assert (job.attempts, job.last_error) == (1, "ZeroDivisionError: The reason.")
        assert "Traceback" in caplog.text
        ran.meanwhile = None
        with clock.moved(timedelta(seconds=3)):
            assert outbox.run_due() == 1
        assert not Job.objects.exists()


def test_the_pause_after_failures_grows_to_ten_minutes(inside: Inside) -> None:
    pauses = []
    with table(LATER) as ran:
        ran.meanwhile = break_down
        do_thing(5)
        for _ in range(12):
            with clock.moved(Job.objects.get().due_at - clock.now() + timedelta(milliseconds=1)):
                began = clock.now()
                assert outbox.run_due() == 0
                pauses.append(round((Job.objects.get().due_at - began).total_seconds()))
    assert pauses == [2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600, 600]


def test_a_job_that_keeps_failing_is_visible_and_holds_up_nobody(inside: Inside) -> None:
    with table(LATER) as ran:
        do_thing(1)
        do_thing(2)
        ran.meanwhile = lambda claim: break_down(claim) if ran.ids[-1] == (1,) else None
        for attempt in range(FAILING_ATTEMPTS):
            assert outbox.backlog().failing == 0, attempt
            with clock.moved(timedelta(hours=attempt + 1)):
                outbox.run_due()
        assert (2,) in ran.ids
        assert (outbox.backlog().failing, outbox.backlog().waiting) == (1, 1)


def test_the_age_of_the_oldest_job_that_is_due_is_told(inside: Inside) -> None:
    with table(LATER):
        assert outbox.backlog().oldest_seconds == 0
        do_thing(5)
        assert outbox.backlog().oldest_seconds == 0, "Not due yet."
        with clock.moved(timedelta(seconds=62)):
            assert 59 < outbox.backlog().oldest_seconds < 62


def test_a_job_of_a_newer_program_is_left_for_it(inside: Inside) -> None:
    now = clock.now()
    Job.objects.create(reaction="safety.checks.run", key="1", created_at=now, due_at=now)
    with table(LATER):
        assert outbox.run_due() == 0
    assert Job.objects.get().attempts == 0


class TestLease:
    """A claim is a lease; whoever lost it must not write."""

    def test_one_holds_it_and_others_keep_off(self, inside: Inside) -> None:
        first, second = Claim(KEY), Claim(KEY)
        assert (first.take(), second.take(), first.take()) == (True, False, False)
        first.release()
        assert second.take()

    def test_a_dead_holders_lease_runs_out(self, inside: Inside) -> None:
        dead, alive = Claim(KEY), Claim(KEY)
        dead.take()
        with clock.moved(LEASE + timedelta(seconds=1)):
            assert alive.take()
            with pytest.raises(ClaimLost):
                dead.hold()
            dead.release()
            alive.hold()

    def test_holding_renews_it(self, inside: Inside) -> None:
        slow, other = Claim(KEY), Claim(KEY)
        slow.take()
        with clock.moved(LEASE - timedelta(seconds=1)):
            slow.hold()
        with clock.moved(LEASE + timedelta(seconds=5)):
            assert not other.take()

    def test_whoever_lost_it_leaves_the_job_to_the_one_who_has_it(self, inside: Inside) -> None:
        with table(SOON) as ran:
            do_thing(5)

            def be_paused(claim: Claim) -> None:
                with clock.moved(LEASE + timedelta(seconds=1)):
                    assert Claim(KEY).take()
                    claim.hold()

            ran.meanwhile = be_paused
            assert outbox.run(KEY) is None
            assert set(Job.objects.values_list("attempts", flat=True)) == {0}

    def test_a_twin_at_work_elsewhere_is_waited_for_and_then_told(
        self, inside: Inside, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(outbox, "TWIN_WAIT_SECONDS", 0.3)
        with table(SOON) as ran:
            elsewhere = Claim(KEY)
            elsewhere.take()
            do_thing(5)
            with pytest.raises(StillOwed) as refused:
                outbox.run_soon()
            assert (refused.value.status, refused.value.retry_after_seconds, ran.ids) == (503, 5, [])
            elsewhere.release()
            outbox.run_soon(also=(KEY,))
            assert ran.ids == [(5,)]

    def test_work_that_is_no_job_holds_it_too(self, inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(outbox, "TWIN_WAIT_SECONDS", 0.2)
        with table(SOON), outbox.claimed(KEY):
            do_thing(5)
            with pytest.raises(StillOwed), outbox.claimed(KEY):
                raise AssertionError("Both hold it.")
        assert not Lease.objects.exists()

    def test_of_many_at_once_one_gets_it(self, inside: Inside) -> None:
        assert sum(at_once(8, lambda: Claim(KEY).take())) == 1


class TestPeriodic:
    """Work that repeats is owed once, whoever asks first."""

    EVERY = timedelta(hours=1)

    def test_it_is_owed_once_among_many_and_again_when_its_time_has_come(self, inside: Inside) -> None:
        with table(periodic={later(react_late): self.EVERY}) as ran:
            at_once(6, outbox.owe_periodic)
            assert (Job.objects.count(), Periodic.objects.count()) == (1, 1)
            outbox.run_due()
            assert ran.ids == [()]
            outbox.owe_periodic()
            assert Job.objects.count() == 0
            with clock.moved(self.EVERY + timedelta(seconds=1)):
                outbox.owe_periodic()
                assert Job.objects.count() == 1

    def test_the_product_sweeps_by_it(self) -> None:
        from creamery import reactions

        assert "upload.sweep.sweep" in [reaction.name for reaction in reactions.periodic()]


class TestWorker:
    """The loop that serve and worker run."""

    def test_it_does_what_is_owed_and_ends_when_told(self, inside: Inside) -> None:
        with table(later(react, key="thing_id")) as ran:
            end = outbox.work_in_thread()
            do_thing(5)
            wait_for(lambda: ran.ids == [(5,)])
            began = time.monotonic()
            end()
            assert time.monotonic() - began < 2
            do_thing(6)
            assert ran.ids == [(5,)]

    def test_what_a_burst_owes_while_it_sleeps_is_done_once(self, inside: Inside) -> None:
        stop = threading.Event()
        with table(later(react, key="thing_id")) as ran:
            worker = threading.Thread(target=closing(lambda: outbox.work(stop, idle_seconds=1)), daemon=True)
            worker.start()
            try:
                time.sleep(0.3)
                for _ in range(5):
                    do_thing(5)
                wait_for(lambda: ran.ids == [(5,)])
            finally:
                stop.set()
                outbox.wake()
                worker.join(5)
            assert not worker.is_alive()


def do_thing_and_break(thing_id: int) -> None:
    """Commit, then fail."""
    do_thing(thing_id)
    raise ZeroDivisionError


def at_once(count: int, call: Callable[[], object]) -> list[bool]:
    """Call from many threads at the same moment. Says of each whether it was told True."""
    barrier, told = threading.Barrier(count), []

    def run() -> None:
        barrier.wait()
        told.append(call() is True)

    threads = [threading.Thread(target=closing(run)) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(told) == count
    return told


def closing(call: Callable[[], object]) -> Callable[[], None]:
    """Close a thread's connections at its end."""

    def run() -> None:
        try:
            call()
        finally:
            connections.close_all()

    return run


def wait_for(is_so: Callable[[], bool], seconds: float = 10) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)
