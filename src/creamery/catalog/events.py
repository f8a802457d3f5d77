"""What happens to projects, releases and files."""

from dataclasses import dataclass
from typing import ClassVar

from creamery.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectCreated(Event):
    """A name was published under for the first time, or again by a former owner after its project was deleted."""

    is_counted: ClassVar[bool] = True

    index_id: int
    project_id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileAdded(Event):
    """A distribution file was published."""

    index_id: int
    project_id: int
    release_id: int
    file_id: int
    filename: str
    version: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileHeld(Event):
    """A distribution file was taken, and is shown to nobody until the staff has decided about its project's name."""

    index_id: int
    project_id: int
    release_id: int
    file_id: int
    filename: str
    version: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectReleased(Event):
    """A project that was held is shown to everybody, with its files."""

    index_id: int
    project_id: int
    name: str
    filenames: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectRefused(Event):
    """A project that was held was refused: its files are gone, and its name is given to nobody."""

    index_id: int
    project_id: int
    name: str
    reason: str
    filenames: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseYanked(Event):
    """A release was yanked, or its reason changed: installers take it only when they are told this very version."""

    index_id: int
    project_id: int
    release_id: int
    version: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseUnyanked(Event):
    """A release is as it was before it was yanked."""

    index_id: int
    project_id: int
    release_id: int
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileYanked(Event):
    """One file of a release was yanked, or its reason changed."""

    index_id: int
    project_id: int
    release_id: int
    file_id: int
    filename: str
    version: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileUnyanked(Event):
    """A file is as it was before it was yanked."""

    index_id: int
    project_id: int
    release_id: int
    file_id: int
    filename: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDeleted(Event):
    """A file was deleted. Its name is never used again."""

    index_id: int
    project_id: int
    release_id: int
    file_id: int
    filename: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseDeleted(Event):
    """A release was deleted with all its files. Its version is never used again."""

    index_id: int
    project_id: int
    release_id: int
    version: str
    filenames: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectDeleted(Event):
    """A project was deleted with everything in it. Its name is not given to others."""

    index_id: int
    project_id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectStatusChanged(Event):
    """A project has another status, or another reason for it. Source: PEP 792."""

    index_id: int
    project_id: int
    name: str
    before: str
    status: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitChanged(Event):
    """A project or a person has a limit of its own now; `value` None takes it back, 0 is no limit."""

    kind: str
    value: int | None
    project_id: int | None
    person_id: int | None
