"""Projects as their people see them, for the pages that they manage them with."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from creamery.catalog.limits import Limits
from creamery.catalog.manage_queries import (
    ManagedFile,
    ManagedProject,
    ManagedRelease,
    ManagedReleases,
    OwnProject,
    OwnProjects,
)
from creamery.kernel.actor import Actor
from creamery.kernel.history import History, HistoryLine
from tests.web.samples import WHEN

ADA = Actor(kind="person", proof="session", person_id=1, username="ada")
STAFF = replace(ADA, is_staff=True)
GOUDA = ManagedProject(
    id=7, name="Gouda", normalized_name="gouda", status="active", status_reason="", latest_version="2.1", role="owner",
    may_yank=True, may_delete=True, may_change_status=True, release_count=3, file_count=5, size_bytes=7_654_321,
    limits=Limits(file_bytes=100_000_000, project_bytes=10_000_000_000),
)  # fmt: skip
SEEN = replace(GOUDA, role="maintainer", may_yank=False, may_delete=False, may_change_status=False)
FROZEN = replace(SEEN, role="owner", status="quarantined", status_reason="See <b>GHSA-1</b>")
RELEASE = ManagedRelease(
    version="2.1", created_at=WHEN, is_prerelease=False, is_deleted=False, yanked=False, yanked_reason="",
    file_count=2, size_bytes=2_000_000,
)  # fmt: skip
YANKED = replace(RELEASE, version="2.0rc1", is_prerelease=True, yanked=True, yanked_reason="It leaks, see <b>GHSA</b>")
GONE = replace(RELEASE, version="1.0", is_deleted=True, file_count=0, size_bytes=0)
RELEASES = ManagedReleases((RELEASE, YANKED, GONE), 2, 3, 130)
FILE = ManagedFile(
    filename="gouda-2.1-py3-none-any.whl", version="2.1", kind="bdist_wheel", size_bytes=1_000_000,
    sha256_hex="a" * 64, uploaded_at=WHEN, uploaded_by="ada", state="live", yanked=False, yanked_reason="",
    url=f"/packages/aa/aa/{'a' * 60}/gouda-2.1-py3-none-any.whl",
)  # fmt: skip
FILES = (
    FILE,
    replace(FILE, filename="gouda-2.1.tar.gz", yanked=True, yanked_reason="Holes", uploaded_by=""),
    replace(FILE, filename="gouda-2.1-cp312-cp312-win_amd64.whl", state="deleted", url=""),
)
OWN = OwnProjects(
    (
        OwnProject("Gouda", "gouda", "owner", "active", "2.1", 3, 7_654_321, WHEN),
        OwnProject("old_cheese", "old-cheese", "maintainer", "archived", "0.1", 1, 1000, WHEN - timedelta(days=900)),
        OwnProject("odd", "odd", "publisher", "quarantined", "", 0, 0, WHEN),
    ),
    1,
    True,
)


def _line(event: str, **different: Any) -> HistoryLine:
    fields: dict[str, Any] = {
        "event": event, "at": WHEN, "data": {}, "actor_kind": "person", "proof": "session", "person_id": 1,
        "username": "ada", "token_id": None, "address": "192.0.2.7", "user_agent": "Browser/1",
    }  # fmt: skip
    return HistoryLine(**{**fields, **different})


HISTORY = History(
    (
        _line("catalog.ReleaseYanked", data={"version": "2.0rc1", "reason": "It leaks, see <b>GHSA</b>"}),
        _line("catalog.ProjectStatusChanged", data={"before": "active", "status": "archived"}, address=""),
        _line(
            "catalog.FileDeleted", data={"filename": "gouda-1.0.tar.gz"}, actor_kind="system", proof="console",
            person_id=None, username="console", address="",
        ),
        _line("catalog.FileAdded", data={"filename": "gouda-2.1.tar.gz"}, actor_kind="token", proof="token"),
    ),
    1,
    False,
)  # fmt: skip
