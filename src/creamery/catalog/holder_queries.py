"""The reads for those who check what is stored: which files a content belongs to, and how much there is."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q, Sum

from creamery.catalog.models import HIDDEN_STATUSES, Blob, File, Release
from creamery.spec.digests import Sha256
from creamery.storage.keys import IndexPlace


@dataclass(frozen=True, slots=True)
class Holder:
    """A file that content belongs to, as the file itself or as its metadata."""

    place: IndexPlace
    filename: str
    sha256: Sha256
    metadata_sha256: Sha256
    is_servable: bool


def list_holders(sha256: Sha256) -> list[Holder]:
    """List the files, of all indexes, that are this content or have it as their metadata."""
    files = File.objects.filter(Q(sha256=sha256) | Q(metadata_sha256=sha256)).exclude(state="deleted").order_by("pk")
    rows = files.values_list("index__place", "filename", "sha256", "metadata_sha256", "state", "project__status")
    return [
        Holder(IndexPlace(p), name, Sha256(sha), Sha256(meta), state == "live" and status not in HIDDEN_STATUSES)
        for p, name, sha, meta, state, status in rows
    ]


def measure_blobs() -> int:
    """Tell how many bytes all contents have together."""
    return Blob.objects.aggregate(total=Sum("size_bytes"))["total"] or 0


def list_descriptions(project_id: int) -> Iterator[tuple[str, str | None]]:
    """List the descriptions of a project's releases with their types, one at a time."""
    rows = Release.objects.filter(project_id=project_id).exclude(description="")
    for description, metadata in rows.values_list("description", "metadata").iterator(chunk_size=20):
        yield description, metadata.get("description_content_type")
