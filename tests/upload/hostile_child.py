"""
Measures what refusing each hostile file costs, in a process of its own for each.

    python -m tests.upload.hostile_child

One line of JSON a file: its name, the codes that refuse it, seconds of processor time, bytes by which memory grew, and how
slow the machine was.
"""

import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from creamery import config
from creamery.spec.digests import Sha256


def main() -> None:
    """Write each file in one process, and refuse it in another, so that neither pays for the other."""
    config.load_django()
    from creamery.upload import validate  # noqa: F401 - loaded before it is measured.
    from tests.upload.hostile_files import HOSTILE

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        for name, (filename, make) in HOSTILE.items():
            in_child(partial(write, path, make))
            in_child(partial(tell, name, path, filename))


def write(path: Path, make: Callable[[], bytes]) -> None:
    """Write one file."""
    path.write_bytes(make())


def tell(name: str, path: Path, filename: str) -> None:
    """Print what refusing one file cost."""
    print(json.dumps({"name": name, **measure(path, filename)}), flush=True)


def in_child(work: Callable[[], object]) -> None:
    """Do something in a process of its own, which ends there whatever happens."""
    sys.stdout.flush()
    if os.fork() == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    if os.waitstatus_to_exitcode(os.wait()[1]) != 0:
        raise ChildProcessError("A child failed; what it raised was lost with it.")


def measure(path: Path, filename: str) -> dict[str, object]:
    """Refuse one file, as a public index does."""
    from creamery.catalog.queries import IndexPlaceAndPolicy
    from creamery.spec.policy import PUBLIC
    from creamery.spec.rules import Judgement
    from creamery.storage.keys import DEFAULT_INDEX
    from creamery.upload.admit import Admission
    from creamery.upload.claims import InvalidUpload, read_claims
    from creamery.upload.form import form_for_local
    from creamery.upload.receive import Received
    from creamery.upload.validate import validate_file

    index = IndexPlaceAndPolicy(1, DEFAULT_INDEX, "public")
    admission = Admission(index=index, policy=PUBLIC, judgement=Judgement((), ()))
    received = Received(path=path, size_bytes=path.stat().st_size, sha256=Sha256("0" * 64), md5="", blake2b_256="")
    before, begun = peak_bytes(), time.process_time()
    codes: list[str] = []
    try:
        claims = read_claims(form_for_local(filename), received)
        validate_file(claims, admission, received)
    except InvalidUpload as refusal:
        codes = sorted({problem.code for problem in refusal.problems})
    except Exception as error:  # noqa: BLE001 - what is not a refusal is what we look for.
        codes = [f"raised {error!r}"]
    spent, memory = time.process_time() - begun, peak_bytes() - before
    return {"codes": codes, "cpu_seconds": spent, "memory_bytes": memory, "slowness": slowness() if spent > 0.5 else 1}


def slowness() -> float:
    """Say how many times longer than on a quiet machine of 2024 this one takes for the same work just now; 1 at least."""
    begun = time.process_time()
    sum(range(20_000_000))
    return max(1.0, (time.process_time() - begun) / 0.3)


def peak_bytes() -> int:
    """Say how much memory this process had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main()
