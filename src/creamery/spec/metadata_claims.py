"""
Compares what an upload form claims with what the file says.

The file is the only source of metadata; a form that says something else is refused rather than believed or ignored.
Clients spell fields differently and rewrite values (requirements, white space), so values are compared by meaning.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from creamery.spec.core_metadata import CoreMetadata
from creamery.spec.metadata_fields import FIELDS, MetadataField
from creamery.spec.names import normalize_name
from creamery.spec.problems import N_, Problem

_PARSER_ERRORS = (ValueError, RecursionError)


def compare_claims(claims: Mapping[str, Sequence[str]], metadata: CoreMetadata) -> list[Problem]:
    """
    List the form fields that were sent, are not empty, and differ from the file.

    `claims` maps form keys, in any spelling that clients use, to the values sent under them. Keys that are no metadata
    are ignored. `UNKNOWN` is read as empty, as old clients mean it.

    >>> metadata = CoreMetadata(metadata_version="2.1", name="Foo", version="1.0", requires_dist=("a (>=1,<2)",))
    >>> compare_claims({"name": ["foo"], "version": ["1.0"], "requires_dist": ["a<2,>=1"], "summary": [""]}, metadata)
    []
    >>> [problem.text() for problem in compare_claims({"version": ["2.0"]}, metadata)]
    ["version '2.0': The form says this, the file says '1.0'. Send the metadata that is in the file."]
    """
    return [
        _difference(key, claimed, field, metadata)
        for field in FIELDS
        for key in field.form_keys
        if (claimed := _present(claims.get(key, ()))) and not _is_same(field, claimed, metadata)
    ]


def _present(values: Sequence[str]) -> list[str]:
    stripped = (value.strip() for value in values)
    return [value for value in stripped if value and value != "UNKNOWN"]


def _difference(key: str, claimed: list[str], field: MetadataField, metadata: CoreMetadata) -> Problem:
    return Problem(
        code="claim-differs",
        field=key,
        value=", ".join(claimed),
        rule=N_("The form says this, the file says '{found}'."),
        remedy=N_("Send the metadata that is in the file."),
        params={"found": ", ".join(_in_file(field, metadata))},
        source="PyPA specifications, 'Core metadata specifications'",
    )


def _in_file(field: MetadataField, metadata: CoreMetadata) -> list[str]:
    value: Any = getattr(metadata, field.attribute)
    if field.attribute == "project_urls":
        return [f"{label}, {url}" for label, url in value]
    if isinstance(value, str):
        return [value] if value else []
    return [item for item in value if item]


def _is_same(field: MetadataField, claimed: list[str], metadata: CoreMetadata) -> bool:
    found = _in_file(field, metadata)
    if field.attribute == "keywords":
        return _words(claimed) == _words(found)
    if not field.is_many:
        # Some clients send single fields as lists; the text is the same.
        claimed, found = [" ".join(claimed)], [" ".join(found)]
    meaning = _MEANINGS.get(field.attribute, _plain)
    return _meanings(meaning, claimed) == _meanings(meaning, found)


def _meanings(meaning: Callable[[str], object], values: Iterable[str]) -> set[object]:
    return {_attempt(meaning, value) for value in values}


def _attempt(meaning: Callable[[str], object], value: str) -> object:
    """Take a value that has no meaning of its kind as plain text: it then equals only itself."""
    if len(value) > 4_000 and meaning is not _plain:
        return value
    try:
        return meaning(value)
    except _PARSER_ERRORS:
        return _plain(value)


def _plain(value: str) -> str:
    """Forms rewrite line ends and fold white space; words and their order must be the same."""
    return " ".join(value.split())


def _words(values: Iterable[str]) -> set[str]:
    """Keywords: forms send them as one text, parted by commas or spaces."""
    return set(" ".join(values).replace(",", " ").split())


def _requirement(value: str) -> object:
    parsed = Requirement(value)
    extras = frozenset(map(normalize_name, parsed.extras))
    return normalize_name(parsed.name), extras, parsed.specifier, str(parsed.marker or ""), parsed.url


def _link(value: str) -> object:
    label, _, url = value.partition(",")
    return label.strip(), url.strip()


def _lower(value: str) -> str:
    return _plain(value).lower()


_MEANINGS: dict[str, Callable[[str], object]] = {
    "name": normalize_name,
    "version": Version,
    "requires_python": SpecifierSet,
    "requires_dist": _requirement,
    "project_urls": _link,
    "provides_extra": normalize_name,
    "dynamic": _lower,
    "description_content_type": _lower,
}
