"""Pieces of the actions on what is published, with the refusals that they raise. What writes needs an open transaction."""

from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from packaging.utils import canonicalize_version
from packaging.version import InvalidVersion, Version

from creamery.catalog import mail
from creamery.catalog.models import DEFAULT_INDEX, Blob, File, Index, Project, Release
from creamery.catalog.policy import About, Permission, may
from creamery.catalog.queries import NoSuchProject, NoSuchRelease
from creamery.catalog.steps import Change, find_locked, find_role, take_serials
from creamery.kernel import clock
from creamery.kernel.actor import Actor
from creamery.kernel.events import Event, Subject, record
from creamery.kernel.refusals import Forbidden, Invalid, Missing
from creamery.kernel.transactions import needs_transaction
from creamery.settings import CONFIG
from creamery.spec.names import normalize_name
from creamery.spec.problems import N_, Problem, shorten

LONGEST_REASON = 500
DELETABLE = ("live", "held", "staged")
"""States of files that their owners may delete; what is quarantined is kept as it is, to be looked at."""


class NoSuchFile(Missing):
    """The project has no such file."""

    code = "no-such-file"
    sentence = _("The project {project} has no file {filename}.")


class MayNotManage(Forbidden):
    """The actor's role does not do that."""

    code = "may-not-manage"
    sentence = _("Only owners of {project} may do this, and some things only when they are logged in. Ask one of them.")


class ProjectFrozen(Forbidden):
    """Nobody but the operator changes a quarantined project, and nobody one that is held. Source: PRJ-021."""

    code = "project-frozen"
    sentence = _("The project {project} is {status}: nothing in it can be changed until the staff has looked at it.")


class TooLateToDelete(Forbidden):
    """The time in which things may be deleted is over. Source: standards.md DL-01."""

    code = "too-late-to-delete"
    sentence = _(
        "{filename} was uploaded more than {hours} hours ago and may be in use: it cannot be deleted any more. "
        "Yank it instead, so that nobody takes it by accident."
    )


class InvalidReason(Invalid):
    """A reason that cannot be shown."""

    code = "invalid-reason"
    sentence = _("This reason cannot be kept.")


class InvalidStatus(Invalid):
    """No status that a person gives. Source: PEP 792."""

    code = "invalid-status"
    sentence = _("A project can be given the status active, deprecated or archived; {status} is none of them.")


def get_project_to_change(name: str, permission: Permission, *, actor: Actor) -> Project:
    """
    Find a project of the default index, held until the transaction ends, for somebody who may change it.

    Raises:
        NoSuchProject: there is none, or the actor may not know of it as its manager.
        MayNotManage, ProjectFrozen: as their names say.
    """
    index_id = Index.objects.values_list("pk", flat=True).get(name=DEFAULT_INDEX)
    normalized = str(normalize_name(name))
    project = find_locked(index_id, normalized)
    about = About(normalized_name=normalized, role=find_role(project.pk, actor) if project else None)
    is_gone = project is not None and project.status == "deleted" and permission != "project.delete"
    if project is None or is_gone or not may(actor, "project.see", about):
        raise NoSuchProject(project=name)
    if not may(actor, permission, about):
        raise MayNotManage(project=project.name)
    if project.status == "held" or (project.status == "quarantined" and actor.kind != "system"):
        raise ProjectFrozen(project=project.name, status=project.status)
    return project


def get_release(project: Project, version: str, *, also_deleted: bool = False) -> Release:
    """
    Find a release by any spelling of its version.

    Raises:
        NoSuchRelease: the project does not have it, or with `also_deleted` never had it.
    """
    try:
        canonical = canonicalize_version(Version(version))
    except InvalidVersion:
        canonical = version
    found = Release.every.filter(project=project, canonical_version=canonical).first()
    if found is None or (found.deleted_at is not None and not also_deleted):
        raise NoSuchRelease(project=project.name, version=version)
    return found


def get_file(project: Project, filename: str, *, also_deleted: bool = False) -> File:
    """
    Find a file.

    Raises:
        NoSuchFile: the project does not have it, or nobody may change it now; with `also_deleted`: it never had it.
    """
    found = File.objects.select_related("release").filter(project=project, filename=filename).first()
    states = {*DELETABLE, "deleted"} if also_deleted else {*DELETABLE}
    if found is None or found.state not in states:
        raise NoSuchFile(project=project.name, filename=filename)
    return found


def clean_reason(reason: str) -> str:
    """
    Bring a reason on one line, with what cannot be seen made visible.

    Raises:
        InvalidReason: it is too long.
    """
    cleaned = shorten(" ".join(reason.split()), limit=10 * LONGEST_REASON)
    if len(cleaned) > LONGEST_REASON:
        rule, remedy = N_("A reason has {limit} characters at most."), N_("Say it shorter, or link to a page.")
        problem = Problem(
            code="reason-too-long",
            field="reason",
            value=cleaned,
            rule=rule,
            remedy=remedy,
            params={"limit": LONGEST_REASON},
        )
        raise InvalidReason([problem])
    return cleaned


def delete_files(files: QuerySet[File], *, actor: Actor) -> list[str]:
    """
    Mark files deleted, and let go of their content, which is swept a day later. Returns their names.

    Raises:
        TooLateToDelete: the operator has set a time for it, which is over.
    """
    needs_transaction("delete_files")
    doomed = files.filter(state__in=DELETABLE)
    names = list(doomed.order_by("filename").values_list("filename", flat=True))
    _require_in_time(doomed, actor)
    let_go = Q(pk__in=doomed.values("blob")) | Q(pk__in=doomed.values("metadata_blob"))
    # In the order of the digests, as everybody who locks several: else two could wait for each other.
    list(Blob.objects.select_for_update(no_key=True).filter(let_go).order_by("sha256").values_list("pk"))
    Blob.objects.filter(let_go).update(used_at=clock.now())
    doomed.update(state="deleted", blob=None, metadata_blob=None)
    return names


def _require_in_time(files: QuerySet[File], actor: Actor) -> None:
    hours = CONFIG.deletion_hours
    if not hours or actor.kind == "system":
        return
    old = files.filter(uploaded_at__lt=clock.now() - timedelta(hours=hours), release__is_prerelease=False)
    first = old.order_by("filename").values_list("filename", flat=True).first()
    if first is not None:
        raise TooLateToDelete(filename=first, hours=hours)


def conclude(
    project: Project, event: Event, change: Change, letter: mail.Letter, *, file: File | None = None, actor: Actor
) -> int:
    """Record what was done to the project, or to one file of it, write to its people, number the change. Returns its serial."""
    needs_transaction("conclude")
    about = [Subject("project", project.pk)]
    if file is not None:
        about.append(Subject("file", file.pk))
    if actor.person_id is not None:
        about.append(Subject("person", actor.person_id))
    record(event, actor=actor, about=about)
    mail.post_to_people(project, letter, actor=actor)
    return take_serials(project.index, project, [change], actor=actor)
