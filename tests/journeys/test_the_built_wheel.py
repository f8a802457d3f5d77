"""What people install is the built wheel, not our source tree: it must hold everything and start by itself."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.architecture.house import ROOT, SOURCE, list_repository_files
from tests.real.clients import Clients
from tests.real.distributions import Distribution, build_wheel
from tests.real.running_index import RunningIndex

LOCK = ROOT / "requirements" / "serve.txt"


@pytest.fixture(scope="module")
def built_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel of this source tree."""
    folder = tmp_path_factory.mktemp("wheel")
    call(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT)
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def program(built_wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel, and what the lock for serving holds, into a clean environment. Returns its `creamery`."""
    target = tmp_path_factory.mktemp("installed") / "env"
    call(sys.executable, "-m", "venv", "--without-pip", target)
    python = target / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--quiet", "--python", python, "install")
    call(*pip, "--require-hashes", "-r", LOCK)
    call(*pip, "--no-deps", "--no-index", built_wheel)
    call(sys.executable, "-m", "pip", "--python", python, "check")
    return target / "bin" / "creamery"


def test_the_wheel_holds_every_file_of_the_source(built_wheel: Path) -> None:
    ours = [path.relative_to(SOURCE.parent).as_posix() for path in list_repository_files() if SOURCE in path.parents]
    assert set(ours) - set(zipfile.ZipFile(built_wheel).namelist()) == set()


def test_the_wheel_holds_nothing_but_the_package(built_wheel: Path) -> None:
    tops = {name.split("/")[0] for name in zipfile.ZipFile(built_wheel).namelist()}
    assert {top.partition("-")[0] for top in tops} == {"creamery"}


def test_the_installed_wheel_serves_publishes_and_installs(program: Path, tmp_path: Path) -> None:
    index = RunningIndex(tmp_path, program=program)
    index.start()
    try:
        token = index.create_publisher("ada")
        clients = Clients(index.url, tmp_path / "clients")
        done = clients.twine_upload(token, build_wheel(tmp_path, Distribution(name="from-the-wheel")))
        assert done.exit_code == 0, done
        python = clients.create_environment()
        done = clients.pip("install", "from-the-wheel", python=python)
        assert done.exit_code == 0, done
        assert b"from-the-wheel" in index.fetch("/project/from-the-wheel/", Accept="text/html")
    finally:
        exit_code = index.stop()
    assert exit_code == 0, index.log_tail()


def call(*words: str | Path) -> None:
    """Run a program with this machine's own settings, as set-up does: that is where downloads come from."""
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
