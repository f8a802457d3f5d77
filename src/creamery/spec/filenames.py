"""
File names of distributions: what project, version and machines a file says it is for.

A file name is a promise that installers rely on before they open the file. Names that only older tools wrote are read
too, and say so by `is_normalized`, so that the caller decides.
Source: PEP 427 and 491 (wheels), PEP 425 (tags), PEP 440 (versions), PEP 625 (sdists).
"""

import re
from dataclasses import dataclass
from math import prod
from typing import Literal

from packaging.tags import Tag
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_version,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version

from creamery.spec.names import NormalizedName, check_name
from creamery.spec.problems import N_, InvalidInput, Problem

DistKind = Literal["bdist_wheel", "sdist"]

MAX_FILENAME_BYTES = 255 - len(".metadata")
"""File systems end at 255 bytes, and the metadata of a file is served under its name with `.metadata`."""

MAX_TAGS = 1000
"""Compressed tags multiply: 240 characters could stand for 50,000 tags, real wheels have fewer than 100."""

# Everything that names, versions, build and compatibility tags may hold; so no `/`, `\`, NUL, control or space.
_VALID_FILENAME = re.compile(r"[A-Za-z0-9._+!-]+\Z", re.ASCII)
# Compatibility tags hold less than names and versions do; `packaging` looks at the first character of the Python tag only.
_VALID_TAGS = re.compile(r"[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*\Z", re.ASCII)
_KEEP_NAME = N_("Upload the file under the name it was built with.")
_WHEEL_SOURCE = "PyPA specifications, 'Binary distribution format'"
_SDIST_SOURCE = "PyPA specifications, 'Source distribution format'"


@dataclass(frozen=True, slots=True)
class DistFilename:
    """
    What the name of a distribution file says.

    `build` is the build tag of a wheel as written or `""`; `python_version` is the Python tag as written (`py2.py3`),
    or `source` for sdists, as in the `pyversion` field of uploads.
    """

    filename: str
    kind: DistKind
    name: NormalizedName
    version: Version
    build: str
    tags: frozenset[Tag]
    python_version: str

    @property
    def stem(self) -> str:
        """
        The `{name}-{version}` that this file's name begins with when it is spelled by today's rules.

        >>> parse_filename("Zope.Interface-5.0.0RC1.tar.gz").stem
        'zope_interface-5.0.0rc1'
        """
        return f"{self.name.replace('-', '_')}-{self.version}"

    @property
    def is_normalized(self) -> bool:
        """
        Say whether name and version are spelled as tools must write them today.

        >>> parse_filename("zope_interface-5.0-py3-none-any.whl").is_normalized
        True
        >>> parse_filename("zope.interface-5.0-py3-none-any.whl").is_normalized
        False
        """
        if self.kind == "sdist":
            return self.filename == f"{self.stem}.tar.gz"
        return self.filename.startswith(f"{self.stem}-")

    @property
    def identity(self) -> str:
        """
        Two files with the same identity are the same file to an installer, however their names are spelled.

        >>> a = parse_filename("Foo-1.0-py2.py3-none-any.whl").identity
        >>> b = parse_filename("foo-1.0.0-py3.py2-none-any.whl").identity
        >>> a == b
        True
        """
        tags = ",".join(sorted(map(str, self.tags)))
        build = re.sub(r"\A0+(?=\d)", "", self.build)
        return "/".join((self.kind, self.name, canonicalize_version(self.version), build, tags))


def parse_filename(text: str) -> DistFilename:
    """
    Read a distribution's file name.

    Raises:
        InvalidInput: it is no name of a wheel or of a `.tar.gz` sdist.

    Source: PEP 427, "File name convention"; PEP 625.

    >>> parse_filename("foo_bar-1.0-1-cp311-abi3-win_amd64.whl").build
    '1'
    >>> str(parse_filename("foo-bar-1.0.tar.gz").name)
    'foo-bar'
    >>> parse_filename("foo-1.0.zip")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    creamery.spec.problems.InvalidInput: filename 'foo-1.0.zip': Only wheels (.whl) and source distributions ...
    """
    _check_characters(text)
    if text.endswith(".whl"):
        return _parse_wheel(text)
    if text.endswith(".tar.gz"):
        return _parse_sdist(text)
    raise InvalidInput(
        [
            _problem(
                "unknown-file-type",
                text,
                N_("Only wheels (.whl) and source distributions (.tar.gz) are accepted."),
                N_("Build one of these, for example with 'python -m build'."),
                "PEP 527, PEP 715",
            )
        ]
    )


def _check_characters(text: str) -> None:
    problems = []
    if _VALID_FILENAME.match(text) is None or text.startswith("."):
        rule = N_("File names have only ASCII letters, digits and '.', '_', '-', '+', '!'; no folders, no spaces.")
        problems.append(_problem("invalid-filename", text, rule, _KEEP_NAME))
    if len(text.encode("utf-8", "surrogatepass")) > MAX_FILENAME_BYTES:
        rule = N_("File names have at most {limit} bytes.")
        problems.append(_problem("filename-too-long", text, rule, N_("Shorten the name, the version or the tags.")))
    if problems:
        raise InvalidInput(problems)


def _parse_wheel(text: str) -> DistFilename:
    parts = text.removesuffix(".whl").split("-")
    if prod(part.count(".") + 1 for part in parts[-3:]) > MAX_TAGS:
        rule = N_("The compressed tags of a wheel stand for at most {tags} combinations.")
        raise InvalidInput([_problem("too-many-tags", text, rule, N_("Split the wheel."), _WHEEL_SOURCE)])
    rule = N_("A wheel is named {name}-{version}[-{build}]-{python}-{abi}-{platform}.whl, with a valid version.")
    misnamed = InvalidInput([_problem("invalid-wheel-filename", text, rule, _KEEP_NAME, _WHEEL_SOURCE)])
    try:
        name, version, _build, tags = parse_wheel_filename(text)
        check_name(parts[0], "filename")
    except (InvalidWheelFilename, InvalidInput) as error:
        raise misnamed from error
    if not all(map(_VALID_TAGS.match, parts[-3:])):
        raise misnamed
    build = parts[2] if len(parts) == 6 else ""
    return DistFilename(text, "bdist_wheel", name, version, build, tags, parts[-3])


def _parse_sdist(text: str) -> DistFilename:
    try:
        name, version = parse_sdist_filename(text)
        check_name(text.removesuffix(".tar.gz").rpartition("-")[0], "filename")
    except (InvalidSdistFilename, InvalidInput) as error:
        rule = N_("A source distribution is named {name}-{version}.tar.gz, with a valid version.")
        raise InvalidInput([_problem("invalid-sdist-filename", text, rule, _KEEP_NAME, _SDIST_SOURCE)]) from error
    return DistFilename(text, "sdist", name, version, "", frozenset(), "source")


def _problem(code: str, value: str, rule: str, remedy: str, source: str = "PEP 427, PEP 625") -> Problem:
    params = {"limit": MAX_FILENAME_BYTES, "tags": MAX_TAGS}
    return Problem(code=code, field="filename", value=value, rule=rule, remedy=remedy, params=params, source=source)
