"""`kill -9` while an index is made: the next start finishes it. REL-32, REL-33."""

import json
import random
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from tests.kills.nursery import ROOT
from tests.real.postgres import Cluster
from tests.real.processes import Finished, plain_environment, run

pytestmark = [pytest.mark.database, pytest.mark.soak]

MOST_STATEMENTS, MOST_FILE_OPERATIONS = 450, 60
QUICK_MOMENTS = 8


def start(folder: Path, database_url: str | None, *words: str) -> Finished:
    """Run a first start on the folder and the database."""
    given = {} if database_url is None else {"CREAMERY_DATABASE_URL": database_url}
    environment = plain_environment(
        folder, CREAMERY_DATA=str(folder / "data"), PYTHONPATH=f"{ROOT}:{ROOT / 'src'}", **given
    )
    return run([sys.executable, "-m", "tests.kills.first_start", *words], environment=environment, folder=ROOT)


def choose_moments(full_numbers: bool) -> list[tuple[str, int]]:
    """Choose when to die: everywhere in the full run, at a few moments spread over the whole in the quick one."""
    moments = [("statement", count) for count in range(1, MOST_STATEMENTS)]
    moments += [("file", count) for count in range(1, MOST_FILE_OPERATIONS)]
    return moments if full_numbers else random.Random(20261121).sample(moments, QUICK_MOMENTS)


def test_a_first_start_that_was_killed_is_finished_by_the_next(
    cluster: Cluster | None, full_numbers: bool, tmp_path: Path, say: Callable[[str], None]
) -> None:
    kills = 0
    for kind, count in choose_moments(full_numbers):
        name = f"start_{uuid4().hex[:12]}"
        database_url = None if cluster is None else cluster.create_database(name)
        folder = tmp_path / name
        folder.mkdir()
        died = start(folder, database_url, kind, str(count))
        assert died.exit_code in {0, -signal.SIGKILL}, died
        if died.exit_code:
            kills += 1
            done = start(folder, database_url)
            assert done.exit_code == 0, (kind, count, done)
            assert json.loads(done.stdout.splitlines()[-1])["wrong"] == [], (kind, count, done)
        if cluster is not None:
            cluster.drop_database(name)
    say(f"{kills} first starts killed")
    assert kills >= QUICK_MOMENTS // 2, "most moments lie behind the end: the numbers above are too large"
