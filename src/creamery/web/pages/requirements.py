"""A release's requirements, arranged for people: the ones that always apply first, then each extra's."""

import re
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from creamery.spec.metadata import CoreMetadata

_EXTRA = re.compile(r"""extra\s*==\s*["']([^"']+)["']""")


@dataclass(frozen=True, slots=True)
class RequirementLine:
    """One requirement: `condition` is its marker without the extra that it stands under."""

    name: str
    specifier: str
    url: str
    condition: str


@dataclass(frozen=True, slots=True)
class RequirementGroup:
    """Requirements of an extra; of no extra where `extra` is empty."""

    extra: str
    lines: tuple[RequirementLine, ...]


def group_requirements(metadata: CoreMetadata) -> tuple[RequirementGroup, ...]:
    """Arrange the requirements by extra, in the order of `Provides-Extra`; extras that add nothing are included."""
    groups: dict[str, list[RequirementLine]] = {"": []}
    names = {canonicalize_name(extra): extra for extra in metadata.provides_extra}
    groups.update({extra: [] for extra in metadata.provides_extra})
    for text in metadata.requires_dist:
        extras, line = _read(text)
        for extra in extras or [""]:
            groups.setdefault(names.get(canonicalize_name(extra), extra), []).append(line)
    return tuple(RequirementGroup(extra, tuple(lines)) for extra, lines in groups.items() if extra or lines)


def _read(text: str) -> tuple[list[str], RequirementLine]:
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return [], RequirementLine(text, "", "", "")
    marker = str(requirement.marker) if requirement.marker else ""
    extras = list(dict.fromkeys(_EXTRA.findall(marker)))
    name = requirement.name + (f"[{', '.join(sorted(requirement.extras))}]" if requirement.extras else "")
    specifier = ", ".join(sorted(str(part) for part in requirement.specifier))
    return extras, RequirementLine(name, specifier, requirement.url or "", _without_extra(marker, extras))


def _without_extra(marker: str, extras: list[str]) -> str:
    """
    Take `extra == "x"` out of a marker where that leaves the rest as it was; else leave the marker whole.

    With several extras, or an `or` beside one, the extra is part of the condition and must be read with it.
    """
    if not extras:
        return marker
    rest = re.sub(rf"^{_EXTRA.pattern}$|\s+and\s+{_EXTRA.pattern}$|^{_EXTRA.pattern}\s+and\s+", "", marker)
    if "extra" in rest or (rest != marker and _has_loose_or(rest)):
        return marker
    return rest.removeprefix("(").removesuffix(")") if _is_wrapped(rest) else rest


def _has_loose_or(marker: str) -> bool:
    return re.search(r"\bor\b", re.sub(r"\([^()]*\)", "", marker)) is not None


def _is_wrapped(marker: str) -> bool:
    return re.fullmatch(r"\([^()]*\)", marker) is not None
