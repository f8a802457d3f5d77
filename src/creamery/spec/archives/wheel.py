"""
Reads a wheel.

Source: PEP 427; PyPA specifications, "Binary distribution format"; PEP 639, 770, 815.
"""

from collections.abc import Iterable
from email.parser import HeaderParser
from email.policy import compat32
from typing import BinaryIO

from creamery.spec.archives.data_folders import check_data_folders
from creamery.spec.archives.dist_info import MAX_ENTRY_POINTS_BYTES, Utf8Check, check_dist_info, check_entry_points
from creamery.spec.archives.findings import Findings
from creamery.spec.archives.identity import check_identity, check_licence_files, is_for
from creamery.spec.archives.limits import ArchiveContents, ArchiveLimits
from creamery.spec.archives.record import Record, parse_record
from creamery.spec.archives.zip_content import stream_content
from creamery.spec.archives.zip_records import ZipMember
from creamery.spec.archives.zip_strict import open_zip
from creamery.spec.filenames import MAX_TAGS, DistFilename
from creamery.spec.problems import N_

_SOURCE = "PyPA specifications, 'Binary distribution format'"
_REQUIRED = ("METADATA", "WHEEL", "RECORD")
_ONCE = ("Wheel-Version", "Root-Is-Purelib", "Build")
_MAX_WHEEL_BYTES = 64 * 1024
_DEFAULT_LIMITS = ArchiveLimits()


def read_wheel(file: BinaryIO, name: DistFilename, limits: ArchiveLimits = _DEFAULT_LIMITS) -> ArchiveContents:
    """
    Read a wheel whole: its records, its `.dist-info`, and every member's content against RECORD.

    First the records are read, and nothing is unpacked if they are wrong; then every member is unpacked once, in the
    order of the file, in pieces. `file` is seekable; its position afterwards means nothing.

    Raises:
        InvalidInput: with every problem that was found, at most 50.

    Source: PEP 427, "The .dist-info directory".
    """
    findings = Findings(name.filename)
    with findings.guard():
        members, names = open_zip(file, limits, findings, is_for_windows=_is_for_windows(name))
        folder = _find_dist_info(members, name, findings)
        check_data_folders((member.name for member in members), folder, findings)
        check_dist_info((member.name for member in members), folder, findings)
        findings.stop_if_any()
        by_name = {member.name: member for member in members}
        described = _read_description(file, by_name, folder, limits, findings)
        _check_wheel_file(described["WHEEL"], name, findings)
        metadata = check_identity(described["METADATA"], name, f"{folder}/METADATA", findings)
        if metadata is not None:
            check_licence_files(metadata, f"{folder}/licenses/", names, findings)
        if "entry_points.txt" in described:
            check_entry_points(described["entry_points.txt"], f"{folder}/entry_points.txt", findings)
        record = parse_record(described["RECORD"], folder, findings)
        licences = metadata.license_files if metadata is not None else ()
        check = Utf8Check([f"{folder}/licenses/{path}" for path in licences], findings)
        _check_contents(file, members, record, check, findings)
        findings.stop_if_any()
        unpacked_bytes = sum(member.unpacked_bytes for member in members)
        return ArchiveContents(described["METADATA"], tuple(findings.warnings), len(members), unpacked_bytes)


def _is_for_windows(name: DistFilename) -> bool:
    return any(tag.platform == "any" or tag.platform.startswith("win") for tag in name.tags)


def _find_dist_info(members: Iterable[ZipMember], name: DistFilename, findings: Findings) -> str:
    """Find the one `.dist-info` at the top; those of vendored packages lie deeper and are nobody's business."""
    # A file of such a name counts: to pip it is one folder too many.
    top = {member.name.partition("/")[0] for member in members}
    folders = sorted(folder for folder in top if folder.lower().endswith(".dist-info"))
    if len(folders) != 1:
        rule = N_("A wheel has exactly one .dist-info folder; this one has {count}.")
        value = ", ".join(folders)
        findings.fail("dist-info-count", value or name.filename, rule, source=_SOURCE, count=len(folders))
    folder = folders[0]
    if not folder.endswith(".dist-info") or not is_for(folder.removesuffix(".dist-info"), name):
        rule = N_("The .dist-info folder is named {expected}, after the project and version in the file name.")
        findings.refuse("dist-info-name", folder, rule, source=_SOURCE, expected=f"{name.stem}.dist-info")
    present = {member.name for member in members}
    for required in _REQUIRED:
        if f"{folder}/{required}" not in present:
            rule = N_("A wheel has this file.")
            findings.refuse("dist-info-incomplete", f"{folder}/{required}", rule, source=_SOURCE)
    return folder


