"""What is wrong with an input, in a shape that people, programs and translators can all use."""

import dataclasses
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

SHOWN_CHARACTERS = 200


def N_(sentence: str) -> str:  # noqa: N802 - the name that gettext's extractors look for.
    """Mark a sentence for translation without translating it, because `spec` knows no reader."""
    return sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """
    One broken rule.

    `code` is stable and meant for programs. `rule` and `remedy` are templates: `{name}` is filled from `params`.
    """

    code: str
    field: str
    value: str = ""
    rule: str
    remedy: str
    params: Mapping[str, str | int] = dataclasses.field(default_factory=dict)
    source: str = ""

    def text(self) -> str:
        """Say the whole problem in English on one line: field, value, rule, remedy."""
        shown = f" '{shorten(self.value)}'" if self.value else ""
        return f"{self.field}{shown}: {fill(self.rule, self.params)} {fill(self.remedy, self.params)}".strip()


class InvalidInput(ValueError):
    """An input that breaks rules; carries every problem that was found, not only the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(" ".join(problem.text() for problem in self.problems))


def fill(template: str, params: Mapping[str, str | int]) -> str:
    """
    Fill `{name}` places of a template.

    Plain replacement, not `str.format`: a template that a translator got wrong must not raise, and a value
    that holds braces must not be read as a place.

    >>> fill("At most {limit} bytes.", {"limit": 100})
    'At most 100 bytes.'
    """
    for name, value in params.items():
        template = template.replace("{" + name + "}", shorten(str(value)))
    return template


def shorten(value: str, limit: int = SHOWN_CHARACTERS) -> str:
    r"""
    Cut a value to what a person can read, and show what they could not see, such as escapes that a terminal would obey.

    >>> shorten("a" * 300, limit=5)
    'aaaaa…'
    >>> print(shorten("\x1b[31mred\u202e"))
    \x1b[31mred\u202e
    """
    cut = value if len(value) <= limit else value[:limit] + "…"
    return cut if cut.isprintable() else "".join(map(_visible, cut))


def _visible(character: str) -> str:
    """Write a control character, a bidirectional mark or half a surrogate as Python does; leave spaces and signs alone."""
    is_seen = character.isprintable() or unicodedata.category(character) == "Zs"
    return character if is_seen else character.encode("unicode_escape").decode()
