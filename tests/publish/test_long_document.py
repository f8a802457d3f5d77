"""Documents that are written piece by piece are the same as those that are written whole, and leave nothing behind."""

import gzip
import os
import random
import time
from datetime import timedelta
from itertools import pairwise

import pytest
import zstandard

from creamery.catalog.document_queries import list_root_rows
from creamery.catalog.models import Index
from creamery.catalog.queries import get_index
from creamery.kernel import clock
from creamery.kernel.outbox import Claim, ClaimLost, JobKey, claimed
from creamery.kernel.stores import the_store
from creamery.publish import root_page
from creamery.publish.documents import BLOCK_BYTES, Document, Packer, compress, variants
from creamery.publish.long_document import LEFT_BEHIND_SECONDS, SMALL_BYTES, LongDocument
from creamery.settings import CONFIG
from creamery.spec.names import NormalizedName
from creamery.spec.simple import RootEntry, root_html, root_json
from creamery.storage.keys import ENCODINGS, BlobKey, Encoding
from tests.factories import create_person, publish
from tests.real.inside import Inside

KEY = BlobKey("public/simple/.root/index.json")


def text(size_bytes: int) -> bytes:
    """Make text that is neither all alike nor all different."""
    chance = random.Random(1)
    return " ".join(str(chance.randrange(10_000)) for _ in range(size_bytes // 4)).encode()[:size_bytes]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("size_bytes", [0, 1, BLOCK_BYTES, BLOCK_BYTES + 1, 3 * BLOCK_BYTES + 7])
def test_the_compressed_bytes_do_not_depend_on_how_the_content_is_cut(encoding: Encoding, size_bytes: int) -> None:
    content = text(size_bytes)
    packed = compress(content, encoding)
    for step in (70_001, BLOCK_BYTES, 2 * BLOCK_BYTES + 3):
        packer = Packer(encoding)
        pieces = [packer.write(content[start : start + step]) for start in range(0, size_bytes, step)]
        assert b"".join([*pieces, packer.finish()]) == packed
    if encoding == "gzip":
        assert gzip.decompress(packed) == content
    else:
        assert zstandard.ZstdDecompressor().stream_reader(packed).read() == content


@pytest.mark.parametrize("size_bytes", [100, SMALL_BYTES, 3 * SMALL_BYTES])
def test_a_long_document_is_the_same_as_a_whole_one(inside: Inside, size_bytes: int) -> None:
    content = text(size_bytes)
    with claimed(JobKey("test", "1")) as claim, LongDocument(KEY) as long:
        for start in range(0, size_bytes, 99_999):
            long.write(content[start : start + 99_999])
        long.publish(claim=claim)
    for document in (Document(KEY, content), *variants(Document(KEY, content))):
        assert the_store().read(document.key) == document.content
    assert list_local_files() == []


def test_a_long_document_that_was_given_up_leaves_nothing(inside: Inside) -> None:
    before, key = the_store().read(KEY), JobKey("test", "1")
    with claimed(key) as claim, LongDocument(KEY) as long:
        long.write(text(2 * SMALL_BYTES))
        assert len(list_local_files()) == 1
        with clock.moved(timedelta(minutes=1)):
            assert Claim(key).take(), "another process takes over"
            with pytest.raises(ClaimLost):
                long.publish(claim=claim)
    assert list_local_files() == []
    assert the_store().read(KEY) == before


def test_what_a_crash_left_is_removed_by_the_next(inside: Inside) -> None:
    folder = CONFIG.data / "rendering"
    folder.mkdir(exist_ok=True)
    old, young = folder / "old", folder / "young"
    for path in (old, young):
        path.touch()
    long_ago = time.time() - LEFT_BEHIND_SECONDS - 10
    os.utime(old, (long_ago, long_ago))
    with LongDocument(KEY) as long:
        long.write(text(2 * SMALL_BYTES))
    assert list_local_files() == ["young"]
    young.unlink()


def test_the_list_of_projects_is_the_same_piece_by_piece(inside: Inside) -> None:
    """SJ-01, SH-01"""
    ada = create_person("ada")
    for name in ("Zeta", "a-b", "a.a", "B_c", "a0"):
        publish(name, actor=ada)
    index = Index.objects.get(name="default")
    html, json = root_page.root_documents(index.pk)
    with claimed(JobKey("test", "1")) as claim:
        root_page.render(index.pk, claim=claim)
    for document in (html, json, *variants(html), *variants(json)):
        assert the_store().read(document.key) == document.content
    rows = [row for part in list_root_rows(get_index().id) for row in part]
    entries = [RootEntry(name, NormalizedName(normal), serial) for name, normal, serial in rows]
    serial = max(entry.serial for entry in entries)
    assert (html.content, json.content) == (root_html(entries, serial), root_json(entries, serial))
    normal_names = [entry.normalized for entry in entries]
    assert len(normal_names) == 5
    assert all(one < next_one for one, next_one in pairwise(normal_names)), normal_names


def list_local_files() -> list[str]:
    """List what lies in the folder of unfinished documents."""
    folder = CONFIG.data / "rendering"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []
