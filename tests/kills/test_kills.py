"""
`kill -9` between any two steps of an upload and of its follow-up work: REL-1, REL-3; invariants I1 to I4, I6, I8, I9.

`make test` uses the same seed in every run; `make soak` one that it prints. A run is repeated with
`--soak --hypothesis-seed=SEED`.
"""

import os
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.kills.nursery import Nursery
from tests.kills.ordeal import Ordeal, Tally
from tests.kills.reaper import Plan, list_failpoints
from tests.real.object_store import ObjectStore
from tests.real.postgres import Cluster
from tests.real.processes import tail

pytestmark = [pytest.mark.database, pytest.mark.soak]

MEMORY = Path("/dev/shm")
QUICK_SEED = 20261121
KILLS_PER_INDEX = 50
REPEATED = {
    "publish.put": 12,
    "publish.name": 2,
    "upload.put": 2,
    "outbox.claimed": 4,
    "outbox.reacted": 4,
    "outbox.settled": 4,
}
"""Points that one upload and its follow-up work reach several times, and how often."""

StartNursery = Callable[[str | None], Nursery]


@pytest.fixture
def start_nursery(cluster: Cluster | None) -> Iterator[StartNursery]:
    """
    Start indexes on the run's database, each empty.

    They lie in memory where that is possible: a killed process loses nothing that the kernel has, so a disk would only
    cost time.
    """
    home = Path(tempfile.mkdtemp(prefix="creamery-kills-", dir=MEMORY if os.access(MEMORY, os.W_OK) else None))
    started: list[Nursery] = []
    databases: list[str] = []

    def start(storage_url: str | None) -> Nursery:
        name = f"kills_{uuid4().hex[:12]}"
        database_url = None
        if cluster is not None:
            database_url = cluster.create_database(name)
            databases.append(name)
        folder = home / name
        folder.mkdir()
        started.append(Nursery(folder, database_url=database_url, storage_url=storage_url))
        return started[-1]

    yield start
    for nursery in started:
        nursery.close()
    for name in databases:
        assert cluster is not None
        cluster.drop_database(name)
    shutil.rmtree(home)


@pytest.fixture
def seed(full_numbers: bool, pytestconfig: pytest.Config) -> int:
    """Choose the seed of the run."""
    if not full_numbers:
        return QUICK_SEED
    given = pytestconfig.getoption("hypothesis_seed", None)
    return random.SystemRandom().randrange(2**32) if given in {None, "random"} else int(given)


def plan_visits(rng: random.Random) -> list[Plan | None]:
    """Plan a kill at every failpoint, in any order."""
    visits: list[Plan | None] = [
        Plan("failpoint", point, rng.randint(1, REPEATED.get(point, 1))) for point in list_failpoints()
    ]
    rng.shuffle(visits)
    return visits


def go_through(
    kills: int, seed: int, start_nursery: StartNursery, find_store: Callable[[], str | None], say: Callable[[str], None]
) -> Tally:
    """Kill that often, on a new index and a new store after every fifty kills."""
    total, begun, number = Tally(), time.monotonic(), 0
    say(f"{kills} kills, seed {seed}")
    while total.kills < kills:
        rng = random.Random(f"{seed} {number}")
        here = min(KILLS_PER_INDEX, kills - total.kills)
        visits = plan_visits(rng)
        plans = visits[: max(here // 2, min(len(visits), here - 10))]
        plans += [None] * (here - len(plans))
        storage_url = find_store()
        nursery = start_nursery(storage_url)
        ordeal = Ordeal(nursery, f"{seed} {number}", is_far=storage_url is not None)
        try:
            ordeal.run(plans)
        except BaseException as error:
            error.add_note(f"seed {seed}, index number {number}; the log ends:\n{tail(nursery.log)}")
            raise
        finally:
            total.add(ordeal.tally)
        nursery.close()
        number += 1
    say(f"{total} in {time.monotonic() - begun:.1f} s, seed {seed}")
    return total


def test_nothing_promised_is_lost_and_nothing_is_half_there(
    full_numbers: bool, seed: int, start_nursery: StartNursery, say: Callable[[str], None]
) -> None:
    """REL-1, REL-3"""
    total = go_through(2000 if full_numbers else 40, seed, start_nursery, lambda: None, say)
    assert total.visited == set(list_failpoints()), "some failpoints were never the end of a life"


@pytest.mark.need("object-store")
def test_nothing_promised_is_lost_on_an_object_store(
    full_numbers: bool,
    seed: int,
    start_nursery: StartNursery,
    object_store: ObjectStore,
    say: Callable[[str], None],
) -> None:
    """REL-1, REL-12"""
    go_through(200 if full_numbers else 12, seed, start_nursery, object_store.create_url, say)
