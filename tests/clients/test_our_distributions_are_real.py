"""What the tests publish is what installers take; a file that nobody could install would prove nothing."""

from pathlib import Path

import pytest

from tests.real.clients import Clients
from tests.real.distributions import Distribution, build_sdist, build_wheel, build_with_hatchling

pytestmark = pytest.mark.clients
SAMPLE = Distribution(
    name="Real.Thing",
    version="1.0rc1",
    requires=["leaf>=1; python_version < '3'"],
    files={"data.txt": "words", "sub/__init__.py": ""},
    size_bytes=70_000,
    extra_headers=[("Author-Email", "Ada <ada@idx.example>"), ("Keywords", "one,two")],
)


@pytest.fixture
def offline(tmp_path: Path) -> Clients:
    """Give clients that reach no index at all."""
    return Clients("http://localhost:9", tmp_path / "clients")


def test_pip_installs_our_wheel_and_finds_every_file_in_its_record(offline: Clients, tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path, SAMPLE)
    python = offline.create_environment()
    done = offline.pip("install", "--no-index", wheel, python=python)
    assert done.exit_code == 0, done
    listed = offline.pip_show_files("real-thing", python=python)
    assert {"real_thing/__init__.py", "real_thing/ballast.bin", "real_thing/sub/__init__.py"} <= listed


def test_pip_builds_and_installs_our_sdist(offline: Clients, tmp_path: Path) -> None:
    sdist = build_sdist(tmp_path, SAMPLE)
    target = tmp_path / "target"
    done = offline.pip("install", "--no-index", "--no-deps", "--no-build-isolation", "--target", target, sdist)
    assert done.exit_code == 0, done
    assert (target / "real_thing" / "data.txt").read_text() == "words"


def test_uv_installs_our_wheel(offline: Clients, tmp_path: Path) -> None:
    python = offline.create_environment()
    done = offline.uv_pip("install", "--offline", build_wheel(tmp_path, SAMPLE), python=python)
    assert done.exit_code == 0, done
    assert offline.import_version(python, "real_thing") == "1.0rc1"


def test_twine_finds_no_fault_with_them(offline: Clients, tmp_path: Path) -> None:
    files = [build_wheel(tmp_path, SAMPLE), build_sdist(tmp_path, SAMPLE)]
    done = offline.twine_check("--strict", *files, *build_with_hatchling(tmp_path, Distribution(name="by-hatchling")))
    assert done.exit_code == 0, done
    assert done.stdout.count("PASSED") == 4


def test_the_same_parameters_give_the_same_bytes(tmp_path: Path) -> None:
    for build in (build_wheel, build_sdist):
        first, second = build(tmp_path / "a", SAMPLE), build(tmp_path / "b", SAMPLE)
        assert first.read_bytes() == second.read_bytes()
