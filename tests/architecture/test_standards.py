"""Every expectation of a reader and of an upload is cited by a test, or says why not (docs/*_standards.txt)."""

import importlib.util
import sys
from types import ModuleType
from typing import Any

import pytest

from tests.architecture.house import ROOT


@pytest.fixture(scope="module")
def pages() -> ModuleType:
    """Load the script that collects the ids; it lies in no package."""
    docs = ROOT / "docs"
    sys.path.insert(0, str(docs))
    try:
        spec = importlib.util.spec_from_file_location("standard_pages", docs / "standard_pages.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(docs))
    return module


TOPICS = {"standards.md": 150, "upload-standards.md": 170}
"""The pages, and how many expectations each has at least."""


def list_expected(pages: ModuleType, page: str) -> list[Any]:
    """List what one page expects."""
    return [expectation for section in pages.TOPICS[page].read().values() for expectation in section]


@pytest.mark.parametrize("page", TOPICS)
def test_every_expectation_is_cited_by_a_test_or_says_why_not(page: str, pages: ModuleType) -> None:
    tests, expected = pages.list_citing_tests(), list_expected(pages, page)
    assert len(expected) > TOPICS[page]
    assert [e.id for e in expected if e.id not in tests and not e.left] == []


@pytest.mark.parametrize("page", TOPICS)
def test_no_expectation_is_left_that_a_test_cites(page: str, pages: ModuleType) -> None:
    """A reason that is no longer true would hide that the test may be deleted."""
    tests = pages.list_citing_tests()
    assert [e.id for e in list_expected(pages, page) if e.left and e.id in tests] == []


@pytest.mark.parametrize("page", TOPICS)
def test_families_are_whole(page: str, pages: ModuleType) -> None:
    """An id that a test cites and the list does not know is mistyped."""
    expected = {e.id for e in list_expected(pages, page)}
    families = {name.partition("-")[0] for name in expected} - {"API", "INC"}
    unknown = {name for name in pages.list_citing_tests() if name.partition("-")[0] in families} - expected
    assert unknown == set()


def test_no_id_stands_on_two_pages(pages: ModuleType) -> None:
    reading, uploads = ({e.id for e in list_expected(pages, page)} for page in TOPICS)
    assert reading & uploads == set()


@pytest.mark.parametrize("line", ["SH-01", "SH-1 What", "Some words", "SH-01 What\nSH-01 Again"])
def test_a_planted_line_is_refused(line: str, pages: ModuleType) -> None:
    with pytest.raises(ValueError, match="Not a line"):
        pages.read_expectations(f"= Title\n{line}\n")


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("SN-04", {"SN-04"}),
        ("SJ-10 to SJ-12, PS-05.", {"SJ-10", "SJ-11", "SJ-12", "PS-05"}),
        ("JS-01 to 03", {"JS-01", "JS-02", "JS-03"}),
        ("API-046: what", {"API-046"}),
        ("no id, RFC 9110, PEP-like", set()),
    ],
)
def test_ids_are_read_alone_and_as_spans(text: str, ids: set[str], pages: ModuleType) -> None:
    assert set(pages.list_ids(text)) == ids
