"""
Descriptions as HTML, where pages find them.

An upload stores its description's HTML with the file if that might have been refused; this is for all others, right after
the answer, and for releases whose HTML is of an earlier version of the renderer.
"""

from creamery.catalog.document_queries import release_text
from creamery.kernel.outbox import Claim
from creamery.kernel.stores import the_store
from creamery.markup import readme_key, render_text
from creamery.storage.store import NoSuchBlob


def render(release_id: int, *, claim: Claim) -> None:
    """Render a release's description, if that text was not rendered before."""
    description, content_type = release_text(release_id)
    if description and find_html(description, content_type) is None:
        rendered = render_text(description, content_type)
        claim.hold()
        if rendered.is_final:
            the_store().put_bytes(readme_key(description, content_type), rendered.html.encode())


def find_html(description: str, content_type: str | None) -> str | None:
    """Find the rendered HTML of a description; None if it is not rendered yet."""
    try:
        return the_store().read(readme_key(description, content_type)).decode()
    except NoSuchBlob:
        return None
