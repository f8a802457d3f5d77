"""Checks that what an archive says it is agrees with its file name."""

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from creamery.spec.archives.findings import Findings
from creamery.spec.archives.member_names import NameLedger
from creamery.spec.core_metadata import CoreMetadata
from creamery.spec.filenames import DistFilename
from creamery.spec.metadata_fields import VERSIONS
from creamery.spec.metadata_reader import parse_metadata
from creamery.spec.problems import N_, InvalidInput

_REMEDY = N_("Build the file again; do not rename it.")
_SOURCE = "PEP 427, PEP 625"


def is_for(folder: str, name: DistFilename) -> bool:
    """
    Say whether a folder's `{name}-{version}` means the project and version of the file name, however it is spelled.

    Both parts may hold hyphens in old spellings, so each hyphen is tried as the one between them.
    """
    parts = folder.split("-")
    if len(parts) > 100:
        return False
    return any(
        canonicalize_name("-".join(parts[:cut])) == name.name and _is_version("-".join(parts[cut:]), name.version)
        for cut in range(1, len(parts))
    )


def _is_version(text: str, version: Version) -> bool:
    # Wheels write the hyphens of old version spellings as underscores.
    for spelling in (text, text.replace("_", "-")):
        try:
            if len(text) < 300 and Version(spelling) == version:
                return True
        except InvalidVersion:
            continue
    return False


def check_identity(content: bytes, name: DistFilename, member: str, findings: Findings) -> CoreMetadata | None:
    """
    Compare the metadata's name and version with the file name.

    Gives the metadata, or None if it cannot be parsed: its problems are then noted in `findings`.
    """
    try:
        metadata = parse_metadata(content)
    except InvalidInput as error:
        findings.problems.extend(error.problems)
        return None
    findings.metadata_bytes = content
    if canonicalize_name(metadata.name) != name.name:
        rule = N_("The file is named for the project {expected}, its metadata ({member}) for another.")
        findings.refuse("name-differs", metadata.name, rule, _REMEDY, _SOURCE, expected=name.name, member=member)
    if Version(metadata.version) != name.version:
        rule = N_("The file is named for version {expected}, its metadata ({member}) for another.")
        expected = str(name.version)
        findings.refuse("version-differs", metadata.version, rule, _REMEDY, _SOURCE, expected=expected, member=member)
    return metadata


def check_licence_files(metadata: CoreMetadata, folder: str, names: NameLedger, findings: Findings) -> None:
    """
    Check that the licence files that metadata names are in the archive, below `folder` (with its `/`).

    Only since version 2.4, when it was settled where they lie. Source: PEP 639, "License-File".
    """
    if VERSIONS.index(metadata.metadata_version) < VERSIONS.index("2.4"):
        return
    for path in metadata.license_files:
        if folder + path not in names:
            rule = N_("The metadata names this licence file, and it is not in the archive at {place}.")
            remedy = N_("Include the file, or remove it from the metadata.")
            findings.refuse("licence-file-missing", path, rule, remedy, "PEP 639", place=folder + path)
