"""The catalog's letters: who gets which, with what. Each goes to everybody who has a role in the project."""

from typing import NamedTuple

from creamery.accounts.models import EmailAddress
from creamery.catalog.models import Project
from creamery.kernel import letters
from creamery.kernel.actor import Actor
from creamery.kernel.letters import Addressee


class Letter(NamedTuple):
    """Which template, with what about the change; what is about the project is added."""

    template: str
    facts: dict[str, str | bool]


def release_yanked(version: str, reason: str) -> Letter:
    """Say that a release was yanked."""
    return Letter("release_yanked", {"version": version, "reason": reason})


def release_unyanked(version: str) -> Letter:
    """Say that a release is no longer yanked."""
    return Letter("release_unyanked", {"version": version})


def file_yanked(filename: str, reason: str) -> Letter:
    """Say that a file was yanked."""
    return Letter("file_yanked", {"filename": filename, "reason": reason})


def file_unyanked(filename: str) -> Letter:
    """Say that a file is no longer yanked."""
    return Letter("file_unyanked", {"filename": filename})


def file_deleted(filename: str) -> Letter:
    """Say that a file is gone for ever."""
    return Letter("file_deleted", {"filename": filename})


def release_deleted(version: str) -> Letter:
    """Say that a release is gone for ever."""
    return Letter("release_deleted", {"version": version})


def project_deleted() -> Letter:
    """Say that the project is gone for ever."""
    return Letter("project_deleted", {"is_gone": True})


def status_changed(status: str, reason: str) -> Letter:
    """Say that the project has another status."""
    return Letter("status_changed", {"status": status, "reason": reason})


def post_held(project: Project, *, actor: Actor) -> None:
    """Say that a new project is held: to its people, and to the staff, who decide."""
    post_to_people(project, Letter("project_held", {"reason": project.status_reason}), actor=actor)
    staff = EmailAddress.objects.to_write_to().filter(person__is_staff=True)
    facts = {
        "project": project.name,
        "reason": project.status_reason,
        "actor": actor.username if actor.person_id is not None else "",
    }
    letters.post(
        "project_to_decide",
        facts,
        to=[Addressee(*row) for row in staff.values_list("person_id", "person__username", "address")],
    )


def project_released() -> Letter:
    """Say that a project that was held is there for everybody."""
    return Letter("project_released", {})


def project_refused(reason: str) -> Letter:
    """Say that a project that was held was refused."""
    return Letter("project_refused", {"reason": reason, "is_gone": True})


def post_to_people(project: Project, letter: Letter, *, actor: Actor) -> int:
    """Write the letter to each of the project's people who can be reached, whoever did it; says to how many."""
    reached = EmailAddress.objects.to_write_to().filter(person__grants__project=project)
    people = reached.values_list("person_id", "person__username", "address", "person__grants__role")
    # A held project has no page that a letter could lead to.
    shown_name = "" if project.status == "held" else project.normalized_name
    facts = {**letter.facts, "project": project.name, "normalized_name": shown_name}
    facts |= {"actor": actor.username if actor.person_id is not None else ""}
    count = 0
    for person_id, username, address, role in people:
        facts_of_one = {**facts, "role": role}
        count += letters.post(letter.template, facts_of_one, to=[Addressee(person_id, username, address)])
    return count
