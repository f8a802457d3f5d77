"""What happens to projects, releases and files."""

from dataclasses import dataclass

from creamery.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectCreated(Event):
    """A name was published under for the first time."""

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
