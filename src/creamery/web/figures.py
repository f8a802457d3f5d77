"""Counters that `/metrics` shows. Free of Django, because the read path counts too."""

from functools import lru_cache

from prometheus_client import Counter, Histogram

REQUESTS = Counter("creamery_requests", "Requests answered, by what was asked for and status.", ["kind", "status"])
SENT_BYTES = Counter("creamery_sent_bytes", "Bytes sent in answers, by what was asked for.", ["kind"])
UPLOAD_SECONDS = Histogram("creamery_upload_seconds", "From the first byte of an upload to its answer.", ["status"])


def observe(kind: str, status: int, bytes_sent: int) -> None:
    """Count one answer of the read path."""
    requests, sent_bytes = _counters(kind, status)
    requests.inc()
    sent_bytes.inc(bytes_sent)


@lru_cache(maxsize=1024)
def _counters(kind: str, status: int) -> tuple[Counter, Counter]:
    """Keep the counters at hand, because to find them by their labels costs more than to count."""
    return REQUESTS.labels(kind, str(status)), SENT_BYTES.labels(kind)
