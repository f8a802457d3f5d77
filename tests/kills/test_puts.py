"""`kill -9` of a writer to an object store: readers see the old content or the new, and never a part. REL-12."""

import sys
from pathlib import Path

import pytest

from creamery.storage.keys import check_key
from creamery.storage.open_store import open_store
from tests.kills.nursery import ROOT
from tests.real.object_store import ObjectStore
from tests.real.processes import plain_environment, run

OLD = b"old content"


@pytest.mark.need("object-store")
@pytest.mark.parametrize("size_bytes", [500, 300_000, 20_000_000])
def test_a_writer_that_dies_leaves_the_old_content_or_the_new(
    object_store: ObjectStore, tmp_path: Path, size_bytes: int
) -> None:
    url, new = object_store.create_url(), b"n" * size_bytes
    (tmp_path / "new").write_bytes(new)
    store, seen = open_store(url), set()
    environment = plain_environment(
        tmp_path, PYTHONPATH=f"{ROOT}:{ROOT / 'src'}", DJANGO_SETTINGS_MODULE="creamery.settings"
    )
    for count in range(1, 7):
        keys = [check_key(f"blobs/{count}"), check_key(f"blobs/{count}.bytes")]
        for key in keys:
            store.put_bytes(key, OLD)
        words: list[str | Path] = [
            sys.executable,
            "-m",
            "tests.kills.put_once",
            url,
            keys[0],
            tmp_path / "new",
            str(count),
        ]
        done = run(words, environment=environment, folder=ROOT)
        assert done.exit_code in {0, -9}, done
        for key in keys:
            found = store.read(key)
            assert found in {OLD, new}, f"{key} has {len(found)} bytes after a death before piece {count}"
            seen.add(found)
    assert OLD in seen, "no writer died early enough"
