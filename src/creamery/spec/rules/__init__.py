"""
Rules about what a file may say, once it can be read.

Each is a pure function that yields rulings, with the ids of the requirements that it holds; `judge` asks them all.
"""

from collections.abc import Iterator

from creamery.spec.core_metadata import CoreMetadata
from creamery.spec.policy import Policy
from creamery.spec.rules.classifiers import rule_on_classifiers
from creamery.spec.rules.contacts import rule_on_addresses, rule_on_links, rule_on_summary
from creamery.spec.rules.filenames import rule_on_filename
from creamery.spec.rules.import_names import rule_on_import_names
from creamery.spec.rules.licences import rule_on_licence
from creamery.spec.rules.requirements import rule_on_extras, rule_on_requirements
from creamery.spec.rules.ruling import Judgement, Ruling, rule_on, sort_rulings
from creamery.spec.rules.siblings import rule_on_siblings

__all__ = [
    "Judgement",
    "Ruling",
    "rule_on",
    "rule_on_filename",
    "rule_on_metadata",
    "rule_on_siblings",
    "sort_rulings",
]


def rule_on_metadata(metadata: CoreMetadata, policy: Policy) -> Iterator[Ruling]:
    """Ask every rule about metadata that was read."""
    yield from rule_on_summary(metadata, policy)
    yield from rule_on_addresses(metadata, policy)
    yield from rule_on_links(metadata, policy)
    yield from rule_on_classifiers(metadata, policy)
    yield from rule_on_requirements(metadata, policy)
    yield from rule_on_extras(metadata)
    yield from rule_on_licence(metadata, policy)
    yield from rule_on_import_names(metadata)
