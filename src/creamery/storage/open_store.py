"""The one place that turns a storage address into a store."""

from pathlib import Path
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from creamery.storage.filesystem import FilesystemStore
from creamery.storage.memory import MemoryStore
from creamery.storage.store import BlobStore

_FORMS = "file:///absolute/folder, s3://bucket/prefix?endpoint=https://host&region=name, or memory:"


class StorageAddressInvalid(ValueError):
    """A storage address that cannot be understood; its text says which part, and what to write instead."""


def open_store(url: str) -> BlobStore:
    """
    Open the store that an address names.

    `file:///absolute/folder`, `s3://[key:secret@]bucket[/prefix][?endpoint=URL&region=NAME]` (what is not given comes
    from boto3's own settings), or `memory:`.

    Raises:
        StorageAddressInvalid: the address is none of these.
        StoreUnavailable: the folder cannot be made.
    """
    parts = urlsplit(url)
    match parts.scheme:
        case "file":
            return FilesystemStore(_folder(parts))
        case "s3":
            return _open_s3(parts)
        case "memory":
            return MemoryStore()
        case other:
            raise StorageAddressInvalid(f"Unknown kind of storage {other!r}; write {_FORMS}.")


def _folder(parts: SplitResult) -> Path:
    path = Path(unquote(parts.path))
    if parts.netloc not in ("", "localhost") or not path.is_absolute() or parts.query or parts.fragment:
        raise StorageAddressInvalid(
            "A folder's address has three slashes and an absolute path: file:///absolute/folder."
        )
    return path


def _open_s3(parts: SplitResult) -> BlobStore:
    from creamery.storage.s3 import S3Place, S3Store

    options = parse_qs(parts.query, keep_blank_values=True)
    unknown = sorted(options.keys() - {"endpoint", "region"})
    bucket = parts.netloc.rpartition("@")[2]
    if unknown or not bucket or parts.fragment:
        raise StorageAddressInvalid(f"Not a bucket's address (unknown: {', '.join(unknown) or '-'}); write {_FORMS}.")
    if bool(parts.username) != bool(parts.password):
        raise StorageAddressInvalid("An access key needs its secret, and a secret its key: s3://key:secret@bucket.")
    place = S3Place(
        bucket=bucket,
        prefix=unquote(parts.path).strip("/"),
        endpoint_url=options.get("endpoint", [""])[-1],
        region=options.get("region", [""])[-1],
        access_key=unquote(parts.username or ""),
        secret_key=unquote(parts.password or ""),
    )
    return S3Store(place)
