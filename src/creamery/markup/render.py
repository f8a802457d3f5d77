"""
Renders in child processes.

A renderer is a parser of hostile text: 20 KB of one character can cost seconds, and deep nesting ends in exceptions. So it
runs in a child that may use a bounded time and memory, and its output is bounded too. A child renders many texts, one after
another, because a new one costs ten times what most texts do; one that did not answer is not asked again.
Source: security.md CNT-1; docs/decisions, 0010 and 0016.
"""

import hashlib
import html
import logging
import multiprocessing
import os
import threading
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess

from creamery.markup.child import CPU_SECONDS, TOO_DEEP, Reply, find_deep_quote, serve
from creamery.markup.fit import FIT_VERSION
from creamery.spec.digests import Sha256
from creamery.storage import keys
from creamery.storage.keys import BlobKey

log = logging.getLogger(__name__)

LONGEST_SOURCE = 1_000_000
WAIT_SECONDS = CPU_SECONDS * 5 + 5
FORMATS = ("text/markdown", "text/x-rst", "text/plain")
TEXTS_PER_CHILD = 200
"""A child is replaced after so many texts, so that nothing can pile up in it."""
CHILDREN = max(2, os.cpu_count() or 1)
"""Rendering is nothing but work for a processor: more children than there are of these would only get in each other's way."""

_UNTOLD = "it takes more than {seconds:g} s, or too much memory"


class RendererOutOfOrder(Exception):
    """No child could be started: too little memory, or something is wrong with this installation."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """
    A text as HTML.

    Where its own format did not work out, `html` is the text as it is, `reason` says why, and `line` where (0: not known).
    `is_final` is False when the renderer itself is out of order: then it says nothing about the text.
    """

    html: str
    reason: str = ""
    line: int = 0
    is_final: bool = True


def render_text(description: str, content_type: str | None) -> Rendered:
    """Render a description to sanitised HTML; as plain text if its own format does not work out within the limits."""
    if len(description) > LONGEST_SOURCE:
        return Rendered(as_plain(description), f"it is longer than {LONGEST_SOURCE} characters")
    try:
        rendered, reason, line = _POOL.ask(description, content_type or "text/x-rst")
    except RendererOutOfOrder:
        log.exception("A text could not be rendered, which is not its fault")
        return Rendered(as_plain(description), is_final=False)
    return Rendered(as_plain(description), reason, line) if rendered is None else Rendered(rendered)


def render_for_upload(description: str, content_type: str) -> Rendered | None:
    """
    Render a description as far as an upload has to wait for it; None where it can be shown and need not be rendered yet.

    Markdown and plain text take whatever somebody writes, but for what the renderer must not be given at all.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if len(description) > LONGEST_SOURCE or kind not in ("text/markdown", "text/plain"):
        return render_text(description, content_type)
    line = find_deep_quote(description) if kind == "text/markdown" else 0
    return Rendered(as_plain(description), TOO_DEEP, line) if line else None


def as_plain(description: str) -> str:
    """Show text as it is."""
    return f'<pre class="readme-plain">{html.escape(description)}</pre>'


def readme_key(description: str, content_type: str | None) -> BlobKey:
    """Name the key of a description's HTML. A new version of the renderer makes a new key."""
    parts = (_renderer_version(), FIT_VERSION, content_type or "", description)
    # Each part is preceded by its length, so that no two sets of parts are the same bytes.
    joined = "".join(f"{len(part)}:{part}" for part in parts)
    return keys.rendered_readme(Sha256(hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()))


@cache
def _renderer_version() -> str:
    """Ask once: the answer is read from a file."""
    return version("readme-renderer")


@cache
def _context() -> ForkServerContext:
    """Keep one clean process that has the renderer loaded; children are forks of it, which costs milliseconds."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["creamery.markup.warm"])
    return context


class _Child:
    """One process that renders, and our end of the line to it."""

    def __init__(self) -> None:
        """
        Start it.

        Raises:
            RendererOutOfOrder: it did not come up.
        """
        self._line, theirs = _context().Pipe()
        self._process: ForkServerProcess = _context().Process(target=serve, args=(theirs,), daemon=True)
        self.texts = 0
        try:
            self._process.start()
            theirs.close()
            if not self._line.poll(WAIT_SECONDS):
                raise RendererOutOfOrder
            self._line.recv()
        except (EOFError, OSError) as error:
            raise RendererOutOfOrder from error

    def ask(self, description: str, content_type: str) -> Reply | None:
        """Have one text rendered; None if no answer came, and the child is of no use any more."""
        line: Connection = self._line
        self.texts += 1
        try:
            line.send((description, content_type))
            if not line.poll(WAIT_SECONDS):
                return None
            reply: Reply = line.recv()
        except (EOFError, OSError):
            # The child was ended by its limits.
            return None
        return reply

    def end(self) -> None:
        """End the process."""
        self._line.close()
        self._process.kill()
        self._process.join()
        self._process.close()


class _Pool:
    """Children that wait for texts. Each asker has one alone; when all are busy, the next asker waits for one."""

    def __init__(self) -> None:
        self._idle: list[_Child] = []
        self._lock = threading.Lock()
        self._free = threading.BoundedSemaphore(CHILDREN)

    def ask(self, description: str, content_type: str) -> Reply:
        """
        Have one text rendered, by a child that waits or by a new one.

        Raises:
            RendererOutOfOrder: there is none, and none can be started.
        """
        with self._free:
            with self._lock:
                child = self._idle.pop() if self._idle else None
            child = child or _Child()
            reply = None
            try:
                reply = child.ask(description, content_type)
            finally:
                self._leave(child, is_sound=reply is not None)
        return reply if reply is not None else (None, _UNTOLD.format(seconds=CPU_SECONDS), 0)

    def _leave(self, child: _Child, *, is_sound: bool) -> None:
        if is_sound and child.texts < TEXTS_PER_CHILD:
            with self._lock:
                self._idle.append(child)
        else:
            child.end()


_POOL = _Pool()
