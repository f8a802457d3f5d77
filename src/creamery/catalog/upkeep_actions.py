"""
The verbs of a project's owners: yank, un-yank, delete, change the status.

Each returns whether anything changed: what is so already is left alone, without an event or a letter. Each takes the
project's row first, so that two of them, or one and an upload, go one after the other. Whoever answers a person calls
`kernel.outbox.run_soon` before, so that installers see the change when the person hears of it.
"""

from django.db.models import QuerySet

from creamery.catalog import events, mail
from creamery.catalog.models import HIDDEN_STATUSES, File, Grant, Project, Release
from creamery.catalog.release_steps import choose_latest
from creamery.catalog.steps import Change
from creamery.catalog.upkeep_steps import (
    InvalidStatus,
    clean_reason,
    conclude,
    delete_files,
    get_file,
    get_project_to_change,
    get_release,
)
from creamery.kernel import clock
from creamery.kernel.actor import Actor
from creamery.kernel.transactions import writes

GIVEN_STATUSES = ("active", "deprecated", "archived")


@writes
def yank_release(name: str, version: str, *, reason: str = "", actor: Actor) -> bool:
    """
    Yank a release: installers take it only when they are told this very version. Another reason replaces the first.

    Raises:
        NoSuchProject, NoSuchRelease, MayNotManage, ProjectFrozen, InvalidReason: as their names say.

    Records: ReleaseYanked (seen by the project, the person).
    """
    project = get_project_to_change(name, "project.yank", actor=actor)
    release, reason = get_release(project, version), clean_reason(reason)
    if (release.yanked, release.yanked_reason) == (True, reason):
        return False
    _set_yanked(release, yanked=True, reason=reason)
    event = events.ReleaseYanked(
        index_id=project.index_id,
        project_id=project.pk,
        release_id=release.pk,
        version=release.version,
        reason=reason,
    )
    letter = mail.release_yanked(release.version, reason)
    conclude(project, event, Change("yank release", release.version), letter, actor=actor)
    return True


@writes
def unyank_release(name: str, version: str, *, actor: Actor) -> bool:
    """
    Take the yank of a release back. Files that were yanked by themselves stay so.

    Raises:
        NoSuchProject, NoSuchRelease, MayNotManage, ProjectFrozen: as their names say.

    Records: ReleaseUnyanked (seen by the project, the person).
    """
    project = get_project_to_change(name, "project.yank", actor=actor)
    release = get_release(project, version)
    if not release.yanked:
        return False
    _set_yanked(release, yanked=False, reason="")
    event = events.ReleaseUnyanked(
        index_id=project.index_id, project_id=project.pk, release_id=release.pk, version=release.version
    )
    letter = mail.release_unyanked(release.version)
    conclude(project, event, Change("unyank release", release.version), letter, actor=actor)
    return True


@writes
def yank_file(name: str, filename: str, *, reason: str = "", actor: Actor) -> bool:
    """
    Yank one file of a release.

    Raises:
        NoSuchProject, NoSuchFile, MayNotManage, ProjectFrozen, InvalidReason: as their names say.

    Records: FileYanked (seen by the project, the file, the person).
    """
    project = get_project_to_change(name, "project.yank", actor=actor)
    file, reason = get_file(project, filename), clean_reason(reason)
    if (file.yanked, file.yanked_reason) == (True, reason):
        return False
    File.objects.filter(pk=file.pk).update(yanked=True, yanked_reason=reason)
    version = file.release.version
    event = events.FileYanked(
        index_id=project.index_id,
        project_id=project.pk,
        release_id=file.release_id,
        file_id=file.pk,
        filename=filename,
        version=version,
        reason=reason,
    )
    change = Change(f"yank file {filename}", version)
    conclude(project, event, change, mail.file_yanked(filename, reason), file=file, actor=actor)
    return True


@writes
def unyank_file(name: str, filename: str, *, actor: Actor) -> bool:
    """
    Take the yank of one file back.

    Raises:
        NoSuchProject, NoSuchFile, MayNotManage, ProjectFrozen: as their names say.

    Records: FileUnyanked (seen by the project, the file, the person).
    """
    project = get_project_to_change(name, "project.yank", actor=actor)
    file = get_file(project, filename)
    if not file.yanked:
        return False
    File.objects.filter(pk=file.pk).update(yanked=False, yanked_reason="")
    version = file.release.version
    event = events.FileUnyanked(
        index_id=project.index_id,
        project_id=project.pk,
        release_id=file.release_id,
        file_id=file.pk,
        filename=filename,
        version=version,
    )
    change = Change(f"unyank file {filename}", version)
    conclude(project, event, change, mail.file_unyanked(filename), file=file, actor=actor)
    return True


