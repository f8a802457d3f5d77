"""
What still has to follow: a job is a row, written in the transaction of the change that causes it.

- Jobs with the same reaction and key are twins. Twins are merged when they are claimed, never when they are written.
- A claim is a lease on (reaction, key), taken by one conditional statement: one row changed means that it is ours. It
  lasts 30 s. A reaction that writes outside the database calls `claim.hold()` just before each write, which raises if
  somebody else has the lease by now, so that a build that was paused does not land on a newer one. Whoever was paused in
  the very moment between the two finds out at the next `hold`, and owes the reaction once more.
- The list of twins is read before the reaction reads anything else: a twin that is written later is not in it, keeps its
  row, and runs again.
- `soon` jobs are run by `run_soon()` right after the commit, in the same process. The worker keeps off them for 2 s, so
  that it does not race whoever is about to run them; what fails, or was left by a crash, is the worker's then.
- Leases and finished jobs are written without waiting for the disk: what a power cut takes back of them is only done again.
"""

import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import DatabaseError, connection, transaction
from django.db.models import Min

from creamery.kernel import clock, rows
from creamery.kernel.failpoints import reach
from creamery.kernel.models import Job, Lease, Periodic
from creamery.kernel.refusals import StillOwed
from creamery.kernel.transactions import need_not_last

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=30)
RENEWED_AFTER = timedelta(seconds=10)
"""A lease that is younger is nobody else's yet; the rest is room for clocks that differ from machine to machine."""
SOON_IS_OURS = timedelta(seconds=2)
PERIODIC_SECONDS = 30.0
TWIN_WAIT_SECONDS = 10.0
BOUNDLESS = 2**62
FAILING_ATTEMPTS = 5
"""From so many failed runs on, a job is shown to staff."""


class ClaimLost(Exception):
    """The lease ran out and somebody else holds it; what was built must not be written."""


class NotNow(Exception):
    """A reaction's way to say that what it needs is away: it is tried again, and the log says so in one line."""


React = Callable[..., None]
"""
A reaction: a function of a module that gets the id it is about, if it has one, and `claim=`; it reads the present. It may run
twice, late, or once for ten changes.
"""


@dataclass(frozen=True, slots=True)
class Reaction:
    """One line of the table in `reactions.py`."""

    react: React
    key: str | None
    is_soon: bool
    delay: timedelta = timedelta(0)

    @property
    def name(self) -> str:
        """Name the reaction for its rows: `publish.project_page.render`."""
        return f"{self.react.__module__.removeprefix('creamery.')}.{self.react.__name__}"


def soon(react: React, key: str | None = None) -> Reaction:
    """Declare a reaction that is done before the person who caused it gets an answer."""
    return Reaction(react, key, is_soon=True)


def later(react: React, key: str | None = None, delay_seconds: float = 0) -> Reaction:
    """Declare a reaction that is left to the worker; a delay lets a burst become one run."""
    return Reaction(react, key, is_soon=False, delay=timedelta(seconds=delay_seconds))


class JobKey(NamedTuple):
    """What twins share."""

    reaction: str
    key: str


@dataclass
class _Table:
    by_event: Mapping[type, list[Reaction]] = field(default_factory=dict)
    by_name: dict[str, Reaction] = field(default_factory=dict)
    periodic: dict[str, timedelta] = field(default_factory=dict)


_table = _Table()
_owed: ContextVar[tuple[JobKey, ...]] = ContextVar("owed", default=())
_wake = threading.Event()
_released = threading.Condition()
"""Told when a lease of this process is given back; those of other processes are asked for again after a while."""


def use_table(
    by_event: Mapping[type, list[Reaction]], periodic: Mapping[Reaction, timedelta], by_hand: list[Reaction]
) -> None:
    """Take the table of reactions; called once, when Django is ready."""
    _table.by_event = by_event
    for reaction in (*periodic, *by_hand, *(r for reactions in by_event.values() for r in reactions)):
        _table.by_name[reaction.name] = reaction
    _table.periodic = {reaction.name: every for reaction, every in periodic.items()}


def owe(event: type, fields: Mapping[str, Any]) -> None:
    """Write a job for each reaction of the event, in the open transaction."""
    now = clock.now()
    jobs, keys = [], []
    for reaction in _table.by_event[event]:
        job_key = JobKey(reaction.name, str(fields[reaction.key]) if reaction.key else "")
        delay = SOON_IS_OURS if reaction.is_soon else reaction.delay
        jobs.append(Job(reaction=job_key.reaction, key=job_key.key, created_at=now, due_at=now + delay))
        if reaction.is_soon:
            keys.append(job_key)
    rows.insert_all(jobs)
    transaction.on_commit(lambda: _after_commit(keys))


def owe_each(react: React, ids: Iterable[int]) -> int:
    """
    Write a job of one reaction for each id, and say how many: for changes that concern everything, and for letters.

    In an open transaction they are part of it.
    """
    name, now, count = Reaction(react, None, is_soon=False).name, clock.now(), 0
    with transaction.atomic():
        for one in ids:
            Job.objects.create(reaction=name, key=str(one), created_at=now, due_at=now)
            count += 1
    _wake.set()
    return count


