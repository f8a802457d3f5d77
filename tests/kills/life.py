"""
What a forked process does: one life of the server, or one look at the record.

Both begin as copies of a process that has imported everything, which is why a life begins in milliseconds.
"""

import base64
import hashlib
import json
import os
import socket
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from creamery.storage.keys import BlobKey
from creamery.storage.store import NoSuchBlob
from tests.kills.reaper import Plan, Reaper

IDLE_SECONDS = 20.0


def live(listening: socket.socket, control: socket.socket, moved: timedelta, *, is_quiet: bool) -> None:
    """Be a server, as `creamery serve` is one, until somebody kills it; a quiet one does no follow-up work by itself."""
    from creamery import asgi, config
    from creamery.cli.serving import _run
    from creamery.kernel import clock
    from creamery.storage.open_store import open_store

    chosen = config.load()
    if is_quiet:
        asgi.CONFIG = replace(asgi.CONFIG, mode="serve")
    reaper = Reaper(chosen.data)
    with clock.moved(moved):
        threading.Thread(target=_obey, args=(control, reaper), daemon=True).start()
        _run(chosen, [listening], open_store(chosen.storage_url))


def _obey(control: socket.socket, reaper: Reaper) -> None:
    """Do what the test says, one line at a time, and answer each."""
    shifts = []

    def move(seconds: float) -> None:
        from creamery.kernel import clock, outbox

        shift = clock.moved(timedelta(seconds=seconds))
        shift.__enter__()
        shifts.append(shift)
        # The worker of a server asks for periodic work twice a minute; that is too long for a short life.
        outbox.owe_periodic()
        outbox.wake()

    verbs: dict[str, Callable[..., object]] = {
        "arm": lambda words: reaper.arm(Plan(**words)),
        "move": move,
        "orphan": leave_orphan,
        "recorded": list_recorded,
    }
    with control.makefile("rw") as lines:
        for line in lines:
            verb, *words = json.loads(line)
            print(json.dumps(verbs[verb](*words)), file=lines, flush=True)
    # Whoever kept this process is gone.
    os._exit(0)


def leave_orphan(content: str) -> None:
    """Leave content that nothing refers to, as a crash after the put does."""
    from creamery.catalog.actions import note_blobs
    from creamery.kernel.stores import the_store
    from creamery.spec.digests import Sha256
    from creamery.storage import keys

    sha256 = Sha256(hashlib.sha256(content.encode()).hexdigest())
    note_blobs({sha256: len(content)})
    the_store().put_bytes(keys.blob(sha256), content.encode())


def list_recorded(filenames: list[str]) -> list[bool]:
    """Say of each file name whether the record has it."""
    from creamery.catalog.models import File

    known = set(File.objects.filter(filename__in=filenames).values_list("filename", flat=True))
    return [filename in known for filename in filenames]


def make_index() -> None:
    """Make tables and first documents."""
    from creamery import prepare as first

    first.load_tables()
    first.start_afresh()


def prepare() -> str:
    """Make an index, and a person who publishes there. Returns the token."""
    from creamery.accounts import actions
    from creamery.kernel.actor import CONSOLE

    make_index()
    person = actions.create_person("ada", email="ada@idx.example", password=None, is_verified=True, actor=CONSOLE)
    made = actions.create_token(person.pk, name="kills", projects=None, expires_at=None, actor=CONSOLE)
    return made.text


def check(moved: timedelta) -> dict[str, Any]:
    """Work until nothing is owed, then hold everything derived against the record. Returns what is wrong, and what is there."""
    from creamery.kernel import clock
    from creamery.publish.rebuild import check_all

    with clock.moved(moved):
        wrong = [f"job left: {job}" for job in _work_until_idle()]
        wrong += [
            f"{difference.key}: {difference.what} {_describe(difference.key)}"
            for found in check_all()
            for difference in found
        ]
        wrong += _check_serials()
        wrong += _check_files()
    return {"wrong": wrong, "files": _list_files()}


def _describe(key: str) -> str:
    """Say what lies there, so that a difference that is never seen again tells what it was."""
    from creamery.kernel.stores import the_store

    try:
        content = the_store().read(BlobKey(key))
    except NoSuchBlob:
        return ""
    return f"({len(content)} bytes: {base64.b64encode(content[:2000]).decode()})"


def _work_until_idle() -> list[str]:
    from creamery.kernel import outbox
    from creamery.kernel.models import Job

    deadline = time.monotonic() + IDLE_SECONDS
    while True:
        outbox.run_due()
        # A server that lives meanwhile may owe periodic work at any moment, so this one look decides.
        left = list(Job.objects.all())
        if not left or time.monotonic() > deadline:
            return [f"{job.reaction}({job.key}) {job.last_error}" for job in left]
        time.sleep(0.01)


def _check_serials() -> Iterator[str]:
    """Serials count 1, 2, 3 without gaps, and everything that carries one carries one of them."""
    from creamery.catalog.models import File, JournalEntry, Project, Serial

    serials = list(JournalEntry.objects.order_by("serial").values_list("serial", flat=True))
    last = Serial.objects.get(pk=1).n
    if serials != list(range(1, last + 1)):
        yield f"serials up to {last} have gaps: {sorted(set(range(1, last + 1)) ^ set(serials))[:20]}"
    for model in (File, Project):
        used = set(model._default_manager.values_list("serial", flat=True))
        if not used <= set(serials):
            yield f"serials of {model.__name__} that the journal does not know: {sorted(used - set(serials))[:20]}"


def _check_files() -> Iterator[str]:
    """Each file has its bytes, one event, one line in the journal; each project an owner."""
    from creamery.catalog.models import File, JournalEntry, Project
    from creamery.kernel.models import EventRow
    from creamery.kernel.stores import the_store
    from creamery.spec.digests import Sha256
    from creamery.storage import keys

    rows = list(File.objects.values_list("pk", "filename", "sha256", "metadata_sha256", "size_bytes"))
    told = Counter(
        data["file_id"] for data in EventRow.objects.filter(name="catalog.FileAdded").values_list("data", flat=True)
    )
    journaled = Counter(
        action.rpartition(" ")[2]
        for action in JournalEntry.objects.filter(action__contains=" file ").values_list("action", flat=True)
    )
    if told != Counter(pk for pk, *_ in rows):
        yield f"events and files differ: {told}"
    if journaled != Counter(filename for _, filename, *_ in rows):
        yield f"journal and files differ: {journaled}"
    for _pk, filename, sha256, metadata_sha256, size_bytes in rows:
        stat = the_store().stat(keys.blob(Sha256(sha256)))
        the_store().stat(keys.blob(Sha256(metadata_sha256)))
        if stat.size_bytes != size_bytes:
            yield f"{filename} has {stat.size_bytes} bytes instead of {size_bytes}"
    for project in Project.objects.filter(grants=None):
        yield f"{project.name} has no owner"


def _list_files() -> list[str]:
    from creamery.catalog.models import File

    return list(File.objects.order_by("pk").values_list("filename", flat=True))


@contextmanager
def last_words(path: str) -> Iterator[None]:
    """Log what ended a forked process, and end it without the exit handlers that belong to its parent."""
    try:
        yield
    except BaseException:  # noqa: BLE001 - it is logged, and nothing comes after it.
        with open(path, "a") as log:  # noqa: PTH123 - imports nothing at the end of a life.
            traceback.print_exc(file=log)
        os._exit(70)
    os._exit(0)
