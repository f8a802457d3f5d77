"""
Project names: the one grammar for them, and the one spelling by which they are compared.

Source: PyPA specifications, "Names and normalization"; PEP 503, PEP 508.
"""

import re
from typing import NewType

from packaging.utils import NormalizedName, canonicalize_name

from creamery.spec.problems import N_, InvalidInput, Problem

__all__ = ["MAX_NAME_CHARACTERS", "NormalizedName", "ProjectName", "check_name", "normalize_name"]

ProjectName = NewType("ProjectName", str)
"""A project's name as somebody wrote it; valid, not normalised."""

MAX_NAME_CHARACTERS = 200
"""A file name holds the name, a version and tags, and file systems end at 255 bytes."""

# `\Z`, because `$` would let a line break at the end through.
_VALID_NAME = re.compile(r"(?:[A-Z0-9]|[A-Z0-9][A-Z0-9._-]*[A-Z0-9])\Z", re.IGNORECASE | re.ASCII)
_SOURCE = "PyPA specifications, 'Names and normalization'"


def normalize_name(text: str) -> NormalizedName:
    """
    Bring a name to the spelling by which names are compared; does not check that it is valid.

    >>> normalize_name("Zope.Interface")
    'zope-interface'
    >>> normalize_name("a_-_b")
    'a-b'
    """
    return canonicalize_name(text)


def check_name(text: str, field: str = "name") -> ProjectName:
    r"""
    Accept a valid project name as it is written.

    Raises:
        InvalidInput: the name breaks the grammar or is longer than 200 characters.

    >>> check_name("Zope.Interface")
    'Zope.Interface'
    >>> check_name("numpy\n")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    creamery.spec.problems.InvalidInput: name 'numpy\n': Names have only ASCII letters, ...
    """
    problems = []
    if _VALID_NAME.match(text) is None:
        problems.append(_problem("invalid-name", field, text, _GRAMMAR, N_("Choose a name of this form.")))
    if len(text) > MAX_NAME_CHARACTERS:
        problems.append(_problem("name-too-long", field, text, _LENGTH, N_("Choose a shorter name.")))
    if problems:
        raise InvalidInput(problems)
    return ProjectName(text)


_GRAMMAR = N_("Names have only ASCII letters, digits, '.', '_' and '-', and begin and end with a letter or digit.")
_LENGTH = N_("Names have at most {limit} characters.")


def _problem(code: str, field: str, value: str, rule: str, remedy: str) -> Problem:
    params = {"limit": MAX_NAME_CHARACTERS}
    return Problem(code=code, field=field, value=value, rule=rule, remedy=remedy, params=params, source=_SOURCE)
