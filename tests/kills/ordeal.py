"""
Many short lives of one index, each ended by SIGKILL at a chosen moment, and what must be true after every one.

The history of the client's side is the judge: what was answered with 200 is there for ever; what was not answered is
either recorded, and then visible once follow-up work is done, or it is nowhere, and both stay so until it is sent again.
"""

import random
import string
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

from tests.factories import Upload, make_upload
from tests.kills import reader, reaper
from tests.kills.nursery import Died, Nursery
from tests.kills.reaper import Plan
from tests.real.distributions import Distribution

LIFE_APART = timedelta(minutes=2)
"""The clock moves on by this much from life to life: more than a lease, so that what a dead process held is free again."""

ON_ITS_WAY_SECONDS = 0.5
AFTER_A_DAY = 90_000.0
PROJECTS = ("curd", "whey", "rennet-core")
LONG_SECONDS = 10.0
"""How long the worker is waited for when it must come to the chosen moment,"""
SHORT_SECONDS = 0.3
"""and when it may have passed."""


@dataclass
class Sent:
    """An upload, and what its sender knows of it: status 200 is a promise, 0 and 503 are none."""

    upload: Upload
    project: str
    metadata: bytes
    is_wheel: bool
    status: int = 0
    told: str = ""

    @property
    def is_promised(self) -> bool:
        return self.status == 200

    def __str__(self) -> str:
        return f"{self.upload.filename} ({self.status} {self.told})"


@dataclass
class Tally:
    """What an ordeal did."""

    kills: int = 0
    visited: set[str] = field(default_factory=set)
    by_kind: Counter[str] = field(default_factory=Counter)
    promised: int = 0
    found_recorded: int = 0
    found_absent: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    retried: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Tally") -> None:
        """Count another one in."""
        self.kills += other.kills
        self.visited |= other.visited
        self.by_kind += other.by_kind
        self.promised += other.promised
        self.found_recorded += other.found_recorded
        self.found_absent += other.found_absent
        self.answers += other.answers
        self.retried += other.retried

    def __str__(self) -> str:
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self.by_kind.items()))
        return (
            f"{self.kills} kills ({kinds}; {len(self.visited)} failpoints); {self.promised} uploads promised, "
            f"{self.found_recorded} found recorded, {self.found_absent} found absent, sent again {dict(self.retried)}, "
            f"answers {dict(self.answers)}"
        )


