"""The pages of what an index is held to, in reading and in uploads: each expectation with the tests that hold it."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from page_parts import table

DOCS = Path(__file__).resolve().parent
TESTS = DOCS.parent / "tests"
ID = re.compile(r"\b([A-Z]{2,4})-(\d{2,3})\b")
SPAN = re.compile(r"\b([A-Z]{2,4})-(\d{2,3}) to (?:\1-)?(\d{2,3})\b")
SHOWN_TESTS = 3


@dataclass(frozen=True)
class Expectation:
    """One line of the list; `left` says why no test has to cite it, if none has to."""

    id: str
    what: str
    left: str


@dataclass(frozen=True)
class Topic:
    """One of the pages, and the list that it is made of."""

    source: str
    title: str
    intro: str

    def read(self) -> dict[str, list[Expectation]]:
        """Read its list."""
        return read_expectations((DOCS / self.source).read_text())


TOPICS = {
    "standards.md": Topic(
        "read_standards.txt",
        "Standards of reading",
        "What installers, mirrors and tools may expect of an index when they read, and the tests that hold Creamery to it.",
    ),
    "upload-standards.md": Topic(
        "upload_standards.txt",
        "Standards of uploads",
        "What a file and its upload are held to, and the tests that hold Creamery to it.",
    ),
}


def standards_page(topic: Topic) -> str:
    """Make a page."""
    tests = list_citing_tests()
    sections = topic.read()
    expected = [expectation for section in sections.values() for expectation in section]
    cited = sum(1 for expectation in expected if expectation.id in tests)
    parts = [
        f"# {topic.title}",
        "",
        topic.intro,
        "",
        f"{len(expected)} expectations: {cited} are cited by tests; the others say why not. Tests are named by file and function.",
    ]
    for title, section in sections.items():
        rows = [[expectation.id, expectation.what, _proof(expectation, tests)] for expectation in section]
        parts += ["", f"## {title}", "", table(["id", "what", "held by"], rows)]
    return "\n".join(parts)


def _proof(expectation: Expectation, tests: Mapping[str, Sequence[str]]) -> str:
    found = tests.get(expectation.id, ())
    if not found:
        return f"*{expectation.left}*"
    more = len(found) - SHOWN_TESTS
    return "<br>".join([*(f"`{test}`" for test in found[:SHOWN_TESTS]), *([f"and {more} more"] if more > 0 else [])])


def read_expectations(text: str) -> dict[str, list[Expectation]]:
    """
    Read a list: titles of sections, and what each holds.

    Raises:
        ValueError: a line is none of its kinds, or an id stands there twice.
    """
    sections: dict[str, list[Expectation]] = {}
    seen: set[str] = set()
    for line in text.splitlines():
        if line.startswith("= "):
            section = sections.setdefault(line[2:], [])
        elif line and not line.startswith("#"):
            name, _, rest = line.partition(" ")
            what, _, left = rest.partition(" | ")
            if not ID.fullmatch(name) or not what or name in seen:
                raise ValueError(f"Not a line of this list: {line}")
            seen.add(name)
            section.append(Expectation(name, what, left))
    return sections


def list_citing_tests() -> dict[str, list[str]]:
    """List the tests that cite each id, in their docstrings or their parameters, as `folder/file.py::function`."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    # Tests about this very list cite ids as examples only.
    paths = (path for path in sorted(TESTS.rglob("test_*.py")) if path.parent.name != "architecture")
    for path in paths:
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef) and function.name.startswith("test_"):
                name = f"{path.relative_to(TESTS)}::{function.name}"
                for cited in sorted(set(_ids_of(function))):
                    found[cited].append(name)
    return dict(found)


def _ids_of(function: ast.FunctionDef) -> Iterator[str]:
    """Read the ids in a test's docstring and in the texts of its decorators."""
    yield from list_ids(ast.get_docstring(function) or "")
    for decorator in function.decorator_list:
        for node in ast.walk(decorator):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield from list_ids(node.value)


def list_ids(text: str) -> list[str]:
    """
    List the ids in a text, those of a span too.

    >>> list_ids("SN-01, SJ-10 to SJ-12: and more")
    ['SN-01', 'SJ-10', 'SJ-12', 'SJ-10', 'SJ-11', 'SJ-12']
    """
    found = [f"{family}-{number}" for family, number in ID.findall(text)]
    for family, first, last in SPAN.findall(text):
        found += [f"{family}-{number:0{len(first)}}" for number in range(int(first), int(last) + 1)]
    return found
