"""Removes what crashes left: content that nothing refers to, temporary files that nobody finishes."""

import logging
import time
from contextlib import suppress

from creamery.catalog.actions import SWEPT_AFTER, begin_sweep, finish_sweep
from creamery.catalog.queries import list_blobs_to_sweep
from creamery.kernel import clock
from creamery.kernel.failpoints import reach
from creamery.kernel.outbox import Claim
from creamery.kernel.stores import the_store
from creamery.settings import CONFIG
from creamery.storage import keys

log = logging.getLogger(__name__)


def sweep(*, claim: Claim) -> None:
    """Remove content that nothing has referred to for a day, and temporary files as old. Safe to interrupt and repeat."""
    store, swept = the_store(), 0
    for sha256 in list_blobs_to_sweep(clock.now() - SWEPT_AFTER):
        claim.hold()
        if begin_sweep(sha256):
            reach("sweep.begun")
            # Of two sweepers the slower one would delete what was put again after the faster one had finished.
            claim.hold()
            store.delete(keys.blob(sha256))
            reach("sweep.deleted")
            finish_sweep(sha256)
            swept += 1
    if swept:
        log.info("Swept %d blobs that nothing referred to", swept)
    store.sweep_incoming(SWEPT_AFTER.total_seconds())
    _sweep_incoming()


def _sweep_incoming() -> None:
    oldest = time.time() - SWEPT_AFTER.total_seconds()
    for path in CONFIG.incoming.glob("upload-*"):
        # Its upload may end at this moment, and take it away.
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < oldest:
                path.unlink()
