"""The only source of the time, so that tests can move it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

_shift = timedelta(0)


def now() -> datetime:
    """Tell the time in UTC."""
    return datetime.now(UTC) + _shift  # noqa: TID251 - this is the one place.


@contextmanager
def moved(by: timedelta) -> Iterator[None]:
    """Move the clock of this process for a while; for tests."""
    global _shift  # noqa: PLW0603 - one clock for the process is the point.
    before, _shift = _shift, _shift + by
    try:
        yield
    finally:
        _shift = before
