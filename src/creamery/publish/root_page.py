"""Writes the list of all projects of the Simple API."""

from collections.abc import Iterator

from creamery.catalog.document_queries import current_serial, get_place, list_root_rows
from creamery.kernel.outbox import Claim
from creamery.publish.documents import Document
from creamery.publish.long_document import LongDocument
from creamery.spec.simple import RootPiece, root_pieces
from creamery.storage import keys


def render(index_id: int, *, claim: Claim) -> None:
    """Write the list of an index's projects anew. A burst of changes leads to one run, a few seconds later."""
    place = get_place(index_id)
    with (
        LongDocument(keys.simple_root(place, "html")) as as_html,
        LongDocument(keys.simple_root(place, "json")) as as_json,
    ):
        for piece in _pieces(index_id):
            as_html.write(piece.html)
            as_json.write(piece.json)
        as_html.publish(claim=claim)
        as_json.publish(claim=claim)


def root_documents(index_id: int) -> list[Document]:
    """Build the list from the record, in memory: HTML, then JSON."""
    place, pieces = get_place(index_id), list(_pieces(index_id))
    return [
        Document(keys.simple_root(place, "html"), b"".join(piece.html for piece in pieces)),
        Document(keys.simple_root(place, "json"), b"".join(piece.json for piece in pieces)),
    ]


def _pieces(index_id: int) -> Iterator[RootPiece]:
    # The serial is read before the rows.
    return root_pieces(list_root_rows(index_id), current_serial())
