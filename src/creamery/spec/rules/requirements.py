"""
What a distribution needs and offers: requirements by address, and the fields that no installer reads.

Whether a requirement can be read at all is checked when the metadata is read.
Source: PyPA specifications, "Core metadata specifications"; PEP 508; PEP 685.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import islice

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import is_normalized_name

from creamery.spec.core_metadata import CoreMetadata
from creamery.spec.names import normalize_name
from creamery.spec.policy import Policy
from creamery.spec.problems import N_
from creamery.spec.rules.ruling import MAX_PROBLEMS, Ruling, rule_on

_SOURCE = "PEP 508"
_LONGEST = 4_000


def rule_on_requirements(metadata: CoreMetadata, policy: Policy) -> Iterator[Ruling]:
    """
    Find requirements that are fetched from an address instead of an index.

    Ids: MD-08, MD-13, UPL-026.
    """
    # Most have no such sign, and parsing is dear; nobody is told of more than fifty.
    by_address = (r for r in metadata.requires_dist if "@" in r and Requirement(r).url is not None)
    for requirement in islice(by_address, MAX_PROBLEMS):
        yield _direct("Requires-Dist", requirement, policy)
    fields = ("Provides-Dist", metadata.provides_dist), ("Obsoletes-Dist", metadata.obsoletes_dist)
    for field, values in fields:
        for value in values:
            parsed = _parse(value)
            if parsed is None:
                rule, remedy = N_("This is no name with a version."), N_("Write it like 'name' or 'name>=1.0'.")
                code = f"invalid-{field.lower()}"
                yield rule_on(policy.loose_requirements, code, field, value, rule, remedy, _SOURCE)
            elif parsed.url is not None:
                yield _direct(field, value, policy)


def _parse(value: str) -> Requirement | None:
    try:
        return Requirement(value[:_LONGEST])
    except (InvalidRequirement, RecursionError):
        return None


def _direct(field: str, value: str, policy: Policy) -> Ruling:
    rule = N_("A public index takes no requirements by address: nobody could say what is there tomorrow.")
    remedy = N_("Require a version that is published on an index.")
    return rule_on(policy.direct_urls, "direct-requirement", field, value, rule, remedy, _SOURCE)


def rule_on_extras(metadata: CoreMetadata) -> Iterator[Ruling]:
    """
    Find extras in an old spelling, and ones that are the same to an installer.

    Both are faults of the tool that wrote the metadata; readers normalise, and widely used projects have them.
    Ids: MD-09.
    """
    for extra in metadata.provides_extra:
        if not is_normalized_name(extra):
            rule, normal = N_("Extras are written in lower case with single hyphens: {normal}."), normalize_name(extra)
            yield rule_on("warn", "extra-spelling", "Provides-Extra", extra, rule, _CORRECT, "PEP 685", normal=normal)
    for extra, count in Counter(map(normalize_name, metadata.provides_extra)).items():
        if count > 1:
            rule = N_("This extra stands more than once; installers see one.")
            yield rule_on("warn", "extra-twice", "Provides-Extra", extra, rule, N_("Leave one."), "PEP 685")


_CORRECT = N_("Correct the spelling.")
