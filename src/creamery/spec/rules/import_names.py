"""
Import names.

That each is a dotted identifier, and none is both name and namespace, is checked when the metadata is read.
Source: PEP 794.
"""

from collections.abc import Iterator

from creamery.spec.core_metadata import CoreMetadata
from creamery.spec.problems import N_
from creamery.spec.rules.ruling import Ruling, rule_on


def rule_on_import_names(metadata: CoreMetadata) -> Iterator[Ruling]:
    """
    Find names whose parents are not listed.

    Ids: MD-11.
    """
    listed = {value.partition(";")[0].strip() for value in (*metadata.import_names, *metadata.import_namespaces)}
    missing: dict[str, str] = {}
    for name in sorted(listed):
        for cut in range(1, name.count(".") + 1):
            parent = name.rsplit(".", cut)[0]
            if parent not in listed:
                missing.setdefault(parent, name)
    for parent, name in missing.items():
        rule = N_("{name} is listed, {parent} above it is not.")
        remedy = N_("List it too, as Import-Name or as Import-Namespace.")
        yield rule_on("warn", "import-parent", "Import-Name", name, rule, remedy, "PEP 794", name=name, parent=parent)
