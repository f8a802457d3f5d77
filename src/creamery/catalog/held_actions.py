"""The verbs about projects that are held: the staff releases them, or refuses them."""

from collections import defaultdict

from django.utils.translation import gettext_lazy as _

from creamery.catalog import mail
from creamery.catalog.events import ProjectRefused, ProjectReleased
from creamery.catalog.models import DEFAULT_INDEX, File, Grant, Index, Project, Release
from creamery.catalog.policy import About, may
from creamery.catalog.steps import Change, find_locked, take_serials
from creamery.catalog.upkeep_steps import clean_reason, delete_files
from creamery.kernel import clock
from creamery.kernel.actor import SYSTEM, Actor
from creamery.kernel.events import Event, Subject, record
from creamery.kernel.refusals import Forbidden, Missing
from creamery.kernel.transactions import needs_transaction, writes
from creamery.spec.names import normalize_name


class NotHeld(Missing):
    """No project of that name waits for a decision."""

    code = "not-held"
    sentence = _("No project named {project} is held. See which are: creamery held list")


@writes
def release_project(name: str, *, actor: Actor) -> list[str]:
    """
    Show a held project to everybody, with all its files. Returns their names.

    Raises:
        Forbidden: the actor is neither the operator nor of the staff.
        NotHeld: there is no such project, or it is not held.

    Records: ProjectReleased (seen by the project, its owners, the person).
    """
    project = _get_held(name, actor)
    files = list(File.objects.filter(project=project, state="held").select_related("release").order_by("pk"))
    filenames = [file.filename for file in files]
    Project.objects.filter(pk=project.pk).update(status="active", status_reason="")
    project.status = "active"
    this = File.objects.filter(pk__in=[file.pk for file in files])
    this.update(state="live")
    event = ProjectReleased(index_id=project.index_id, project_id=project.pk, name=project.name, filenames=filenames)
    _record(event, project, actor)
    mail.post_to_people(project, mail.project_released(), actor=actor)
    this.update(serial=take_serials(project.index, project, _changes_of(project, files), actor=actor))
    return filenames


@writes
def refuse_project(name: str, *, reason: str = "", actor: Actor) -> list[str]:
    """
    Refuse a held project: its files are deleted, and its name is given to nobody, not even to who took it. Returns the names
    of the files.

    Raises:
        Forbidden: the actor is neither the operator nor of the staff.
        NotHeld: there is no such project, or it is not held.
        InvalidReason: as its name says.

    Records: ProjectRefused (seen by the project, its owners, the person).
    """
    project, reason = _get_held(name, actor), clean_reason(reason)
    # The time in which owners may delete is nothing to the staff.
    filenames = delete_files(File.objects.filter(project=project), actor=SYSTEM)
    event = ProjectRefused(
        index_id=project.index_id, project_id=project.pk, name=project.name, reason=reason, filenames=filenames
    )
    _record(event, project, actor)
    mail.post_to_people(project, mail.project_refused(reason), actor=actor)
    Release.objects.filter(project=project).update(deleted_at=clock.now())
    Grant.objects.filter(project=project).delete()
    Project.objects.filter(pk=project.pk).update(status="deleted", status_reason="", latest_version="", summary="")
    take_serials(project.index, project, [], actor=actor)
    return filenames


def _get_held(name: str, actor: Actor) -> Project:
    if not may(actor, "held.decide", About()):
        raise Forbidden
    index_id = Index.objects.values_list("pk", flat=True).get(name=DEFAULT_INDEX)
    project = find_locked(index_id, str(normalize_name(name)))
    if project is None or project.status != "held":
        raise NotHeld(project=name)
    return project


def _record(event: Event, project: Project, actor: Actor) -> None:
    needs_transaction("_record")
    owners = Grant.objects.filter(project=project).values_list("person_id", flat=True)
    people = {*owners, *([actor.person_id] if actor.person_id is not None else [])}
    record(event, actor=actor, about=[Subject("project", project.pk), *(Subject("person", pk) for pk in people)])


def _changes_of(project: Project, files: list[File]) -> list[Change]:
    """Say what becomes visible, in the words of the journal, as if it was uploaded now."""
    owners = Grant.objects.filter(project=project, role="owner").order_by("pk")
    changes = [Change("create")]
    changes += [Change(f"add Owner {name}") for name in owners.values_list("person__username", flat=True)]
    by_version: defaultdict[str, list[File]] = defaultdict(list)
    for file in files:
        by_version[file.release.version].append(file)
    for version, of_version in by_version.items():
        changes.append(Change("new release", version))
        changes += [Change(f"add {file.python_version} file {file.filename}", version) for file in of_version]
    return changes
