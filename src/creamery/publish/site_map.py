"""Writes the site map for search engines, and the figures of the index. Both are made from time to time, not by change."""

import orjson
from django.template.loader import render_to_string

from creamery.catalog.document_queries import get_place, get_sizes, list_index_ids, list_site_map_parts
from creamery.kernel.outbox import Claim
from creamery.publish.documents import Document, publish
from creamery.settings import CONFIG
from creamery.storage import keys

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


def render_statistics(*, claim: Claim) -> None:
    """Write the total size of each index and its largest projects. Source: standards.md FD-02."""
    for index_id in list_index_ids():
        total_bytes, largest = get_sizes(index_id, LARGEST)
        told = {"total_packages_size": total_bytes, "top_packages": {name: {"size": size} for name, size in largest}}
        publish([Document(keys.statistics(get_place(index_id)), orjson.dumps(told))], claim=claim)
