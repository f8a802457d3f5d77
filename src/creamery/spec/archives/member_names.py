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
_PLAIN = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9_.+-]*/)*[A-Za-z0-9_][A-Za-z0-9_.+-]*/?\Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_DRIVE = re.compile(r"[A-Za-z]:")
_REMEDY = N_("Rename the file in the project and build again.")


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


class NameLedger:
    """
    Every name of an archive, so that no two of them can fall on the same file.

    Two names collide when a file system that ignores case (Windows, macOS) or composes accents (macOS) would take them
    for one; then what is installed depends on the order of unpacking.
    """

    def __init__(self, findings: Findings, limits: ArchiveLimits) -> None:
        self._findings = findings
        self._limits = limits
        self._held_characters = 0
        self._names: dict[str, str] = {}
        self._folders: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return self._names.get(_fold(name)) == name

    def add(self, name: str) -> None:
        """Note a member's name, a folder's with its `/`, and what is wrong with it."""
        fault = find_name_fault(name, self._limits.max_name_bytes)
        if fault is not None:
            limit = self._limits.max_name_bytes
            self._findings.refuse("unsafe-member-name", name, fault, _REMEDY, "PEP 721", limit=limit)
            return
        key = _fold(name.removesuffix("/"))
        earlier = self._names.get(key)
        if earlier == name:
            self._findings.refuse("duplicate-member", name, N_("A name stands in an archive once."))
            return
        if earlier is not None:
            rule = N_("Some systems cannot tell this name from {other}: they ignore case or the encoding of accents.")
            self._findings.refuse("colliding-members", name, rule, _REMEDY, other=earlier)
            return
        self._names[key] = name
        self._hold(name)
        self._add_folders(key if name.endswith("/") else key.rpartition("/")[0])

    def _add_folders(self, folder: str) -> None:
        """Note a folder and those above it; stops at the first known one, so that deep trees cost no more than wide."""
        while folder and folder not in self._folders:
            self._folders.add(folder)
            self._hold(folder)
            folder = folder.rpartition("/")[0]

    def _hold(self, text: str) -> None:
        """Count what is kept in memory: a small archive can hold 100,000 names, each in its own deep tree of folders."""
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


def _fold(name: str) -> str:
    if name.isascii():
        lowered = name.lower()
        # The same object where possible, so that each name is in memory once.
        return name if lowered == name else lowered
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
