"""
Opens a ZIP archive in which every reader must find the same members.

The members, the directory and the end record must tile the file: no byte belongs to two of them or to none.
"""

import stat
from typing import BinaryIO

from creamery.spec.archives.findings import Findings
from creamery.spec.archives.limits import ArchiveLimits
from creamery.spec.archives.member_names import NameLedger
from creamery.spec.archives.zip_records import (
    Directory,
    ZipMember,
    list_members,
    read_directory,
    read_exactly,
    read_local_header,
)
from creamery.spec.problems import N_

STORED, DEFLATED = 0, 8
_DOS_FOLDER = 0x10

_ENCRYPTED_FLAGS = 0x0001 | 0x0040 | 0x2000
_DESCRIPTOR_FLAG = 0x0008
# Bits 1 and 2 tell how hard the packer tried, bit 11 that the name is UTF-8.
_HARMLESS_FLAGS = 0x0002 | 0x0004 | 0x0800
_SOURCE = "PyPA specifications, 'Binary distribution format'"


def open_zip(
    file: BinaryIO, limits: ArchiveLimits, findings: Findings, *, is_for_windows: bool = False
) -> tuple[list[ZipMember], NameLedger]:
    """
    List the members in the order in which they lie in the file, with all their names.

    No content is unpacked. Problems of single members are noted in `findings`.

    Raises:
        InvalidInput: the records cannot be read at all.
    """
    size_bytes = file.seek(0, 2)
    directory = read_directory(file, size_bytes, limits, findings)
    ledger = NameLedger(findings, limits, is_for_windows=is_for_windows)
    members = []
    for member in list_members(file, directory, findings):
        ledger.add(member.name)
        _check_member(member, findings)
        members.append(member)
    ledger.check_folders()
    _check_sizes(members, size_bytes, limits, findings)
    members.sort(key=lambda member: member.header_offset)
    _check_layout(file, members, directory, findings)
    return members, ledger


def _check_member(member: ZipMember, findings: Findings) -> None:
    if member.flags & _ENCRYPTED_FLAGS:
        findings.refuse("zip-encrypted", member.name, N_("Members are not encrypted."), source=_SOURCE)
    elif member.flags & _DESCRIPTOR_FLAG:
        rule = N_("Sizes stand before the content, not after it (data descriptors).")
        findings.refuse("zip-data-descriptor", member.name, rule, source=_SOURCE)
    elif member.flags & ~_HARMLESS_FLAGS:
        findings.refuse("zip-flags", member.name, N_("The member uses a feature that not every reader has."))
    if member.method not in (STORED, DEFLATED):
        rule = N_("Members are stored or deflated; this one uses method {method}.")
        findings.refuse("zip-method", member.name, rule, source=_SOURCE, method=member.method)
    elif member.method == STORED and member.packed_bytes != member.unpacked_bytes:
        findings.refuse("zip-size", member.name, N_("A stored member has one size, this one has two."))
    _check_kind(member, findings)


def _check_kind(member: ZipMember, findings: Findings) -> None:
    """Only files and folders: links are not standard in wheels (PEP 778 is deferred), and unpackers differ on them."""
    is_folder = member.name.endswith("/")
    kind = stat.S_IFMT(member.attributes >> 16)
    if member.attributes & _DOS_FOLDER and not is_folder:
        rule = N_("The member is a file by its name and a folder by its attributes.")
        findings.refuse("zip-special-file", member.name, rule)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        findings.refuse("zip-special-file", member.name, N_("Members are files and folders, not links or devices."))
    elif kind and is_folder != (kind == stat.S_IFDIR):
        findings.refuse(
            "zip-special-file", member.name, N_("The member is a file by its name and a folder by its mode.")
        )
    if is_folder and member.unpacked_bytes:
        findings.refuse("zip-folder-content", member.name, N_("A folder has no content."))


def _check_sizes(members: list[ZipMember], size_bytes: int, limits: ArchiveLimits, findings: Findings) -> None:
    unpacked = sum(member.unpacked_bytes for member in members)
    if unpacked > limits.max_unpacked_bytes:
        rule = N_("The members have at most {limit} bytes together; these have {unpacked}.")
        findings.fail("too-large-unpacked", findings.filename, rule, limit=limits.max_unpacked_bytes, unpacked=unpacked)
    if unpacked > limits.ratio_free_bytes and unpacked > limits.max_ratio * size_bytes:
        rule = N_("An archive unpacks to at most {limit} times its size.")
        findings.fail("archive-bomb", findings.filename, rule, limit=limits.max_ratio)


def _check_layout(file: BinaryIO, members: list[ZipMember], directory: Directory, findings: Findings) -> None:
    """Walk the members as they lie in the file, each from where the one before it ends; learn where contents begin."""
    position = 0
    for index, member in enumerate(members):
        if member.header_offset != position or position > directory.offset:
            rule = N_("Members lie one after another; before this one bytes are hidden, or it overlaps the one before.")
            findings.fail("zip-stray-bytes", member.name, rule, source=_SOURCE)
        found = read_local_header(file, member, findings)
        members[index] = found
        position = found.data_offset + found.packed_bytes
    if position != directory.offset:
        rule = N_("The central directory begins where the last member ends; here bytes lie between or overlap.")
        findings.fail("zip-stray-bytes", findings.filename, rule, source=_SOURCE)
    if _is_also_tar(file, directory, findings):
        findings.fail("zip-and-tar", findings.filename, N_("The file is a ZIP and a tar archive at the same time."))


def _is_also_tar(file: BinaryIO, directory: Directory, findings: Findings) -> bool:
    return directory.offset > 262 and read_exactly(file, 257, 5, findings) == b"ustar"