def _read_description(
    file: BinaryIO, by_name: dict[str, ZipMember], folder: str, limits: ArchiveLimits, findings: Findings
) -> dict[str, bytes]:
    """Read METADATA, WHEEL and RECORD into memory, and entry_points.txt if there is one, each within its bound."""
    bounds = {
        "METADATA": limits.max_metadata_bytes,
        "WHEEL": _MAX_WHEEL_BYTES,
        "RECORD": limits.max_record_bytes,
        "entry_points.txt": MAX_ENTRY_POINTS_BYTES,
    }
    found = {}
    for name, bound in bounds.items():
        if f"{folder}/{name}" not in by_name:
            continue
        member = by_name[f"{folder}/{name}"]
        if member.unpacked_bytes > bound:
            rule = N_("This file has at most {limit} bytes.")
            findings.fail("description-too-large", member.name, rule, limit=bound)
        found[name] = b"".join(stream_content(file, member, findings))
    findings.stop_if_any()
    return found


def _check_wheel_file(content: bytes, name: DistFilename, findings: Findings) -> None:
    """Check WHEEL: a version that installers know, and the same tags and build as the file's name."""
    try:
        fields = HeaderParser(policy=compat32).parsestr(content.decode())
    except UnicodeDecodeError:
        findings.refuse("wheel-file-unreadable", "WHEEL", N_("WHEEL is UTF-8."), source=_SOURCE)
        return
    for once in _ONCE:
        if len(fields.get_all(once, [])) > 1:
            rule = N_("This field stands once in WHEEL: readers differ on whether they take the first or the last.")
            findings.refuse("wheel-field-twice", once, rule, source=_SOURCE)
    if str(fields.get_payload()).strip():
        rule = N_("WHEEL has fields and nothing behind them.")
        findings.refuse("wheel-file-unreadable", "WHEEL", rule, source=_SOURCE)
    version = str(fields.get("Wheel-Version", "")).strip()
    major, _, minor = version.partition(".")
    if major != "1" or not (minor.isascii() and minor.isdigit()):
        rule = N_("Wheel-Version is 1.0, or a later 1.x; installers refuse others.")
        findings.refuse("wheel-version", version or "WHEEL", rule, source=_SOURCE)
    if str(fields.get("Root-Is-Purelib", "")).strip().lower() not in ("true", "false"):
        findings.refuse("wheel-root", "Root-Is-Purelib", N_("WHEEL says true or false here."), source=_SOURCE)
    tags = {str(tag).strip().lower() for tag in fields.get_all("Tag", [])}
    if _expand(tags) != {str(tag) for tag in name.tags}:
        rule = N_("The tags in WHEEL are not those of the file name.")
        findings.warn("wheel-tags", ", ".join(sorted(tags))[:200], rule, source=_SOURCE)
    if str(fields.get("Build", "")).strip() != name.build:
        rule = N_("The build number in WHEEL is not that of the file name.")
        findings.warn("wheel-build", str(fields.get("Build", "")), rule, source=_SOURCE)


def _expand(tags: set[str]) -> set[str]:
    """Expand compressed tags; the standard wants one line for each, some tools write the compressed form."""
    found: set[str] = set()
    for tag in tags:
        parts = tag.split("-")
        if len(parts) == 3 and len(found) <= MAX_TAGS and tag.count(".") < 30:
            pythons, abis, platforms = (part.split(".") for part in parts)
            found |= {f"{p}-{a}-{m}" for p in pythons for a in abis for m in platforms}
    return found


def _check_contents(
    file: BinaryIO, members: Iterable[ZipMember], record: Record, utf8: Utf8Check, findings: Findings
) -> None:
    """Unpack every member once, in the order of the file, and compare it with its line in RECORD."""
    for member in members:
        check = None if member.name.endswith("/") else record.start(member.name)
        known = len(findings.problems)
        utf8.start(member.name)
        for piece in stream_content(file, member, findings):
            utf8.update(piece)
            if check is not None:
                check.update(piece)
        utf8.update(b"", is_last=True)
        # A damaged member is one problem, not also a wrong digest.
        if check is not None and len(findings.problems) == known:
            check.finish()
    record.finish()
