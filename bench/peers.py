"""The environment of the other indexes: apart from Creamery's own, locked and hash-checked like it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv-bench"
LOCK = ROOT / "requirements" / "bench.txt"


def find_peers(say: Callable[[str], None]) -> Path:
    """Say where the programs of the other indexes lie; installed when that was not done for the present lock."""
    programs, mark = ENVIRONMENT / "bin", ENVIRONMENT / ".installed"
    if not mark.exists() or mark.read_text() != LOCK.read_text():
        say("Installing the other indexes into .venv-bench ...")
        subprocess.run([sys.executable, "-m", "venv", "--clear", ENVIRONMENT], check=True)
        pip: list[str | Path] = [
            programs / "python",
            "-m",
            "pip",
            "install",
            "--quiet",
            "--quiet",
            "--disable-pip-version-check",
        ]
        subprocess.run([*pip, "--require-hashes", "-r", LOCK], check=True)
        mark.write_text(LOCK.read_text())
    return programs
