"""What the management API takes and gives. Sizes are in bytes, moments in UTC; a limit of 0 is none."""

from datetime import datetime
from typing import Any

from ninja import Schema
from pydantic import Field


class ProjectLine(Schema):
    """A project in the list."""

    name: str
    normalized_name: str
    role: str
    status: str
    latest_version: str
    release_count: int
    size_bytes: int
    updated_at: datetime


class ProjectList(Schema):
    """A page of projects, by name."""

    projects: list[ProjectLine]
    page: int
    has_more: bool


class Limits(Schema):
    """How much there may be; 0 is no limit."""

    file_bytes: int
    project_bytes: int


class Project(Schema):
    """A project, with the role of the token's person and what may be done with this token."""

    name: str
    normalized_name: str
    status: str
    status_reason: str
    latest_version: str
    role: str
    may_yank: bool
    release_count: int
    file_count: int
    size_bytes: int
    limits: Limits


class Release(Schema):
    """A release. The version of a deleted one stays taken."""

    version: str
    created_at: datetime
    is_prerelease: bool
    is_deleted: bool
    yanked: bool
    yanked_reason: str
    file_count: int
    size_bytes: int


class ReleaseList(Schema):
    """A page of releases, newest version first."""

    releases: list[Release]
    page: int
    pages: int
    total: int


class File(Schema):
    """A file. The name of a deleted one stays taken; `url` is empty where it is not served."""

    filename: str
    version: str
    kind: str
    size_bytes: int
    sha256_hex: str
    uploaded_at: datetime
    uploaded_by: str
    state: str
    yanked: bool
    yanked_reason: str
    url: str


class ReleaseWithFiles(Schema):
    """A release and its files."""

    release: Release
    files: list[File]


class HistoryLine(Schema):
    """One thing that happened. `address` is empty where the token's person may not see it."""

    event: str
    at: datetime
    data: dict[str, Any]
    actor_kind: str
    username: str
    address: str


class History(Schema):
    """A page of what happened, newest first."""

    lines: list[HistoryLine]
    page: int
    has_more: bool


class Reason(Schema):
    """Why something is done; everybody can read it."""

    reason: str = Field("", max_length=2000)


class Changed(Schema):
    """Whether anything changed; what was so already is left alone."""

    changed: bool
