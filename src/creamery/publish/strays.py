"""
Finds what is served and stands nowhere in the record: a file that somebody put there, a page of a project that never was.

The keys are listed first and the record is asked afterwards. A name is recorded before it is served, so what an upload
does meanwhile is never taken for a stray.
"""

from collections.abc import Iterable, Iterator
from itertools import islice

from creamery.catalog.audit_queries import find_known_files, find_known_projects
from creamery.catalog.document_queries import get_place
from creamery.kernel.stores import the_store
from creamery.storage.keys import BlobKey, IndexPlace

KEYS_AT_ONCE = 500


def find_strays(index_id: int) -> Iterator[BlobKey]:
    """List the keys of files and pages of an index that its record does not know."""
    place = get_place(index_id)
    for keys in _batches(the_store().list(f"{place}/packages/")):
        named = {key: _file_of(place, key) for key in keys}
        known = find_known_files(index_id, {filename for _sha256, filename in named.values()})
        yield from (key for key, file in named.items() if file not in known)
    for prefix in (f"{place}/simple/", f"{place}/pypi/", f"{place}/rss/project/"):
        for keys in _batches(the_store().list(prefix)):
            pages = {key: key.removeprefix(prefix).partition("/")[0] for key in keys}
            known_names = find_known_projects(index_id, pages.values()) | {".root"}
            yield from (key for key, name in pages.items() if name not in known_names)


def _batches(keys: Iterable[BlobKey]) -> Iterator[list[BlobKey]]:
    rest = iter(keys)
    while batch := list(islice(rest, KEYS_AT_ONCE)):
        yield batch


def _file_of(place: IndexPlace, key: BlobKey) -> tuple[str, str]:
    """Read digest and file name from a key; a file and its metadata stand together."""
    folders, _, filename = key.removeprefix(f"{place}/packages/").rpartition("/")
    return folders.replace("/", ""), filename.removesuffix(".metadata")
