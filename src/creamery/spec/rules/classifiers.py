"""
Classifiers: those of the list that everybody shares.

Source: PyPA specifications, "Core metadata specifications", "Classifier"; the package trove-classifiers.
"""

from collections.abc import Iterator

from trove_classifiers import classifiers as known
from trove_classifiers import deprecated_classifiers, sorted_classifiers

from creamery.spec.core_metadata import CoreMetadata
from creamery.spec.policy import Policy
from creamery.spec.problems import N_
from creamery.spec.rules.ruling import Ruling, rule_on

PRIVATE = "Private ::"
_SOURCE = "PyPA specifications, 'Core metadata specifications', 'Classifier'"


def list_classifiers() -> list[str]:
    """List the classifiers that everybody shares, in order; those that were given up are not among them."""
    return list(sorted_classifiers)


def rule_on_classifiers(metadata: CoreMetadata, policy: Policy) -> Iterator[Ruling]:
    """
    Find classifiers that are on no list, were given up, or say that the file is not for this index.

    Ids: MD-07, UPL-024, LI-03.
    """
    for classifier in metadata.classifiers:
        yield from _rule_on_one(classifier, policy)
    licences = [c for c in metadata.classifiers if c.startswith("License ::")]
    if metadata.license_expression and licences:
        rule = N_("Classifiers of licences are superseded by License-Expression, which the metadata has.")
        yield rule_on("warn", "licence-classifier", "Classifier", licences[0], rule, _REMOVE, "PEP 639")


def _rule_on_one(classifier: str, policy: Policy) -> Iterator[Ruling]:
    if classifier.startswith(PRIVATE):
        rule = N_("“Private ::” says that the file is not for a public index, which this is.")
        remedy = N_("Publish to the index that it is for, or remove the classifier.")
        yield rule_on(policy.private_classifiers, "private-classifier", "Classifier", classifier, rule, remedy, _SOURCE)
    elif classifier in deprecated_classifiers:
        better = ", ".join(deprecated_classifiers[classifier])
        rule = N_("This classifier was given up.")
        remedy = N_("Use {better} instead.") if better else _REMOVE
        answer = policy.deprecated_classifiers
        yield rule_on(answer, "deprecated-classifier", "Classifier", classifier, rule, remedy, _SOURCE, better=better)
    elif classifier not in known:
        rule, remedy = (
            N_("There is no such classifier."),
            N_("Choose one of the list of the package trove-classifiers."),
        )
        answer = policy.unlisted_classifiers
        yield rule_on(answer, "unknown-classifier", "Classifier", classifier, rule, remedy, _SOURCE)


_REMOVE = N_("Remove it.")
