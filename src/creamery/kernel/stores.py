"""The one store that this process writes to and reads from."""

from functools import cache

from creamery.settings import CONFIG
from creamery.storage.notice import Notice, NoticedStore
from creamery.storage.open_store import open_store
from creamery.storage.store import BlobStore


@cache
def the_store() -> BlobStore:
    """Open the store that the settings name, once for the process."""
    store = open_store(CONFIG.storage_url)
    return store if store.is_near else NoticedStore(store, Notice(CONFIG.notice))
