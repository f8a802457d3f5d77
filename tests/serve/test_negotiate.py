"""Choosing form and encoding; the tables are what clients really send."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creamery.serve.negotiate import MediaType, choose_encodings, choose_media_type

V1 = "application/vnd.pypi.simple.v1"
LATEST = "application/vnd.pypi.simple.latest"
PYX = (
    "application/vnd.pyx.simple.v1+msgpack, application/vnd.pyx.simple.v1+json;q=0.9, "
    f"{V1}+json;q=0.8, {V1}+html;q=0.2, text/html;q=0.01"
)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        pytest.param(f"{V1}+json, {V1}+html; q=0.1, text/html; q=0.01", MediaType.JSON, id="pip 26.3, pdm"),
        pytest.param(f"{V1}+json, {V1}+html;q=0.2, text/html;q=0.01", MediaType.JSON, id="uv 0.13"),
        pytest.param(f"{V1}+json, */*;q=0.1", MediaType.JSON, id="poetry 2.5"),
        pytest.param(f"{V1}+json", MediaType.JSON, id="bandersnatch 8.2"),
        pytest.param("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", MediaType.HTML, id="browsers"),
        pytest.param("*/*", MediaType.HTML, id="hatch 1.18"),
        pytest.param(None, MediaType.HTML, id="no header"),
        pytest.param("text/html", MediaType.HTML, id="pip before 22.2"),
        pytest.param(PYX, MediaType.JSON, id="uv toward pyx"),
    ],
)
def test_each_client_gets_the_form_that_it_works_with(accept: str | None, expected: MediaType) -> None:
    """SN-10"""
    assert choose_media_type(accept.encode() if accept is not None else None) is expected


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("text/html, " + V1 + "+json", MediaType.JSON),
        (f"text/html, {V1}+html", MediaType.HTML_V1),
        (f"{V1}+html, {V1}+json", MediaType.JSON),
        (f"text/html, {V1}+json;q=0.999", MediaType.HTML),
        (f"{LATEST}+json, text/html;q=0.9", MediaType.JSON),
        (f"{LATEST}+html", MediaType.HTML_V1),
        ("application/*", MediaType.JSON),
        ("text/*", MediaType.HTML),
        ("text/*, application/*", MediaType.JSON),
        ("text/html, */*", MediaType.HTML),
        (f"*/*, {V1}+json;q=0.5", MediaType.HTML),
        (f"*/*;q=0.1, {V1}+json;q=0.5", MediaType.JSON),
        (f"text/html;q=0, */*, {V1}+html;q=0", MediaType.JSON),
        (f"{V1.upper()}+JSON ; Q=1.000", MediaType.JSON),
        (f"{V1}+json;charset=utf-8;q=0.3, text/html;q=0.2", MediaType.JSON),
        (f"{V1}+json;q=1.5, text/html;q=0.1", MediaType.HTML),
        (f"{V1}+json;q=, text/html;q=0.1", MediaType.HTML),
        (f"{V1}+json;q=-1, text/html;q=.5, {V1}+html;q=0.2", MediaType.HTML_V1),
        (f'text/html;a="b,c;q=1";q=0.1, {V1}+json;b="\\",";q=0.2', MediaType.JSON),
        (f'{V1}+json;a="', MediaType.JSON),
        (",, ,", MediaType.HTML),
        ("", MediaType.HTML),
        (f"{V1}+json;q=0", None),
        (f"{V1}+json;q=0.000, text/html;q=0.0", None),
        ("application/vnd.pypi.simple.v2+json", None),
        ("application/json", None),
        ("*", None),
        ("text/plain, image/*", None),
    ],
)
def test_quality_then_exactness_then_expressiveness_decide(accept: str, expected: MediaType | None) -> None:
    """SN-03, SN-04, SN-05, SN-06"""
    assert choose_media_type(accept.encode()) is expected


NAMES = st.sampled_from(
    ["*/*", "text/*", "application/*", "text/html", f"{V1}+json", f"{V1}+html", "image/png", f"{V1}+xml", "text/plain"]
)
RANGES = st.dictionaries(NAMES, st.integers(0, 1000), min_size=1)


def write(name: str, thousandths: int) -> str:
    return name if thousandths == 1000 else f"{name};q=0.{thousandths:03}"


def quality_of(media_type: MediaType, ranges: dict[str, int]) -> int:
    """RFC 9110, section 12.5.1: the most specific range that matches says the quality."""
    name = media_type.content_type.decode().partition(";")[0]
    for candidate in (name, name.partition("/")[0] + "/*", "*/*"):
        if candidate in ranges:
            return ranges[candidate]
    return 0


@given(ranges=RANGES, shuffle=st.randoms())
def test_the_best_quality_wins_in_whatever_order_it_stands(ranges: dict[str, int], shuffle: Random) -> None:
    """SN-03"""
    elements = [write(*element) for element in ranges.items()]
    chosen = choose_media_type(", ".join(elements).encode())
    best = max(quality_of(media_type, ranges) for media_type in MediaType)
    assert (quality_of(chosen, ranges) if chosen else 0) == best
    assert (chosen is None) == (best == 0)
    shuffle.shuffle(elements)
    assert choose_media_type(" ,".join(elements).encode()) is chosen


@given(accept=st.binary(max_size=200), query=st.binary(max_size=60))
def test_any_bytes_are_answered(accept: bytes, query: bytes) -> None:
    assert choose_media_type(accept, b"format=" + query) in (*MediaType, None)
    assert choose_media_type(accept) in (*MediaType, None)
    assert choose_encodings(accept)[-1] is None


def test_a_huge_header_costs_no_more_than_a_long_one() -> None:
    assert choose_media_type(b"a/b," * 1_000_000 + b"*/*") is None
    assert choose_encodings(b"a," * 1_000_000 + b"gzip") == (None,)


@given(
    qualities=st.dictionaries(st.sampled_from(["gzip", "zstd", "br", "identity", "*"]), st.integers(0, 1000)),
)
def test_an_encoding_is_offered_only_to_who_takes_it_best_first(qualities: dict[str, int]) -> None:
    """RFC 9110, section 12.5.3"""
    offered = choose_encodings(", ".join(write(*one) for one in qualities.items()).encode())
    named = [name for name in offered if name is not None]
    assert offered == (*named, None)
    accepted = {name: qualities.get(name, qualities.get("*", 0)) for name in ("gzip", "zstd")}
    wanted = {name for name, quality in accepted.items() if quality and quality >= qualities.get("identity", 1)}
    assert set(named) == wanted
    assert [accepted[name] for name in named] == sorted((accepted[name] for name in named), reverse=True)
