"""Project names."""

import pytest

from creamery.spec.names import MAX_NAME_CHARACTERS, check_name, normalize_name
from creamery.spec.problems import InvalidInput


@pytest.mark.parametrize("text", ["a", "7", "Django", "zope.interface", "a-_.b", "A1", "x" * MAX_NAME_CHARACTERS])
def test_a_valid_name_is_kept_as_written(text: str) -> None:
    """NM-01, NM-02"""
    assert check_name(text) == text


@pytest.mark.parametrize(
    "text",
    ["", " ", "-a", "a-", ".a", "a_", "a b", "a\n", "a/b", "..", "é", "ａ", "a\0", "a;b", "\u0130", "\u212a"],  # noqa: RUF001
)
def test_an_invalid_name_is_refused(text: str) -> None:
    """NM-01: also a line break at the end, and letters that only look like ASCII or fold to it."""
    with pytest.raises(InvalidInput) as caught:
        check_name(text, "project")
    assert [(problem.code, problem.field) for problem in caught.value.problems] == [("invalid-name", "project")]


def test_a_name_too_long_for_file_systems_is_refused() -> None:
    with pytest.raises(InvalidInput) as caught:
        check_name("x" * (MAX_NAME_CHARACTERS + 1))
    assert [problem.code for problem in caught.value.problems] == ["name-too-long"]


def test_every_problem_of_a_name_is_told_at_once() -> None:
    with pytest.raises(InvalidInput) as caught:
        check_name("-" * (MAX_NAME_CHARACTERS + 1))
    assert [problem.code for problem in caught.value.problems] == ["invalid-name", "name-too-long"]


@pytest.mark.parametrize("text", ["Foo.Bar", "foo_bar", "FOO-BAR", "foo-_.bar"])
def test_spellings_of_one_name_are_one_name(text: str) -> None:
    """SH-07, NM-02"""
    assert normalize_name(text) == "foo-bar"
