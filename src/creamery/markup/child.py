"""The child process that renders READMEs. Imports next to nothing of ours, so that it stays small and knows no secret."""

import contextlib
import io
import re
import resource
import signal
from multiprocessing.connection import Connection

import readme_renderer.markdown
import readme_renderer.rst
import readme_renderer.txt

from creamery.markup.fit import make_fit

CPU_SECONDS = 1.0
"""For each text. The kernel ends a process that takes more."""
MEMORY_BYTES = 768 * 1024 * 1024
LARGEST_GROWTH = 8
"""Output may be this many times as long as the source, and 64 KiB more."""
DEEPEST_QUOTE = 100
TOO_DEEP = f"Quotes are nested more than {DEEPEST_QUOTE} deep."

_DOCUTILS = re.compile(r"<string>:(\d*):? ?\((?:\w+)/[2-4]\) ([^\n]+)")
_DEEP_QUOTE = re.compile(rf"^(?:[ \t]*>){{{DEEPEST_QUOTE + 1}}}", re.MULTILINE)

Reply = tuple[str | None, str, int]
"""HTML, or None with what is wrong and in which line, 0 where that is not known."""


def serve(requests: Connection) -> None:
    """Render one text after another until nobody asks any more."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # No handler of ours: the kernel ends the process, whatever it is in the middle of.
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    with contextlib.suppress(EOFError, OSError):
        requests.send("ready")
        while True:
            description, content_type = requests.recv()
            # Counts this process's own time, to the millisecond; a limit on resources would count whole seconds, of all texts.
            signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
            reply = answer(description, content_type)
            signal.setitimer(signal.ITIMER_PROF, 0)
            requests.send(reply)


def answer(description: str, content_type: str) -> Reply:
    """Render one text and make it fit, or say why not."""
    said = io.StringIO()
    rendered = None
    with contextlib.suppress(Exception, RecursionError, MemoryError):
        rendered = render(description, content_type, said)
        rendered = None if rendered is None else make_fit(rendered)
    if rendered is None:
        return None, *_reason(said.getvalue())
    if len(rendered) > LARGEST_GROWTH * len(description) + 65_536:
        return None, "its HTML is many times as long as the text", 0
    return rendered, "", 0


def _reason(said: str) -> tuple[str, int]:
    """Find what stopped the renderer: its last message, because it stops at the first that is serious."""
    found = _DOCUTILS.findall(said)
    if found:
        line, message = found[-1]
        return message.strip(), int(line or 0)
    return said.strip().partition("\n")[0] or "it is nested too deeply, or too large", 0


def find_deep_quote(description: str) -> int:
    """Find the line of a Markdown text whose quotes are nested so deep that its renderer would take seconds; 0 if none is."""
    deep = _DEEP_QUOTE.search(description)
    return 0 if deep is None else description.count("\n", 0, deep.start()) + 1


def render(description: str, content_type: str, said: io.StringIO | None = None) -> str | None:
    """Render by the type that the metadata names; None if the text is not valid in it, with why in `said`."""
    said = said if said is not None else io.StringIO()
    kind, _, parameters = content_type.partition(";")
    match kind.strip().lower():
        case "text/markdown" if line := find_deep_quote(description):
            # In the words of docutils, so that both are read alike.
            said.write(f"<string>:{line}: (ERROR/3) {TOO_DEEP}\n")
            return None
        case "text/markdown":
            variant = "CommonMark" if "commonmark" in parameters.lower() else "GFM"
            return readme_renderer.markdown.render(description, variant=variant)
        case "text/plain":
            return readme_renderer.txt.render(description)
        case "text/x-rst" | "":
            return readme_renderer.rst.render(description, stream=said)
        case _:
            return None
