"""
The blob store in an S3 bucket, or in whatever speaks its protocol.

boto3 is imported when a store is opened, not with this module: it takes half a second that an index on a folder
need not wait for.
"""

import base64
import errno
import hashlib
import io
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic, time
from typing import TYPE_CHECKING, BinaryIO, ClassVar, cast

from creamery.storage.keys import BlobKey, check_key
from creamery.storage.store import BlobStat, Content, NoSuchBlob, StoreUnavailable, go_on, put_one

if TYPE_CHECKING:
    from botocore.exceptions import ClientError
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client

CONNECT_SECONDS = 3
READ_SECONDS = 15
ATTEMPTS = 3
CONNECTIONS = 32
PART_BYTES = 16 * 1024 * 1024
LARGEST_COPY_BYTES = 4 * 1024 * 1024 * 1024
BUCKET_SEEN_SECONDS = 10
_SESSION_LOCK = threading.Lock()
_ABSENT_CODES = {"404", "NoSuchKey", "NotFound"}


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Place:
    """Which bucket, where in it, and how to reach it. What is empty comes from boto3's own chain of settings."""

    bucket: str
    prefix: str = ""
    endpoint_url: str = ""
    region: str = ""
    access_key: str = ""
    secret_key: str = ""


class S3Store:
    """Keeps every blob as an object of a bucket. S3 makes each single write atomic, durable and visible at once."""

    is_near: ClassVar[bool] = False

    def __init__(self, place: S3Place) -> None:
        """Open the store; nothing is asked of the bucket yet. The rights it takes: get, put, delete and list."""
        self._client = _connect(place)
        self._bucket = place.bucket
        self._prefix = f"{place.prefix.strip('/')}/" if place.prefix.strip("/") else ""
        self._bucket_seen_at = -float("inf")

    def put_bytes(self, key: BlobKey, content: bytes) -> None:
        """Store these bytes under the key, replacing what is there."""
        with self._translated(key):
            self._put(key, content, hashlib.md5(content, usedforsecurity=False).digest())

    def _put(self, key: BlobKey, body: "bytes | BinaryIO", md5: bytes) -> None:
        """
        Put an object in one piece, with the digest of what is sent.

        Not every object store counts the bytes: without a digest SeaweedFS keeps an empty object in the place of the old
        one when the connection ends behind the head of the request. Source: Amazon S3, "PutObject", Content-MD5.
        """
        digest = base64.b64encode(md5).decode()
        self._client.put_object(Bucket=self._bucket, Key=self._name(key), Body=body, ContentMD5=digest)

    def put_file(self, key: BlobKey, path: Path) -> None:
        """Send a local file to the bucket, a large one in several parts at once, which are seen when all are there."""
        from boto3.s3.transfer import TransferConfig

        name, origin = self._name(key), path.resolve(strict=True)
        with self._translated(key):
            if origin.stat().st_size <= PART_BYTES:
                with origin.open("rb") as file:
                    md5 = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).digest()
                    file.seek(0)
                    self._put(key, file, md5)
                return
            parts = TransferConfig(multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES, max_concurrency=4)
            self._client.upload_file(str(origin), self._bucket, name, Config=parts)

    def copy(self, source: BlobKey, target: BlobKey) -> None:
        """Have the bucket copy one object to another key. Raises NoSuchBlob."""
        from boto3.s3.transfer import TransferConfig

        origin = {"Bucket": self._bucket, "Key": self._name(source)}
        whole = TransferConfig(multipart_threshold=LARGEST_COPY_BYTES, multipart_chunksize=64 * PART_BYTES)
        with self._translated(source):
            self._client.copy(origin, self._bucket, self._name(target), Config=whole)  # type: ignore[arg-type]

    def put_many(self, contents: Mapping[BlobKey, Content], *, before_each: Callable[[], None] = go_on) -> None:
        """Store all of these, one after the other, since each is seen as soon as it is there. Raises NoSuchBlob."""
        for key, content in contents.items():
            before_each()
            put_one(self, key, content)

    def read(self, key: BlobKey) -> bytes:
        """Read a whole object; begun anew when the connection breaks under it. Raises NoSuchBlob."""
        for _ in range(ATTEMPTS - 1):
            with suppress(StoreUnavailable), self.open(key) as stream:
                return stream.read()
        with self.open(key) as stream:
            return stream.read()

    def open(self, key: BlobKey, start: int = 0) -> AbstractContextManager[BinaryIO]:
        """Open an object for reading from the byte at `start`, as it comes over the network. Raises NoSuchBlob."""
        name = self._name(key)
        with self._translated(key):
            if start:
                return self._open_part(name, start)
            found = self._client.get_object(Bucket=self._bucket, Key=name)
            return closing(cast("BinaryIO", _ObjectStream(found["Body"], name)))

    def _open_part(self, name: str, start: int) -> AbstractContextManager[BinaryIO]:
        from botocore.exceptions import ClientError

        try:
            found = self._client.get_object(Bucket=self._bucket, Key=name, Range=f"bytes={start}-")
        except ClientError as error:
            # A file on a disk that is opened behind its last byte is empty; S3 calls it an error.
            if _code(error) in {"InvalidRange", "416"}:
                return closing(io.BytesIO())
            raise
        return closing(cast("BinaryIO", _ObjectStream(found["Body"], name)))

    def stat(self, key: BlobKey) -> BlobStat:
        """Say size, version and time of an object. Raises NoSuchBlob."""
        with self._translated(key):
            found = self._client.head_object(Bucket=self._bucket, Key=self._name(key))
        return BlobStat(found["ContentLength"], found["ETag"].strip('"'), found["LastModified"].astimezone(UTC))

    def delete(self, key: BlobKey) -> None:
        """Remove an object; one that is not there is fine."""
        with self._translated(key):
            self._client.delete_object(Bucket=self._bucket, Key=self._name(key))

    def list(self, prefix: str) -> Iterator[BlobKey]:
        """List the keys that begin with the prefix."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._prefix + prefix
        )
        with self._translated(prefix):
            for page in pages:
                for entry in page.get("Contents", ()):
                    yield BlobKey(entry["Key"].removeprefix(self._prefix))

    def local_path(self, key: BlobKey) -> Path | None:
        """Say that nothing lies on this machine's disk."""
        check_key(key)
        return None

    def sweep_incoming(self, older_than_seconds: float) -> int:
        """End multipart uploads that nobody finishes any more; the bucket keeps and bills their parts."""
        oldest_kept = datetime.fromtimestamp(time(), UTC) - timedelta(seconds=older_than_seconds)
        removed = 0
        with self._translated(self._prefix):
            found = self._client.list_multipart_uploads(Bucket=self._bucket, Prefix=self._prefix)
            for upload in found.get("Uploads", ()):
                if upload["Initiated"] <= oldest_kept:
                    self._client.abort_multipart_upload(
                        Bucket=self._bucket, Key=upload["Key"], UploadId=upload["UploadId"]
                    )
                    removed += 1
        return removed

    def _name(self, key: BlobKey) -> str:
        return self._prefix + check_key(key)

    @contextmanager
    def _translated(self, about: str) -> Iterator[None]:
        """Turn boto3's errors into this port's."""
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except ClientError as error:
            if _code(error) in _ABSENT_CODES and self._bucket_is_there():
                raise NoSuchBlob(about) from None
            raise _unavailable(error, about) from error
        except (BotoCoreError, Boto3Error) as error:
            raise _unavailable(error, about) from error

    def _bucket_is_there(self) -> bool:
        """
        Tell an absent object from an absent bucket; S3 answers 404 to both when it sends no body.

        Calling a whole index absent would make installers take its projects from another one.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        if monotonic() - self._bucket_seen_at < BUCKET_SEEN_SECONDS:
            return True
        try:
            self._client.head_bucket(Bucket=self._bucket)
        except (ClientError, BotoCoreError):
            return False
        self._bucket_seen_at = monotonic()
        return True


class _ObjectStream(io.RawIOBase):
    """An object's bytes as they arrive; failures of the network become StoreUnavailable."""

    def __init__(self, body: "StreamingBody", name: str) -> None:
        self._body = body
        self._name = name

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        from botocore.exceptions import BotoCoreError

        try:
            return self._body.read(size if size >= 0 else None)
        except BotoCoreError as error:
            raise _unavailable(error, self._name) from error

    def close(self) -> None:
        self._body.close()
        super().close()


def _code(error: "ClientError") -> str:
    return error.response.get("Error", {}).get("Code", "")


def _unavailable(error: Exception, about: str) -> StoreUnavailable:
    return StoreUnavailable(errno.EIO, f"The object store does not answer: {error}", about)


def _connect(place: S3Place) -> "S3Client":
    """
    Make a client whose every call ends: by default boto3 waits a minute per attempt.

    The lock is there because boto3 sessions may not be used from two threads at once; clients may.
    """
    import boto3
    from botocore.config import Config

    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        max_pool_connections=CONNECTIONS,
        # Checksums in trailers are newer than many object stores; Content-MD5 or TLS guards what needs it.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3={"addressing_style": "path"} if place.endpoint_url else {},
    )
    with _SESSION_LOCK:
        return boto3.session.Session().client(
            "s3",
            endpoint_url=place.endpoint_url or None,
            region_name=place.region or None,
            aws_access_key_id=place.access_key or None,
            aws_secret_access_key=place.secret_key or None,
            config=config,
        )
