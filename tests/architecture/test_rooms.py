"""Each room explains itself, and holds files under the names that every room uses."""

from pathlib import Path

import pytest

from tests.architecture.house import SOURCE, list_rooms

ROOMS = [room.name for room in list_rooms() if room.floor > 0 and (SOURCE / room.name).is_dir()]
RECORD_ROOMS = [name for name in ROOMS if (SOURCE / name / "models.py").exists() and name != "kernel"]
NAMED_BY_DJANGO = {Path("kernel/sqlite/base.py")}
"""Django looks for a database's wrapper in a module of this name."""
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "base", "misc", "lib", "shared"}
FEWEST_WORDS = 40


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_has_a_page_that_says_what_it_is_for(room: str) -> None:
    page = SOURCE / room / "README.md"
    assert page.exists(), f"{room} has no README.md"
    assert len(page.read_text().split()) >= FEWEST_WORDS


@pytest.mark.parametrize("room", RECORD_ROOMS)
def test_a_record_room_says_who_may_do_what_in_its_policy(room: str) -> None:
    assert (SOURCE / room / "policy.py").exists()


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_holds_code(room: str) -> None:
    assert any(path.read_text().strip() for path in (SOURCE / room).glob("*.py") if path.name != "__init__.py")


def test_no_module_has_a_name_that_could_hold_anything() -> None:
    assert list_vague([path.relative_to(SOURCE) for path in SOURCE.rglob("*")]) == []


def test_a_planted_vague_name_is_caught() -> None:
    assert list_vague([Path("catalog/utils.py"), Path("web/helpers/forms.py"), Path("spec/names.py")]) == [
        "catalog/utils.py",
        "web/helpers/forms.py",
    ]


def list_vague(paths: list[Path]) -> list[str]:
    """List the modules and packages whose name says nothing about what they hold; templates may have a base."""
    named = (path for path in paths if path.suffix == ".py" and VAGUE_NAMES & {*path.parent.parts, path.stem})
    return sorted(str(path) for path in named if path not in NAMED_BY_DJANGO)
