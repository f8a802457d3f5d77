"""
What tests begin with: people, tokens, uploads and published files, made by the same actions that people use.

Needs the fixture `inside`, or another that opens the database.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from creamery.accounts import actions as accounts
from creamery.accounts.actions import NewToken
from creamery.catalog.models import Blob, File, Grant, JournalEntry, Project, Release, Serial
from creamery.kernel import clock, outbox
from creamery.kernel.actor import CONSOLE, Actor
from creamery.kernel.models import EventRow, EventSubject, Job, Lease, LetterRow
from creamery.kernel.stores import the_store
from creamery.settings import CONFIG
from creamery.spec.filenames import parse_filename
from creamery.upload.form import form_for_local
from creamery.upload.pipeline import Published, upload_file
from creamery.upload.receive import receive_local
from tests.real.distributions import Distribution, build_sdist, build_wheel
from tests.real.inside import Answer, Inside, Part

PASSWORD = "correct horse battery staple 7"
_numbers = count(1)


def create_person(
    username: str | None = None, *, is_staff: bool = False, is_verified: bool = True, password: str | None = None
) -> Actor:
    """Create a person. Returns them as they are when logged in."""
    name = username or f"person{next(_numbers)}"
    person = accounts.create_person(
        name,
        email=f"{name}@idx.example",
        password=password,
        is_staff=is_staff,
        is_verified=is_verified,
        actor=CONSOLE,
    )
    return Actor(kind="person", proof="session", person_id=person.pk, username=name, is_staff=is_staff)


def create_token(
    person: Actor, *projects: str, expires_in: timedelta | None = timedelta(days=90), name: str = "for a test"
) -> NewToken:
    """Make an API token of a person, for all their projects or only these."""
    assert person.person_id is not None
    expires_at: datetime | None = None if expires_in is None else clock.now() + expires_in
    return accounts.create_token(
        person.person_id, name=name, projects=projects or None, expires_at=expires_at, actor=CONSOLE
    )


def create_publisher(username: str | None = None) -> str:
    """Create a person with a token. Returns the token."""
    return create_token(create_person(username)).text


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """
    An upload form as it goes over the wire: by default one that is accepted.

    `fields` keep their order; a name may occur several times.
    """

    filename: str
    content: bytes = field(repr=False)
    fields: tuple[tuple[str, str | bytes], ...] = ()

    def set(self, **changed: str | bytes) -> "Upload":
        """Replace fields, or add them. `action` stands for `:action`."""
        names = {(":action" if name == "action" else name): value for name, value in changed.items()}
        kept = tuple((name, value) for name, value in self.fields if name not in names)
        return replace(self, fields=(*kept, *names.items()))

    def add(self, *fields: tuple[str, str | bytes]) -> "Upload":
        """Add fields; one that is there already is then sent twice."""
        return replace(self, fields=(*self.fields, *fields))

    def without(self, *names: str) -> "Upload":
        """Leave fields out."""
        return replace(self, fields=tuple(pair for pair in self.fields if pair[0] not in names))

    def named(self, filename: str) -> "Upload":
        """Send the same under another file name."""
        return replace(self, filename=filename)

    def part(self) -> Part:
        """The file as a part of the form."""
        return Part(self.filename, self.content)

    def send(self, inside: Inside, token: str | None, path: str = "/legacy/", **headers: str) -> Answer:
        """Upload it."""
        return inside.upload(token, self.fields, self.part(), path=path, **headers)


def build(what: Distribution, kind: str = "wheel") -> tuple[str, bytes]:
    """Build a wheel or sdist. Returns its file name and content."""
    with TemporaryDirectory() as folder:
        path = (build_wheel if kind == "wheel" else build_sdist)(Path(folder), what)
        return path.name, path.read_bytes()


def make_upload(what: Distribution | str, kind: str = "wheel") -> Upload:
    """Make an upload of a distribution, with the fields that all clients send."""
    dist = Distribution(name=what) if isinstance(what, str) else what
    filename, content = build(dist, kind)
    return upload_of(filename, content, name=dist.name, version=dist.version)


def upload_of(filename: str, content: bytes, *, name: str, version: str = "1.0") -> Upload:
    """Make an upload of any bytes under any file name."""
    is_wheel = filename.endswith(".whl")
    fields = {
        ":action": "file_upload",
        "protocol_version": "1",
        "metadata_version": "2.4",
        "name": name,
        "version": version,
        "filetype": "bdist_wheel" if is_wheel else "sdist",
        "pyversion": parse_filename(filename).python_version if is_wheel else "source",
        "sha256_digest": hashlib.sha256(content).hexdigest(),
    }
    return Upload(filename=filename, content=content, fields=tuple(fields.items()))


def publish(what: Distribution | str, kind: str = "wheel", *, actor: Actor) -> Published:
    """Publish a distribution through the pipeline, as `creamery import` does."""
    dist = Distribution(name=what) if isinstance(what, str) else what
    with TemporaryDirectory() as folder:
        path = (build_wheel if kind == "wheel" else build_sdist)(Path(folder), dist)
        received = receive_local(path, CONFIG.incoming, CONFIG.max_file_bytes)
        return upload_file(form_for_local(path.name), received, actor=actor)


@dataclass(frozen=True, slots=True)
class Trace:
    """Everything that an upload could leave behind."""

    rows: dict[str, int]
    serial: int
    keys: frozenset[str]
    temporary: frozenset[str]


RECORDED = (Project, Release, File, Blob, Grant, JournalEntry, EventRow, EventSubject, Job, Lease, LetterRow)


def take_trace() -> Trace:
    """Count rows, list keys and temporary files."""
    return Trace(
        {model.__name__: model._default_manager.count() for model in RECORDED},
        Serial.objects.values_list("n", flat=True).get(pk=1),
        frozenset(list_keys()),
        frozenset(path.name for path in CONFIG.incoming.glob("*")),
    )


def list_keys() -> list[str]:
    """List all keys of the store."""
    return sorted(key for prefix in ("blobs/", "public/", "rendered/") for key in the_store().list(prefix))


@contextmanager
def nothing_remains() -> Iterator[None]:
    """Assert that what happens inside leaves nothing: no row, no key, no temporary file, no job. Source: UP-29."""
    before = take_trace()
    yield
    assert take_trace() == before


def list_events(*names: str) -> list[str]:
    """List the events that were recorded, oldest first; only these if names are given."""
    rows = EventRow.objects.order_by("pk").values_list("name", flat=True)
    return [name for name in rows if not names or name in names]


def finish_work() -> None:
    """Do all that follows what was done so far, as a worker would within a minute; what is done by the clock as well."""
    with clock.moved(timedelta(minutes=1)):
        outbox.owe_periodic()
        while outbox.run_due():
            pass
