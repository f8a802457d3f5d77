"""Tries what may be refused."""

from collections.abc import Callable
from typing import TypeVar

from creamery.spec.problems import InvalidInput

Result = TypeVar("Result")


def attempt(read: Callable[[], Result]) -> Result | None:
    """
    Give the result, or None for input that is refused in words.

    A refusal without words, and anything else that is raised, is a failure of the test.
    """
    try:
        return read()
    except InvalidInput as refusal:
        texts = [problem.text() for problem in refusal.problems]
        if not texts or not all(texts):
            raise
        return None
