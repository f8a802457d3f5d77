"""
Proves that everything stored is what the record says, byte for byte, and mends what can be mended.

First every content is hashed, then each project's servable names, documents and READMEs are held against the record, then
what is served and stands nowhere. Memory stays flat, and it may run beside a server.

Damaged bytes are never served. What cannot be mended loses its servable name; the page goes on listing the file, so that
installers fail on it and do not quietly take an older one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from creamery.catalog.document_queries import (
    ListedFile,
    get_place,
    get_project_place,
    list_changed_files,
    list_index_ids,
    list_project_ids,
)
from creamery.catalog.holder_queries import list_descriptions, list_holders
from creamery.kernel.stores import the_store
from creamery.markup import readme_key, render_text
from creamery.publish import contents, json_page, rebuild, site_map
from creamery.publish.documents import Document, remove, variants
from creamery.publish.project_page import servable_keys
from creamery.publish.rebuild import STRAY, UNWANTED, Difference
from creamery.spec.digests import Sha256
from creamery.storage import keys
from creamery.storage.keys import BlobKey
from creamery.storage.store import NoSuchBlob

Part = Literal["contents", "projects"]
Outcome = Literal["found", "mended", "taken away", "not mended"]
"""`found`: nothing was done. `taken away`: it is not there any more. `not mended`: no whole copy is left."""

MISSING, DAMAGED = "missing", "damaged: the bytes are not those of the digest"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as the record says, and what became of it."""

    key: str
    what: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Step:
    """A part of the work that is done: so many bytes of contents, or one project; and what was found there."""

    part: Part
    done: int
    findings: tuple[Finding, ...] = ()


