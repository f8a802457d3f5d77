"""Resolving takes pages and metadata, never a wheel: shown by the index's own access log."""

from pathlib import Path

import pytest

from tests.clients.conftest import Publish
from tests.real.access_log import AccessLog
from tests.real.other_clients import OtherClients

pytestmark = pytest.mark.clients
BIG_BYTES = 3_000_000


@pytest.fixture(scope="module")
def chain(put: Publish) -> list[str]:
    """Publish a project that needs another that needs another, each with a large wheel."""
    names = ["lazy-a", "lazy-b", "lazy-c"]
    for name, requires in zip(names, [["lazy-b"], ["Lazy.C>=1"], []], strict=True):
        put(name, requires=requires, size_bytes=BIG_BYTES)
    return names


def assert_only_metadata(log: AccessLog, names: list[str]) -> None:
    """Assert that each project's page and metadata were read, and no wheel."""
    asked = log.list_asked()
    assert [one for one in asked if one.is_file] == []
    assert sorted(one.path.rsplit("/", 1)[1] for one in asked if one.is_metadata) == [
        f"{name.replace('-', '_')}-1.0-py3-none-any.whl.metadata" for name in names
    ]
    assert {one.path for one in asked if one.path.startswith("/simple/")} == {f"/simple/{name}/" for name in names}
    assert {one.status for one in asked} <= {200, 304}, "pdm asks for a page again, and has it already."
    assert sum(one.size_bytes for one in asked) < 50_000


def test_uv_compiles_without_a_wheel(others: OtherClients, log: AccessLog, chain: list[str], tmp_path: Path) -> None:
    """CM-01, CM-03: uv pip compile"""
    wanted = tmp_path / "wanted.in"
    wanted.write_text("lazy-a\n")
    done = others.uv_pip("compile", "--quiet", wanted, python=others.create_environment())
    assert done.exit_code == 0, done
    assert [line for line in done.stdout.splitlines() if "==" in line] == [f"{name}==1.0" for name in chain]
    assert_only_metadata(log, chain)


def test_pip_reports_without_a_wheel(others: OtherClients, log: AccessLog, chain: list[str], tmp_path: Path) -> None:
    """CM-01, CM-03: pip install --dry-run --report"""
    report = tmp_path / "report.json"
    done = others.pip("install", "--dry-run", "--report", report, "--target", tmp_path / "target", "lazy-a")
    assert done.exit_code == 0, done
    assert "Would install lazy-a-1.0 lazy-b-1.0 lazy-c-1.0" in done.stdout
    assert_only_metadata(log, chain)


@pytest.mark.parametrize("client", ["poetry", "pdm"])
def test_poetry_and_pdm_lock_without_a_wheel(
    client: str, others: OtherClients, log: AccessLog, chain: list[str]
) -> None:
    """CM-01, CM-03"""
    project = getattr(others, f"create_{client}_project")("lazy-a")
    done = getattr(others, client)(project, "lock")
    assert done.exit_code == 0, done
    assert 'name = "lazy-c"' in (project / f"{client}.lock").read_text()
    assert_only_metadata(log, chain)


def test_a_wheel_is_fetched_once_to_be_installed(
    others: OtherClients, log: AccessLog, chain: list[str], tmp_path: Path
) -> None:
    """CM-06: pip compares the metadata that it was served with the wheel's own"""
    done = others.pip("install", "--target", tmp_path / "target", "lazy-a")
    assert done.exit_code == 0, done
    files = [one for one in log.list_asked() if one.is_file]
    assert len(files) == len(chain)
    assert all(one.status == 200 and one.size_bytes > BIG_BYTES for one in files)
