"""What somebody used, in words that they recognize; good enough to tell their own telephone from a stranger's."""

import re

from django.utils.translation import gettext as _

_PROGRAMS = [
    ("Edge", r"\bEdgA?/"), ("Opera", r"\bOPR/"), ("Samsung Internet", r"SamsungBrowser/"), ("Firefox", r"\b(?:Firefox|FxiOS)/"),
    ("Chrome", r"\b(?:Chrome|Chromium|CriOS)/"), ("Safari", r"\bSafari/"), ("uv", r"^uv/"), ("twine", r"^twine/"), ("pip", r"^pip/"),
]  # fmt: skip
_SYSTEMS = [
    ("Android", r"Android"), ("iPhone", r"iPhone"), ("iPad", r"iPad"), ("Windows", r"Windows"), ("macOS", r"Mac OS X|Macintosh"),
    ("ChromeOS", r"\bCrOS\b"), ("Linux", r"Linux|X11"),
]  # fmt: skip
"""More special ones first: each browser claims to be several others, and Android to be Linux."""


def describe_device(user_agent: str) -> str:
    """
    Say which program on which system sent this User-Agent; empty if there was none.

    >>> describe_device("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0")
    'Firefox on Linux'
    """
    program, system = _first(_PROGRAMS, user_agent), _first(_SYSTEMS, user_agent)
    if program and system:
        return _("%(program)s on %(system)s") % {"program": program, "system": system}
    return program or system or user_agent.partition(" ")[0][:40]


def _first(known: list[tuple[str, str]], user_agent: str) -> str:
    return next((name for name, pattern in known if re.search(pattern, user_agent)), "")
