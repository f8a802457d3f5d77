"""
Hashes what is stored, and finds whole content again where a copy is damaged.

A content may lie in several places: the blob, the name that it is served under in each index, and metadata inside its own
archive. One whole copy mends the others.
"""

import hashlib
import logging
from collections.abc import Iterator
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryFile

from creamery.catalog.holder_queries import Holder, list_holders
from creamery.kernel.stores import the_store
from creamery.settings import CONFIG
from creamery.spec.archives import read_sdist, read_wheel
from creamery.spec.digests import Sha256
from creamery.spec.filenames import parse_filename
from creamery.spec.problems import InvalidInput
from creamery.storage import keys
from creamery.storage.keys import BlobKey
from creamery.storage.store import NoSuchBlob

PIECE_BYTES = 1024 * 1024

log = logging.getLogger(__name__)


def find_digest(key: BlobKey) -> Sha256 | None:
    """Hash what lies under a key, piece by piece; None if nothing does."""
    digest = hashlib.sha256()
    try:
        with the_store().open(key) as file:
            while piece := file.read(PIECE_BYTES):
                digest.update(piece)
    except NoSuchBlob:
        return None
    return Sha256(digest.hexdigest())


def is_same_file(one: BlobKey, other: BlobKey) -> bool:
    """Say whether two keys are names of one file on this machine's disk, so that hashing one of them is enough."""
    paths = the_store().local_path(one), the_store().local_path(other)
    try:
        return isinstance(paths[0], Path) and isinstance(paths[1], Path) and paths[0].samefile(paths[1])
    except OSError:
        return False


def restore(sha256: Sha256) -> bool:
    """Put a content that is missing or damaged back under its digest, if a whole copy of it is found. Says whether."""
    holders = list_holders(sha256)
    for key in _list_copies(sha256, holders):
        if find_digest(key) == sha256:
            the_store().copy(key, keys.blob(sha256))
            return True
    return any(holder.metadata_sha256 == sha256 and _extract_metadata(holder) for holder in holders)


def set_aside(sha256: Sha256) -> None:
    """Move damaged content away from where anything could serve it, and keep it for whoever wants to look at it."""
    store = the_store()
    try:
        store.copy(keys.blob(sha256), keys.damaged(sha256))
    except NoSuchBlob:
        return
    store.delete(keys.blob(sha256))


def _list_copies(sha256: Sha256, holders: list[Holder]) -> Iterator[BlobKey]:
    """List the names that a content is served under."""
    for holder in holders:
        if not holder.is_servable:
            continue
        if holder.sha256 == sha256:
            yield keys.public_file(holder.place, holder.sha256, holder.filename)
        if holder.metadata_sha256 == sha256:
            yield keys.public_metadata(holder.place, holder.sha256, holder.filename)


def _extract_metadata(holder: Holder) -> bool:
    """Take a file's metadata out of the file again. Says whether it was the same as at the upload."""
    key = keys.blob(holder.sha256)
    if find_digest(key) != holder.sha256:
        return False
    dist = parse_filename(holder.filename)
    read = read_wheel if dist.kind == "bdist_wheel" else read_sdist
    with the_store().open(key) as stored, TemporaryFile(dir=CONFIG.incoming) as local:
        copyfileobj(stored, local, PIECE_BYTES)
        local.seek(0)
        try:
            content = read(local, dist).metadata_bytes
        except InvalidInput:
            log.warning("The archive %s is refused by the present rules; its metadata cannot be read", holder.filename)
            return False
    if hashlib.sha256(content).hexdigest() != holder.metadata_sha256:
        return False
    the_store().put_bytes(keys.blob(holder.metadata_sha256), content)
    return True
