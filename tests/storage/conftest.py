"""The three stores, each empty, for tests that hold for every store."""

from pathlib import Path

import pytest

from creamery.storage.filesystem import FilesystemStore
from creamery.storage.memory import MemoryStore
from creamery.storage.open_store import open_store
from creamery.storage.store import BlobStore
from tests.real.object_store import ObjectStore


@pytest.fixture
def folder_store(tmp_path: Path) -> FilesystemStore:
    """Make an empty store in a folder."""
    return FilesystemStore(tmp_path / "blobs")


@pytest.fixture
def bucket_store(object_store: ObjectStore) -> BlobStore:
    """Make an empty store in a bucket, under a prefix."""
    return open_store(object_store.create_url())


@pytest.fixture(params=["filesystem", "memory", pytest.param("s3", marks=pytest.mark.need("object-store"))])
def store(request: pytest.FixtureRequest) -> BlobStore:
    """Make an empty store of each kind in turn."""
    if request.param == "memory":
        return MemoryStore()
    name = "folder_store" if request.param == "filesystem" else "bucket_store"
    found: BlobStore = request.getfixturevalue(name)
    return found
