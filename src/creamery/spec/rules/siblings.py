"""
The files of one release, compared.

Source: PEP 643; PEP 794, "Project metadata consumers".
"""

from collections.abc import Iterator

from creamery.spec.core_metadata import CoreMetadata
from creamery.spec.metadata_fields import FIELDS
from creamery.spec.problems import N_
from creamery.spec.rules.ruling import Ruling, rule_on

_NOT_COMPARED = frozenset(
    {"metadata_version", "name", "version", "dynamic", "description", "platforms", "license_files"}
)


def rule_on_siblings(metadata: CoreMetadata, release: CoreMetadata) -> Iterator[Ruling]:
    """
    Find fields in which a file differs from its release, which is what its first file said.

    Pages and the JSON API tell the release's values; installers read the file's own. Fields that either of the two
    declares as dynamic may differ. Ids: MD-04, MD-11.
    """
    dynamic = {name.lower() for name in (*metadata.dynamic, *release.dynamic)}
    for field in FIELDS:
        if field.attribute in _NOT_COMPARED or field.header.lower() in dynamic:
            continue
        mine, theirs = getattr(metadata, field.attribute), getattr(release, field.attribute)
        if _meaning(mine) != _meaning(theirs):
            rule = N_(
                "An earlier file of this release says '{theirs}'. Pages show that; installers read each file's own."
            )
            remedy = N_("Build all files of a release from the same source.")
            shown = _shown(theirs)
            yield rule_on(
                "warn", "differs-in-release", field.header, _shown(mine), rule, remedy, "PEP 643", theirs=shown
            )


def _meaning(value: object) -> object:
    return frozenset(value) if isinstance(value, tuple) else value


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(": ".join(item) if isinstance(item, tuple) else str(item) for item in value)
    return str(value)
