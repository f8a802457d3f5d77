"""Counters that `/metrics` shows. Free of Django, because the read path counts too."""

from prometheus_client import Counter, Histogram

REQUESTS = Counter("creamery_requests", "Requests answered, by what was asked for and status.", ["kind", "status"])
SENT_BYTES = Counter("creamery_sent_bytes", "Bytes sent in answers, by what was asked for.", ["kind"])
UPLOAD_SECONDS = Histogram("creamery_upload_seconds", "From the first byte of an upload to its answer.", ["status"])


def observe(kind: str, status: int, bytes_sent: int) -> None:
    """Count one answer of the read path."""
    REQUESTS.labels(kind, str(status)).inc()
    SENT_BYTES.labels(kind).inc(bytes_sent)
