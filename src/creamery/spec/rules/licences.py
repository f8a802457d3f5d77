"""
Licence expressions.

That an expression can be read, stands alone and names existing files is checked when metadata and archive are read.
Source: PEP 639; the SPDX licence list that comes with `packaging`.
"""

import re
from collections.abc import Iterator

from packaging.licenses import canonicalize_license_expression
from packaging.licenses._spdx import LICENSES, VERSION

from creamery.spec.core_metadata import CoreMetadata
from creamery.spec.policy import Policy
from creamery.spec.problems import N_
from creamery.spec.rules.ruling import Ruling, rule_on

_FIELD = "License-Expression"
_SOURCE = "PEP 639"


def rule_on_licence(metadata: CoreMetadata, policy: Policy) -> Iterator[Ruling]:
    """
    Find an expression in another spelling than the list's, and licences that the list has given up.

    Ids: LI-01, LI-04, LI-07, UPL-028.
    """
    expression = metadata.license_expression
    if not expression:
        return
    canonical = canonicalize_license_expression(expression)
    if canonical != expression:
        rule = N_("Licence expressions are written with the spelling of the SPDX list: {canonical}.")
        answer = policy.old_spellings
        yield rule_on(answer, "license-spelling", _FIELD, expression, rule, _CORRECT, _SOURCE, canonical=canonical)
    for name in dict.fromkeys(re.findall(r"[^\s()+]+", canonical)):
        listed = LICENSES.get(name.lower())
        if listed is not None and listed["deprecated"]:
            rule = N_("SPDX has given up the name {name} (list {version}).")
            remedy = N_("Use the name that took its place.")
            yield rule_on(
                "warn", "license-deprecated", _FIELD, expression, rule, remedy, _SOURCE, name=name, version=VERSION
            )


_CORRECT = N_("Correct the spelling.")
