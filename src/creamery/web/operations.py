"""What operators and their machines ask: is it alive, is it ready, how is it doing."""

import ipaddress
from collections.abc import Iterator

from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import REGISTRY

from creamery.catalog.document_queries import current_serial
from creamery.catalog.upkeep_queries import count_held
from creamery.config import shares_metrics
from creamery.kernel.letters import count_letters
from creamery.kernel.outbox import backlog
from creamery.kernel.stores import the_store
from creamery.settings import CONFIG
from creamery.storage.keys import DEFAULT_INDEX, simple_root
from creamery.storage.store import NoSuchBlob, StoreUnavailable


@require_safe
def ready(_request: HttpRequest) -> HttpResponse:
    """Say whether uploads and pages can be answered: database and store must be within reach."""
    state = {"database": _database_state(), "store": _store_state()}
    is_ready = all(value == "ok" for value in state.values())
    return JsonResponse({"ready": is_ready, **state}, status=200 if is_ready else 503)


def _database_state() -> str:
    try:
        current_serial()
    except DatabaseError:
        return "unavailable"
    return "ok"


def _store_state() -> str:
    try:
        the_store().stat(simple_root(DEFAULT_INDEX, "json"))
    except NoSuchBlob:
        return "ok"
    except StoreUnavailable:
        return "unavailable"
    return "ok"


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Show counters in Prometheus' format, to the networks that the operator allows; to others there is no such page."""
    if not _may_see(request.META.get("REMOTE_ADDR", "")):
        raise Http404
    registry: CollectorRegistry = REGISTRY
    if shares_metrics():
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    body = generate_latest(registry) + generate_latest(_RecordRegistry())
    return HttpResponse(body, content_type=CONTENT_TYPE_LATEST)


def _may_see(address: str) -> bool:
    try:
        asker = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(asker, ipaddress.IPv6Address) and asker.ipv4_mapped is not None:
        asker = asker.ipv4_mapped
    return any(asker in ipaddress.ip_network(network) for network in CONFIG.metrics_networks)


class _RecordRegistry(CollectorRegistry):
    """Reads the record when it is asked."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        state = backlog()
        yield GaugeMetricFamily("creamery_jobs_waiting", "Jobs that wait.", state.waiting)
        yield GaugeMetricFamily("creamery_jobs_failing", "Jobs that failed five times or more.", state.failing)
        yield GaugeMetricFamily(
            "creamery_jobs_oldest_seconds", "Age of the oldest job that is due.", state.oldest_seconds
        )
        letters = GaugeMetricFamily(
            "creamery_letters", "Letters of the last month: waiting, sent, or failed for good.", labels=["state"]
        )
        for letter_state, count in count_letters().items():
            letters.add_metric([letter_state], count)
        yield letters
        yield GaugeMetricFamily(
            "creamery_projects_held", "New projects that wait for the staff's decision.", count_held()
        )
        yield GaugeMetricFamily("creamery_serial", "Serial of the last change.", current_serial())