class Verification:
    """One run over everything."""

    def __init__(self, *, repair: bool) -> None:
        """Begin a run that only looks, or one that mends."""
        self._repair = repair
        self._bad: set[Sha256] = set()

    def run(self) -> Iterator[Step]:
        """Do it all, part by part."""
        yield from self._check_contents()
        for index_id in list_index_ids():
            for project_id in list_project_ids(index_id):
                findings = (*self._check_files(project_id), *self._check_documents(project_id))
                yield Step("projects", 1, findings)
            yield Step("projects", 0, tuple(self._check_index(index_id)))

    def _check_contents(self) -> Iterator[Step]:
        for key in the_store().list("blobs/"):
            sha256 = keys.digest_of_blob(key)
            try:
                size_bytes = the_store().stat(key).size_bytes
            except NoSuchBlob:
                continue  # It was swept meanwhile.
            found = contents.find_digest(key)
            is_whole = found is None or found == sha256
            yield Step("contents", size_bytes, () if is_whole else (self._mend_content(sha256, DAMAGED),))

    def _mend_content(self, sha256: Sha256, what: str) -> Finding:
        key = keys.blob(sha256)
        if self._repair and contents.restore(sha256):
            self._bad.discard(sha256)
            return Finding(key, what, "mended")
        self._bad.add(sha256)
        if not self._repair:
            return Finding(key, what, "found")
        contents.set_aside(sha256)
        return Finding(key, what, "not mended" if list_holders(sha256) else "taken away")

    def _check_files(self, project_id: int) -> Iterator[Finding]:
        rebuild.wait_until_written(project_id)
        place = get_project_place(project_id).place
        for file in list_changed_files(project_id, since=-1):
            content, metadata = servable_keys(place, file)
            if file.is_kept:
                yield from self._check_blobs(file)
            if file.is_servable:
                yield from self._check_name(content, file.sha256)
                yield from self._check_name(metadata, file.metadata_sha256)
            else:
                yield from self._check_absent(content)
                yield from self._check_absent(metadata)

    def _check_blobs(self, file: ListedFile) -> Iterator[Finding]:
        for sha256 in (file.sha256, file.metadata_sha256):
            if sha256 not in self._bad and not _exists(keys.blob(sha256)):
                yield self._mend_content(sha256, MISSING)

    def _check_name(self, key: BlobKey, sha256: Sha256) -> Iterator[Finding]:
        """Check that a servable name leads to the right bytes."""
        is_bad, blob = sha256 in self._bad, keys.blob(sha256)
        if not is_bad and contents.is_same_file(key, blob):
            return
        found = contents.find_digest(key)
        if found == sha256:
            return
        what = MISSING if found is None else DAMAGED
        if not self._repair:
            yield Finding(key, what, "found")
        elif is_bad:
            the_store().delete(key)
            yield Finding(key, what, "not mended" if found is None else "taken away")
        else:
            the_store().copy(blob, key)
            yield Finding(key, what, "mended")

    def _check_absent(self, key: BlobKey) -> Iterator[Finding]:
        if _exists(key):
            yield self._take_away(key, UNWANTED)

    def _check_documents(self, project_id: int) -> Iterator[Finding]:
        differences = rebuild.check_documents(project_id)
        if differences and self._repair:
            rebuild.rebuild_project(project_id)
            yield from _compare_again(differences, rebuild.check_documents(project_id))
        else:
            yield from (Finding(d.key, d.what, "found") for d in differences)
        yield from self._check_releases(project_id)
        yield from self._check_readmes(project_id)

    def _check_releases(self, project_id: int) -> Iterator[Finding]:
        """Check the JSON documents of single releases; one that is taken away is made anew when it is next asked for."""
        project = get_project_place(project_id)
        prefix = f"{keys.json_releases(project.place, project.name)}{project.serial}/"
        for key in list(the_store().list(prefix)):
            expected = json_page.find_release_document(project_id, key.removeprefix(prefix).removesuffix(".json"))
            if _read(key) not in (None, expected.content if expected else None):
                yield self._take_away(key, "differs from the record", outcome="mended")

    def _check_readmes(self, project_id: int) -> Iterator[Finding]:
        seen: set[BlobKey] = set()
        for description, content_type in list_descriptions(project_id):
            key = readme_key(description, content_type)
            actual = None if key in seen else _read(key)
            seen.add(key)
            if actual is None:
                continue
            rendered = render_text(description, content_type)
            if rendered.is_final and rendered.html.encode() != actual:
                if self._repair:
                    the_store().put_bytes(key, rendered.html.encode())
                yield Finding(key, "differs from the record", "mended" if self._repair else "found")

    def _check_index(self, index_id: int) -> Iterator[Finding]:
        differences = rebuild.check_index(index_id)
        strays = [difference for difference in differences if difference.what == STRAY]
        others = [difference for difference in differences if difference.what != STRAY]
        yield from (self._take_away(BlobKey(stray.key), STRAY) for stray in strays)
        if others and self._repair:
            rebuild.rebuild_index(index_id)
            yield from _compare_again(others, rebuild.check_index(index_id))
        else:
            yield from (Finding(d.key, d.what, "found") for d in others)
        yield from self._check_by_clock(index_id)

    def _check_by_clock(self, index_id: int) -> Iterator[Finding]:
        """
        Check what is written by the clock and may be older than the record: site map and figures.

        Each is held against its own compressed twins; where one differs nobody knows which is right, so all are made anew.
        """
        place = get_place(index_id)
        documents = [key for key in the_store().list(f"{place}/sitemap/") if key.endswith(".xml")]
        for key in (*documents, keys.statistics(place)):
            content = _read(key)
            twins = [] if content is None else variants(Document(key, content))
            if any(_read(twin.key) != twin.content for twin in twins):
                if self._repair:
                    remove(key)
                    site_map.write_again()
                yield Finding(key, "differs from its compressed twins", "mended" if self._repair else "found")

    def _take_away(self, key: BlobKey, what: str, *, outcome: Outcome = "taken away") -> Finding:
        if not self._repair:
            return Finding(key, what, "found")
        the_store().delete(key)
        return Finding(key, what, outcome)


def _compare_again(before: list[Difference], after: list[Difference]) -> Iterator[Finding]:
    """Say of each difference whether it is still there."""
    left = {difference.key for difference in after}
    yield from (Finding(d.key, d.what, "not mended" if d.key in left else "mended") for d in before)


def _read(key: BlobKey) -> bytes | None:
    try:
        return the_store().read(key)
    except NoSuchBlob:
        return None


def _exists(key: BlobKey) -> bool:
    try:
        the_store().stat(key)
    except NoSuchBlob:
        return False
    return True
