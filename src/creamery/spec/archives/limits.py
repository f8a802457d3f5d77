"""How much an archive may cost, and what reading it gives."""

from dataclasses import dataclass

from creamery.spec.problems import Problem

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveLimits:
    """
    Bounds on what an archive may make a reader do.

    `max_ratio` holds only above `ratio_free_bytes` of unpacked content: small files of zeros are honest and cheap.
    `max_members` is what a ZIP can count without its 64-bit records; more of them take longer than a second to read.
    `max_directory_bytes` bounds a wheel's central directory, which is held in memory, as are RECORD and the metadata.
    """

    max_unpacked_bytes: int = 10 * 1024 * _MIB
    max_members: int = 65_535
    max_ratio: int = 50
    ratio_free_bytes: int = 64 * _MIB
    max_metadata_bytes: int = 4 * _MIB
    max_record_bytes: int = 16 * _MIB
    max_directory_bytes: int = 16 * _MIB
    max_name_bytes: int = 1024


@dataclass(frozen=True, slots=True)
class ArchiveContents:
    """
    What was found in an archive that broke no rule.

    `metadata_bytes` is METADATA or PKG-INFO, byte for byte. `warnings` are worth telling the uploader.
    `unpacked_bytes` is the sum of all members.
    """

    metadata_bytes: bytes
    warnings: tuple[Problem, ...]
    member_count: int
    unpacked_bytes: int
