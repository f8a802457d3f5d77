"""The contracts between rooms: they hold, they name the whole house, and they catch what breaks them."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.architecture.house import ROOT, SOURCE, get_floor, list_rooms, read_pyproject
from tests.real.processes import Finished, run

LINTER = Path(sys.executable).with_name("lint-imports")

# A line planted in a module, and the contract that must catch it.
PLANTED = [
    ("catalog/queries.py", "import creamery.web.pages", "A room sees only the rooms below it"),
    ("kernel/models.py", "from creamery.accounts import queries", "A room sees only the rooms below it"),
    ("spec/names.py", "from creamery.storage import keys", "A room sees only the rooms below it"),
    ("upload/pipeline.py", "from creamery.publish import pages", "A room sees only the rooms below it"),
    ("web/pages.py", "from creamery.serve import app", "A room sees only the rooms below it"),
    ("settings.py", "import creamery.kernel.clock", "A room sees only the rooms below it"),
    ("newroom/__init__.py", "", "A room sees only the rooms below it"),
    ("serve/app.py", "from creamery.kernel import clock", "The read path knows neither Django nor a record room"),
    ("serve/app.py", "import django.http", "The read path knows neither Django nor a record room"),
    ("storage/keys.py", "from django.conf import settings", "Standards and stores are free of Django"),
    ("spec/names.py", "def later():\n    import django", "Standards and stores are free of Django"),
    ("web/pages.py", "from creamery.catalog.models import Project", "A door asks actions and queries, never tables"),
    ("web/pages.py", "import creamery.accounts.models", "A door asks actions and queries, never tables"),
    ("catalog/models.py", "from creamery.catalog import queries", "Inside a room nothing goes in circles"),
]


def test_every_contract_is_kept() -> None:
    done = run([LINTER], environment=dict(os.environ), folder=ROOT)
    assert done.exit_code == 0, done


def test_contracts_name_every_room_and_top_module() -> None:
    assert list_present() == {room.name for room in list_rooms() if not room.is_to_come}


def test_the_read_path_is_shut_off_from_every_room_below_but_storage_and_spec() -> None:
    contracts = {contract["id"]: contract for contract in read_pyproject()["tool"]["importlinter"]["contracts"]}
    own_floor = get_floor("creamery.serve")
    below = {f"creamery.{room.name}" for room in list_rooms() if room.floor > own_floor and not room.is_to_come}
    expected = {"django", *below} - {"creamery.storage", "creamery.spec"}
    assert set(contracts["read-path"]["forbidden_modules"]) == expected


def test_a_house_without_faults_is_kept(tmp_path: Path) -> None:
    done = lint(build_house(tmp_path))
    assert done.exit_code == 0, done


@pytest.mark.parametrize(("module", "line", "contract"), PLANTED, ids=lambda value: value[:60].replace("\n", " "))
def test_a_planted_fault_is_caught(tmp_path: Path, module: str, line: str, contract: str) -> None:
    house = build_house(tmp_path)
    planted = house / "creamery" / module
    planted.parent.mkdir(exist_ok=True)
    planted.write_text(line + "\n")
    done = lint(house)
    assert done.exit_code == 1, done
    assert f"{contract} BROKEN" in done.stdout


def build_house(folder: Path) -> Path:
    """Build the house of the contracts from empty modules, each door and record room with the usual names."""
    for room in list_rooms():
        if not room.is_to_come:
            (folder / "creamery" / room.name).mkdir(parents=True)
            for name in ("__init__", "models", "queries", "app", "names", "keys", "pages", "pipeline", "clock"):
                (folder / "creamery" / room.name / f"{name}.py").write_text("")
    shutil.rmtree(folder / "creamery" / "settings")
    (folder / "creamery" / "settings.py").write_text("")
    (folder / "creamery" / "__init__.py").write_text("")
    (folder / "creamery" / "catalog" / "queries.py").write_text("from creamery.catalog import models\n")
    shutil.copy(ROOT / "pyproject.toml", folder / "pyproject.toml")
    return folder


def lint(house: Path) -> Finished:
    """Run the linter on a house; its own folder goes first, so that it does not read ours."""
    return run([LINTER, "--no-cache"], environment={**os.environ, "PYTHONPATH": str(house)}, folder=house)


def list_present() -> set[str]:
    """List the rooms and top modules that our source holds."""
    names = {path.stem for path in SOURCE.iterdir() if path.is_dir() or path.suffix == ".py"}
    return names - {"__init__", "__pycache__"}
