"""The house as the contracts in pyproject.toml describe it: rooms, their order, and what is banned where."""

import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "creamery"


@dataclass(frozen=True, slots=True)
class Room:
    """A room or top module: its floor (0 is the roof), and whether it is still to come."""

    name: str
    floor: int
    is_to_come: bool


def read_pyproject() -> dict[str, Any]:
    """Read pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def list_rooms() -> list[Room]:
    """List every room that the layers contract names, from the roof down."""
    contracts = read_pyproject()["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["id"] == "layers")
    return [
        Room(name.strip("() "), floor, is_to_come=name.strip().startswith("("))
        for floor, line in enumerate(layers)
        for name in line.replace(":", "|").split("|")
    ]


def get_floor(module: str) -> int:
    """
    Say on which floor a module like `creamery.catalog.models` lies.

    Raises:
        KeyError: no such room.
    """
    return {room.name: room.floor for room in list_rooms()}[module.split(".")[1]]


def list_source_files() -> list[Path]:
    """List our modules, without migrations, which are generated."""
    return sorted(path for path in SOURCE.rglob("*.py") if "migrations" not in path.parts)


def list_repository_files() -> list[Path]:
    """List the files that are, or would be, part of the repository."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    return sorted({ROOT / name for name in names if name and (ROOT / name).is_file()})
