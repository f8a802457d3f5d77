"""Put the bytes where they stay, before anything says that they exist."""

from functools import partial

from creamery.catalog.actions import note_blobs
from creamery.kernel.failpoints import reach
from creamery.kernel.stores import the_store
from creamery.markup import readme_key
from creamery.spec.digests import Sha256
from creamery.storage import keys
from creamery.storage.keys import BlobKey
from creamery.storage.store import Content
from creamery.upload.receive import Received
from creamery.upload.validate import ValidFile


def store_content(received: Received, file: ValidFile, metadata_sha256: Sha256) -> None:
    """
    Put the file and its metadata under their digests, and the README's HTML, if it was made, under that of its text. A crash
    from here on leaves content that nothing refers to.

    Raises:
        StoreUnavailable: the store cannot take it at the moment.
        BlobSwept: the same content is being removed at the moment.
    """
    note_blobs({received.sha256: received.size_bytes, metadata_sha256: len(file.metadata_bytes)})
    reach("upload.noted")
    contents: dict[BlobKey, Content] = {
        keys.blob(received.sha256): received.path,
        keys.blob(metadata_sha256): file.metadata_bytes,
    }
    if file.readme is not None and file.readme.is_final:
        key = readme_key(file.metadata.description, file.metadata.description_content_type)
        contents[key] = file.readme.html.encode()
    the_store().put_many(contents, before_each=partial(reach, "upload.put"))
