"""Comparing upload forms with the file."""

from collections.abc import Sequence

import pytest

from creamery.spec.metadata import CoreMetadata, compare_claims

METADATA = CoreMetadata(
    metadata_version="2.4",
    name="Foo.Bar",
    version="1.0",
    summary="A  thing",
    description="# Hello\n\nWorld\n",
    description_content_type="text/markdown",
    keywords=("one", "two words"),
    home_page="https://foo.example",
    author="Ada",
    license="Line one\nline two",
    license_files=("LICENSE",),
    classifiers=("A :: B", "C :: D"),
    requires_dist=('bar (>=1,<2) ; extra == "Test"', "baz @ https://baz.example/baz.whl"),
    requires_python=">=3.9,<4",
    project_urls=(("Docs", "https://docs.example/a,b"),),
    provides_extra=("Test_Extra",),
    platforms=("any",),
    supported_platforms=("linux",),
    dynamic=("Requires-Dist",),
    import_names=("foo",),
    import_namespaces=("ns",),
)


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("metadata_version", ["2.4"]),
        ("name", ["foo-bar"]),
        ("version", ["1.0.0"]),
        ("summary", ["A thing"]),
        ("description", ["# Hello\r\n\r\nWorld"]),
        ("description_content_type", ["Text/Markdown"]),
        ("keywords", ["one,two words"]),
        ("keywords", ["two words", "one"]),
        ("license", ["Line one\r\n        line two"]),
        ("license_file", ["LICENSE"]),
        ("license_files", ["LICENSE"]),
        ("classifier", ["C :: D", "A :: B"]),
        ("classifiers", ["A :: B", "C :: D"]),
        ("requires_dist", ["baz@ https://baz.example/baz.whl", "bar<2,>=1; extra == 'test'"]),
        ("requires_python", ["<4,>=3.9"]),
        ("project_url", ["Docs,https://docs.example/a,b"]),
        ("project_urls", ["Docs, https://docs.example/a,b"]),
        ("provides_extra", ["test-extra"]),
        ("provides_extras", ["Test_Extra"]),
        ("platform", ["any"]),
        ("platforms", ["any"]),
        ("supported_platform", ["linux"]),
        ("dynamic", ["requires-dist"]),
        ("import_name", ["foo"]),
        ("import_names", ["foo"]),
        ("import_namespace", ["ns"]),
        ("import_namespaces", ["ns"]),
        ("author_email", [""]),
        ("author_email", ["UNKNOWN"]),
        ("requires_external", []),
        ("filetype", ["bdist_wheel"]),
        (":action", ["file_upload"]),
        ("no_such_field", ["x"]),
    ],
)
def test_a_form_that_says_the_same_in_other_words_agrees(key: str, values: Sequence[str]) -> None:
    """UP-12, UP-13, UP-14: every spelling that clients send."""
    assert compare_claims({key: values}, METADATA) == []


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("metadata_version", ["2.1"]),
        ("name", ["foobar"]),
        ("version", ["1.0.1"]),
        ("version", ["one"]),
        ("summary", ["Another thing"]),
        ("description", ["# Hello"]),
        ("keywords", ["one"]),
        ("license_file", ["LICENSE", "OTHER"]),
        ("license_expression", ["MIT"]),
        ("classifiers", ["A :: B"]),
        ("requires_dist", ["bar<2,>=1"]),
        ("requires_dist", ["baz @ https://evil.example/baz.whl", 'bar (>=1,<2) ; extra == "test"']),
        ("requires_python", [">=3.8"]),
        ("project_urls", ["Docs, https://evil.example"]),
        ("provides_extras", ["other"]),
        ("import_names", ["bar"]),
        ("author_email", ["ada@foo.example"]),
    ],
)
def test_a_form_that_says_something_else_is_told(key: str, values: Sequence[str]) -> None:
    """UP-13"""
    assert [(problem.code, problem.field) for problem in compare_claims({key: values}, METADATA)] == [
        ("claim-differs", key)
    ]


def test_every_difference_is_told() -> None:
    """UP-13"""
    claims = {"name": ["x"], "summary": ["y"], "import_name": ["a"], "import_names": ["b"]}
    assert [problem.field for problem in compare_claims(claims, METADATA)] == [
        "name",
        "summary",
        "import_name",
        "import_names",
    ]


def test_a_difference_shows_both_sides() -> None:
    (problem,) = compare_claims({"requires_python": [">=3.8"]}, METADATA)
    assert problem.text() == (
        "requires_python '>=3.8': The form says this, the file says '>=3.9,<4'. Send the metadata that is in the file."
    )


@pytest.mark.parametrize("value", ["a; " + "(" * 3_000, "a" * 100_000, "a>=" + "9" * 3_000, "\ud800"])
def test_hostile_claims_are_differences_and_nothing_else(value: str) -> None:
    claims = {"requires_dist": [value], "requires_python": [value], "version": [value]}
    assert len(compare_claims(claims, METADATA)) == 3
