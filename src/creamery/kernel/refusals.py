"""
The five ways to say no.

A concrete refusal is a subclass beside the function that raises it: a stable code, a sentence with named places that
says what is wrong and how to mend it, and the problems if there are several. Anything else that is raised is a bug.
"""

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from creamery.spec.problems import Problem, fill, shorten

Sentence = str | Promise
_PLAIN_SIGNS = str.maketrans({"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "…": "..."})  # noqa: RUF001
"""A status line has no typographic signs."""


class Refusal(Exception):
    """Says no. Never raised itself; see the five kinds below."""

    status: ClassVar[int]
    code: ClassVar[str]
    sentence: ClassVar[Sentence]
    retry_after_seconds: int | None = None
    warnings: tuple[Problem, ...] = ()
    """What would have been remarked, had nothing been refused."""

    def __init__(self, problems: Iterable[Problem] = (), **named: str | int) -> None:
        self.problems = tuple(problems)
        self.named = named
        super().__init__(self.code, named)

    def headline(self) -> str:
        """Say the refusal's own sentence in the reader's language."""
        return fill(str(self.sentence), self.named)

    def message(self) -> str:
        """Say everything: the sentence, then each problem with field, value, rule and remedy."""
        return " ".join([self.headline(), *(problem_text(problem) for problem in self.problems)]).strip()

    def reason(self) -> bytes:
        """
        Make the HTTP reason phrase, which is what twine, poetry and pdm print.

        One line of at most 200 bytes of latin-1: anything else would break the status line.
        """
        line = re.sub(r"[^\x20-\x7e\xa1-\xff]+", " ", self.message().translate(_PLAIN_SIGNS)).strip()
        return (line if len(line) <= 200 else line[:197].rstrip() + "...").encode("latin-1")

    def as_json(self) -> dict[str, Any]:
        """
        Make the JSON body of an answer: `message`, `code` and `title` as upload clients read them, the rest by RFC 9457.

        uv shows `code` and nothing else, so the whole message stands there after the status, as PyPI does it; our own
        stable code is `refusal`. Source: RFC 9457; standards.md UP-32, UP-33.
        """
        told = {
            "status": self.status,
            "refusal": self.code,
            "code": f"{self.status} {self.message()}",
            "title": HTTPStatus(self.status).phrase,
            "detail": self.message(),
            "message": self.message(),
            "errors": [
                {
                    "code": problem.code,
                    "field": problem.field,
                    "value": shorten(problem.value),
                    "rule": fill(_(problem.rule), problem.params),
                    "remedy": fill(_(problem.remedy), problem.params),
                    "source": problem.source,
                }
                for problem in self.problems
            ],
        }
        return told | ({"warnings": [problem_text(problem) for problem in self.warnings]} if self.warnings else {})


class Invalid(Refusal):
    """The input breaks rules; `problems` names each."""

    status = 400
    code = "invalid"
    sentence: ClassVar[Sentence] = ""


class Forbidden(Refusal):
    """The actor may not do this."""

    status = 403
    code = "forbidden"
    sentence: ClassVar[Sentence] = gettext_lazy("You may not do this.")


class Missing(Refusal):
    """There is no such thing, or none that the actor may see."""

    status = 404
    code = "missing"
    sentence: ClassVar[Sentence] = gettext_lazy("There is nothing here.")


class Conflict(Refusal):
    """The input is right by itself, but not together with what is recorded."""

    status = 409
    code = "conflict"
    sentence: ClassVar[Sentence] = gettext_lazy("This contradicts what is there already.")


class Limited(Refusal):
    """Too much, too large, too often, or not at the moment."""

    status = 429
    code = "limited"
    sentence: ClassVar[Sentence] = gettext_lazy("That is too much.")


class StillOwed(Limited):
    """What was done is recorded, but its pages could not be written in time; the worker goes on with them."""

    status = 503
    code = "pages-owed"
    sentence = gettext_lazy(
        "This is recorded, but the pages are not written yet. Send the same request again in a few seconds."
    )
    retry_after_seconds = 5


def problem_text(problem: Problem) -> str:
    """Say one problem in the reader's language."""
    shown = f" “{shorten(problem.value)}”" if problem.value else ""
    return f"{problem.field}{shown}: {fill(_(problem.rule), problem.params)} {fill(_(problem.remedy), problem.params)}".strip()
