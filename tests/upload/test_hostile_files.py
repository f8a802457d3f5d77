"""Each hostile file is refused, soon, and for little memory."""

import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.house import ROOT
from tests.factories import create_publisher, nothing_remains, upload_of
from tests.real.inside import Inside
from tests.real.processes import plain_environment, run
from tests.upload.hostile_child import slowness
from tests.upload.hostile_files import HOSTILE

MOST_CPU_SECONDS = 1.0
MOST_MEMORY_BYTES = 64 * 1024 * 1024


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Refuse all files, each in a process of its own."""
    folder = tmp_path_factory.mktemp("hostile")
    environment = plain_environment(folder, CREAMERY_DATA=str(folder / "data"), PYTHONPATH=str(ROOT))
    (folder / "data").mkdir()
    done = run(
        [Path(sys.executable), "-m", "tests.upload.hostile_child"],
        environment=environment,
        folder=ROOT,
        timeout_seconds=400,
    )
    assert done.exit_code == 0, done
    return {line["name"]: line for line in map(json.loads, done.stdout.splitlines())}


def test_there_are_more_than_sixty() -> None:
    assert len(HOSTILE) >= 60


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_for_little(name: str, measured: dict[str, dict[str, Any]]) -> None:
    """ARC, WH-09 to WH-11, SD-05, SD-06, UPL-061 to UPL-066"""
    found = measured[name]
    assert found["codes"], "it was taken"
    assert not found["codes"][0].startswith("raised"), found["codes"]
    assert found["cpu_seconds"] < MOST_CPU_SECONDS * found["slowness"]
    assert found["memory_bytes"] < MOST_MEMORY_BYTES


THROUGH_THE_DOOR = [
    "costly: a zip bomb that lies about its size",
    "costly: entry points that climb",
    "costly: a record of broken lines",
    "costly: 19,000 broken requirements",
    "costly: a chain of links that leads out",
    "wheel: overlapping members",
    "sdist: two sizes",
]


@pytest.mark.parametrize("name", THROUGH_THE_DOOR)
def test_the_whole_upload_of_a_hostile_file_costs_little_and_leaves_nothing(name: str, inside: Inside) -> None:
    """ARC, UP-29: through the door, with form, rights and digests."""
    filename, make = HOSTILE[name]
    upload, token = upload_of(filename, make(), name="foo"), create_publisher()
    with nothing_remains():
        begun = time.process_time()
        answer = upload.send(inside, token)
        spent = time.process_time() - begun
    assert answer.status == 400, answer.text
    assert spent < MOST_CPU_SECONDS * (slowness() if spent > 0.5 else 1)
    assert len(answer.text) < 64 * 1024
