"""Each hostile file is refused, soon, and for little memory."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.house import ROOT
from tests.real.processes import plain_environment, run
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
