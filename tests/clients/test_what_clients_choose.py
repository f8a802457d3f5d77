"""What pip, uv and the others make of the facts on a page: hashes, times, yanked files, versions of Python."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_hex

import pytest

from tests.clients.conftest import Publish
from tests.real.other_clients import OtherClients
from tests.real.processes import Finished

pytestmark = pytest.mark.clients


def installed(client: str, others: OtherClients, *words: str | Path) -> tuple[Finished, Path]:
    """Install with pip or uv into an empty environment. Returns the run and the environment's interpreter."""
    python = others.create_environment(f"env-{token_hex(4)}")
    run = others.pip if client == "pip" else others.uv_pip
    return run("install", *words, python=python), python


CLIENTS = pytest.mark.parametrize("client", ["pip", "uv"])


@CLIENTS
def test_a_hash_that_was_locked_must_be_that_of_the_file(
    client: str, others: OtherClients, put: Publish, tmp_path: Path
) -> None:
    """SH-05, SJ-13: `--require-hashes` with wheel and dependency, then with one digit changed"""
    files = [put(f"hashed-{client}", requires=[f"hashed-leaf-{client}"]), put(f"hashed-leaf-{client}")]
    digests = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
    locked = tmp_path / "locked.txt"
    names = [f"hashed-{client}==1.0", f"hashed-leaf-{client}==1.0"]
    locked.write_text("".join(f"{n} --hash=sha256:{d}\n" for n, d in zip(names, digests, strict=True)))
    done, python = installed(client, others, "--require-hashes", "-r", locked)
    assert done.exit_code == 0, done
    assert others.import_version(python, f"hashed_leaf_{client}") == "1.0"
    locked.write_text(locked.read_text().replace(digests[1], ("0" if digests[1][0] != "0" else "1") + digests[1][1:]))
    done, _ = installed(
        client, others, "--no-cache-dir" if client == "pip" else "--no-cache", "--require-hashes", "-r", locked
    )
    assert done.exit_code != 0
    assert "hash" in done.output.lower()


@pytest.mark.parametrize(("client", "option"), [("pip", "--uploaded-prior-to"), ("uv", "--exclude-newer")])
def test_a_file_that_came_too_late_is_not_taken(client: str, option: str, others: OtherClients, put: Publish) -> None:
    """PV-03, PV-04: `--uploaded-prior-to` of pip, `--exclude-newer` of uv; both need the time of every file"""
    put(f"timely-{client}")
    tomorrow, yesterday = (
        (datetime.now(UTC) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ") for days in (1, -1)
    )
    done, python = installed(client, others, option, tomorrow, f"timely-{client}")
    assert done.exit_code == 0, done
    assert others.import_version(python, f"timely_{client}") == "1.0"
    done, _ = installed(client, others, option, yesterday, f"timely-{client}")
    assert done.exit_code != 0


@CLIENTS
def test_a_yanked_release_is_only_for_those_who_name_it(
    client: str, others: OtherClients, put: Publish, change: Callable[..., None]
) -> None:
    """YK-01, YK-02, YK-03, YK-04: not chosen, installed when pinned with its reason told, chosen again when unyanked"""
    name = f"yanked-{client}"
    for version in ("1.0", "2.0"):
        put(name, version)
    change("yank_release", name, "2.0", "It eats data <3")
    done, python = installed(client, others, name)
    assert done.exit_code == 0, done
    assert others.import_version(python, name.replace("-", "_")) == "1.0"
    done, python = installed(client, others, f"{name}==2.0")
    assert done.exit_code == 0, done
    assert "It eats data <3" in done.output
    assert others.import_version(python, name.replace("-", "_")) == "2.0"
    change("unyank_release", name, "2.0")
    done, python = installed(client, others, name)
    assert others.import_version(python, name.replace("-", "_")) == "2.0", done


@CLIENTS
def test_a_quarantined_project_cannot_be_installed_and_an_archived_one_can(
    client: str, others: OtherClients, put: Publish, change: Callable[..., None]
) -> None:
    """PS-05, PS-08"""
    name = f"status-{client}"
    put(name)
    for status, is_offered in (("archived", True), ("quarantined", False), ("active", True)):
        change("set_status", name, status)
        done, _ = installed(client, others, "--no-cache-dir" if client == "pip" else "--no-cache", name)
        assert (done.exit_code == 0) == is_offered, done


def test_poetry_and_pdm_leave_yanked_releases_and_other_pythons_alone(
    others: OtherClients, put: Publish, change: Callable[..., None]
) -> None:
    """YK-02, SJ-14"""
    put("choosy", "1.0")
    put("choosy", "1.1")
    put("choosy", "2.0", requires_python=">=4")
    change("yank_release", "choosy", "1.1", "broken")
    poetry, pdm = others.create_poetry_project("choosy"), others.create_pdm_project("choosy")
    done = others.poetry(poetry, "lock")
    assert done.exit_code == 0, done
    assert 'version = "1.0"' in (poetry / "poetry.lock").read_text()
    done = others.pdm(pdm, "lock")
    assert done.exit_code == 0, done
    assert 'version = "1.0"' in (pdm / "pdm.lock").read_text()
