"""
Walks a tar archive so that every reader must see the same members.

Only files, folders and links that stay inside; one name for each member, one size, one end.
Source: POSIX.1-2017, pax; PEP 625; PEP 721.
"""

from collections.abc import Iterator
from typing import Literal, NamedTuple, NoReturn

from creamery.spec.archives.findings import Findings
from creamery.spec.archives.gzip_strict import GzipStream
from creamery.spec.archives.limits import ArchiveLimits
from creamery.spec.archives.tar_headers import BLOCK_BYTES, TarHeader, decode_name, parse_header, parse_pax
from creamery.spec.problems import N_

MemberKind = Literal["file", "folder", "symlink", "hardlink"]

_KINDS: dict[bytes, MemberKind] = {b"0": "file", b"\0": "file", b"1": "hardlink", b"2": "symlink", b"5": "folder"}
_EXTENDED_KINDS = frozenset({b"x", b"g", b"L", b"K"})
_SPECIAL_BITS = 0o6000
_MAX_EXTENDED_BYTES = 64 * 1024
_ZEROS = bytes(BLOCK_BYTES)
_SOURCE = "POSIX.1-2017, pax; PEP 721"


class TarMember(NamedTuple):
    """One member, with what extended headers said about it; a folder's name has no final `/`."""

    name: str
    kind: MemberKind
    size_bytes: int
    link_target: str


class _Extended:
    """What the extended headers before a member say about it."""

    def __init__(self) -> None:
        self.pax: dict[str, str] | None = None
        self.long_name: str | None = None
        self.long_link: str | None = None

    def is_empty(self) -> bool:
        return self.pax is None and self.long_name is None and self.long_link is None


def walk_tar(stream: GzipStream, limits: ArchiveLimits, findings: Findings) -> Iterator[TarMember]:
    """
    Give each member; its content can be read from `stream` until the next one is asked for.

    Problems of single members are noted in `findings`; a member with an unknown kind is passed over.

    Raises:
        InvalidInput: nothing more can be read.
    """
    extended = _Extended()
    members = extended_headers = 0
    while (block := _read_block(stream, findings)) is not None:
        header = parse_header(block, findings)
        is_extended = header.kind in _EXTENDED_KINDS
        members, extended_headers = members + (not is_extended), extended_headers + is_extended
        if members > limits.max_members or extended_headers > limits.max_members:
            rule = N_("An archive has at most {limit} members.")
            findings.fail("too-many-members", findings.filename, rule, limit=limits.max_members)
        if is_extended:
            _read_extended(stream, header, extended, findings)
            continue
        member = _read_member(header, extended, findings)
        if not extended.is_empty():
            extended = _Extended()
        end = stream.position + _padded(header.size_bytes)
        if member is not None:
            yield member
        if stream.position != end:
            stream.skip_to(end)
            if stream.position != end:
                _fail_truncated(findings)
    if not extended.is_empty():
        findings.refuse("tar-extended", findings.filename, N_("An extended header stands before no member."))


def _padded(size_bytes: int) -> int:
    return -(-size_bytes // BLOCK_BYTES) * BLOCK_BYTES


def _read_block(stream: GzipStream, findings: Findings) -> bytes | None:
    """Read the next header block; None at the end, behind which there may only be zeros."""
    block = stream.read(BLOCK_BYTES)
    if block == _ZEROS:
        for piece in stream.read_rest():
            if piece.count(0) != len(piece):
                rule = N_("Only zeros follow the end of the archive.")
                findings.fail("tar-trailing-bytes", findings.filename, rule, source=_SOURCE)
        return None
    if not block:
        rule = N_("A tar archive ends with blocks of zeros; this one breaks off.")
        findings.fail("tar-truncated", findings.filename, rule, source=_SOURCE)
    if len(block) != BLOCK_BYTES:
        _fail_truncated(findings)
    return block


def _fail_truncated(findings: Findings) -> NoReturn:
    findings.fail("tar-truncated", findings.filename, N_("The archive ends in the middle of a member."), source=_SOURCE)


def _read_extended(stream: GzipStream, header: TarHeader, extended: _Extended, findings: Findings) -> None:
    """Read an extended header (pax or GNU) for the next member, or the global one."""
    if header.size_bytes > _MAX_EXTENDED_BYTES:
        rule = N_("An extended header has at most {limit} bytes.")
        findings.fail("tar-extended", header.shown_name, rule, limit=_MAX_EXTENDED_BYTES)
    content = stream.read(_padded(header.size_bytes))
    if len(content) != _padded(header.size_bytes):
        _fail_truncated(findings)
    content = content[: header.size_bytes]
    if header.kind == b"g":
        if parse_pax(content, findings).keys() - {"hdrcharset"}:
            rule = N_("A global header gives no names and sizes.")
            findings.refuse("tar-global-header", header.shown_name, rule, source=_SOURCE)
        return
    attribute = {b"x": "pax", b"L": "long_name", b"K": "long_link"}[header.kind]
    if getattr(extended, attribute) is not None:
        findings.fail("tar-extended", header.shown_name, N_("Two extended headers of a kind stand before one member."))
    if header.kind == b"x":
        extended.pax = parse_pax(content, findings)
    else:
        setattr(extended, attribute, decode_name(content.rstrip(b"\0"), findings))


def _read_member(header: TarHeader, extended: _Extended, findings: Findings) -> TarMember | None:
    name, target = _merge_names(header, extended, findings)
    said = (extended.pax or {}).get("size")
    if said is not None and said != str(header.size_bytes):
        rule = N_("The extended header and the header give two sizes; readers differ on which they take.")
        findings.fail("tar-two-sizes", name, rule, source=_SOURCE)
    kind = _KINDS.get(header.kind)
    if kind is None:
        if header.kind == b"S":
            findings.fail("tar-sparse", name, N_("Sparse files are not accepted."), source=_SOURCE)
        rule = N_("Members are files, folders and links; not devices, pipes or anything else.")
        findings.refuse("tar-special-file", name, rule, source=_SOURCE)
        return None
    if kind != "file" and header.size_bytes:
        findings.fail("tar-content", name, N_("Only files have content."), source=_SOURCE)
    if target and kind in ("file", "folder"):
        findings.refuse("tar-content", name, N_("Only links have a target."), source=_SOURCE)
    if kind != "folder" and name.endswith("/"):
        # The oldest form wrote folders as files with a final slash; readers differ on them.
        findings.refuse("tar-special-file", name, N_("The member is a folder by its name and none by its kind."))
    if header.mode & _SPECIAL_BITS and kind == "file":
        findings.refuse("tar-special-mode", name, N_("Files have no setuid and setgid bits."), source=_SOURCE)
    return TarMember(name.removesuffix("/") if kind == "folder" else name, kind, header.size_bytes, target)


def _merge_names(header: TarHeader, extended: _Extended, findings: Findings) -> tuple[str, str]:
    """Take names from where they are given in full; two sources for one name must agree."""
    if extended.is_empty():
        return decode_name(header.raw_name, findings), decode_name(header.raw_target, findings)
    pax = extended.pax or {}
    names = {name for name in (pax.get("path"), extended.long_name) if name is not None}
    targets = {target for target in (pax.get("linkpath"), extended.long_link) if target is not None}
    if len(names) > 1 or len(targets) > 1:
        findings.refuse("tar-two-names", header.shown_name, N_("Two extended headers give the member two names."))
    name = names.pop() if names else decode_name(header.raw_name, findings)
    target = targets.pop() if targets else decode_name(header.raw_target, findings)
    return name, target
