"""
Reads METADATA and PKG-INFO.

The file is read like an e-mail's header and body, each value is checked by `packaging.metadata`, one by one, so that an
author learns of everything at once.
Source: PyPA specifications, "Core metadata specifications".
"""

import re
from collections.abc import Iterator
from email.message import Message
from email.parser import HeaderParser
from email.policy import compat32
from typing import Any, cast

from creamery.spec.core_metadata import CoreMetadata
from creamery.spec.metadata_fields import BY_HEADER, MetadataField
from creamery.spec.metadata_rules import list_problems_of_whole, list_remarks, list_value_problems, metadata_problem
from creamery.spec.problems import N_, InvalidInput, Problem

MAX_METADATA_BYTES = 4 * 1024 * 1024
MAX_HEADER_LINES = 20_000
MAX_PROBLEMS = 50

_BLANK_LINE = re.compile(r"(?:\r\n|\n|\r(?!\n)){2}")
# Before descriptions could stand in the body, their lines were folded with eight spaces, or with seven and a bar.
_FOLD = re.compile(r"(\r\n|\n|\r)(?: {8}| {7}\||\t)")
_FOLDED_FIELDS = frozenset({"description", "license"})


def parse_metadata(content: bytes) -> CoreMetadata:
    r"""
    Read core metadata of versions 1.0 to 2.6.

    A value that is literally `UNKNOWN` is what old tools wrote for nothing, and is read as absent.

    Raises:
        InvalidInput: with every problem that the content has.

    Source: PyPA specifications, "Core metadata specifications"; PEP 643, 685, 639, 794, 808.

    >>> parse_metadata(b"Metadata-Version: 2.1\nName: foo\nVersion: 1.0\n\nHello").description
    'Hello'
    >>> parse_metadata(b"Metadata-Version: 2.1\nName: foo\n")
    Traceback (most recent call last):
    ...
    creamery.spec.problems.InvalidInput: Version: This field is required. Add it to the metadata.
    """
    message = _read_message(_decode(content))
    values, problems = _collect(message)
    problems += [problem for field, value in values for problem in list_value_problems(field, value)]
    shaped = _shape(values)
    problems += list_problems_of_whole(shaped)
    if problems:
        raise InvalidInput(problems[:MAX_PROBLEMS])
    return CoreMetadata(**shaped, remarks=tuple(list_remarks(shaped)))


def _decode(content: bytes) -> str:
    """Decode, and refuse what no later step could hold: too much, not UTF-8, NUL (no database stores it)."""
    if len(content) > MAX_METADATA_BYTES:
        rule = N_("Metadata has at most {limit} bytes.")
        remedy = N_("Shorten the description.")
        raise InvalidInput(
            [metadata_problem("metadata-too-large", "metadata", "", rule, remedy, limit=MAX_METADATA_BYTES)]
        )
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        rule = N_("Metadata is UTF-8; byte {position} is not.")
        remedy = N_("Save the README and the project's settings as UTF-8 and build again.")
        problem = metadata_problem("metadata-not-utf8", "metadata", "", rule, remedy, position=error.start)
        raise InvalidInput([problem]) from error
    if "\0" in text:
        rule = N_("Metadata has no NUL characters; character {position} is one.")
        remedy = N_("Remove it and build again.")
        raise InvalidInput([metadata_problem("metadata-nul", "metadata", "", rule, remedy, position=text.index("\0"))])
    return text


def _read_message(text: str) -> "Message[str, str]":
    """
    Split header from body.

    Only the header is parsed: a `Content-Type: multipart` or `message` line in it would make a full parser descend into
    the description, without a bound.
    """
    blank = _BLANK_LINE.search(text)
    if _count_lines(text, blank.start() if blank else len(text)) > MAX_HEADER_LINES:
        rule = N_("Metadata has at most {limit} lines before the description.")
        remedy = N_("Shorten the lists of requirements, classifiers and files.")
        problem = metadata_problem("metadata-too-long", "metadata", "", rule, remedy, limit=MAX_HEADER_LINES)
        raise InvalidInput([problem])
    return HeaderParser(policy=compat32).parsestr(text)


def _count_lines(text: str, end: int) -> int:
    """Count lines up to a place, as e-mail parts them, without making a list of them."""
    return text.count("\n", 0, end) + text.count("\r", 0, end) - text.count("\r\n", 0, end) + 1


def _collect(message: "Message[str, str]") -> tuple[list[tuple[MetadataField, str]], list[Problem]]:
    """List the values of known fields in the order of the file, with the problems of the header itself."""
    problems = []
    values: list[tuple[MetadataField, str]] = []
    body = cast("str", message.get_payload())
    if message.defects:
        rule = N_("A line before the description is neither a field nor the continuation of one.")
        remedy = N_("Indent continued lines; leave one empty line before the description.")
        problems.append(metadata_problem("metadata-broken-line", "metadata", body.partition("\n")[0], rule, remedy))
    for header, value in message.items():
        field = BY_HEADER.get(header.lower())
        if field is None:
            rule = N_("No version of the core metadata has this field.")
            problems.append(metadata_problem("unknown-field", header, value, rule, N_("Remove it from the metadata.")))
        else:
            values.append((field, _clean(field, value)))
    if body:
        values.append((BY_HEADER["description"], body))
    problems += _find_repeated(values)
    present = [(field, value) for field, value in values if value or field.attribute.startswith("import_name")]
    return [(field, value) for field, value in present if value.strip() != "UNKNOWN"], problems


def _clean(field: MetadataField, value: str) -> str:
    if field.attribute in _FOLDED_FIELDS:
        value = _FOLD.sub(r"\1", value)
    # Only what e-mail calls white space: a vertical tab or a wide space belongs to the value, as other readers see it.
    return value.strip(" \t\r\n")


def _find_repeated(values: list[tuple[MetadataField, str]]) -> Iterator[Problem]:
    seen: set[str] = set()
    for field, value in values:
        if not field.is_many and field.attribute in seen:
            rule = N_("This field stands more than once.")
            remedy = N_("Leave one; a description stands either in the header or in the body.")
            yield metadata_problem("repeated-field", field.header, value, rule, remedy)
        seen.add(field.attribute)


def _shape(values: list[tuple[MetadataField, str]]) -> dict[str, Any]:
    """Group values by attribute, as the fields of CoreMetadata want them."""
    shaped: dict[str, Any] = {}
    for field, value in values:
        if field.attribute == "keywords":
            # Tools of the 2000s parted keywords by spaces; where there is a comma, commas part them.
            parts = value.split(",") if "," in value else value.split()
            shaped["keywords"] = tuple(part.strip() for part in parts if part.strip())
        elif field.attribute == "project_urls":
            label, _, url = value.partition(",")
            shaped.setdefault("project_urls", []).append((label.strip(), url.strip()))
        elif field.is_many:
            shaped.setdefault(field.attribute, []).append(value)
        else:
            shaped[field.attribute] = value
    return {name: tuple(value) if isinstance(value, list) else value for name, value in shaped.items()}
