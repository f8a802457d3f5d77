"""
What an index lets its uploads say.

Archives are read alike under every policy; a policy is about values. Each rule that is not the same everywhere has one
switch here.
"""

from dataclasses import dataclass
from typing import Literal

Answer = Literal["allow", "warn", "refuse"]
"""What becomes of a file that a rule speaks of: nothing, a word to its uploader, or it is not published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """
    The switches, each named after what it answers to.

    `unlisted_classifiers` are on no list of the trove-classifiers package, `unlisted_platforms` not among the platform tags
    that public indexes know. `loose_contacts` are addresses, links and labels of a form that no e-mail program or browser
    takes; `loose_requirements` are values of Provides-Dist and Obsoletes-Dist that cannot be read. `old_spellings` are file
    names and licence expressions that today's tools would write otherwise.
    """

    name: str
    local_versions: Answer
    direct_urls: Answer
    private_classifiers: Answer
    unlisted_classifiers: Answer
    deprecated_classifiers: Answer
    unlisted_platforms: Answer
    long_summaries: Answer
    loose_contacts: Answer
    loose_requirements: Answer
    old_spellings: Answer
    standard_library_names: Answer
    look_alikes: Answer


OPEN = Policy(
    name="open",
    local_versions="allow",
    direct_urls="allow",
    private_classifiers="allow",
    unlisted_classifiers="warn",
    deprecated_classifiers="warn",
    unlisted_platforms="allow",
    long_summaries="warn",
    loose_contacts="warn",
    loose_requirements="warn",
    old_spellings="warn",
    standard_library_names="warn",
    look_alikes="warn",
)
"""For an index of one's own: what installers can use is taken, what would better be otherwise is remarked."""

PUBLIC = Policy(
    name="public",
    local_versions="refuse",
    direct_urls="refuse",
    private_classifiers="refuse",
    unlisted_classifiers="refuse",
    deprecated_classifiers="refuse",
    unlisted_platforms="refuse",
    long_summaries="refuse",
    loose_contacts="refuse",
    loose_requirements="refuse",
    old_spellings="refuse",
    standard_library_names="refuse",
    look_alikes="refuse",
)
"""For everybody: what the largest public index refuses is refused here as well."""

POLICIES = {policy.name: policy for policy in (OPEN, PUBLIC)}


def get_policy(name: str) -> Policy:
    """
    Give the policy of that name.

    >>> get_policy("public").direct_urls
    'refuse'
    """
    return POLICIES[name]
