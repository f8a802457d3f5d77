"""What the documents say is there: links, commands, options, settings, names of the code."""

import importlib
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path

import click
import pytest

from creamery import reactions
from creamery.cli import commands
from creamery.config import PREFIX, Config
from tests.architecture.house import ROOT, SOURCE, list_repository_files, list_source_files
from tests.real.running_index import RunningIndex

PAGES = [path for path in list_repository_files() if path.suffix == ".md"]
WRITTEN = [page for page in PAGES if "reference" not in page.parts]
REFERENCE = ROOT / "docs" / "reference"
LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|srcset|href)=\"([^\"]+)\"")
COMMAND = re.compile(r"(?:\.venv/bin/|[\s`(]|^)creamery ((?:[a-z-]+|--?[a-z-]+)(?: [^\n`)|]*)?)", re.MULTILINE)
NAME = re.compile(r"`(?:creamery\.)?((?:[a-z_]+\.)+[A-Za-z_]+)`")
A_ROOM = {path.name for path in SOURCE.iterdir() if path.is_dir()} | {path.stem for path in SOURCE.glob("*.py")}


def run_generator(folder: Path) -> subprocess.CompletedProcess[str]:
    command: list[str | Path] = [sys.executable, folder / "generate.py", "--check"]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def test_the_reference_is_what_the_code_says() -> None:
    done = run_generator(ROOT / "docs")
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_a_stale_page_and_an_orphan_are_caught(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    shutil.copytree(ROOT / "docs", docs)
    page = docs / "reference" / "settings.md"
    page.write_text(page.read_text().replace("8000", "8001"))
    (docs / "reference" / "promises.md").write_text("# Promises\n")
    done = run_generator(docs)
    assert done.returncode == 1
    named = {line.split()[0] for line in done.stdout.splitlines()}
    assert named >= {"docs/reference/settings.md", "docs/reference/promises.md"}


def test_the_house_is_drawn_with_all_its_rooms() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text()
    rooms = [path.parent.name for path in SOURCE.glob("*/__init__.py")]
    assert [room for room in rooms if f"\n  {room}/ " not in page] == []
    assert [room for room in rooms if f"(src/creamery/{room}/README.md)" not in page] == []


def test_every_setting_is_in_the_reference() -> None:
    page = (REFERENCE / "settings.md").read_text()
    shown = [PREFIX + f.name.upper() for f in fields(Config) if not f.metadata.get("hidden")]
    assert [name for name in shown if f"`{name}`" not in page] == []


def test_every_event_is_in_the_reference() -> None:
    page = (REFERENCE / "events.md").read_text()
    assert [event.__name__ for event in reactions.table() if f".{event.__name__}`" not in page] == []


def test_every_refusal_is_in_the_reference() -> None:
    page = (REFERENCE / "refusals.md").read_text()
    kinds = {"invalid", "forbidden", "missing", "conflict", "limited"}
    codes = {
        code
        for path in list_source_files()
        for code in re.findall(r'^    code = "([a-z-]+)"', path.read_text(), re.MULTILINE)
    }
    assert codes > kinds
    assert sorted(code for code in codes - kinds if f"`{code}`" not in page) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    assert list_broken_links(page.read_text(), page) == []


def test_a_planted_broken_link_is_caught() -> None:
    text = '[a](absent.md) [b](README.md#for-whom) [c](README.md#nowhere) <img src="docs/none.png"> [d](https://idx.example/x)'
    assert list_broken_links(text, ROOT / "README.md") == ["absent.md", "README.md#nowhere", "docs/none.png"]


@pytest.mark.only_on("sqlite")
def test_the_readme_has_the_commands_that_a_start_prints(start_index: Callable[..., RunningIndex]) -> None:
    index = start_index()
    printed = [read_as_newcomer(line, index) for line in index.log.read_text().splitlines() if line.startswith("  ")]
    links, typed = [c for c in printed if "/setup/" in c], [c for c in printed if "/setup/" not in c]
    assert (len(links), len(typed)) == (1, 6)
    readme = (ROOT / "README.md").read_text()
    assert [command for command in typed if f"    {command}\n" not in readme] == []


def read_as_newcomer(line: str, index: RunningIndex) -> str:
    """Read a printed command as a fresh clone prints it: on the usual port, with the usual folder."""
    on_usual_port = line.strip().replace(index.url, "http://localhost:8000")
    return re.sub(r"CREAMERY_DATA=\S+ \S*creamery (?=user|token)", ".venv/bin/creamery ", on_usual_port)


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_in_the_documents_can_be_typed(page: Path) -> None:
    assert [words for words in COMMAND.findall(page.read_text()) if not is_command(words)] == []


@pytest.mark.parametrize(
    "words", ["sell", "serve --turbo", "token create --user ada --forever", "import --fast packages/"]
)
def test_a_planted_command_is_caught(words: str) -> None:
    assert COMMAND.findall(f"Then type `creamery {words}`.") == [words]
    assert not is_command(words)


def is_command(words: str) -> bool:
    """Say whether our command line knows these words and options; `creamery must ...` in a sentence is no command."""
    first, *rest = re.split(r"\s{2,}", words)[0].split()
    command: click.Command | None = commands.commands.get(first)
    if first.startswith("-"):
        command, rest = commands, [first, *rest]
    while isinstance(command, click.Group) and command is not commands and rest:
        command = command.commands.get(rest.pop(0))
    if command is None:
        return False
    known = {option for parameter in command.params for option in parameter.opts} | {"-h", "--help"}
    return all(word.partition("=")[0] in known for word in rest if word.startswith("-"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_setting_in_the_documents_is_one(page: Path) -> None:
    settings = {PREFIX + field.name.upper() for field in fields(Config)}
    assert sorted(set(re.findall(PREFIX + r"[A-Z][A-Z_]*[A-Z]", page.read_text())) - settings) == []


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_target_of_make_in_the_documents_is_one(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:^    |`)make ([a-z]+)", page.read_text(), re.MULTILINE)) - targets == set()


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_name_of_the_code_in_the_documents_is_there(page: Path) -> None:
    names = [name for name in NAME.findall(page.read_text()) if name.split(".")[0] in A_ROOM and not is_file(name)]
    assert [name for name in names if not is_in_the_code(name)] == []


def test_a_planted_name_is_caught() -> None:
    assert NAME.findall("`upload.pipeline.upload_file` and `creamery.asgi.Front`") == [
        "upload.pipeline.upload_file",
        "asgi.Front",
    ]
    assert is_in_the_code("upload.pipeline.upload_file")
    assert not is_in_the_code("upload.pipeline.upload_everything")


def is_file(name: str) -> bool:
    """Say whether a name with a point in it is a file's."""
    return name.endswith((".py", ".md", ".toml", ".txt", ".db"))


def is_in_the_code(name: str) -> bool:
    """Say whether a dotted name is a module of ours or something in one."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(["creamery", *parts[:end]]))
        except ModuleNotFoundError:
            continue
        for part in parts[end:]:
            found = getattr(found, part, None)
        return found is not None
    return False


def list_broken_links(text: str, page: Path) -> list[str]:
    """List the links to our own files, and to headings in them, that lead nowhere."""
    links = [first or second for first, second in LINK.findall(without_code(text))]
    return [link for link in links if not re.match(r"[a-z]+:", link) and not is_there(link, page)]


def is_there(link: str, page: Path) -> bool:
    """Say whether a relative link from a page leads to a file of ours, and to a heading of it if it names one."""
    name, _, anchor = link.partition("#")
    target = (page.parent / name).resolve() if name else page
    if not target.exists() or not target.is_relative_to(ROOT):
        return False
    return not anchor or anchor in list_anchors(target.read_text())


def list_anchors(text: str) -> Iterator[str]:
    """List the anchors of a page's headings, as repositories' pages have them."""
    for heading in re.findall(r"^#+ (.+)$", without_code(text), re.MULTILINE):
        yield re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def without_code(text: str) -> str:
    """Take blocks of code away, where a bracket is no link and a hash is no heading."""
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
