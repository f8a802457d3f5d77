"""Rules about the file: what the archive holds, what its metadata says, and whether its README can be shown."""

from collections.abc import Iterator
from dataclasses import dataclass

from creamery.catalog.queries import KnownRelease
from creamery.markup import FORMATS, Rendered, render_for_upload
from creamery.spec.archives import ArchiveLimits, InvalidArchive, read_sdist, read_wheel
from creamery.spec.filenames import DistFilename
from creamery.spec.metadata import CoreMetadata, compare_claims, parse_metadata
from creamery.spec.policy import Answer, Policy
from creamery.spec.problems import N_, Problem
from creamery.spec.rules import Ruling, rule_on, rule_on_metadata, rule_on_siblings, sort_rulings
from creamery.upload.admit import Admission
from creamery.upload.claims import Claims, InvalidUpload
from creamery.upload.receive import Received

LIMITS = ArchiveLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidFile:
    """
    A file that may be stored: what it says about itself, and what its uploader should know. `readme` is its HTML, if that had
    to be made to know whether it can be.
    """

    dist: DistFilename
    metadata: CoreMetadata
    metadata_bytes: bytes
    readme: Rendered | None
    warnings: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class _Opened:
    """What an archive turned out to be; `metadata` is None if it could not be read."""

    metadata: CoreMetadata | None
    metadata_bytes: bytes
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


def validate_file(claims: Claims, admission: Admission, received: Received) -> ValidFile:
    """
    Read the archive without unpacking it to disk, hold its metadata against its name, the form, the rules and its release.

    Raises:
        InvalidUpload: everything that is wrong, at once, with what was wrong with the claims and the name.
    """
    problems = [*claims.problems, *admission.judgement.problems]
    warnings = admission.judgement.warnings
    if claims.is_damaged:
        raise InvalidUpload(problems, warnings)
    opened = _open(claims, received)
    problems += opened.problems
    warnings = (*warnings, *opened.warnings)
    readme = None
    if opened.metadata is not None:
        # A name that is not the file name's is told once, not again as not the metadata's.
        told = {problem.field for problem in claims.problems}
        problems += (found for found in compare_claims(claims.fields, opened.metadata) if found.field not in told)
        readme = _render(opened.metadata, admission.release)
        judgement = sort_rulings(_rule_on(opened.metadata, readme, admission.release, admission.policy))
        problems += judgement.problems
        warnings = (*warnings, *judgement.warnings)
    if problems or opened.metadata is None:
        raise InvalidUpload(problems, warnings)
    return ValidFile(
        dist=claims.dist,
        metadata=opened.metadata,
        metadata_bytes=opened.metadata_bytes,
        readme=readme,
        warnings=warnings,
    )


def _open(claims: Claims, received: Received) -> _Opened:
    read = read_wheel if claims.dist.kind == "bdist_wheel" else read_sdist
    try:
        with received.path.open("rb") as file:
            contents = read(file, claims.dist, LIMITS)
    except InvalidArchive as error:
        metadata = None if error.metadata_bytes is None else parse_metadata(error.metadata_bytes)
        return _Opened(metadata, b"", error.problems, error.warnings)
    metadata = parse_metadata(contents.metadata_bytes)
    return _Opened(metadata, contents.metadata_bytes, (), (*contents.warnings, *metadata.remarks))


def _rule_on(
    metadata: CoreMetadata, readme: Rendered | None, release: KnownRelease | None, policy: Policy
) -> Iterator[Ruling]:
    yield from rule_on_metadata(metadata, policy)
    if readme is not None:
        yield from rule_on_readme(metadata.description_content_type, readme)
    if release is not None:
        yield from rule_on_siblings(metadata, release.metadata)


def _render(metadata: CoreMetadata, release: KnownRelease | None) -> Rendered | None:
    """Render the description where it may be refused, unless its release has the same one."""
    text, kind = metadata.description, metadata.description_content_type
    if not text or (release is not None and release.has_description(text, kind)):
        return None
    return render_for_upload(text, kind)


def rule_on_readme(content_type: str, readme: Rendered) -> Iterator[Ruling]:
    """
    Refuse a description that is not what its type says; without a type it is only remarked.

    Ids: MD-06, UPL-032.
    """
    if not readme.reason:
        return
    answer: Answer = "refuse" if content_type else "warn"
    shown = content_type.partition(";")[0].strip().lower()
    kind = shown if shown in FORMATS else "text/x-rst"
    place = N_("Line {line} of the description cannot be read as {kind}: {reason}")
    rule = place if readme.line else N_("The description cannot be rendered as {kind}: {reason}")
    remedy = N_("Correct the README, or the type that the metadata gives it, and build again.")
    if not content_type:
        remedy = N_("It is shown as plain text. Say its type in the project's settings.")
    yield rule_on(
        answer,
        "description-unrenderable",
        "Description",
        "",
        rule,
        remedy,
        "PyPA specifications, 'Core metadata specifications', 'Description-Content-Type'",
        line=readme.line,
        kind=kind,
        reason=readme.reason,
    )
