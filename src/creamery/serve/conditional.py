"""Whether what the client has is still right. Source: RFC 9110, section 13."""

import re
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

_ETAG = re.compile(rb'(W/)?("[\x21\x23-\x7e\x80-\xff]*")')


def http_date(moment: datetime) -> bytes:
    """
    Write a time for a header, to the second.

    >>> http_date(datetime(2026, 11, 21, 9, 30, 0, tzinfo=UTC))
    b'Sat, 21 Nov 2026 09:30:00 GMT'
    """
    return format_datetime(moment.astimezone(UTC), usegmt=True).encode()


def is_unchanged(headers: dict[bytes, bytes], etag: bytes, modified_at: datetime | None = None) -> bool:
    """
    Say whether a GET or HEAD is to be answered with 304.

    `If-None-Match` is compared weakly, because proxies that compress weaken our ETags; where it is sent,
    `If-Modified-Since` does not count.

    >>> is_unchanged({b"if-none-match": b'W/"a", "b"'}, b'"a"')
    True
    """
    candidates = headers.get(b"if-none-match")
    if candidates is not None:
        return _names(candidates, etag, weakly=True)
    since = headers.get(b"if-modified-since")
    if since is None or modified_at is None:
        return False
    moment = _read_date(since)
    return moment is not None and modified_at.replace(microsecond=0) <= moment


def is_refused(headers: dict[bytes, bytes], etag: bytes, modified_at: datetime | None = None) -> bool:
    """Say whether a precondition fails, to be answered with 412: `If-Match`, else `If-Unmodified-Since`."""
    candidates = headers.get(b"if-match")
    if candidates is not None:
        return not _names(candidates, etag, weakly=False)
    since = headers.get(b"if-unmodified-since")
    if since is None or modified_at is None:
        return False
    moment = _read_date(since)
    return moment is not None and modified_at.replace(microsecond=0) > moment


def may_continue(headers: dict[bytes, bytes], etag: bytes, modified_at: datetime) -> bool:
    """Say whether a range may be sent: there is no `If-Range`, or it names exactly what we have."""
    condition = headers.get(b"if-range")
    if condition is None:
        return True
    if condition[:1] == b'"' or condition[:2] == b"W/":
        return condition.strip() == etag
    return _read_date(condition) == modified_at.replace(microsecond=0)


def _names(candidates: bytes, etag: bytes, *, weakly: bool) -> bool:
    if candidates == etag or candidates.strip() == b"*":
        return True
    return any(tag == etag and (weakly or not weak) for weak, tag in _ETAG.findall(candidates))


def _read_date(value: bytes) -> datetime | None:
    """Read an HTTP date, or None where it is none; RFC 9110 has a recipient ignore those."""
    try:
        moment = parsedate_to_datetime(value.decode("ascii"))
    except (ValueError, TypeError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
