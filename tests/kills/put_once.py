"""
A writer that dies while it stores one blob.

    python -m tests.kills.put_once URL KEY FILE COUNT     dies before the n-th piece that it sends
"""

import sys
from pathlib import Path

from creamery.storage.keys import check_key
from creamery.storage.open_store import open_store
from tests.kills.reaper import Plan, Reaper

if __name__ == "__main__":
    url, key, file, count = sys.argv[1:]
    store = open_store(url)
    Reaper(Path(file)).arm(Plan("piece", count=int(count)))
    store.put_file(check_key(key), Path(file))
    store.put_bytes(check_key(f"{key}.bytes"), Path(file).read_bytes())
