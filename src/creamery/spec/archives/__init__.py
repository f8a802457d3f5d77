"""
Reads wheels and source distributions so strictly that every other reader must see the same in them.

Nothing is extracted. Memory is bounded by the number of members, not by their size.
"""

from creamery.spec.archives.findings import InvalidArchive
from creamery.spec.archives.limits import ArchiveContents, ArchiveLimits
from creamery.spec.archives.sdist import read_sdist
from creamery.spec.archives.wheel import read_wheel

__all__ = ["ArchiveContents", "ArchiveLimits", "InvalidArchive", "read_sdist", "read_wheel"]