def _after_commit(keys: list[JobKey]) -> None:
    _owed.set((*_owed.get(), *(key for key in keys if key not in _owed.get())))


@contextmanager
def batch() -> Iterator[None]:
    """Collect what is owed over several actions; it is run once, at the end. For imports."""
    _batching.set(True)
    try:
        yield
    finally:
        _batching.set(False)
        run_soon()


_batching: ContextVar[bool] = ContextVar("batching", default=False)


def run_soon(also: tuple[JobKey, ...] = ()) -> None:
    """
    Run what this task's commits owe, and what is owed under the keys in `also`.

    Raises:
        StillOwed: a reaction failed, a twin at work elsewhere did not finish within 10 s, or the database went away after
            the commit. The rows stay.
    """
    keys = (*_owed.get(), *(key for key in also if key not in _owed.get()))
    if _batching.get():
        _owed.set(keys)
        return
    _owed.set(())
    deadline = time.monotonic() + TWIN_WAIT_SECONDS
    try:
        for key in keys:
            _finish(key, deadline)
    except DatabaseError as error:
        log.exception("The database went away before what is owed was done")
        raise StillOwed from error


def _finish(key: JobKey, deadline: float) -> None:
    """
    Have done what is owed now, by this task or by whoever is at it.

    What this task has committed is there when the list of twins is read: one run settles it. What others owe since then is
    theirs: with many uploads to one project there is always somebody who still waits.
    """
    outcome = run(key)
    newest = _find_newest(key) if outcome is None else None
    pause = 0.01
    while outcome is None and newest is not None and is_owed(key, newest):
        if time.monotonic() > deadline:
            raise StillOwed
        with _released:
            _released.wait(pause)
        pause = min(pause * 2, 0.2)
        outcome = run(key)
    if outcome is False:
        raise StillOwed


class Claim:
    """The right to run one (reaction, key), for as long as the lease stands."""

    def __init__(self, key: JobKey) -> None:
        self.key = key
        self.holder = secrets.token_hex(16)
        self._renewed_at: datetime | None = None

    def take(self) -> bool:
        """Try to take the lease; one statement, the same on both databases."""
        now = clock.now()
        with need_not_last():
            is_mine = (
                rows.change(
                    "INSERT INTO lease (reaction, key, holder, until) VALUES (%s, %s, %s, %s) "
                    "ON CONFLICT (reaction, key) DO UPDATE SET holder = excluded.holder, until = excluded.until "
                    "WHERE lease.until < %s",
                    *self.key,
                    self.holder,
                    rows.as_parameter(now + LEASE),
                    rows.as_parameter(now),
                )
                == 1
            )
        self._renewed_at = now if is_mine else None
        return is_mine

    def hold(self) -> None:
        """
        Make sure of the lease, just before each thing that is written. Asks the database only when it is getting old.

        Raises:
            ClaimLost: somebody else holds it.
        """
        now = clock.now()
        if self._renewed_at is not None and timedelta(0) <= now - self._renewed_at < RENEWED_AFTER:
            return
        mine = Lease.objects.filter(reaction=self.key.reaction, key=self.key.key, holder=self.holder)
        with need_not_last():
            is_mine = mine.update(until=now + LEASE) == 1
        if not is_mine:
            raise ClaimLost(*self.key)
        self._renewed_at = now

    def release(self) -> None:
        """Give the lease back."""
        with need_not_last():
            self._give_back()
        _tell_released()

    def settle(self, jobs: list[int]) -> None:
        """Take the jobs that are done off the list, and give the lease back."""
        with need_not_last(), transaction.atomic():
            for job in jobs:
                rows.change("DELETE FROM job WHERE id = %s", job)
            reach("outbox.settling")
            self._give_back()
        _tell_released()

    def _give_back(self) -> None:
        rows.change("DELETE FROM lease WHERE reaction = %s AND key = %s AND holder = %s", *self.key, self.holder)


def _tell_released() -> None:
    with _released:
        _released.notify_all()


def run(key: JobKey) -> bool | None:
    """
    Run the jobs of one key, if they can be claimed.

    Returns:
        True: they ran, or there were none. False: they failed, and stay. None: somebody else is at it.
    """
    claim = Claim(key)
    if not claim.take():
        return None
    reach("outbox.claimed")
    try:
        outcome = _run_claimed(key, claim)
    except BaseException:
        claim.release()
        raise
    if outcome is not True:
        claim.release()
    return outcome


