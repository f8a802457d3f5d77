"""How often somebody may do something, counted in the database: the same for all processes, and after a restart."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from creamery.kernel import clock
from creamery.kernel.models import LimitCount
from creamery.kernel.outbox import Claim
from creamery.kernel.transactions import need_not_last

KEPT = timedelta(days=1)
"""No window is longer."""


@dataclass(frozen=True, slots=True)
class SharedWindow:
    """
    At most `limit` times in `seconds`, for each key apart. Windows are fixed, as those of `limits.Window`.

    Ask outside a transaction: what is undone would not be counted. A database that is away lets nobody through.
    """

    name: str
    limit: int
    seconds: int

    def take(self, key: str) -> float:
        """Count one more; 0 if that is allowed, else the seconds until it will be."""
        now = clock.now()
        begun_at, count = self._count(key, now)
        return 0.0 if count <= self.limit else max(1.0, (begun_at - now).total_seconds() + self.seconds)

    def give_back(self, key: str) -> None:
        """Count one less: what was counted was none of those that are limited."""
        with need_not_last(), connection.cursor() as cursor:
            cursor.execute("UPDATE limit_count SET count = count - 1 WHERE key = %s AND count > 0", [self._key_of(key)])

    def forget(self, key: str) -> None:
        """Begin anew for this key."""
        with need_not_last():
            LimitCount.objects.filter(key=self._key_of(key)).delete()

    def _key_of(self, key: str) -> str:
        return f"{self.name}:{key}"

    def _count(self, key: str, now: datetime) -> tuple[datetime, int]:
        """Count in one statement, so that of many who ask at once each gets a number of its own."""
        over = now - timedelta(seconds=self.seconds)
        adapt = connection.ops.adapt_datetimefield_value
        with need_not_last(), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO limit_count (key, begun_at, count) VALUES (%s, %s, 1) ON CONFLICT (key) DO UPDATE SET "
                "count = CASE WHEN limit_count.begun_at <= %s THEN 1 ELSE limit_count.count + 1 END, "
                "begun_at = CASE WHEN limit_count.begun_at <= %s THEN excluded.begun_at ELSE limit_count.begun_at END "
                "RETURNING begun_at, count",
                [self._key_of(key), adapt(now), adapt(over), adapt(over)],
            )
            begun_at, count = cursor.fetchone()
        return _as_moment(begun_at), count


def _as_moment(value: datetime | str) -> datetime:
    """Read what the database gives: SQLite keeps moments as text, in UTC and without saying so."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=clock.now().tzinfo)


def forget_old(*, claim: Claim) -> None:
    """Remove counts whose windows are over."""
    claim.hold()
    LimitCount.objects.filter(begun_at__lt=clock.now() - KEPT).delete()
