"""The rules for values of core metadata, each with the sentence for the person who broke it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from packaging.metadata import Metadata

from creamery.spec.metadata_fields import EARLY_FIELDS, FIELDS, VERSIONS, MetadataField
from creamery.spec.problems import N_, Problem

_SOURCE = "PyPA specifications, 'Core metadata specifications'"
_FIELD_OF = {field.attribute: field for field in FIELDS}

# The first sentence is the rule, the second is what to do.
_RULES: dict[str, tuple[str, str]] = {
    "metadata_version": (
        N_("This version of the core metadata is not known; 1.0 to 2.6 are."),
        N_("Build with a released version of your build tool."),
    ),
    "name": (
        N_("Names have only ASCII letters, digits, '.', '_' and '-', and begin and end with a letter or digit."),
        N_("Choose a name of this form."),
    ),
    "version": (N_("Versions have the form of PEP 440."), N_("Choose a version such as 1.2.3, 1.2rc1 or 1.2.post1.")),
    "summary": (N_("The summary is one line."), N_("Move the rest into the description.")),
    "description_content_type": (
        N_("The type is text/plain, text/x-rst or text/markdown (variant GFM or CommonMark), with charset UTF-8."),
        N_("Correct the type of the README."),
    ),
    "dynamic": (
        N_("Dynamic names fields of the core metadata other than Name, Version and Metadata-Version."),
        N_("Remove this entry."),
    ),
    "provides_extra": (
        N_("Extras have only ASCII letters, digits, '.', '_' and '-', and begin and end with a letter or digit."),
        N_("Rename the extra."),
    ),
    "requires_python": (N_("This is no version specifier of PEP 440."), N_("Write it like '>=3.11'.")),
    "requires_dist": (
        N_("This is no requirement of PEP 508."),
        N_("Write it like 'name>=1.0; python_version < \"3.12\"'."),
    ),
    "license_expression": (
        N_("This is no SPDX licence expression, or names a licence that is not on the SPDX list."),
        N_("Write it like 'MIT OR Apache-2.0', or use 'LicenseRef-<name>'."),
    ),
    "license_files": (
        N_("Licence files are relative paths with '/', without '..' and '*'."),
        N_("Name the files inside the project."),
    ),
    "import_names": (
        N_("Import names are dotted Python identifiers, with '; private' after them if need be."),
        N_("Correct the name."),
    ),
    "project_urls": (
        N_("A project link has a label, a comma and an address."),
        N_("Write it like 'Documentation, https://docs.example'."),
    ),
}
_RULES["import_namespaces"] = _RULES["import_names"]

# Licences are copied with their page breaks; both are shown where nothing is obeyed.
_LONG_TEXTS = frozenset({"description", "license"})
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
# Everything that the parsers of `packaging` and `email` were seen to raise on hostile values.
_PARSER_ERRORS = (ValueError, LookupError, AttributeError, TypeError, RecursionError, MemoryError)


def metadata_problem(code: str, field: str, value: str, rule: str, remedy: str, **params: str | int) -> Problem:
    """Shape a problem with core metadata."""
    return Problem(code=code, field=field, value=value, rule=rule, remedy=remedy, params=params, source=_SOURCE)


def list_value_problems(field: MetadataField, value: str) -> list[Problem]:
    """List what is wrong with one value of one field, whatever the rest of the metadata says."""
    if field.max_characters and len(value) > field.max_characters:
        rule, remedy = N_("A value of this field has at most {limit} characters."), N_("Shorten it.")
        return [metadata_problem("value-too-long", field.header, value, rule, remedy, limit=field.max_characters)]
    if not _is_valid(field, value):
        rule, remedy = _RULES[field.attribute]
        return [metadata_problem(f"invalid-{field.header.lower()}", field.header, value, rule, remedy)]
    control = None if field.attribute in _LONG_TEXTS else _CONTROL.search(value)
    if control is not None:
        rule = N_("Character {place} of this value is a control character, which terminals obey.")
        place = control.start() + 1
        return [metadata_problem("control-character", field.header, value, rule, N_("Remove it."), place=place)]
    return []


def _is_valid(field: MetadataField, value: str) -> bool:
    if field.attribute == "project_urls":
        label, comma, url = value.partition(",")
        return bool(comma and label.strip() and url.strip())
    if field.attribute == "metadata_version":
        return value in VERSIONS
    if field.attribute not in _RULES or (field.attribute == "import_names" and not value):
        return True
    raw: Any = {field.attribute: [value] if field.is_many else value}
    try:
        getattr(Metadata.from_raw(raw, validate=False), field.attribute)
    except _PARSER_ERRORS:
        return False
    return True


def list_problems_of_whole(values: Mapping[str, Any]) -> Iterator[Problem]:
    """List what is wrong between fields: missing ones, ones that their version does not have, contradictions."""
    for attribute in ("metadata_version", "name", "version"):
        if not values.get(attribute):
            rule, remedy = N_("This field is required."), N_("Add it to the metadata.")
            yield metadata_problem("missing-field", _FIELD_OF[attribute].header, "", rule, remedy)
    version = values.get("metadata_version", "")
    if version in VERSIONS:
        yield from _find_too_new(values, version)
        yield from _find_two_licences(values, version)
    yield from _find_import_contradictions(values)


def _is_newer(field: MetadataField, version: str) -> bool:
    # 2.0 was never finished; the tools that wrote it meant what became 2.1.
    present = "2.1" if version == "2.0" else version
    return VERSIONS.index(field.added) > VERSIONS.index(present)


def _find_too_new(values: Mapping[str, Any], version: str) -> Iterator[Problem]:
    for field in FIELDS:
        if field.attribute in values and field.attribute not in EARLY_FIELDS and _is_newer(field, version):
            rule = N_("This field exists since metadata version {added}; the file declares {declared}.")
            remedy = N_("Declare the newer version, or remove the field.")
            shown = str(values[field.attribute])
            yield metadata_problem(
                "field-too-new", field.header, shown, rule, remedy, added=field.added, declared=version
            )


def _find_two_licences(values: Mapping[str, Any], version: str) -> Iterator[Problem]:
    if "license" in values and "license_expression" in values and VERSIONS.index(version) >= VERSIONS.index("2.4"):
        rule = N_("License and License-Expression exclude each other.")
        remedy = N_("Keep License-Expression.")
        yield metadata_problem("two-licences", "License", str(values["license"]), rule, remedy)


def _find_import_contradictions(values: Mapping[str, Any]) -> Iterator[Problem]:
    """Source: PEP 794."""
    names = [_import_name(value) for value in values.get("import_names", ())]
    if "" in names and len(names) > 1:
        rule = N_("An empty Import-Name says that there is nothing to import, and then stands alone.")
        yield metadata_problem("invalid-import-name", "Import-Name", "", rule, N_("Remove the empty one."))
    for both in sorted({_import_name(value) for value in values.get("import_namespaces", ())} & set(names)):
        rule = N_("A name is an import name or a namespace, not both.")
        yield metadata_problem("invalid-import-name", "Import-Namespace", both, rule, N_("Remove one of them."))


def _import_name(value: str) -> str:
    return value.partition(";")[0].strip()


def list_remarks(values: Mapping[str, Any]) -> Iterator[Problem]:
    """List what the specification asks of tools that write metadata, and what no reader suffers from."""
    version = values["metadata_version"]
    if version == "2.0":
        rule, remedy = N_("Metadata version 2.0 was withdrawn."), N_("Build with a current build tool.")
        yield metadata_problem("metadata-version-withdrawn", "Metadata-Version", version, rule, remedy)
    for attribute in sorted(EARLY_FIELDS & values.keys()):
        field = _FIELD_OF[attribute]  # type: ignore[index]
        if _is_newer(field, version):
            rule = N_("This field exists since metadata version {added}; the file declares {declared}.")
            remedy = N_("Build with a current build tool.")
            yield metadata_problem("field-early", field.header, "", rule, remedy, added=field.added, declared=version)