def _run_claimed(key: JobKey, claim: Claim) -> bool | None:
    """Run what is owed, if anything is; when it is done, the lease is given back as well."""
    twins = [row[0] for row in rows.fetch_all("SELECT id FROM job WHERE reaction = %s AND key = %s", *key)]
    if not twins:
        claim.release()
        return True
    args = (int(key.key),) if key.key else ()
    try:
        _table.by_name[key.reaction].react(*args, claim=claim)
        claim.hold()
    except ClaimLost:
        # What was written last may have landed on the work of whoever took over, who has seen all rows but this one.
        now = clock.now()
        Job.objects.create(reaction=key.reaction, key=key.key, created_at=now, due_at=now)
        return None
    except Exception as error:
        if isinstance(error, NotNow):
            log.warning("Reaction %s(%s) waits: %s", *key, error)
        else:
            log.exception("Reaction %s(%s) failed", *key)
        _note_failure(twins, error)
        return False
    reach("outbox.reacted")
    claim.settle(twins)
    reach("outbox.settled")
    return True


def _note_failure(twins: list[int], error: Exception) -> None:
    now = clock.now()
    for job in Job.objects.filter(id__in=twins):
        job.attempts += 1
        job.last_error = f"{type(error).__name__}: {error}"[:2000]
        job.due_at = now + timedelta(seconds=min(2**job.attempts, 600))
        job.save(update_fields=["attempts", "last_error", "due_at"])


def _find_newest(key: JobKey) -> int | None:
    found = rows.fetch_one("SELECT MAX(id) FROM job WHERE reaction = %s AND key = %s", *key)
    return None if found is None else found[0]


def is_owed(key: JobKey, up_to: int = BOUNDLESS) -> bool:
    """Tell whether a reaction still has to run for that key; with a job's id, for that job or an older one."""
    owed = "SELECT 1 FROM job WHERE reaction = %s AND key = %s AND id <= %s LIMIT 1"
    return rows.fetch_one(owed, *key, up_to) is not None


@contextmanager
def claimed(key: JobKey) -> Iterator[Claim]:
    """
    Hold the lease of a key for work that is not a job, such as a rebuild; waits for a twin at work, for 10 s at most.

    Raises:
        StillOwed: the twin did not finish in time.
    """
    claim, deadline = Claim(key), time.monotonic() + TWIN_WAIT_SECONDS
    while not claim.take():
        if time.monotonic() > deadline:
            raise StillOwed
        time.sleep(0.05)
    try:
        yield claim
    finally:
        claim.release()


def run_due(limit: int = 100) -> int:
    """Run what is due, oldest first, and say how many keys ran."""
    due = Job.objects.filter(due_at__lte=clock.now()).values("reaction", "key").annotate(oldest=Min("id"))
    known = [
        JobKey(row["reaction"], row["key"])
        for row in due.order_by("oldest")[:limit]
        if row["reaction"] in _table.by_name
    ]
    return sum(run(key) is True for key in known)


def owe_periodic() -> None:
    """Write a job for each periodic reaction whose time has come; of several processes one wins."""
    now = clock.now()
    for name, every in _table.periodic.items():
        with transaction.atomic():
            Periodic.objects.get_or_create(reaction=name, defaults={"begun_at": datetime.fromtimestamp(0, now.tzinfo)})
            if Periodic.objects.filter(reaction=name, begun_at__lte=now - every).update(begun_at=now):
                Job.objects.create(reaction=name, key="", created_at=now, due_at=now)


def work(stop: threading.Event, idle_seconds: float = 0.5) -> None:
    """
    Work until told to stop: periodic reactions, then what is due, then a short sleep.

    A commit does not end the sleep: what a burst of changes owes is merged in the meantime.
    """
    periodic_at = 0.0
    while not stop.is_set():
        try:
            if time.monotonic() >= periodic_at:
                periodic_at = time.monotonic() + PERIODIC_SECONDS
                owe_periodic()
            busy = run_due()
        except Exception:
            # The database may be away; the outbox waits for it, it does not give up.
            log.exception("The outbox could not be worked on; next try in 2 s")
            connection.close()
            busy = 0
            stop.wait(2)
        if not busy:
            _wake.wait(idle_seconds)
            _wake.clear()


def work_in_thread() -> Callable[[], None]:
    """Start a worker beside the requests of this process; returns what ends it and waits until it is done."""
    stop = threading.Event()

    def run() -> None:
        work(stop)
        connection.close()

    thread = threading.Thread(target=run, name="worker", daemon=True)
    thread.start()

    def end() -> None:
        stop.set()
        wake()
        thread.join(LEASE.total_seconds())

    return end


def wake() -> None:
    """End the worker's sleep, so that it sees that it should stop."""
    _wake.set()


@dataclass(frozen=True, slots=True)
class Backlog:
    """How the outbox stands."""

    waiting: int
    failing: int
    oldest_seconds: float


def backlog() -> Backlog:
    """Count what waits, what keeps failing, and the age of the oldest job that is due."""
    now = clock.now()
    oldest = Job.objects.filter(due_at__lte=now).aggregate(oldest=Min("due_at"))["oldest"]
    return Backlog(
        waiting=Job.objects.count(),
        failing=Job.objects.filter(attempts__gte=FAILING_ATTEMPTS).count(),
        oldest_seconds=(now - oldest).total_seconds() if oldest else 0.0,
    )
