"""Writes the RSS feeds: new projects, new releases, and the releases of each project. Source: standards.md FD-01."""

from collections.abc import Sequence
from datetime import UTC, datetime

from django.utils.feedgenerator import Rss201rev2Feed
from django.utils.translation import gettext as _

from creamery.catalog.document_queries import (
    NewRelease,
    get_place,
    get_project_place,
    list_new_projects,
    list_new_releases,
    list_releases_of,
)
from creamery.kernel.outbox import Claim
from creamery.publish.documents import Document, publish, remove
from creamery.settings import CONFIG
from creamery.storage import keys

PROJECTS, UPDATES, RELEASES = 40, 100, 40


def render_index(index_id: int, *, claim: Claim) -> None:
    """Write the feeds of new projects and new releases of an index."""
    publish(index_documents(index_id), claim=claim)


def index_documents(index_id: int) -> list[Document]:
    """Build the feeds of an index from the record."""
    place = get_place(index_id)
    new, updated = list_new_projects(index_id, PROJECTS), list_new_releases(index_id, UPDATES)
    return [
        Document(keys.feed(place, "packages"), _feed(_("New projects"), new, shows_version=False)),
        Document(keys.feed(place, "updates"), _feed(_("New releases"), updated)),
    ]


def render_project(project_id: int, *, claim: Claim) -> None:
    """Write the feed of a project's releases; none if it may not be shown."""
    documents = project_documents(project_id)
    publish(documents, claim=claim)
    if not documents:
        project = get_project_place(project_id)
        remove(keys.project_feed(project.place, project.name))


def project_documents(project_id: int) -> list[Document]:
    """Build the feed of a project's releases from the record; none if it may not be shown."""
    project = get_project_place(project_id)
    if not project.is_offered:
        return []
    title = _("Releases of {project}").format(project=project.display_name)
    content = _feed(title, list_releases_of(project_id, RELEASES))
    return [Document(keys.project_feed(project.place, project.name), content)]


class _DatedByItems(Rss201rev2Feed):
    """A feed that says the same whenever it is written; one without items would else say the present time."""

    def latest_post_date(self) -> datetime:
        return max((item["pubdate"] for item in self.items), default=datetime.fromtimestamp(0, UTC))


def _feed(title: str, releases: Sequence[NewRelease], *, shows_version: bool = True) -> bytes:
    feed = _DatedByItems(title=title, link=f"{CONFIG.public_url}/", description=title, language="en")
    for release in releases:
        page = f"{CONFIG.public_url}/project/{release.normalized_name}/"
        feed.add_item(
            title=f"{release.name} {release.version}" if shows_version else release.name,
            link=f"{page}{release.version}/" if shows_version else page,
            description=release.summary,
            pubdate=release.at,
            unique_id=f"{page}{release.version}/" if shows_version else page,
        )
    text: str = feed.writeString("utf-8")
    return text.encode()
