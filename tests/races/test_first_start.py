"""Several processes meet an index that does not exist yet."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest

from tests.factories import make_upload
from tests.faults.wire import send_upload
from tests.real.postgres import Cluster
from tests.real.processes import Finished
from tests.real.running_index import PASSWORD, RunningIndex

pytestmark = [pytest.mark.database, pytest.mark.soak]
NAMES = ("ada", "grace", "joan", "mary")


@pytest.fixture
def new_index(cluster: Cluster | None, tmp_path: Path) -> Iterator[Callable[[], RunningIndex]]:
    """Make indexes of which nothing exists but an address."""
    made: list[RunningIndex] = []
    databases: list[str] = []

    def make() -> RunningIndex:
        name = f"first_{uuid4().hex[:12]}"
        database_url = None
        if cluster is not None:
            database_url = cluster.create_database(name)
            databases.append(name)
        folder = tmp_path / name
        folder.mkdir()
        made.append(RunningIndex(folder, database_url=database_url))
        return made[-1]

    yield make
    for index in made:
        index.stop()
    for name in databases:
        assert cluster is not None
        cluster.drop_database(name)


def at_once(calls: list[Callable[[], Finished]]) -> list[Finished]:
    """Run commands at the same time; all of them must succeed."""
    with ThreadPoolExecutor(len(calls)) as threads:
        done = list(threads.map(lambda call: call(), calls))
    assert [finished.exit_code for finished in done] == [0] * len(calls), done
    return done


def test_four_processes_that_start_at_once_make_one_index(
    new_index: Callable[[], RunningIndex], full_numbers: bool
) -> None:
    for _ in range(10 if full_numbers else 2):
        index = new_index()
        at_once(
            [
                partial(
                    index.command,
                    "user",
                    "create",
                    name,
                    "--email",
                    f"{name}@idx.example",
                    "--password-stdin",
                    stdin=PASSWORD,
                )
                for name in NAMES
            ]
        )
        people = json.loads(index.command("user", "list", "--json").stdout)
        assert sorted(person["username"] for person in people) == sorted(NAMES)
        # All of them work with the same secret, or their tokens would be good for nothing.
        made = at_once([partial(index.command, "token", "create", "--user", name) for name in NAMES])
        index.start()
        for name, token in zip(NAMES, made, strict=True):
            answer = send_upload(index.port, token.stdout.splitlines()[-1].strip(), make_upload(f"of-{name}"))
            assert answer.status == 200, answer
        index.stop()


def test_a_server_and_commands_that_start_at_once_do_not_disturb_each_other(
    new_index: Callable[[], RunningIndex],
) -> None:
    index = new_index()
    index.spawn()
    tokens = at_once(
        [
            partial(
                index.command,
                "user",
                "create",
                name,
                "--email",
                f"{name}@idx.example",
                "--password-stdin",
                stdin=PASSWORD,
            )
            for name in NAMES[:3]
        ]
    )
    assert len(tokens) == 3
    deadline = time.monotonic() + 30
    while not index.is_ready():
        assert time.monotonic() < deadline, index.log_tail()
        time.sleep(0.05)
    token = index.create_token("ada")
    assert send_upload(index.port, token, make_upload("first")).status == 200
