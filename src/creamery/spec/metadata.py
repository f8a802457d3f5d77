"""
Core metadata: read it from a file, compare a form with it.

The work is done in `metadata_reader` and `metadata_claims`; this is the door that other rooms use.
"""

from creamery.spec.core_metadata import CoreMetadata
from creamery.spec.metadata_claims import compare_claims
from creamery.spec.metadata_reader import parse_metadata

__all__ = ["CoreMetadata", "compare_claims", "parse_metadata"]
