"""The operator's commands over what is published, on limits and on letters, while the server runs."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from tests.factories import build
from tests.real.distributions import Distribution
from tests.real.inside import SIMPLE_JSON
from tests.real.running_index import RunningIndex

CREAMERY = Path(sys.executable).with_name("creamery")
Put = Callable[..., str]


@pytest.fixture(scope="module")
def ada(running_index: RunningIndex) -> None:
    """Let there be somebody."""
    running_index.create_person("ada")


@pytest.fixture(scope="module")
def put(running_index: RunningIndex, ada: None, tmp_path_factory: pytest.TempPathFactory) -> Put:
    """Publish a wheel of ada's. Returns its file name."""

    def publish(name: str, version: str = "1.0") -> str:
        filename, content = build(Distribution(name=name, version=version, readme=""))
        path = tmp_path_factory.mktemp("put") / filename
        path.write_bytes(content)
        assert running_index.command("import", str(path), "--user", "ada").exit_code == 0
        return filename

    return publish


@pytest.fixture(scope="module")
def typed_cli(put: Put) -> None:
    """Publish what is to be deleted by typing its name."""
    put("typed-cli")


@pytest.fixture(scope="module")
def refuse_cli(put: Put) -> None:
    """Publish what nothing is done to."""
    put("refuse-cli")


def told(index: RunningIndex, *words: str, exit_code: int = 0) -> Any:
    """Run a command that prints JSON, and read it."""
    done = index.command(*words, "--json")
    assert done.exit_code == exit_code, done
    return json.loads(done.stdout)


def page(index: RunningIndex, name: str) -> Any:
    """Read a project's page as the first installer after the command would."""
    return json.loads(index.fetch(f"/simple/{name}/", Accept=SIMPLE_JSON))


def read(index: RunningIndex, name: str) -> dict[str, Any]:
    """Read how each file is yanked."""
    return {file["filename"]: file["yanked"] for file in page(index, name)["files"]}


def is_gone(index: RunningIndex, name: str) -> bool:
    """Tell whether a project's page answers 404."""
    try:
        page(index, name)
    except HTTPError as error:
        return error.code == 404
    return False


def test_a_release_is_yanked_and_unyanked_and_readers_see_it_when_the_command_ends(
    running_index: RunningIndex, put: Put
) -> None:
    """YK-07"""
    filename = put("yank-cli")
    asked = ("release", "yank", "yank-cli", "1.0", "--reason", "sour")
    assert told(running_index, *asked)["changed"] is True
    assert read(running_index, "yank-cli") == {filename: "sour"}
    assert told(running_index, *asked)["changed"] is False
    assert running_index.command(*asked).stdout == "yank-cli 1.0 is yanked already.\n"
    assert running_index.command("release", "unyank", "yank-cli", "1.0").stdout == "yank-cli 1.0 is not yanked.\n"
    assert read(running_index, "yank-cli") == {filename: False}


def test_a_file_is_found_by_its_name_alone(running_index: RunningIndex, put: Put) -> None:
    filename = put("file-cli")
    assert told(running_index, "file", "yank", filename)["yanked"] is True
    assert read(running_index, "file-cli") == {filename: True}
    assert told(running_index, "file", "unyank", filename)["changed"] is True
    assert told(running_index, "file", "delete", filename, "--yes")["changed"] is True
    assert read(running_index, "file-cli") == {}


def test_a_status_is_given_and_listed(running_index: RunningIndex, put: Put) -> None:
    put("status-cli")
    assert told(running_index, "project", "status", "status-cli", "archived", "--reason", "Eaten.")["changed"] is True
    assert page(running_index, "status-cli")["project-status"]["status"] == "archived"
    (line,) = told(running_index, "project", "list", "--status", "archived")
    assert (line["name"], line["latest_version"], line["files"]) == ("status-cli", "1.0", 1)


