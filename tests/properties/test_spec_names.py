"""Names and file names, over random input."""

import string

from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_version
from packaging.version import Version

from creamery.spec.filenames import parse_filename
from creamery.spec.names import check_name, normalize_name
from tests.spec.refusals import attempt

letters = string.ascii_letters + string.digits
names = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,18}[A-Za-z0-9])?", fullmatch=True)
numbers = st.integers(0, 99)


@st.composite
def versions(draw: st.DrawFn) -> Version:
    """Any version of PEP 440, with every part that one may have."""
    release = ".".join(map(str, draw(st.lists(numbers, min_size=1, max_size=4))))
    text = draw(st.sampled_from(["", "1!"])) + release
    text += draw(st.sampled_from(["", "a1", "b2", "rc3"]))
    text += draw(st.sampled_from(["", ".post4"])) + draw(st.sampled_from(["", ".dev5"]))
    return Version(text + draw(st.sampled_from(["", "+abc.1", "+7"])))


tags = st.lists(st.from_regex(r"[a-z][a-z0-9_]{0,7}", fullmatch=True), min_size=1, max_size=3, unique=True).map(
    ".".join
)
builds = st.one_of(st.just(""), st.from_regex(r"[0-9]{1,3}[a-z]?", fullmatch=True))


@given(names)
def test_normalising_once_is_enough(name: str) -> None:
    """NM-02"""
    assert normalize_name(normalize_name(name)) == normalize_name(check_name(name))


@given(st.text(max_size=30))
def test_a_name_is_accepted_or_refused_and_nothing_else_happens(text: str) -> None:
    """NM-01"""
    name = attempt(lambda: check_name(text))
    if name is not None:
        assert name == text
        assert set(name) <= set(letters + "._-")


@given(names, versions(), builds, tags, tags, tags)
def test_a_wheel_name_made_by_the_rules_says_what_it_was_made_from(
    name: str, version: Version, build: str, python: str, abi: str, platform: str
) -> None:
    """FN-01, FN-02, FN-03"""
    distribution = normalize_name(name).replace("-", "_")
    middle = f"-{build}" if build else ""
    found = parse_filename(f"{distribution}-{version}{middle}-{python}-{abi}-{platform}.whl")
    assert (found.name, found.version, found.build) == (normalize_name(name), version, build)
    assert found.python_version == python
    assert {tag.platform for tag in found.tags} == set(platform.split("."))
    assert found.is_normalized


@given(names, versions())
def test_an_sdist_name_made_by_the_rules_says_what_it_was_made_from(name: str, version: Version) -> None:
    """FN-04"""
    stem = f"{normalize_name(name).replace('-', '_')}-{version}"
    found = parse_filename(f"{stem}.tar.gz")
    assert (found.name, found.version, found.stem) == (normalize_name(name), version, stem)
    assert found.is_normalized


@given(names, versions(), tags)
def test_the_identity_does_not_depend_on_the_spelling(name: str, version: Version, platform: str) -> None:
    """FN-09, VR-01"""
    if "__" in name.replace("-", "_").replace(".", "_"):
        return
    written = parse_filename(f"{name.replace('-', '_')}-{version}-py3-none-{platform}.whl")
    backwards = ".".join(reversed(platform.split(".")))
    plain = f"{normalize_name(name).replace('-', '_')}-{canonicalize_version(version)}"
    assert written.identity == parse_filename(f"{plain}-py3-none-{backwards}.whl").identity


@given(st.text(max_size=40), st.sampled_from(["", ".whl", ".tar.gz", "-1.0.tar.gz", "-1.0-py3-none-any.whl"]))
def test_a_file_name_is_read_or_refused_and_nothing_else_happens(text: str, ending: str) -> None:
    """FN-05"""
    found = attempt(lambda: parse_filename(text + ending))
    if found is not None:
        assert not set(found.filename) & set("/\\ \0\n")
