"""
Names of members: only such that mean the same place, inside the target folder, on every system.

Source: PEP 427; PEP 721, "Unpacking with the data filter".
"""

import re
import unicodedata

from creamery.spec.archives.findings import Findings
from creamery.spec.archives.limits import ArchiveLimits
from creamery.spec.problems import N_

# What nearly all names are: nothing in them can be wrong, and one look tells.
_PART = r"[A-Za-z0-9_](?:[A-Za-z0-9_.+-]*[A-Za-z0-9_+-])?"
_PLAIN = re.compile(rf"(?:{_PART}/)*{_PART}/?\Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_DRIVE = re.compile(r"[A-Za-z]:")
_SIGNS = frozenset('<>:"|?*')
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$"}
    | {kind + number for kind in ("com", "lpt") for number in "0123456789\u00b9\u00b2\u00b3"}
)
_REMEDY = N_("Rename the file in the project and build again.")
_WINDOWS_SOURCE = "Microsoft, 'Naming Files, Paths, and Namespaces'"


def find_name_fault(name: str, max_name_bytes: int = 1024) -> str | None:
    r"""
    Say which rule a member's name breaks; None if it breaks none. One `/` at the end is left to the caller.

    >>> find_name_fault("pkg/data.txt") is None
    True
    >>> find_name_fault("pkg/../../etc/passwd")
    'Member names have no empty parts and no . or .. parts.'
    >>> find_name_fault("C:\\windows\\x.dll")
    'Member names have no backslashes.'
    """
    if len(name) * 4 <= max_name_bytes and _PLAIN.match(name):
        return None
    if len(name) * 4 > max_name_bytes and len(name.encode()) > max_name_bytes:
        return N_("Member names have at most {limit} bytes.")
    return _find_part_fault(name)


def _find_part_fault(name: str) -> str | None:
    if _CONTROL.search(name):
        return N_("Member names have no control characters.")
    if "\\" in name:
        return N_("Member names have no backslashes.")
    if name.startswith("/") or _DRIVE.match(name):
        return N_("Member names are relative, without drive letters.")
    if not {"", ".", ".."}.isdisjoint(name.removesuffix("/").split("/")):
        return N_("Member names have no empty parts and no . or .. parts.")
    return None


def is_name_on_windows(name: str) -> bool:
    """
    Say whether Windows could have a file of this name. Those of devices are taken in every folder, with any ending.

    >>> is_name_on_windows("pkg/aux.py"), is_name_on_windows("pkg/aux_.py"), is_name_on_windows("what?")
    (False, True, False)
    """
    if _is_odd_on_windows(name):
        return False
    return _DEVICES.isdisjoint([part.partition(".")[0] for part in name.lower().split("/")])


def _is_odd_on_windows(name: str) -> bool:
    """Look for signs that no name may have there, and for ends that are dropped; a pattern would take four times as long."""
    return name.endswith((".", " ")) or "./" in name or " /" in name or not _SIGNS.isdisjoint(name)


def fold(name: str) -> str:
    """
    Bring a name to what decides on which file it falls, on whatever system.

    Windows and macOS ignore case, macOS composes accents and ignores what cannot be seen; Windows drops dots and spaces at
    the end of a part, and takes what stands behind a colon for a stream of the same file.

    >>> fold("Pkg/A.py") == fold("pkg/a.py. ") == fold("pkg/a.py::$DATA")
    True
    """
    if _is_odd_on_windows(name):
        name = "/".join(part.partition(":")[0].rstrip(". ") or part for part in name.split("/"))
    return _fold_letters(name)


def _fold_letters(name: str) -> str:
    if name.isascii():
        lowered = name.lower()
        # The same object where possible, so that each name is in memory once.
        return name if lowered == name else lowered
    seen = "".join(character for character in name if unicodedata.category(character) != "Cf")
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", seen).casefold())


class NameLedger:
    """
    Every name of an archive, so that no two of them can fall on the same file (see `fold`).

    If they could, what is installed would depend on the order of unpacking. Names that Windows cannot have at all are
    refused when the archive is for it too, and remarked otherwise.
    """

    def __init__(self, findings: Findings, limits: ArchiveLimits, *, is_for_windows: bool = False) -> None:
        self._findings = findings
        self._limits = limits
        self._is_for_windows = is_for_windows
        self._has_told_of_windows = False
        self._fitting_folder = ""
        self._held_characters = 0
        self._names: dict[str, str] = {}
        self._folders: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return self._names.get(fold(name)) == name

    def add(self, name: str) -> None:
        """Note a member's name, a folder's with its `/`, and what is wrong with it."""
        fault = find_name_fault(name, self._limits.max_name_bytes)
        if fault is not None:
            limit = self._limits.max_name_bytes
            self._findings.refuse("unsafe-member-name", name, fault, _REMEDY, "PEP 721", limit=limit)
            return
        fits_windows = self._fits_windows(name)
        if not fits_windows:
            self._tell_of_windows(name)
        key = (_fold_letters if fits_windows else fold)(name.removesuffix("/"))
        earlier = self._names.get(key)
        if earlier == name:
            self._findings.refuse("duplicate-member", name, N_("A name stands in an archive once."))
            return
        if earlier is not None:
            rule = N_("Some systems cannot tell this name from {other}: they ignore case, accents or dots at the end.")
            self._findings.refuse("colliding-members", name, rule, _REMEDY, other=earlier)
            return
        self._names[key] = name
        self._hold(name)
        folder = key if name.endswith("/") else key.rpartition("/")[0]
        if folder not in self._folders:
            self._add_folders(folder)

    def _fits_windows(self, name: str) -> bool:
        """Look at the last part alone where the folder is the one before: an archive may have 65,535 names."""
        folder, _, last = name.removesuffix("/").rpartition("/")
        if folder == self._fitting_folder and _PLAIN.match(last) is not None:
            # All devices have names that begin with one of these.
            return last[0] not in "acnplACNPL" or is_name_on_windows(last)
        fits = is_name_on_windows(name)
        if fits:
            self._fitting_folder = folder
        return fits

    def _tell_of_windows(self, name: str) -> None:
        rule = N_(
            'Windows has no files of this name: it is that of a device, it ends in a dot or a space, or has one of <>:"|?* in it.'
        )
        if self._is_for_windows:
            self._findings.refuse("windows-name", name, rule, _REMEDY, _WINDOWS_SOURCE)
        elif not self._has_told_of_windows:
            self._has_told_of_windows = True
            self._findings.warn("windows-name", name, rule, _REMEDY, _WINDOWS_SOURCE)

    def _add_folders(self, folder: str) -> None:
        """Note a folder and those above it; stops at the first known one, so that deep trees cost no more than wide."""
        while folder and folder not in self._folders:
            self._folders.add(folder)
            self._hold(folder)
            folder = folder.rpartition("/")[0]

    def _hold(self, text: str) -> None:
        """Count what is kept in memory: a small archive can hold 65,535 names, each in its own deep tree of folders."""
        self._held_characters += len(text)
        if self._held_characters > self._limits.max_directory_bytes:
            rule = N_("Names and folders of all members have at most {limit} characters together.")
            limit = self._limits.max_directory_bytes
            self._findings.fail("names-too-large", self._findings.filename, rule, limit=limit)

    def check_folders(self) -> None:
        """Refuse names that are files in one place and folders in another; to be called when all names are known."""
        for folder in sorted(self._folders):
            name = self._names.get(folder)
            if name is not None and not name.endswith("/"):
                rule = N_("A name is a file or link, or a folder; other members lie below this one.")
                self._findings.refuse("file-is-folder", name, rule, _REMEDY)
