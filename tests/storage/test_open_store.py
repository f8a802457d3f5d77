"""Storage addresses."""

import subprocess
import sys
from pathlib import Path

import pytest

from creamery.storage.filesystem import FilesystemStore
from creamery.storage.keys import BlobKey
from creamery.storage.memory import MemoryStore
from creamery.storage.open_store import StorageAddressInvalid, open_store
from creamery.storage.s3 import S3Store


def test_a_folder_is_named_by_its_path_and_made(tmp_path: Path) -> None:
    store = open_store(f"file://{tmp_path}/with%20space/blobs")
    assert isinstance(store, FilesystemStore)
    assert store.root == tmp_path / "with space" / "blobs"
    assert store.root.is_dir()


def test_memory_begins_empty_each_time() -> None:
    first = open_store("memory:")
    assert isinstance(first, MemoryStore)
    first.put_bytes(BlobKey("a"), b"x")
    assert list(open_store("memory:").list("")) == []


def test_a_bucket_is_named_with_endpoint_region_and_credentials() -> None:
    store = open_store("s3://key%2F1:s%40cret@bucket/a/b?endpoint=http%3A%2F%2Flocalhost%3A9&region=eu-west-9")
    assert isinstance(store, S3Store)
    client = store._client
    assert (store._bucket, store._prefix) == ("bucket", "a/b/")
    assert (client.meta.endpoint_url, client.meta.region_name) == ("http://localhost:9", "eu-west-9")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "Unknown kind"),
        ("/srv/blobs", "Unknown kind"),
        ("http://idx.example/", "Unknown kind"),
        ("file:relative/folder", "three slashes"),
        ("file://host/folder", "three slashes"),
        ("file:///folder?mode=1", "three slashes"),
        ("s3://", "Not a bucket's address"),
        ("s3:///prefix", "Not a bucket's address"),
        ("s3://bucket?endpoit=http://localhost", "endpoit"),
        ("s3://key@bucket", "needs its secret"),
    ],
)
def test_an_address_that_is_not_understood_is_refused_with_what_to_write(url: str, said: str) -> None:
    with pytest.raises(StorageAddressInvalid, match=said):
        open_store(url)


def test_an_index_on_a_folder_does_not_import_boto3() -> None:
    program = "import sys, creamery.storage.open_store as o; o.open_store('memory:'); print('boto3' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
