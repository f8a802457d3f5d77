"""
File names: spellings of the past, versions for one place only, and machines that nobody else has.

Source: PEP 425, 440, 600, 625, 656, 730, 738, 783; PyPA specifications, "Platform compatibility tags".
"""

import re
from collections.abc import Iterator

from creamery.spec.filenames import DistFilename
from creamery.spec.policy import Policy
from creamery.spec.problems import N_
from creamery.spec.rules.ruling import Ruling, rule_on

_ALL = "x86_64|i686|aarch64|armv7l|ppc64le|s390x|riscv64"
_MAC = "ppc|ppc64|i386|x86_64|arm64|intel|fat|fat3|fat64|universal|universal2"
LISTED_PLATFORMS = re.compile(
    rf"""
    any
    |win32|win_(amd64|arm64|ia64)
    |manylinux1_(x86_64|i686)|manylinux2010_(x86_64|i686)
    |manylinux2014_(x86_64|i686|aarch64|armv7l|ppc64|ppc64le|s390x)
    |manylinux_[0-9]+_[0-9]+_({_ALL}|ppc64)
    |musllinux_[0-9]+_[0-9]+_({_ALL})
    |linux_armv[67]l
    |macosx_10_[0-9]+_({_MAC})
    |macosx_(1[1-9]|[2-9][0-9]|[1-9][0-9]{{2}})_0_({_MAC})
    |ios_[0-9]+_[0-9]+_(arm64|x86_64)_(iphoneos|iphonesimulator)
    |android_[0-9]+_(armeabi_v7a|arm64_v8a|x86|x86_64)
    |pyemscripten_[0-9]+_[0-9]+_wasm32
    """,
    re.VERBOSE | re.ASCII,
)
"""Platforms that more than one machine has. macOS has no last version: Apple's next one is accepted the day it comes."""


def rule_on_filename(dist: DistFilename, policy: Policy) -> Iterator[Ruling]:
    """
    Find what a file's name says that is not for this index.

    A Python tag that begins with a digit (TG-05) is none to the reader of file names. ABI tags are an open set (TG-04).
    Ids: FN-02, FN-03, FN-04, VR-02, TG-01 to TG-05, UPL-021, UPL-068, UPL-070, UPL-071.
    """
    if dist.version.local:
        rule, remedy = N_("A public index takes no local versions."), N_("Publish under a version without “+”.")
        yield rule_on(policy.local_versions, "local-version", "version", str(dist.version), rule, remedy, "PEP 440")
    if not dist.is_normalized:
        rule = N_("Today this file's name begins with {stem}: normalised name and version.")
        remedy = N_("Build it with a current build tool.")
        answer = policy.old_spellings
        yield rule_on(
            answer, "filename-spelling", "filename", dist.filename, rule, remedy, "PEP 427, PEP 625", stem=dist.stem
        )
    yield from _rule_on_tags(dist, policy)


def _rule_on_tags(dist: DistFilename, policy: Policy) -> Iterator[Ruling]:
    for platform in sorted({tag.platform for tag in dist.tags}):
        if not LISTED_PLATFORMS.fullmatch(platform):
            rule = N_("The platform tag {platform} is none of those that a public index takes.")
            remedy = _repair(platform)
            answer = policy.unlisted_platforms
            yield rule_on(
                answer, "platform-tag", "filename", dist.filename, rule, remedy, _TAGS_SOURCE, platform=platform
            )


def _repair(platform: str) -> str:
    if platform.startswith("linux_"):
        return N_("Build for manylinux or musllinux, for example with cibuildwheel or auditwheel.")
    return N_("Build for a platform of the list of the Python packaging specifications.")


_TAGS_SOURCE = "PyPA specifications, 'Platform compatibility tags'"
