"""Writes the site map for search engines, and the figures of the index. Both are made from time to time, not by change."""

from dataclasses import dataclass
from typing import Any

import orjson
from django.template.loader import render_to_string

from creamery.catalog.document_queries import get_place, get_sizes, list_index_ids, list_site_map_parts
from creamery.kernel import outbox
from creamery.kernel.outbox import Claim, JobKey
from creamery.kernel.stores import the_store
from creamery.publish.documents import Document, publish
from creamery.settings import CONFIG
from creamery.storage import keys
from creamery.storage.keys import IndexPlace
from creamery.storage.store import NoSuchBlob

PROJECTS_PER_PART = 50_000
"""What the protocol allows in one file. Source: sitemaps.org."""
LARGEST = 100


def render(*, claim: Claim) -> None:
    """Write the site map of each index: parts of neighbouring projects, then the list of the parts."""
    for index_id in list_index_ids():
        place = get_place(index_id)
        numbers: list[int] = []
        for number, rows in list_site_map_parts(index_id, PROJECTS_PER_PART):
            numbers.append(number)
            text = render_to_string("publish/sitemap_part.xml", {"public_url": CONFIG.public_url, "projects": rows})
            publish([Document(keys.sitemap(place, number), text.encode())], claim=claim)
        text = render_to_string("publish/sitemap_index.xml", {"public_url": CONFIG.public_url, "numbers": numbers})
        publish([Document(keys.sitemap(place), text.encode())], claim=claim)


def write_again() -> None:
    """Write site map and figures now, whatever the clock says."""
    for react in (render, render_statistics):
        with outbox.claimed(JobKey(f"publish.site_map.{react.__name__}", "")) as claim:
            react(claim=claim)


@dataclass(frozen=True, slots=True)
class Statistics:
    """How large an index is, in bytes, and its largest projects, by name."""

    total_bytes: int
    largest: tuple[tuple[str, int], ...]

    def as_json(self) -> dict[str, Any]:
        """Say it in the words that tools know. Source: standards.md FD-02."""
        return {
            "total_packages_size": self.total_bytes,
            "top_packages": {name: {"size": size_bytes} for name, size_bytes in self.largest},
        }


def render_statistics(*, claim: Claim) -> None:
    """Write the total size of each index and its largest projects."""
    for index_id in list_index_ids():
        total_bytes, largest = get_sizes(index_id, LARGEST)
        told = Statistics(total_bytes, tuple(largest)).as_json()
        publish([Document(keys.statistics(get_place(index_id)), orjson.dumps(told))], claim=claim)


def find_statistics(place: IndexPlace = keys.DEFAULT_INDEX) -> Statistics | None:
    """Read what was counted last, largest first; None if nothing was counted yet."""
    try:
        told = orjson.loads(the_store().read(keys.statistics(place)))
    except NoSuchBlob:
        return None
    largest = tuple((name, said["size"]) for name, said in told["top_packages"].items())
    return Statistics(told["total_packages_size"], largest)
