"""The reads that hold what is served against the record: does the catalog know this name at all?"""

from collections.abc import Iterable

from creamery.catalog.models import File, Project


def find_known_files(index_id: int, filenames: Iterable[str]) -> set[tuple[str, str]]:
    """Tell which of these file names an index has recorded: digest and name. For some hundred names at a time."""
    rows = File.objects.filter(index_id=index_id, filename__in=filenames)
    return set(rows.values_list("sha256", "filename"))


def find_known_projects(index_id: int, normalized_names: Iterable[str]) -> set[str]:
    """Tell which of these names are projects of an index. For some hundred names at a time."""
    rows = Project.objects.filter(index_id=index_id, normalized_name__in=normalized_names)
    return set(rows.values_list("normalized_name", flat=True))
