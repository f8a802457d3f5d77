"""Names that look alike, that are typed by mistake, and that are Python's own."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creamery.spec.look_alikes import RESEMBLANCES, find_resemblance, fold_name, list_keys
from creamery.spec.names import normalize_name
from creamery.spec.standard_library import STANDARD_LIBRARY, is_of_standard_library

names = st.from_regex(r"[a-z0-9](?:[a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True).map(normalize_name)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("pillow", "p1ll0w"), ("Pillow", "PIIIOW"), ("foo-bar", "foobar"), ("foo.bar", "f-o-o_b-a-r"), ("numpy", "nurnpy"),
        ("wheel", "vvheel"), ("cool", "c001"), ("lib", "1ib"),
    ],
)  # fmt: skip
def test_names_that_look_alike_have_one_fold(one: str, other: str) -> None:
    """NM-03, UPL-038"""
    assert fold_name(one) == fold_name(other)


@pytest.mark.parametrize(("one", "other"), [("numpy", "numpi"), ("foo", "foo2"), ("requests", "request"), ("a", "b")])
def test_names_that_only_resemble_each_other_have_two(one: str, other: str) -> None:
    assert fold_name(one) != fold_name(other)


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("requestss", "repeated"), ("reequests", "repeated"), ("request", "omitted"), ("equests", "omitted"),
        ("reqeusts", "swapped"), ("erquests", "swapped"), ("requeats", "replaced"), ("requestsx", "added"),
        ("re-quests", "added"),
    ],
)  # fmt: skip
def test_a_mistyped_name_is_recognised_and_found_by_its_keys(typed: str, kind: str) -> None:
    """UPL-040"""
    assert find_resemblance(typed, "requests") == kind
    assert list_keys(typed) & list_keys("requests")


def test_swapped_words_are_recognised_and_found() -> None:
    """UPL-040"""
    assert find_resemblance("nmap-python", "python-nmap") == "words"
    assert list_keys("nmap-python") & list_keys("python-nmap")


@pytest.mark.parametrize("other", ["requests", "requests-oauth", "quests", "httpx", "rquesst", "req"])
def test_other_names_are_left_alone(other: str) -> None:
    assert find_resemblance(other, "requests") is None


def test_digits_tell_versions_apart_and_short_names_are_left_alone() -> None:
    assert find_resemblance("python2-nmap", "python3-nmap") is None
    assert find_resemblance("abc", "abd") is None


@given(names, names)
def test_names_that_resemble_each_other_always_share_a_key(one: str, other: str) -> None:
    kind = find_resemblance(one, other)
    assert kind is None or (kind in RESEMBLANCES and list_keys(one) & list_keys(other))


@given(names, st.data())
def test_one_mistake_in_a_name_is_always_found(name: str, data: st.DataObject) -> None:
    """UPL-040"""
    place = data.draw(st.integers(0, len(name) - 1))
    typed = data.draw(
        st.sampled_from([name[:place] + name[place + 1 :], name[:place] + name[place] + name[place:], name + "x"])
    )
    if typed != name and min(len(typed), len(name)) >= 4:
        assert list_keys(typed) & list_keys(name)
        assert find_resemblance(typed, name) is not None


def test_the_keys_of_a_name_are_few() -> None:
    assert len(list_keys("a" * 5 + "b" * 195)) <= 62


@pytest.mark.parametrize(
    "name", ["asyncio", "json", "distutils", "urllib2", "tomllib", "imp", "configparser", "asyncore"]
)
def test_modules_of_every_python_are_known(name: str) -> None:
    """UPL-037"""
    assert is_of_standard_library(name)


def test_all_modules_of_this_python_are_known_and_private_ones_are_not() -> None:
    """UPL-037"""
    public = {str(normalize_name(name)) for name in sys.stdlib_module_names if not name.startswith("_")}
    assert public <= STANDARD_LIBRARY
    assert not {"-thread", "thread-"} & STANDARD_LIBRARY
    assert not is_of_standard_library("requests")
