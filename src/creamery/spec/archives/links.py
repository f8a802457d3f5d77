"""
Links inside a source distribution: only such that stay inside it, whatever is unpacked first.

Source: PEP 721, "Unpacking with the data filter".
"""

from creamery.spec.archives.findings import Findings
from creamery.spec.archives.member_names import find_name_fault
from creamery.spec.archives.tar_strict import TarMember
from creamery.spec.problems import N_

_REMEDY = N_("Replace the link by a copy of the file and build again.")
_SOURCE = "PEP 721"


class LinkLedger:
    """
    The links of an archive and what they point to.

    That no member lies below a symbolic link is for `NameLedger.check_folders` to see: a link is no folder.
    """

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._files: set[str] = set()

    def add(self, member: TarMember, top: str) -> None:
        """Note a member; `top` is the folder that links may not leave."""
        if member.kind == "file":
            self._files.add(member.name)
        elif member.kind == "hardlink":
            # A hard link is a second name of a file that must exist when it is unpacked.
            if member.link_target not in self._files:
                rule = N_("A hard link names a file that stands before it in the archive; this one names {target}.")
                self._refuse(member, rule)
            self._files.add(member.name)
        elif member.kind == "symlink" and not is_inside(member, top):
            rule = N_("A link stays inside the folder, with .. only at its beginning; this one goes to {target}.")
            self._refuse(member, rule)

    def _refuse(self, member: TarMember, rule: str) -> None:
        self._findings.refuse("unsafe-link", member.name, rule, _REMEDY, _SOURCE, target=member.link_target)


def is_inside(member: TarMember, top: str) -> bool:
    """
    Say whether a symbolic link stays below `top`.

    `..` is allowed only at the beginning: there it climbs real folders, since no member lies below a link. Behind a
    name it could climb out of where another link leads.

    >>> is_inside(TarMember("foo-1.0/docs/README", "symlink", 0, "../README"), "foo-1.0")
    True
    >>> is_inside(TarMember("foo-1.0/README", "symlink", 0, "../../etc/passwd"), "foo-1.0")
    False
    """
    parts = member.link_target.removesuffix("/").split("/")
    if not member.link_target:
        return False
    climbs = 0
    while climbs < len(parts) and parts[climbs] == "..":
        climbs += 1
    rest = "/".join(parts[climbs:])
    if rest not in ("", ".") and find_name_fault(rest.removeprefix("./")) is not None:
        return False
    depth = member.name.count("/")
    return climbs <= depth - 1 and member.name.startswith(f"{top}/")
