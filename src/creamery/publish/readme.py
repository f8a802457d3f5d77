"""
README files as safe HTML, rendered once, in a process with limits.

A renderer is a parser of hostile text: 20 KB of one character can cost seconds, and deep nesting ends in exceptions. So it
runs in a child that may use a bounded time and memory, and its output is bounded too. What cannot be rendered is shown
as plain text. Source: security.md G20, CNT.
"""

import hashlib
import html
import logging
import multiprocessing
from functools import cache
from importlib.metadata import version
from multiprocessing.context import ForkServerContext

from creamery.catalog.document_queries import release_text
from creamery.kernel.outbox import Claim
from creamery.kernel.stores import the_store
from creamery.publish.readme_child import CPU_SECONDS, answer
from creamery.publish.readme_fit import FIT_VERSION
from creamery.spec.digests import Sha256
from creamery.storage import keys
from creamery.storage.keys import BlobKey
from creamery.storage.store import NoSuchBlob

log = logging.getLogger(__name__)

LONGEST_SOURCE = 1_000_000
WAIT_SECONDS = CPU_SECONDS * 3 + 5


def render(release_id: int, *, claim: Claim) -> None:
    """Render a release's description, if that text was not rendered before."""
    description, content_type = release_text(release_id)
    if description and find_html(description, content_type) is None:
        rendered = render_text(description, content_type)
        claim.hold()
        the_store().put_bytes(readme_key(description, content_type), rendered.encode())


def find_html(description: str, content_type: str | None) -> str | None:
    """Find the rendered HTML of a description; None if it is not rendered yet."""
    try:
        return the_store().read(readme_key(description, content_type)).decode()
    except NoSuchBlob:
        return None


def render_text(description: str, content_type: str | None) -> str:
    """Render a description to sanitised HTML; as plain text if its own format does not work out within the limits."""
    rendered = None
    if len(description) <= LONGEST_SOURCE:
        rendered = _in_child(description, content_type or "text/x-rst")
    return rendered if rendered is not None else as_plain(description)


def as_plain(description: str) -> str:
    """Show text as it is."""
    return f'<pre class="readme-plain">{html.escape(description)}</pre>'


def readme_key(description: str, content_type: str | None) -> BlobKey:
    """Name the key of a description's HTML. A new version of the renderer makes a new key."""
    parts = (version("readme-renderer"), FIT_VERSION, content_type or "", description)
    # Each part is preceded by its length, so that no two sets of parts are the same bytes.
    joined = "".join(f"{len(part)}:{part}" for part in parts)
    return keys.rendered_readme(Sha256(hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()))


@cache
def _context() -> ForkServerContext:
    """Keep one clean process that has the renderer loaded; each rendering is a fork of it, which costs milliseconds."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["creamery.publish.readme_child"])
    return context


def _in_child(description: str, content_type: str) -> str | None:
    context = _context()
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=answer, args=(theirs, description, content_type), daemon=True)
    child.start()
    theirs.close()
    try:
        if not ours.poll(WAIT_SECONDS):
            return None
        rendered: str | None = ours.recv()
    except (EOFError, OSError):
        # The child was ended by its limits.
        return None
    else:
        return rendered
    finally:
        ours.close()
        child.kill()
        child.join()
        child.close()
