"""Real twine and uv publish what authors build, and show what is wrong."""

from pathlib import Path

import pytest

from tests.real.clients import Clients
from tests.real.distributions import Distribution, build_sdist, build_wheel, build_with_hatchling
from tests.real.running_index import RunningIndex

pytestmark = pytest.mark.clients


@pytest.fixture(scope="module")
def token(running_index: RunningIndex) -> str:
    """Give the token of a person who publishes in this module."""
    return running_index.create_publisher("author")


def test_twine_uploads_a_wheel_and_an_sdist_as_hatchling_builds_them(
    running_index: RunningIndex, clients: Clients, token: str, tmp_path: Path
) -> None:
    files = build_with_hatchling(tmp_path, Distribution(name="Twine.Sample", version="1.2"))
    done = clients.twine_upload(token, *files)
    assert done.exit_code == 0, done
    assert running_index.list_files("twine-sample") == ["twine_sample-1.2-py3-none-any.whl", "twine_sample-1.2.tar.gz"]


def test_uv_publishes_a_wheel_and_an_sdist(
    running_index: RunningIndex, clients: Clients, token: str, tmp_path: Path
) -> None:
    what = Distribution(name="uv-sample")
    done = clients.uv_publish(token, build_wheel(tmp_path, what), build_sdist(tmp_path, what))
    assert done.exit_code == 0, done
    assert running_index.list_files("uv-sample") == ["uv_sample-1.0-py3-none-any.whl", "uv_sample-1.0.tar.gz"]


def test_uv_publish_with_check_url_leaves_out_what_is_there(clients: Clients, token: str, tmp_path: Path) -> None:
    what = Distribution(name="uv-check")
    wheel = build_wheel(tmp_path, what)
    first = clients.uv_publish(token, wheel, check=True)
    assert first.exit_code == 0, first
    again = clients.uv_publish(token, wheel, build_sdist(tmp_path, what), check=True)
    assert again.exit_code == 0, again
    assert "already exists" in again.output
    assert "uv_check-1.0.tar.gz" in again.output


def test_uv_publish_with_check_url_refuses_a_local_file_that_differs(
    clients: Clients, token: str, tmp_path: Path
) -> None:
    assert clients.uv_publish(token, build_wheel(tmp_path / "a", Distribution(name="uv-differs"))).exit_code == 0
    changed = build_wheel(tmp_path / "b", Distribution(name="uv-differs", summary="Another."))
    done = clients.uv_publish(token, changed, check=True)
    assert done.exit_code != 0
    assert "Local file and index file do not match" in done.output


@pytest.mark.parametrize("client", ["twine_upload", "uv_publish"])
def test_the_same_file_again_is_fine(client: str, clients: Clients, token: str, tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path, Distribution(name=f"again-{client}"))
    for _ in range(2):
        done = getattr(clients, client)(token, wheel)
        assert done.exit_code == 0, done


@pytest.mark.parametrize("client", ["twine_upload", "uv_publish"])
def test_changed_content_under_a_known_file_name_is_refused_in_words(
    client: str, running_index: RunningIndex, clients: Clients, token: str, tmp_path: Path
) -> None:
    name = f"changed-{client}".replace("_", "-")
    first = build_wheel(tmp_path / "a", Distribution(name=name))
    assert getattr(clients, client)(token, first).exit_code == 0
    done = getattr(clients, client)(token, build_wheel(tmp_path / "b", Distribution(name=name, summary="Another.")))
    assert done.exit_code != 0
    assert "File already exists" in done.output
    assert len(running_index.list_files(name)) == 1


@pytest.mark.parametrize("client", ["twine_upload", "uv_publish"])
@pytest.mark.parametrize("wrong", ["creamery-AgENbm90LWEtdG9rZW4", "nonsense"])
def test_a_wrong_token_is_refused_and_nothing_is_listed(
    client: str, wrong: str, running_index: RunningIndex, clients: Clients, tmp_path: Path
) -> None:
    name = f"intruder-{client}-{wrong[:4]}".replace("_", "-").lower()
    done = getattr(clients, client)(wrong, build_wheel(tmp_path, Distribution(name=name)))
    assert done.exit_code != 0
    assert "401" in done.output or "403" in done.output
    assert name not in running_index.fetch("/simple/").decode()


@pytest.mark.parametrize("client", ["twine_upload", "uv_publish"])
def test_another_persons_project_is_refused_by_its_name(
    client: str, running_index: RunningIndex, clients: Clients, token: str, tmp_path: Path
) -> None:
    name = f"owned-{client}".replace("_", "-")
    assert clients.twine_upload(token, build_wheel(tmp_path, Distribution(name=name))).exit_code == 0
    other = running_index.create_publisher(f"other-{client.replace('_', '-')}")
    done = getattr(clients, client)(other, build_wheel(tmp_path, Distribution(name=name, version="2.0")))
    assert done.exit_code != 0
    assert "403" in done.output
    assert name in done.output.split("403", 1)[1]
    assert len(running_index.list_files(name)) == 1


def test_a_token_for_one_project_publishes_to_that_one_only(
    running_index: RunningIndex, clients: Clients, token: str, tmp_path: Path
) -> None:
    assert clients.twine_upload(token, build_wheel(tmp_path, Distribution(name="narrow-one"))).exit_code == 0
    narrow = running_index.create_token("author", "narrow-one")
    fine = clients.twine_upload(narrow, build_wheel(tmp_path, Distribution(name="narrow-one", version="2.0")))
    assert fine.exit_code == 0, fine
    done = clients.twine_upload(narrow, build_wheel(tmp_path, Distribution(name="narrow-two")))
    assert done.exit_code != 0
    assert "403" in done.output


def test_a_revoked_token_is_refused(running_index: RunningIndex, clients: Clients, tmp_path: Path) -> None:
    token = running_index.create_publisher("leaver")
    assert clients.twine_upload(token, build_wheel(tmp_path, Distribution(name="left-behind"))).exit_code == 0
    for entry in running_index.list_tokens("leaver"):
        assert running_index.command("token", "revoke", entry).exit_code == 0
    done = clients.twine_upload(token, build_wheel(tmp_path, Distribution(name="left-behind", version="2.0")))
    assert done.exit_code != 0
    assert "401" in done.output or "403" in done.output
