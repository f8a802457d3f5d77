"""The matrix of what is done to published things: action x who asks, each cell with a real account, grant and token."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from creamery.accounts.queries import authenticate_token
from creamery.catalog import upkeep_actions as upkeep
from creamery.catalog.limit_actions import remove_limit, set_limit
from creamery.catalog.limits import list_limits
from creamery.catalog.models import Grant, Project
from creamery.catalog.policy import About, may
from creamery.catalog.queries import NoSuchProject
from creamery.catalog.upkeep_queries import list_all_projects
from creamery.catalog.upkeep_steps import MayNotManage, ProjectFrozen
from creamery.kernel import clock
from creamery.kernel.actor import ANONYMOUS, CONSOLE, SYSTEM, Actor
from creamery.kernel.refusals import Forbidden
from tests.factories import create_person, create_token, nothing_remains, publish
from tests.real.inside import Inside

NAME, FILE = "policy-sample", "policy_sample-1.0-py3-none-any.whl"
ACTIONS: dict[str, Callable[..., bool]] = {
    "yank_release": partial(upkeep.yank_release, NAME, "1.0"),
    "unyank_release": partial(upkeep.unyank_release, NAME, "1.0"),
    "yank_file": partial(upkeep.yank_file, NAME, FILE),
    "unyank_file": partial(upkeep.unyank_file, NAME, FILE),
    "delete_file": partial(upkeep.delete_file, NAME, FILE),
    "delete_release": partial(upkeep.delete_release, NAME, "1.0"),
    "delete_project": partial(upkeep.delete_project, NAME),
    "set_project_status": partial(upkeep.set_project_status, NAME, "archived"),
}
NEVER_BY_TOKEN = {"delete_file", "delete_release", "delete_project", "set_project_status"}
"""A token lies in build systems; what cannot be taken back is for people who have logged in."""
ASKERS: dict[str, type[Exception] | None] = {
    "owner": None,
    "maintainer": MayNotManage,
    "publisher": MayNotManage,
    "somebody without a role": NoSuchProject,
    "staff without a role": NoSuchProject,
    "owner by token": None,
    "owner by token for it": None,
    "owner by token for another": NoSuchProject,
    "maintainer by token": MayNotManage,
    "nobody": NoSuchProject,
    "the program": None,
    "the operator": None,
}


def ask_as(who: str) -> Actor:
    """Make the actor: an account with its role in the project, and a token where it comes with one."""
    if who in {"nobody", "the program", "the operator"}:
        return {"nobody": ANONYMOUS, "the program": SYSTEM, "the operator": CONSOLE}[who]
    person = create_person(is_staff=who.startswith("staff"))
    role = who.split(maxsplit=1)[0]
    if role in {"owner", "maintainer", "publisher"}:
        project = Project.objects.get()
        Grant.objects.create(project=project, person_id=person.person_id or 0, role=role, created_at=clock.now())
    if "token" in who:
        made = create_token(person, *{"it": [NAME], "another": ["another"]}.get(who.rpartition(" for ")[2], []))
        return authenticate_token(made.text, asked_by=ANONYMOUS)
    return person


@pytest.fixture
def published(inside: Inside) -> None:
    """Publish something that can be un-yanked as well."""
    publish(NAME, actor=create_person())
    upkeep.yank_release(NAME, "1.0", reason="first", actor=SYSTEM)
    upkeep.yank_file(NAME, FILE, reason="first", actor=SYSTEM)


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize("who", ASKERS)
@pytest.mark.parametrize("action", ACTIONS)
def test_a_cell_of_the_matrix(action: str, who: str) -> None:
    """PRJ-001, AZ-9"""
    actor, refusal = ask_as(who), ASKERS[who]
    if refusal is None and "token" in who and action in NEVER_BY_TOKEN:
        refusal = MayNotManage
    if refusal is None:
        assert ACTIONS[action](actor=actor)
        return
    with nothing_remains(), pytest.raises(refusal):
        ACTIONS[action](actor=actor)


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize("action", ACTIONS)
def test_nobody_but_the_operator_changes_what_is_quarantined(action: str) -> None:
    """PRJ-021"""
    Project.objects.update(status="quarantined")
    owner = ask_as("owner")
    with nothing_remains(), pytest.raises(ProjectFrozen):
        ACTIONS[action](actor=owner)
    assert ACTIONS[action](actor=CONSOLE)


def test_a_role_in_one_project_is_none_in_another(inside: Inside) -> None:
    """AZ-9"""
    ada, grace = create_person(), create_person()
    publish("first", actor=ada)
    publish("second", actor=grace)
    with nothing_remains(), pytest.raises(NoSuchProject):
        upkeep.delete_project("second", actor=ada)


@pytest.mark.parametrize("who", ["owner", "staff without a role", "owner by token", "nobody", "the operator"])
def test_limits_are_the_staffs_and_the_list_of_all_projects_is_the_operators(who: str, inside: Inside) -> None:
    publish(NAME, actor=create_person("ada"))
    actor = ask_as(who)
    calls: list[partial[Any]] = [
        partial(set_limit, "file-bytes", 1, project=NAME, actor=actor),
        partial(remove_limit, "file-bytes", project=NAME, actor=actor),
        partial(set_limit, "new-projects", 1, username="ada", actor=actor),
        partial(list_limits, actor=actor),
        partial(list_all_projects, actor=actor),
    ]
    for call in calls:
        if who == "the operator" or (who.startswith("staff") and call.func is not list_all_projects):
            assert call()
            continue
        with nothing_remains(), pytest.raises(Forbidden):
            call()


@pytest.mark.parametrize(
    ("role", "by_token", "is_allowed"), [("owner", True, True), ("maintainer", True, False), ("owner", False, True)]
)
def test_a_deleted_name_is_for_its_owners(role: str, by_token: bool, is_allowed: bool, inside: Inside) -> None:
    """GEN-3"""
    publish(NAME, actor=create_person())
    actor = ask_as(f"{role} by token" if by_token else role)
    assert may(actor, "project.retake", About(normalized_name=NAME, role=role)) is is_allowed
