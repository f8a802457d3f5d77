"""The operator's and the staff's verbs about limits: give a project or a person one of its own, and take it back."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from creamery.accounts.queries import get_person_id
from creamery.catalog.events import LimitChanged
from creamery.catalog.models import LimitOverride
from creamery.catalog.policy import About, may
from creamery.catalog.queries import NoSuchProject, find_project, get_index
from creamery.kernel import clock
from creamery.kernel.actor import Actor
from creamery.kernel.events import Subject, record
from creamery.kernel.refusals import Forbidden, Invalid
from creamery.kernel.transactions import writes
from creamery.spec.names import normalize_name

MOST = 2**63 - 1


class InvalidLimit(Invalid):
    """No limit that a project or a person can have."""

    code = "invalid-limit"
    sentence = _(
        "A limit is of the kind file-bytes, project-bytes or new-projects and a whole number, 0 for no limit; "
        "new-projects is for people only."
    )


@writes
def set_limit(kind: str, value: int, *, project: str = "", username: str = "", actor: Actor) -> bool:
    """
    Give a project or a person a limit of its own, which stands above the setting. Returns whether anything changed.

    Raises:
        Forbidden: the actor is neither the operator nor of the staff.
        NoSuchProject, NoSuchPerson, InvalidLimit: as their names say.

    Records: LimitChanged (seen by the project or the person).
    """
    holder = _find_holder(kind, project, username, actor=actor)
    if not 0 <= value <= MOST:
        raise InvalidLimit
    if LimitOverride.objects.filter(**holder, kind=kind, value=value).exists():
        return False
    now = {"value": value, "set_at": clock.now(), "set_by": actor.username}
    LimitOverride.objects.update_or_create(now, **holder, kind=kind)
    _record(kind, value, holder, actor=actor)
    return True


@writes
def remove_limit(kind: str, *, project: str = "", username: str = "", actor: Actor) -> bool:
    """
    Take the own limit of a project or a person back: the setting counts again. Returns whether there was one.

    Raises:
        Forbidden: the actor is neither the operator nor of the staff.
        NoSuchProject, NoSuchPerson, InvalidLimit: as their names say.

    Records: LimitChanged (seen by the project or the person).
    """
    holder = _find_holder(kind, project, username, actor=actor)
    removed, _by_table = LimitOverride.objects.filter(**holder, kind=kind).delete()
    if removed:
        _record(kind, None, holder, actor=actor)
    return bool(removed)


def _find_holder(kind: str, project: str, username: str, *, actor: Actor) -> dict[str, Any]:
    """Tell by the column and the id whose limit it is."""
    if not may(actor, "limits.change", About()):
        raise Forbidden
    if kind not in LimitOverride.KINDS or bool(project) == bool(username) or (project and kind == "new-projects"):
        raise InvalidLimit
    if username:
        return {"person_id": get_person_id(username)}
    found = find_project(get_index().id, str(normalize_name(project)))
    if found is None:
        raise NoSuchProject(project=project)
    return {"project_id": found.pk}


def _record(kind: str, value: int | None, holder: dict[str, Any], *, actor: Actor) -> None:
    project_id, person_id = holder.get("project_id"), holder.get("person_id")
    about = [Subject("project", project_id)] if project_id is not None else []
    about += [Subject("person", person_id)] if person_id is not None else []
    event = LimitChanged(kind=kind, value=value, project_id=project_id, person_id=person_id)
    record(event, actor=actor, about=about)
