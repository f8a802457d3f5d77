"""Real pip and uv find, download and install what was published, at once."""

from pathlib import Path

import pytest

from tests.real.clients import Clients
from tests.real.distributions import Distribution, build_sdist, build_wheel
from tests.real.running_index import RunningIndex

pytestmark = pytest.mark.clients


@pytest.fixture(scope="module")
def token(running_index: RunningIndex) -> str:
    """Give the token of a person who publishes in this module."""
    return running_index.create_publisher("author")


def publish(clients: Clients, token: str, folder: Path, what: Distribution, *, sdist: bool = False) -> Path:
    """Publish a wheel, or an sdist, with twine."""
    file = (build_sdist if sdist else build_wheel)(folder, what)
    done = clients.twine_upload(token, file)
    assert done.exit_code == 0, done
    return file


def test_pip_installs_a_wheel_right_after_the_upload(clients: Clients, token: str, tmp_path: Path) -> None:
    publish(clients, token, tmp_path, Distribution(name="Pip.Wheel", version="1.5"))
    python = clients.create_environment()
    done = clients.pip("install", "pip-wheel", python=python)
    assert done.exit_code == 0, done
    assert clients.import_version(python, "pip_wheel") == "1.5"


def test_pip_sees_each_new_version_at_once(clients: Clients, token: str, tmp_path: Path) -> None:
    python = clients.create_environment()
    for version in ("1.0", "1.1", "2.0rc1", "2.0"):
        publish(clients, token, tmp_path, Distribution(name="at-once", version=version))
        done = clients.pip("install", "--upgrade", "--pre", "at-once", python=python)
        assert done.exit_code == 0, done
        assert clients.import_version(python, "at_once") == version


def test_uv_sees_each_new_version_at_once(clients: Clients, token: str, tmp_path: Path) -> None:
    python = clients.create_environment()
    for version in ("1.0", "1.1", "2.0"):
        publish(clients, token, tmp_path, Distribution(name="at-once-uv", version=version))
        done = clients.uv_pip("install", "--upgrade", "at-once-uv", python=python)
        assert done.exit_code == 0, done
        assert clients.import_version(python, "at_once_uv") == version


def test_pip_builds_and_installs_an_sdist(clients: Clients, token: str, tmp_path: Path) -> None:
    publish(clients, token, tmp_path, Distribution(name="pip-sdist"), sdist=True)
    target = tmp_path / "target"
    done = clients.pip("install", "--no-build-isolation", "--no-binary=:all:", "--target", target, "pip-sdist")
    assert done.exit_code == 0, done
    assert (target / "pip_sdist" / "__init__.py").exists()


def test_pip_installs_dependencies_from_the_index_alone(clients: Clients, token: str, tmp_path: Path) -> None:
    publish(clients, token, tmp_path, Distribution(name="leaf", version="1.0"))
    publish(clients, token, tmp_path, Distribution(name="leaf", version="2.0"))
    publish(clients, token, tmp_path, Distribution(name="tree", requires=["Leaf<2"]))
    python = clients.create_environment()
    done = clients.pip("install", "tree", python=python)
    assert done.exit_code == 0, done
    assert clients.import_version(python, "leaf") == "1.0"


def test_uv_installs_dependencies_from_the_index_alone(clients: Clients, token: str, tmp_path: Path) -> None:
    publish(clients, token, tmp_path, Distribution(name="leaf-uv", version="1.0"))
    publish(clients, token, tmp_path, Distribution(name="leaf-uv", version="2.0"))
    publish(clients, token, tmp_path, Distribution(name="tree-uv", requires=["leaf.uv<2"]))
    python = clients.create_environment()
    done = clients.uv_pip("install", "tree-uv", python=python)
    assert done.exit_code == 0, done
    assert clients.import_version(python, "leaf_uv") == "1.0"


def test_pip_reads_the_metadata_without_the_wheel(
    running_index: RunningIndex, clients: Clients, token: str, tmp_path: Path
) -> None:
    publish(clients, token, tmp_path, Distribution(name="big-wheel", size_bytes=3_000_000))
    done = clients.pip("install", "--dry-run", "--target", tmp_path / "target", "--verbose", "big-wheel")
    assert done.exit_code == 0, done
    assert "big_wheel-1.0-py3-none-any.whl.metadata" in done.output


def test_pip_downloads_the_very_bytes_that_were_published(clients: Clients, token: str, tmp_path: Path) -> None:
    wheel = publish(clients, token, tmp_path / "made", Distribution(name="pip-download"))
    done = clients.pip("download", "--dest", tmp_path / "got", "pip-download")
    assert done.exit_code == 0, done
    assert (tmp_path / "got" / wheel.name).read_bytes() == wheel.read_bytes()


def test_pip_lists_the_versions(clients: Clients, token: str, tmp_path: Path) -> None:
    for version in ("1.9", "1.10", "2.0a1"):
        publish(clients, token, tmp_path, Distribution(name="many-versions", version=version))
    done = clients.pip("index", "versions", "many-versions")
    assert done.exit_code == 0, done
    assert "Available versions: 1.10, 1.9" in done.stdout


def test_pip_takes_the_version_that_this_python_can_use(clients: Clients, token: str, tmp_path: Path) -> None:
    publish(clients, token, tmp_path, Distribution(name="picky", version="1.0"))
    publish(clients, token, tmp_path, Distribution(name="picky", version="2.0", requires_python=">=4"))
    for python, install in (
        (clients.create_environment("a"), clients.pip),
        (clients.create_environment("b"), clients.uv_pip),
    ):
        done = install("install", "picky", python=python)
        assert done.exit_code == 0, done
        assert clients.import_version(python, "picky") == "1.0"


def test_pip_and_uv_say_that_a_project_does_not_exist(clients: Clients) -> None:
    python = clients.create_environment()
    by_pip = clients.pip("install", "no-such-project", python=python)
    assert "No matching distribution found for no-such-project" in by_pip.output
    by_uv = clients.uv_pip("install", "no-such-project", python=python)
    assert "no-such-project was not found in the package registry" in " ".join(by_uv.output.split())


@pytest.mark.parametrize("spelling", ["Odd_Name", "odd.name", "ODD-NAME", "odd--name"])
def test_any_spelling_of_a_name_is_found(spelling: str, clients: Clients, token: str, tmp_path: Path) -> None:
    publish(clients, token, tmp_path, Distribution(name="odd-name"))
    done = clients.pip("download", "--dest", tmp_path / "got", spelling)
    assert done.exit_code == 0, done
