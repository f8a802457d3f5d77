"""The child process that renders one README. Imports next to nothing of ours, so that it stays small and knows no secret."""

import contextlib
import io
import resource
from multiprocessing.connection import Connection

import readme_renderer.markdown
import readme_renderer.rst
import readme_renderer.txt

from creamery.publish.readme_fit import make_fit

CPU_SECONDS = 4
MEMORY_BYTES = 768 * 1024 * 1024
LARGEST_GROWTH = 8
"""Output may be this many times as long as the source, and 64 KiB more."""


def answer(reply: Connection, description: str, content_type: str) -> None:
    """Render and send back HTML, or None; ended by the kernel when it takes too much."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    rendered = None
    with contextlib.suppress(Exception, RecursionError, MemoryError):
        rendered = render(description, content_type)
        rendered = None if rendered is None else make_fit(rendered)
    if rendered is not None and len(rendered) > LARGEST_GROWTH * len(description) + 65_536:
        rendered = None
    reply.send(rendered)
    reply.close()


def render(description: str, content_type: str) -> str | None:
    """Render by the type that the metadata names; None if the text is not valid in it."""
    kind, _, parameters = content_type.partition(";")
    match kind.strip().lower():
        case "text/markdown":
            variant = "CommonMark" if "commonmark" in parameters.lower() else "GFM"
            return readme_renderer.markdown.render(description, variant=variant)
        case "text/plain":
            return readme_renderer.txt.render(description)
        case "text/x-rst" | "":
            return readme_renderer.rst.render(description, stream=io.StringIO())
        case _:
            return None
