"""Writes the list of all projects of the Simple API."""

from creamery.catalog.document_queries import current_serial, get_place, list_root_entries
from creamery.kernel.outbox import Claim
from creamery.publish.documents import Document, publish
from creamery.spec.simple import root_html, root_json
from creamery.storage import keys


def render(index_id: int, *, claim: Claim) -> None:
    """Write the list of an index's projects anew. A burst of changes leads to one run, a few seconds later."""
    publish(root_documents(index_id), claim=claim)


def root_documents(index_id: int) -> list[Document]:
    """Build the list from the record: HTML, then JSON."""
    place, serial = get_place(index_id), current_serial()
    entries = list(list_root_entries(index_id))
    return [
        Document(keys.simple_root(place, "html"), root_html(entries, serial)),
        Document(keys.simple_root(place, "json"), root_json(entries, serial)),
    ]
