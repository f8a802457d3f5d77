"""The operator's commands: what they print for people and for programs, beside a running server."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from creamery.cli import commands
from tests.factories import make_upload
from tests.real.clients import Clients
from tests.real.processes import Finished, run
from tests.real.running_index import RunningIndex

CREAMERY = Path(sys.executable).with_name("creamery")


def list_commands(group: click.Group = commands, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """List every command with the words that lead to it."""
    for name, command in group.commands.items():
        yield (*before, name)
        if isinstance(command, click.Group):
            yield from list_commands(command, (*before, name))


def find_command(words: tuple[str, ...]) -> click.Command:
    """Find a command by its words."""
    found: click.Command = commands
    for word in words:
        assert isinstance(found, click.Group)
        found = found.commands[word]
    return found


@pytest.mark.parametrize("words", list(list_commands()), ids=" ".join)
class TestEveryCommand:
    """What all have in common."""

    @pytest.mark.parametrize("option", ["-h", "--help"])
    def test_it_has_help_with_a_sentence(self, option: str, words: tuple[str, ...]) -> None:
        shown = CliRunner().invoke(commands, [*words, option])
        assert shown.exit_code == 0
        assert (find_command(words).help or "").strip().split("\n")[0].rstrip().endswith((".", ","))
        assert "\x1b" not in shown.output

    def test_it_tells_programs_in_json(self, words: tuple[str, ...]) -> None:
        command = find_command(words)
        if isinstance(command, click.Group) or words[0] in {"serve", "worker", "completion"}:
            return
        assert "--json" in [option for parameter in command.params for option in parameter.opts]

    def test_every_option_says_what_it_is_for(self, words: tuple[str, ...]) -> None:
        for parameter in find_command(words).params:
            if isinstance(parameter, click.Option):
                assert parameter.help, parameter.name

    def test_a_wrong_option_is_exit_code_2(self, words: tuple[str, ...]) -> None:
        shown = CliRunner().invoke(commands, [*words, "--no-such-option"])
        assert (shown.exit_code, "no-such-option" in shown.output) == (2, True)


def test_help_and_completion_do_not_load_django() -> None:
    code = "import sys; from creamery.cli import commands; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


class TestCompletion:
    """Scripts for three shells; bash really sources its own."""

    @pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
    def test_there_is_a_script(self, shell: str) -> None:
        shown = CliRunner().invoke(commands, ["completion", shell])
        assert (shown.exit_code, f"_CREAMERY_COMPLETE={shell}_complete" in shown.output) == (0, True)

    def test_bash_sources_it_and_completes(self, tmp_path: Path) -> None:
        script = tmp_path / "creamery.bash"
        script.write_text(CliRunner().invoke(commands, ["completion", "bash"]).output)
        ask = f"""set -e; source {script}; complete -p creamery >/dev/null
            COMP_WORDS=(creamery "$1"); COMP_CWORD=1; COMPREPLY=(); _creamery_completion creamery; echo "${{COMPREPLY[@]}}"
        """
        environment = {"PATH": f"{CREAMERY.parent}:{os.environ['PATH']}", "HOME": str(tmp_path)}
        done = run(["bash", "-c", ask, "bash", "to"], environment=environment, folder=tmp_path)
        assert (done.exit_code, done.stdout.split()) == (0, ["token"]), done

    def test_another_shell_is_exit_code_2(self) -> None:
        assert CliRunner().invoke(commands, ["completion", "tcsh"]).exit_code == 2


@pytest.fixture(scope="module")
def ada(running_index: RunningIndex) -> None:
    """Let there be somebody."""
    running_index.create_person("ada")


@pytest.mark.usefixtures("ada")
class TestPeople:
    """`creamery user` and `creamery token`, while the server runs."""

    def test_a_token_stands_alone_on_the_last_line(self, running_index: RunningIndex, tmp_path: Path) -> None:
        made = running_index.command("token", "create", "--user", "ada")
        assert made.stdout.count("\n") == 1
        assert made.stdout.startswith("creamery-")
        assert "__token__" in made.stderr
        clients = Clients(running_index.url, tmp_path / "clients")
        upload = make_upload("cli-sample")
        (tmp_path / upload.filename).write_bytes(upload.content)
        assert clients.twine_upload(made.stdout.strip(), tmp_path / upload.filename).exit_code == 0

    def test_a_person_gets_a_password_from_standard_input(self, running_index: RunningIndex) -> None:
        running_index.create_person("with-password")
        done = running_index.command("user", "password", "with-password", stdin="a wheel of old gouda\n")
        assert (done.exit_code, done.stdout) == (0, "with-password has a new password to log in with.\n")
        refused = running_index.command("user", "password", "with-password", stdin="short\n")
        assert (refused.exit_code, "too short" in refused.stderr, "Traceback" in refused.stderr) == (1, True, False)

    def test_a_token_as_json_has_everything_once(self, running_index: RunningIndex) -> None:
        made = running_index.command("token", "create", "--user", "ada", "--project", "B_b", "--json", "--name", "ci")
        told = json.loads(made.stdout)
        assert (told["name"], told["user"], made.stderr) == ("ci", "ada", "")
        assert told["token"].startswith("creamery-")
        listed = running_index.command("token", "list", "--user", "ada", "--json")
        assert told["token"] not in listed.stdout
        (line,) = [line for line in json.loads(listed.stdout) if line["id"] == told["id"]]
        assert (line["projects"], line["revoked_at"]) == (["b-b"], None)

    def test_a_list_in_a_pipe_is_lines_with_tabs(self, running_index: RunningIndex) -> None:
        plain = running_index.command("user", "list")
        assert plain.stdout.splitlines()[0].split("\t")[1:5] == ["ada", "ada@idx.example", "yes", "no"]

    def test_nothing_is_coloured_in_a_pipe(self, running_index: RunningIndex) -> None:
        environment = {name: value for name, value in running_index.environment.items() if name != "NO_COLOR"}
        environment |= {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
        for words in (["user", "list"], ["token", "revoke", "99999"], ["import", "/nowhere"], ["--help"]):
            done = run([CREAMERY, *words], environment=environment, folder=running_index.folder)
            assert "\x1b" not in done.output, done

    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            (["token", "create", "--user", "nobody"], "There is nobody named nobody."),
            (["token", "revoke", "99999"], "99999"),
            (["user", "create", "ADA", "--email", "other@idx.example"], "ADA"),
            (["user", "create", "a b", "--email", "x"], "email"),
            (["token", "create", "--user", "ada", "--project", "no good"], "no good"),
        ],
    )
    @pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
    def test_a_refusal_is_a_sentence_and_exit_code_1(
        self, words: list[str], sentence: str, as_json: bool, running_index: RunningIndex
    ) -> None:
        done = running_index.command(*words, *(["--json"] if as_json else []))
        assert (done.exit_code, "Traceback" in done.output) == (1, False), done
        assert sentence in done.stderr
        assert bool(done.stdout) is as_json
        if as_json:
            assert sentence in json.loads(done.stdout)["message"]

    @pytest.mark.parametrize("lifetime", ["90", "1y", "-1d", "0d", "d", "99999999d", "forever"])
    def test_a_lifetime_that_is_none_is_exit_code_2(self, lifetime: str) -> None:
        shown = CliRunner().invoke(commands, ["token", "create", "--user", "ada", "--expires", lifetime])
        assert shown.exit_code == 2

    @pytest.mark.parametrize(("lifetime", "days"), [("12h", 0.5), ("2w", 14), ("99999w", None), ("never", None)])
    def test_a_lifetime_is_kept(self, lifetime: str, days: float | None, running_index: RunningIndex) -> None:
        from datetime import UTC, datetime

        done = running_index.command("token", "create", "--user", "ada", "--expires", lifetime, "--json")
        if lifetime == "99999w":
            assert (done.exit_code, "Traceback" in done.output) in {(0, False), (2, False)}, done
            return
        assert done.exit_code == 0, done
        expires = json.loads(done.stdout)["expires_at"]
        if days is None:
            assert expires is None
        else:
            left = datetime.fromisoformat(expires) - datetime.now(UTC)
            assert days - 0.01 < left.total_seconds() / 86400 <= days


@pytest.mark.usefixtures("ada")
class TestRebuild:
    """`creamery rebuild`, while the server runs."""

    def test_it_finds_and_mends_a_planted_difference(self, running_index: RunningIndex, tmp_path: Path) -> None:
        page = publish(running_index, tmp_path, "rebuild-cli") / "index.json"
        assert running_index.command("rebuild", "--check").exit_code == 0
        page.write_bytes(b"edited")
        found = running_index.command("rebuild", "--check", "--json")
        assert found.exit_code == 1
        assert json.loads(found.stdout)[0]["key"] == "public/simple/rebuild-cli/index.json"
        plain = running_index.command("rebuild", "--check")
        assert plain.stdout.split("\t")[0] == "public/simple/rebuild-cli/index.json"
        mended = running_index.command("rebuild", "--json")
        assert (mended.exit_code, json.loads(mended.stdout)["projects"] > 0) == (0, True), mended
        assert running_index.command("rebuild", "--check").exit_code == 0


def publish(index: RunningIndex, folder: Path, name: str) -> Path:
    """Import a wheel. Returns the folder of its project's page in the store."""
    upload = make_upload(name)
    (folder / upload.filename).write_bytes(upload.content)
    done: Finished = index.command("import", str(folder / upload.filename), "--user", "ada")
    assert done.exit_code == 0, done
    return index.data / "blobs" / "public" / "simple" / name
