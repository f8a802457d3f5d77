"""File names of distributions."""

import pytest

from creamery.spec.filenames import parse_filename
from creamery.spec.problems import InvalidInput


def codes(text: str) -> list[str]:
    """List the problems that a file name has."""
    with pytest.raises(InvalidInput) as caught:
        parse_filename(text)
    return [problem.code for problem in caught.value.problems]


def test_a_wheel_name_says_project_version_build_and_tags() -> None:
    """FN-01, TG-04"""
    found = parse_filename("foo_bar-1.0.post1-2abc-cp311.cp312-abi3.abi3t-manylinux_2_28_x86_64.whl")
    assert (found.kind, found.name, str(found.version), found.build) == ("bdist_wheel", "foo-bar", "1.0.post1", "2abc")
    assert found.python_version == "cp311.cp312"
    assert len(found.tags) == 4
    assert "cp311-abi3t-manylinux_2_28_x86_64" in {str(tag) for tag in found.tags}


def test_an_sdist_name_says_project_and_version() -> None:
    """FN-04"""
    found = parse_filename("foo_bar-1.0.tar.gz")
    assert (found.kind, found.name, str(found.version)) == ("sdist", "foo-bar", "1.0")
    assert (found.build, found.tags, found.python_version) == ("", frozenset(), "source")


@pytest.mark.parametrize(
    ("text", "is_normalized"),
    [
        ("foo_bar-1.0-py3-none-any.whl", True),
        ("foo_bar-1.0+local.1-py3-none-any.whl", True),
        ("foo_bar-1!2.0-1-py3-none-any.whl", True),
        ("Foo_Bar-1.0-py3-none-any.whl", False),
        ("foo.bar-1.0-py3-none-any.whl", False),
        ("foo_bar-1.0rc01-py3-none-any.whl", False),
        ("foo_bar-v1.0-py3-none-any.whl", False),
        ("foo_bar-1.0.tar.gz", True),
        ("foo-bar-1.0.tar.gz", False),
        ("foo.bar-1.0.tar.gz", False),
        ("Foo_bar-1.0.tar.gz", False),
        ("foo_bar-1.0RC1.tar.gz", False),
    ],
)
def test_old_spellings_are_read_and_flagged(text: str, is_normalized: bool) -> None:
    """FN-02, FN-03, FN-04, FN-07"""
    found = parse_filename(text)
    assert found.name == "foo-bar"
    assert found.is_normalized is is_normalized


def test_an_sdist_whose_version_holds_a_hyphen_is_never_taken_for_normalized() -> None:
    """FN-08: the library reads project `foo-1-0` here; comparing with the expected name shows that nobody wrote that."""
    found = parse_filename("foo-1.0-1.tar.gz")
    assert (found.name, str(found.version)) == ("foo-1-0", "1")
    assert not found.is_normalized
    assert found.stem == "foo_1_0-1"


@pytest.mark.parametrize(
    "text",
    [
        "foo-1.0.zip",
        "foo-1.0.egg",
        "foo-1.0.exe",
        "foo-1.0.tar.bz2",
        "foo-1.0.tgz",
        "foo-1.0.WHL",
        "foo",
        "foo-1.0.rpm",
    ],
)
def test_other_kinds_of_files_are_refused(text: str) -> None:
    """FN-06, SD-08"""
    assert codes(text) == ["unknown-file-type"]


@pytest.mark.parametrize(
    "text",
    [
        "../foo-1.0.tar.gz",
        "a/foo-1.0.tar.gz",
        "a\\foo-1.0.tar.gz",
        "foo-1.0.tar.gz\n",
        "foo\0-1.0.tar.gz",
        "foo-1.0\x7f.tar.gz",
        "foo -1.0.tar.gz",
        ".foo-1.0.tar.gz",
        "C:foo-1.0.tar.gz",
        "foo%2f-1.0.tar.gz",
        "fóo-1.0.tar.gz",
        "\udcff-1.0.tar.gz",
        "",
    ],
)
def test_names_that_are_more_than_names_are_refused(text: str) -> None:
    """FN-05"""
    assert codes(text) == ["invalid-filename"]


@pytest.mark.parametrize(
    "text",
    [
        "foo-1.0-py3-none.whl",
        "foo-1.0-py3-none-any-more-parts.whl",
        "foo-1.0-b1-py3-none-any.whl",
        "foo-one-py3-none-any.whl",
        "foo-1.0-3py-none-any.whl",
        "foo-1.0-py3--any.whl",
        "foo-1.0-py3..py2-none-any.whl",
        "foo-1.0-py3-no!ne-any.whl",
        "foo-1.0-py3-none-any+linux.whl",
        "foo__bar-1.0-py3-none-any.whl",
        "_foo-1.0-py3-none-any.whl",
        "-1.0-py3-none-any.whl",
        "foo.whl",
    ],
)
def test_a_wheel_name_with_wrong_parts_is_refused(text: str) -> None:
    """FN-01, TG-05"""
    assert codes(text) == ["invalid-wheel-filename"]


@pytest.mark.parametrize("text", ["foo.tar.gz", "foo-.tar.gz", "-1.0.tar.gz", "foo-one.tar.gz", "_foo-1.0.tar.gz"])
def test_an_sdist_name_with_wrong_parts_is_refused(text: str) -> None:
    """FN-04"""
    assert codes(text) == ["invalid-sdist-filename"]


def test_a_name_leaves_room_for_the_metadata_suffix() -> None:
    """FN-05"""
    longest = "f" * (246 - len("-1.0.tar.gz")) + "-1.0.tar.gz"
    with pytest.raises(InvalidInput) as caught:
        parse_filename("f" + longest)
    assert "filename-too-long" in [problem.code for problem in caught.value.problems]
    with pytest.raises(InvalidInput) as caught:
        parse_filename(longest)
    assert "filename-too-long" not in [problem.code for problem in caught.value.problems]


def test_tags_may_not_multiply_without_bound() -> None:
    many = ".".join(f"a{number}" for number in range(11))
    assert codes(f"foo-1.0-{many}-{many}-{many}.whl") == ["too-many-tags"]


def test_spellings_of_the_same_wheel_have_one_identity() -> None:
    """FN-09, VR-01"""
    same = {
        parse_filename(text).identity
        for text in (
            "foo_bar-1.0-01-py2.py3-none-any.whl",
            "Foo.Bar-1.0.0-1-py3.py2-none-any.whl",
            "foo_bar-1-1-PY2.py3-none-any.whl",
        )
    }
    assert len(same) == 1


@pytest.mark.parametrize(
    "other",
    [
        "foo-1.0-py3-none-any.whl",
        "foo-1.0-2-py2.py3-none-any.whl",
        "foo-1.0.1-1-py2.py3-none-any.whl",
        "foo-1.0-1-py2.py3-none-win32.whl",
        "foo-1.0.tar.gz",
    ],
)
def test_different_files_have_different_identities(other: str) -> None:
    """FN-09"""
    assert parse_filename(other).identity != parse_filename("foo-1.0-1-py2.py3-none-any.whl").identity