def test_deleting_ends_with_a_tombstone_that_the_operator_still_sees(running_index: RunningIndex, put: Put) -> None:
    put("gone-cli")
    put("gone-cli", "2.0")
    assert told(running_index, "release", "delete", "gone-cli", "1.0", "--yes")["deleted"] is True
    assert list(read(running_index, "gone-cli")) == ["gone_cli-2.0-py3-none-any.whl"]
    assert running_index.command("project", "delete", "gone-cli", "--yes").stdout == "gone-cli is deleted.\n"
    assert is_gone(running_index, "gone-cli")
    assert [line["name"] for line in told(running_index, "project", "list", "--status", "deleted")] == ["gone-cli"]
    assert running_index.command("rebuild", "--check").exit_code == 0
    assert running_index.command("verify").exit_code == 0


@pytest.mark.parametrize(
    "words", [("release", "delete", "kept-cli", "1.0"), ("project", "delete", "kept-cli"), ("file", "delete", "x.whl")]
)
def test_without_a_terminal_nothing_is_deleted_without_yes(words: tuple[str, ...], running_index: RunningIndex) -> None:
    done = running_index.command(*words)
    assert (done.exit_code, "--yes" in done.stderr) == (2, True), done


@pytest.mark.parametrize(("typed", "exit_code"), [("typed", 2), ("y", 2), ("", 2), ("typed-cli", 0)])
def test_on_a_terminal_the_name_is_typed_once_more(
    typed: str, exit_code: int, running_index: RunningIndex, typed_cli: None
) -> None:
    ours, theirs = os.openpty()
    command: list[str | Path] = [CREAMERY, "project", "delete", "typed-cli"]
    process = subprocess.Popen(
        command,
        env=running_index.environment,
        cwd=running_index.folder,
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.write(ours, f"{typed}\n".encode())
    _out, said = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert (process.returncode, "deleted for ever" in said) == (exit_code, True), said
    assert is_gone(running_index, "typed-cli") is (exit_code == 0)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("release", "yank", "nowhere", "1.0"), "no-such-project"),
        (("release", "delete", "refuse-cli", "9.9", "--yes"), "no-such-release"),
        (("file", "delete", "refuse_cli-9.9-py3-none-any.whl", "--yes"), "no-such-file"),
        (("file", "yank", "nonsense"), "no-such-file"),
        (("release", "yank", "refuse-cli", "1.0", "--reason", "x" * 501), "invalid-reason"),
        (("limits", "set", "file-bytes", "1", "--project", "nowhere"), "no-such-project"),
        (("limits", "set", "new-projects", "1", "--project", "refuse-cli"), "invalid-limit"),
    ],
)
def test_a_refusal_is_a_sentence_and_exit_code_1(
    words: tuple[str, ...], code: str, running_index: RunningIndex, refuse_cli: None
) -> None:
    assert told(running_index, *words, exit_code=1)["refusal"] == code


def test_limits_are_set_listed_and_removed(running_index: RunningIndex, put: Put) -> None:
    put("limit-cli")
    whose = ("--project", "limit-cli")
    assert told(running_index, "limits", "set", "project-bytes", "5000", *whose)["changed"] is True
    assert told(running_index, "limits", "set", "new-projects", "0", "--user", "ada")["changed"] is True
    listed = {(line["kind"], line["value"]) for line in told(running_index, "limits", "list")}
    assert listed == {("project-bytes", 5000), ("new-projects", 0)}
    assert told(running_index, "limits", "remove", "project-bytes", *whose)["changed"] is True
    assert told(running_index, "limits", "remove", "new-projects", "--user", "ada")["changed"] is True
    assert told(running_index, "limits", "list") == []


@pytest.mark.parametrize("whose", [(), ("--project", "x", "--user", "ada")])
def test_a_limit_is_somebodys(whose: tuple[str, ...], running_index: RunningIndex) -> None:
    for words in (("limits", "set", "file-bytes", "1"), ("limits", "remove", "file-bytes")):
        done = running_index.command(*words, *whose)
        assert (done.exit_code, "--project or with --user" in done.stderr) == (2, True), done


def test_letters_are_listed_and_nothing_is_retried_that_did_not_fail(running_index: RunningIndex, put: Put) -> None:
    put("letter-cli")
    running_index.command("release", "yank", "letter-cli", "1.0")
    newest = told(running_index, "letters", "list")[0]
    assert (newest["username"], newest["template"]) == ("ada", "release_yanked")
    assert newest["state"] in {"waiting", "sent"}
    assert told(running_index, "letters", "list", "failed") == []
    assert told(running_index, "letters", "retry") == {"posted": []}
