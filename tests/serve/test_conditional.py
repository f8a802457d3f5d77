"""Conditions that clients attach to their requests."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creamery.serve.conditional import http_date, is_refused, is_unchanged, may_continue

ETAG = b'"abc"'
TIME = datetime(2026, 11, 21, 9, 30, 0, 250_000, UTC)
TAGS = st.binary(max_size=6).map(lambda raw: b'"' + raw.hex().encode() + b'"')


@given(tags=st.lists(TAGS, max_size=6), weak=st.booleans(), has=st.booleans())
def test_a_list_matches_exactly_when_the_tag_is_in_it(tags: list[bytes], weak: bool, has: bool) -> None:
    """SC-02"""
    wanted = b'"the-one"'
    listed = [b"W/" + tag if weak else tag for tag in ([*tags, wanted] if has else tags)]
    headers = {b"if-none-match": b", ".join(listed)}
    assert is_unchanged(headers, wanted) == has
    assert is_refused({b"if-match": b", ".join(listed)}, wanted) == (weak or not has)


@given(value=st.binary(max_size=60))
def test_any_bytes_are_no_accident(value: bytes) -> None:
    for name in (b"if-none-match", b"if-modified-since", b"if-match", b"if-unmodified-since", b"if-range"):
        headers = {name: value}
        is_unchanged(headers, ETAG, TIME)
        is_refused(headers, ETAG, TIME)
        may_continue(headers, ETAG, TIME)


@pytest.mark.parametrize("seconds", [-1, 0, 1])
def test_times_are_compared_to_the_second(seconds: int) -> None:
    """SC-03; a file's own time has fractions, its header has none."""
    sent = http_date(TIME + timedelta(seconds=seconds))
    assert is_unchanged({b"if-modified-since": sent}, ETAG, TIME) == (seconds >= 0)
    assert is_refused({b"if-unmodified-since": sent}, ETAG, TIME) == (seconds < 0)
    assert may_continue({b"if-range": sent}, ETAG, TIME) == (seconds == 0)


def test_a_comma_inside_a_tag_does_not_end_it() -> None:
    assert is_unchanged({b"if-none-match": b'"with, comma", "abc"'}, ETAG)
    assert not is_unchanged({b"if-none-match": b'"with, abc"'}, ETAG)
