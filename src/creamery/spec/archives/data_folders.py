"""
The `.data` folder of a wheel: files that are installed elsewhere than they lie.

Source: PyPA specifications, "Binary distribution format", "Installing a wheel distribution".
"""

from collections.abc import Iterable

from creamery.spec.archives.findings import Findings
from creamery.spec.archives.member_names import fold
from creamery.spec.problems import N_

_SCHEMES = frozenset({"purelib", "platlib", "headers", "scripts", "data"})
_MODULES = ("purelib", "platlib")
_SOURCE = "PyPA specifications, 'Binary distribution format'"


def check_data_folders(names: Iterable[str], folder: str, findings: Findings) -> None:
    """
    Check what lies in folders named `*.data`, beside the `.dist-info` that `folder` is.

    pip installs every such folder, others only the one beside the `.dist-info`: so there may be no other. What is installed
    beside the wheel's own modules may not replace one of them, or its description: what was read here would not be what is
    installed.
    """
    expected = folder.removesuffix(".dist-info") + ".data"
    faults: set[str] = set()
    installed: dict[str, str] = {}
    moved: list[tuple[str, str]] = []
    for name in names:
        top, _, rest = name.partition("/")
        if not top.endswith(".data") or not rest:
            installed[fold(name)] = name
            continue
        scheme, slash, place = rest.partition("/")
        if top != expected or not slash or scheme not in _SCHEMES:
            faults.add(f"{top}/{scheme}")
        elif scheme in _MODULES and place and not place.endswith("/"):
            moved.append((name, place))
    for fault in sorted(faults):
        rule = N_("Data lies in {expected}, in one of the folders purelib, platlib, headers, scripts and data.")
        findings.refuse("data-folder", fault, rule, source=_SOURCE, expected=expected)
    for name, place in moved:
        _check_place(name, place, installed, findings)


def _check_place(name: str, place: str, installed: dict[str, str], findings: Findings) -> None:
    other = installed.setdefault(fold(place), name)
    if other != name:
        rule = N_("This file is installed in the place of {other}.")
        findings.refuse("data-replaces", name, rule, source=_SOURCE, other=other)
    elif place.partition("/")[0].lower().endswith(".dist-info"):
        rule = N_("A wheel has one .dist-info folder, and brings no other in its data.")
        findings.refuse("data-replaces", name, rule, source=_SOURCE)
