"""
Reads a source distribution.

Source: PEP 625; PEP 643; PEP 721; PyPA specifications, "Source distribution format".
"""

from typing import BinaryIO

from creamery.spec.archives.findings import Findings
from creamery.spec.archives.gzip_strict import GzipStream
from creamery.spec.archives.identity import check_identity, check_licence_files, is_for
from creamery.spec.archives.limits import ArchiveContents, ArchiveLimits
from creamery.spec.archives.links import LinkLedger
from creamery.spec.archives.member_names import NameLedger
from creamery.spec.archives.tar_strict import TarMember, walk_tar
from creamery.spec.filenames import DistFilename
from creamery.spec.metadata_fields import VERSIONS
from creamery.spec.problems import N_

_LICENCE_NAMES = ("licen", "copying", "notice", "authors")
_LONGEST_LICENCE_BYTES = 256 * 1024
_SOURCE = "PyPA specifications, 'Source distribution format'"
_DEFAULT_LIMITS = ArchiveLimits()


class _SdistReader:
    """What is learnt about a source distribution while its members pass by."""

    def __init__(self, name: DistFilename, limits: ArchiveLimits, findings: Findings) -> None:
        self.name = name
        self.limits = limits
        self.findings = findings
        self.names = NameLedger(findings, limits)
        self.links = LinkLedger(findings)
        self.top = self.metadata_name = ""
        self.member_count = 0
        self.unpacked_bytes = 0
        self.metadata_bytes: bytes | None = None
        self._not_utf8: set[str] = set()

    def take(self, member: TarMember, stream: GzipStream) -> None:
        """Note one member; keep its content if it is PKG-INFO."""
        self.member_count += 1
        self.unpacked_bytes += member.size_bytes
        self.names.add(f"{member.name}/" if member.kind == "folder" else member.name)
        self._check_top(member)
        self.links.add(member, self.top)
        if member.name == self.metadata_name:
            if member.kind != "file" or member.size_bytes > self.limits.max_metadata_bytes:
                rule = N_("PKG-INFO is a file of at most {limit} bytes.")
                self.findings.fail("pkg-info", member.name, rule, limit=self.limits.max_metadata_bytes)
            self.metadata_bytes = stream.read(member.size_bytes)
        elif member.kind == "file" and _is_named_like_licence(member):
            self._note_encoding(member.name, stream.read(member.size_bytes))

    def _note_encoding(self, name: str, content: bytes) -> None:
        """Which of them the metadata calls licences is known only once PKG-INFO came by."""
        try:
            content.decode("utf-8")
        except UnicodeDecodeError:
            self._not_utf8.add(name)

    def _check_top(self, member: TarMember) -> None:
        top, slash, _ = member.name.partition("/")
        if not self.top:
            self.top, self.metadata_name = top, f"{top}/PKG-INFO"
            if not is_for(top, self.name):
                rule = N_("The folder is named {expected}, after the project and version in the file name.")
                self.findings.refuse("sdist-folder-name", top, rule, source=_SOURCE, expected=self.name.stem)
        if top != self.top or (not slash and member.kind != "folder"):
            rule = N_("Everything lies in one folder, {expected}.")
            self.findings.refuse("sdist-many-folders", member.name, rule, source=_SOURCE, expected=self.top)

    def finish(self) -> bytes:
        """Check what can be known only at the end; gives PKG-INFO."""
        self.names.check_folders()
        if self.metadata_bytes is None:
            rule = N_("A source distribution has this file.")
            self.findings.fail("pkg-info-missing", f"{self.top or self.name.stem}/PKG-INFO", rule, source=_SOURCE)
        metadata = check_identity(self.metadata_bytes, self.name, f"{self.top}/PKG-INFO", self.findings)
        if metadata is not None:
            check_licence_files(metadata, f"{self.top}/", self.names, self.findings)
            for name in sorted(self._not_utf8.intersection(f"{self.top}/{path}" for path in metadata.license_files)):
                rule, remedy = N_("Licence files are UTF-8; this one is not."), N_("Save it as UTF-8.")
                self.findings.warn("licence-not-utf8", name, rule, remedy, "PEP 639")
            if VERSIONS.index(metadata.metadata_version) < VERSIONS.index("2.2"):
                rule = N_("Before metadata version 2.2, nobody can rely on the metadata of a source distribution.")
                self.findings.warn("sdist-metadata-old", metadata.metadata_version, rule, source="PEP 643")
        if f"{self.top}/pyproject.toml" not in self.names:
            rule, remedy = N_("A source distribution has a pyproject.toml."), N_("Add one that names the build tool.")
            self.findings.warn("pyproject-missing", f"{self.top}/pyproject.toml", rule, remedy, _SOURCE)
        return self.metadata_bytes


def _is_named_like_licence(member: TarMember) -> bool:
    base = member.name.rpartition("/")[2].lower()
    return base.startswith(_LICENCE_NAMES) and member.size_bytes <= _LONGEST_LICENCE_BYTES


def read_sdist(file: BinaryIO, name: DistFilename, limits: ArchiveLimits = _DEFAULT_LIMITS) -> ArchiveContents:
    """
    Read a source distribution once, forwards, to its last byte.

    `file` is seekable; its position afterwards means nothing. Of the content only PKG-INFO is kept.

    Raises:
        InvalidInput: with every problem that was found, at most 50; what lies behind damage cannot be known.

    Source: PEP 625, "Specification"; PEP 721.
    """
    findings = Findings(name.filename)
    with findings.guard():
        stream = GzipStream(file, limits, findings)
        reader = _SdistReader(name, limits, findings)
        for member in walk_tar(stream, limits, findings):
            reader.take(member, stream)
        stream.finish()
        metadata_bytes = reader.finish()
        findings.stop_if_any()
        warnings = tuple(findings.warnings)
        return ArchiveContents(metadata_bytes, warnings, reader.member_count, reader.unpacked_bytes)
