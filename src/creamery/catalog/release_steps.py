"""Pieces about releases that the catalog's actions share, with the refusals that they raise. What writes needs an open transaction."""

from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _
from packaging.utils import canonicalize_version
from packaging.version import Version

from creamery.catalog.models import Project, Release
from creamery.kernel import clock
from creamery.kernel.actor import Actor
from creamery.kernel.refusals import Forbidden, Invalid
from creamery.kernel.transactions import needs_transaction
from creamery.settings import CONFIG
from creamery.spec.metadata import CoreMetadata
from creamery.spec.versions import precedence


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
    release, is_new = Release.every.get_or_create(
        project=project,
        canonical_version=canonicalize_version(version),
        defaults={
            "version": str(version),
            "is_prerelease": version.is_prerelease,
            "metadata": metadata.to_json(),
            "description": metadata.description or "",
            "created_at": clock.now(),
        },
    )
    if not is_new:
        _require_open(project.name, release.version, release.created_at, release.deleted_at, actor)
    return release, is_new


def require_open_release(project: Project, version: Version, *, actor: Actor) -> None:
    """
    Insist that a release, if it is there, takes more files.

    Raises:
        ReleaseWasDeleted, ReleaseClosed: as their names say.
    """
    rows = Release.every.filter(project=project, canonical_version=canonicalize_version(version))
    for shown, created_at, deleted_at in rows.values_list("version", "created_at", "deleted_at"):
        _require_open(project.name, shown, created_at, deleted_at, actor)


def _require_open(name: str, version: str, created_at: datetime, deleted_at: datetime | None, actor: Actor) -> None:
    if deleted_at is not None:
        raise ReleaseWasDeleted(project=name, version=version)
    days = CONFIG.release_closes_after_days
    if days and actor.kind != "system" and created_at < clock.now() - timedelta(days=days):
        raise ReleaseClosed(project=name, version=version, date=f"{created_at:%Y-%m-%d}", days=days)


def note_latest(project: Project, release: Release) -> None:
    """Bring what lists show of a project up to date, after a file was added to one of its releases."""
    needs_transaction("note_latest")
    latest: dict[str, Any] = {"updated_at": clock.now()}
    if release.version != project.latest_version and _is_ahead(project, release):
        latest |= _card_of(release)
    Project.objects.filter(pk=project.pk).update(**latest)


def _is_ahead(project: Project, release: Release) -> bool:
    before = Release.objects.filter(project=project, version=project.latest_version).values_list("yanked", flat=True)
    order = precedence(release.version, yanked=release.yanked)
    return all(order > precedence(project.latest_version, yanked=yanked) for yanked in before)


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