class Ordeal:
    """One index and its lives."""

    def __init__(self, nursery: Nursery, seed: str, *, is_far: bool = False) -> None:
        """`seed` decides everything that is left to chance. `is_far`: the store is reached over the network."""
        self.tally = Tally()
        self._nursery, self._rng, self._is_far = nursery, random.Random(seed), is_far
        self._moved = timedelta(0)
        self._port = 0
        self._versions = 0
        self._promised: list[Sent] = []
        self._undecided: list[Sent] = []
        self._absent: list[Sent] = []
        self._listed: dict[str, set[str]] = {}
        self._senders = ThreadPoolExecutor(3)

    def run(self, plans: list[Plan | None]) -> None:
        """Live and die by each plan, None being any moment; at the end look at everything once more."""
        for plan in plans:
            chosen = plan or reaper.choose(self._rng, is_far=self._is_far)
            try:
                self._live_once(chosen, LONG_SECONDS if plan else SHORT_SECONDS)
            except BaseException as error:
                error.add_note(f"after {self.tally.kills} kills, in the life that was to end at {chosen}")
                raise
        self._look_at_everything()

    def _live_once(self, plan: Plan, patience: float) -> None:
        if self._rng.random() < 0.5:
            self._check()
            self._begin_life()
            self._examine()
        else:
            # Without a worker it shows whether clients who send again get what they are promised by their own doing.
            is_quiet = not plan.point.startswith(("sweep.", "outbox.")) and self._rng.random() < 0.7
            self._begin_life(is_quiet=is_quiet)
            self._examine()
            if is_quiet or self._rng.random() < 0.5:
                self._send_at_once()
            self._check()
        self._decide()
        with suppress(Died):
            # The moment may come before the life can say that it heard of it.
            self._nursery.arm(plan)
        self._send_some()
        with suppress(Died):
            if plan.point.startswith("sweep."):
                self._sweep()
            self._nursery.move(10)
        self._end_life(plan, patience)

    def _begin_life(self, *, is_quiet: bool = False) -> None:
        self._moved += LIFE_APART
        self._port = self._nursery.live(self._moved, is_quiet=is_quiet)
        status, answer = reader.ask(self._port, "GET", "/health/ready", {})
        assert status == 200, answer

    def _end_life(self, plan: Plan, patience: float) -> None:
        """Let the worker come to the chosen moment; if it has passed already, any moment is as good."""
        by_itself = self._nursery.await_end(patience)
        self._nursery.kill()
        if self._is_far:
            # What a dead process had sent reaches the bucket a little later. A lease leaves it 20 s for that, but time is moved here.
            time.sleep(ON_ITS_WAY_SECONDS)
        self.tally.kills += 1
        self.tally.by_kind[plan.kind if by_itself else "idle"] += 1
        if by_itself and plan.kind == "failpoint":
            self.tally.visited.add(plan.point)

    def _sweep(self) -> None:
        self._nursery.leave_orphan(self._word())
        self._moved += timedelta(seconds=AFTER_A_DAY)
        self._nursery.move(AFTER_A_DAY)

    def _send_some(self) -> None:
        """Send one to three uploads, one after the other or at once; some of them twice."""
        chosen = [self._make() for _ in range(self._rng.choice((1, 1, 2, 3)))]
        if self._rng.random() < 0.2:
            chosen.append(Sent(chosen[0].upload, chosen[0].project, chosen[0].metadata, chosen[0].is_wheel))
        if self._rng.random() < 0.4:
            list(self._senders.map(self._send, chosen))
        else:
            for sent in chosen:
                self._send(sent)
        promised = {sent.upload.filename for sent in chosen if sent.is_promised}
        for sent in chosen:
            known = self._promised if sent.upload.filename in promised else self._undecided
            if sent.upload.filename not in {other.upload.filename for other in known}:
                known.append(sent)

    def _send(self, sent: Sent) -> None:
        sent.status, sent.told = reader.upload(self._port, self._nursery.token, sent.upload)
        assert sent.status in {200, 0, 503}, sent
        self.tally.answers[f"{sent.status} {sent.told}"] += 1

    def _make(self) -> Sent:
        self._versions += 1
        project = self._rng.choice((*PROJECTS, self._word()))
        is_wheel = self._rng.random() < 0.7
        what = Distribution(
            name=project,
            version=f"1.{self._versions}",
            readme="# Read me\n" if self._rng.random() < 0.1 else "",
            size_bytes=self._rng.choice((0, 0, 400_000)),
        )
        return Sent(make_upload(what, "wheel" if is_wheel else "sdist"), project, what.metadata(), is_wheel)

    def _word(self) -> str:
        return "".join(self._rng.choices(string.ascii_lowercase, k=12))

    def _examine(self) -> None:
        """Look at what the last life left, before anything but the server's own worker has touched it."""
        recent = self._promised[-4:]
        for project in {sent.project for sent in (*self._undecided, *recent)}:
            self._look_at_page(project)
        for sent in recent:
            self._look_at(sent)

    def _check(self) -> None:
        found = self._nursery.check(self._moved + LIFE_APART)
        assert found["wrong"] == [], found["wrong"]
        missing = {sent.upload.filename for sent in self._promised} - set(found["files"])
        assert not missing, f"promised, and not in the record: {missing}"
        back = {sent.upload.filename for sent in self._absent} & set(found["files"])
        assert not back, f"absent, and now in the record: {back}"

    def _decide(self) -> None:
        """Find out what became of uploads without an answer: all that was owed is done, so each is one of the two."""
        undecided, self._undecided = self._undecided, []
        recorded = self._nursery.list_recorded([sent.upload.filename for sent in undecided])
        for sent, is_recorded in zip(undecided, recorded, strict=True):
            self.tally.found_recorded += is_recorded
            self.tally.found_absent += not is_recorded
            if is_recorded:
                self._look_at(sent)
            else:
                self._look_for_nothing(sent)
            if self._rng.random() < 0.5:
                self._send_again(sent, is_recorded=is_recorded)
            elif is_recorded:
                self._promised.append(sent)
            else:
                self._absent.append(sent)

    def _send_at_once(self) -> None:
        """Send everything without an answer again, as clients do, before anything else had the time to finish it."""
        undecided, self._undecided = self._undecided, []
        recorded = self._nursery.list_recorded([sent.upload.filename for sent in undecided])
        for sent, is_recorded in zip(undecided, recorded, strict=True):
            self._send_again(sent, is_recorded=is_recorded)

    def _send_again(self, sent: Sent, *, is_recorded: bool) -> None:
        self._send(sent)
        expected = "unchanged" if is_recorded else "published"
        assert (sent.status, sent.told) == (200, expected), f"sent again: {sent}, expected {expected}"
        self.tally.retried[expected] += 1
        self._promised.append(sent)
        self._look_at(sent)

    def _look_at_page(self, project: str) -> None:
        """A page never lists what cannot be fetched, and never forgets."""
        for form in (reader.JSON, reader.HTML):
            listed = reader.list_files(self._port, project, form, self._rng)
            for filename, file in listed.items():
                wanted = [file.path, f"{file.path}.metadata"] if file.has_metadata else [file.path]
                for path in wanted:
                    assert reader.exists(self._port, path), f"{filename} is listed, but {path} is not there"
            if form == reader.JSON:
                lost = self._listed.get(project, set()) - set(listed)
                assert not lost, f"{project}: listed once, and not any more: {lost}"
                self._listed[project] = set(listed)

    def _look_at(self, sent: Sent) -> None:
        """It is wholly visible: on both pages, the file and its metadata with the right bytes."""
        filename, path = sent.upload.filename, reader.path_of(sent.upload)
        for form in (reader.JSON, reader.HTML):
            listed = reader.list_files(self._port, sent.project, form, self._rng)
            assert filename in listed, f"{sent} is not on the page {form}"
            assert listed[filename].path == path, listed[filename]
            assert listed[filename].has_metadata == sent.is_wheel, listed[filename]
        assert reader.fetch(self._port, path) == sent.upload.content, sent
        assert reader.fetch(self._port, f"{path}.metadata") == sent.metadata, sent

    def _look_for_nothing(self, sent: Sent) -> None:
        """It is wholly absent."""
        for form in (reader.JSON, reader.HTML):
            assert sent.upload.filename not in reader.list_files(self._port, sent.project, form, self._rng), sent
        for path in (reader.path_of(sent.upload), f"{reader.path_of(sent.upload)}.metadata"):
            assert reader.fetch(self._port, path) is None, sent

    def _look_at_everything(self) -> None:
        self._begin_life()
        self._check()
        self._decide()
        for sent in self._promised:
            self._look_at(sent)
        self.tally.promised = len(self._promised)
        for sent in self._absent:
            self._look_for_nothing(sent)
            self._send_again(sent, is_recorded=False)
        self._absent.clear()
        self._check()
        self._nursery.kill()
