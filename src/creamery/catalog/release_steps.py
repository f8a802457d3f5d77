"""Pieces about releases that the catalog's actions share, with the refusals that they raise. What writes needs an open transaction."""

from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _
from packaging.utils import canonicalize_version
from packaging.version import Version

from creamery.catalog.models import Project, Release
from creamery.catalog.queries import KnownRelease
from creamery.kernel import clock, rows
from creamery.kernel.actor import Actor
from creamery.kernel.refusals import Forbidden, Invalid
from creamery.kernel.transactions import needs_transaction
from creamery.settings import CONFIG
from creamery.spec.metadata import CoreMetadata
from creamery.spec.versions import precedence

_SAME_RELEASE = "project_id = %s AND canonical_version = %s"


class ReleaseWasDeleted(Invalid):
    """The version belonged to a release that was deleted. Source: security.md GEN-3."""

    code = "release-was-deleted"
    sentence = _(
        "{project} {version} was deleted, and a version never means something else. Publish the change under a new version."
    )


class ReleaseClosed(Forbidden):
    """The release is too old to take more files. Source: UPL-048, standards.md UP-24."""

    code = "release-closed"
    sentence = _(
        "{project} {version} was published on {date}, and releases take no new files after {days} days. Publish a new version."
    )


def release_for(project: Project, version: Version, metadata: CoreMetadata, *, actor: Actor) -> tuple[Release, bool]:
    """
    Find the release that a file belongs to, or create it from this file's metadata; says whether it is new.

    Raises:
        ReleaseWasDeleted, ReleaseClosed: as their names say.
    """
    needs_transaction("release_for")
    canonical = canonicalize_version(version)
    release = rows.find(Release, _SAME_RELEASE, project.pk, canonical)
    if release is None:
        release = Release(
            project_id=project.pk,
            canonical_version=canonical,
            version=str(version),
            is_prerelease=version.is_prerelease,
            metadata=metadata.to_json(),
            description=metadata.description or "",
            created_at=clock.now(),
        )
        # Whoever adds to a project has locked it, so nobody else has made the release since.
        rows.insert(release)
        return release, True
    _require_open(project.name, release.version, release.created_at, release.deleted_at, actor)
    return release, False


def find_open_release(project: Project, version: Version, *, actor: Actor) -> KnownRelease | None:
    """
    Find what is known of a release, and insist that it takes more files; None if it would be a new one.

    Raises:
        ReleaseWasDeleted, ReleaseClosed: as their names say.
    """
    release = rows.find(Release, _SAME_RELEASE, project.pk, canonicalize_version(version))
    if release is None:
        return None
    _require_open(project.name, release.version, release.created_at, release.deleted_at, actor)
    return KnownRelease(CoreMetadata.from_json(release.metadata), release.description)


def _require_open(name: str, version: str, created_at: datetime, deleted_at: datetime | None, actor: Actor) -> None:
    if deleted_at is not None:
        raise ReleaseWasDeleted(project=name, version=version)
    days = CONFIG.release_closes_after_days
    if days and actor.kind != "system" and created_at < clock.now() - timedelta(days=days):
        raise ReleaseClosed(project=name, version=version, date=f"{created_at:%Y-%m-%d}", days=days)


def note_latest(project: Project, release: Release) -> None:
    """Bring what lists show of a project up to date, after a file was added to one of its releases."""
    needs_transaction("note_latest")
    card = {"latest_version": project.latest_version, "summary": project.summary}
    if release.version != project.latest_version and _is_ahead(project, release):
        card = _card_of(release)
    rows.change(
        "UPDATE project SET updated_at = %s, latest_version = %s, summary = %s WHERE id = %s",
        rows.as_parameter(clock.now()),
        card["latest_version"],
        card["summary"],
        project.pk,
    )


def _is_ahead(project: Project, release: Release) -> bool:
    if not project.latest_version:
        return True
    latest = "SELECT yanked FROM release WHERE project_id = %s AND version = %s AND deleted_at IS NULL"
    order = precedence(release.version, yanked=release.yanked)
    before = rows.fetch_all(latest, project.pk, project.latest_version)
    return all(order > precedence(project.latest_version, yanked=bool(yanked)) for (yanked,) in before)


def _card_of(release: Release) -> dict[str, str]:
    return {"latest_version": release.version, "summary": (release.metadata.get("summary") or "")[:512]}


def choose_latest(project_id: int) -> None:
    """Choose anew which release lists show of a project, after one was yanked or deleted; none if there is none."""
    needs_transaction("choose_latest")
    rows = Release.objects.filter(project_id=project_id).values_list("version", "yanked", "pk")
    order = max(((precedence(version, yanked=yanked), pk) for version, yanked, pk in rows), default=None)
    card = {"latest_version": "", "summary": ""}
    if order is not None:
        card = _card_of(Release.objects.defer("description").get(pk=order[1]))
    Project.objects.filter(pk=project_id).update(**card)