@writes
def delete_file(name: str, filename: str, *, actor: Actor) -> bool:
    """
    Delete a file for ever; its name can never be used again. Its release stays, even without files.

    Raises:
        NoSuchProject, NoSuchFile, MayNotManage, ProjectFrozen, TooLateToDelete: as their names say.

    Records: FileDeleted (seen by the project, the file, the person).
    """
    project = get_project_to_change(name, "project.delete", actor=actor)
    file = get_file(project, filename, also_deleted=True)
    if file.state == "deleted":
        return False
    version, this = file.release.version, File.objects.filter(pk=file.pk)
    delete_files(this, actor=actor)
    event = events.FileDeleted(
        index_id=project.index_id,
        project_id=project.pk,
        release_id=file.release_id,
        file_id=file.pk,
        filename=filename,
        version=version,
    )
    change = Change(f"remove file {filename}", version)
    letter = mail.file_deleted(filename)
    _stamp(this, conclude(project, event, change, letter, file=file, actor=actor))
    return True


@writes
def delete_release(name: str, version: str, *, actor: Actor) -> bool:
    """
    Delete a release with its files for ever; neither their names nor the version can be used again.

    Raises:
        NoSuchProject, NoSuchRelease, MayNotManage, ProjectFrozen, TooLateToDelete: as their names say.

    Records: ReleaseDeleted (seen by the project, the person).
    """
    project = get_project_to_change(name, "project.delete", actor=actor)
    release = get_release(project, version, also_deleted=True)
    if release.deleted_at is not None:
        return False
    filenames = delete_files(File.objects.filter(release=release), actor=actor)
    Release.objects.filter(pk=release.pk).update(deleted_at=clock.now())
    choose_latest(project.pk)
    event = events.ReleaseDeleted(
        index_id=project.index_id,
        project_id=project.pk,
        release_id=release.pk,
        version=release.version,
        filenames=filenames,
    )
    letter = mail.release_deleted(release.version)
    serial = conclude(project, event, Change("remove release", release.version), letter, actor=actor)
    _stamp(File.objects.filter(release=release, state="deleted"), serial)
    return True


@writes
def delete_project(name: str, *, actor: Actor) -> bool:
    """
    Delete a project with all its releases and files for ever. Its name stays taken (setting `deleted_names`).

    The owners' grants stay, to know who may have the name again; all other roles end.

    Raises:
        NoSuchProject, MayNotManage, ProjectFrozen, TooLateToDelete: as their names say.

    Records: ProjectDeleted (seen by the project, the person).
    """
    project = get_project_to_change(name, "project.delete", actor=actor)
    if project.status == "deleted":
        return False
    delete_files(File.objects.filter(project=project), actor=actor)
    Release.objects.filter(project=project).update(deleted_at=clock.now())
    Project.objects.filter(pk=project.pk).update(status="deleted", status_reason="", latest_version="", summary="")
    event = events.ProjectDeleted(index_id=project.index_id, project_id=project.pk, name=project.name)
    serial = conclude(project, event, Change("remove project"), mail.project_deleted(), actor=actor)
    Grant.objects.filter(project=project).exclude(role="owner").delete()
    _stamp(File.objects.filter(project=project, state="deleted"), serial)
    return True


@writes
def set_project_status(name: str, status: str, *, reason: str = "", actor: Actor) -> bool:
    """
    Give a project another status: active, deprecated or archived. Source: PEP 792.

    Raises:
        NoSuchProject, MayNotManage, ProjectFrozen, InvalidStatus, InvalidReason: as their names say.

    Records: ProjectStatusChanged (seen by the project, the person).
    """
    if status not in GIVEN_STATUSES:
        raise InvalidStatus(status=status)
    project = get_project_to_change(name, "project.status", actor=actor)
    before, reason = project.status, clean_reason(reason) if status != "active" else ""
    if (before, project.status_reason) == (status, reason):
        return False
    Project.objects.filter(pk=project.pk).update(status=status, status_reason=reason)
    event = events.ProjectStatusChanged(
        index_id=project.index_id,
        project_id=project.pk,
        name=project.name,
        before=before,
        status=status,
        reason=reason,
    )
    serial = conclude(project, event, Change(f"project {status}"), mail.status_changed(status, reason), actor=actor)
    if before in HIDDEN_STATUSES:
        _stamp(File.objects.filter(project=project), serial)
    return True


def _set_yanked(release: Release, *, yanked: bool, reason: str) -> None:
    Release.objects.filter(pk=release.pk).update(yanked=yanked, yanked_reason=reason)
    choose_latest(release.project_id)


def _stamp(files: QuerySet[File], serial: int) -> None:
    """Note the change on files that may be served no more, or again: whoever puts them in place looks for it."""
    files.update(serial=serial)
