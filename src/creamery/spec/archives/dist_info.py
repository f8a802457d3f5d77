"""
What lies in a wheel's `.dist-info` beside METADATA, WHEEL and RECORD.

Source: PyPA specifications, "Binary distribution format", "Entry points specification"; PEP 639, 770, 815.
"""

import codecs
import configparser
import re
from collections.abc import Collection, Iterable

from creamery.spec.archives.findings import Findings
from creamery.spec.problems import N_

MAX_ENTRY_POINTS_BYTES = 1024 * 1024

_SOURCE = "PyPA specifications, 'Binary distribution format', 'The .dist-info directory'"
_RECORDING_SOURCE = "PyPA specifications, 'Recording installed projects'; PEP 610, 710"
_ENTRY_SOURCE = "PyPA specifications, 'Entry points specification'"
_RESERVED_FOLDERS = frozenset({"licenses", "license_files", "LICENSES", "sboms"})
_OF_INSTALLERS = frozenset({"INSTALLER", "REQUESTED"})
_OF_ORIGINS = frozenset({"direct_url.json", "provenance_url.json"})
_SIGNATURES = frozenset({"RECORD.jws", "RECORD.p7s"})
_GROUP = re.compile(r"\w+(?:\.\w+)*\Z")
_OBJECT = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*(?:\s*:\s*[^\W\d]\w*(?:\.[^\W\d]\w*)*)?\s*(?:\[[^\]]*\])?\Z")
_SCRIPT = re.compile(r"[\w.-]+\Z")
_SCRIPT_GROUPS = ("console_scripts", "gui_scripts")


def check_dist_info(names: Iterable[str], folder: str, findings: Findings) -> None:
    """
    Look at what lies in the `.dist-info` folder, without opening it.

    SBOMs are never looked into: an index must not refuse one of a kind that it does not know.
    Ids: WH-04, WH-06, WH-07, SB-01.
    """
    below = [name.removeprefix(f"{folder}/") for name in names if name.startswith(f"{folder}/")]
    for unknown in sorted({name.partition("/")[0] for name in below if "/" in name} - _RESERVED_FOLDERS):
        rule = N_("No standard gives this folder of .dist-info a meaning; a later one may give it another.")
        remedy = N_("Keep data in the package itself.")
        findings.warn("dist-info-folder", f"{folder}/{unknown}", rule, remedy, _SOURCE)
    for signature in sorted(_SIGNATURES.intersection(below)):
        rule, remedy = N_("Signatures of RECORD were given up."), N_("Build with a current build tool.")
        findings.warn("record-signature", f"{folder}/{signature}", rule, remedy, "PEP 815")
    for written in sorted(_OF_INSTALLERS.intersection(below)):
        rule, remedy = (
            N_("Installers write this file."),
            N_("Build the wheel from the source, not from what is installed."),
        )
        findings.warn("dist-info-of-installer", f"{folder}/{written}", rule, remedy, _RECORDING_SOURCE)
    for origin in sorted(_OF_ORIGINS.intersection(below)):
        rule = N_("Installers write this file: it would tell that the wheel came from elsewhere than it did.")
        findings.refuse("dist-info-origin", f"{folder}/{origin}", rule, source=_RECORDING_SOURCE)


class Utf8Check:
    """Looks whether licence files are UTF-8 while they pass by; one that is not is remarked. Ids: LI-06."""

    def __init__(self, listed: Collection[str], findings: Findings) -> None:
        self._listed = frozenset(listed)
        self._findings = findings
        self._name = ""
        self._decoder: codecs.IncrementalDecoder | None = None

    def start(self, name: str) -> None:
        """Begin with a file."""
        self._name = name
        self._decoder = codecs.getincrementaldecoder("utf-8")() if name in self._listed else None

    def update(self, piece: bytes, *, is_last: bool = False) -> None:
        """Take the next piece of its content."""
        if self._decoder is not None:
            try:
                self._decoder.decode(piece, is_last)
            except UnicodeDecodeError:
                self._decoder = None
                rule, remedy = N_("Licence files are UTF-8; this one is not."), N_("Save it as UTF-8.")
                self._findings.warn("licence-not-utf8", self._name, rule, remedy, "PEP 639")


def check_entry_points(content: bytes, member: str, findings: Findings) -> None:
    """
    Check that `entry_points.txt` can be read, and names scripts that can be files and objects that can be imported.

    Installers make programs of it; a name with a folder in it would be written elsewhere. Ids: WH-08, UPL-073.
    """
    parser = configparser.RawConfigParser(delimiters=("=",), strict=True, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    try:
        parser.read_string(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, configparser.Error):
        rule = N_("entry_points.txt is UTF-8, with sections and lines like 'name = module:object'.")
        findings.refuse("entry-points-unreadable", member, rule, source=_ENTRY_SOURCE)
        return
    if parser.defaults():
        rule = N_("A section of entry_points.txt is named {group}, which readers take for all others' too.")
        findings.refuse("entry-point-group", member, rule, source=_ENTRY_SOURCE, group="DEFAULT")
    for group in parser.sections():
        if not _GROUP.match(group):
            rule = N_("Groups of entry points have letters, digits and _ in parts between dots.")
            findings.warn("entry-point-group", group, rule, source=_ENTRY_SOURCE)
        for name, target in parser.items(group):
            _check_entry_point(group, name, target, findings)


def _check_entry_point(group: str, name: str, target: str, findings: Findings) -> None:
    if group in _SCRIPT_GROUPS and (not _SCRIPT.match(name) or name in {".", ".."}):
        rule = N_("Scripts are named with letters, digits, '.', '_' and '-'.")
        findings.refuse("entry-point-script", name, rule, N_("Rename the script."), _ENTRY_SOURCE)
    elif not _OBJECT.match(target.strip()):
        rule = N_("An entry point names an object as 'module' or 'module:object', in dotted Python identifiers.")
        refuse = findings.refuse if group in _SCRIPT_GROUPS else findings.warn
        refuse("entry-point-object", f"{name} = {target}", rule, N_("Correct the object."), _ENTRY_SOURCE)
