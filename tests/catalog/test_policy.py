"""
The matrix of the catalog: permission x role x way of authenticating, each cell asked through the upload door or the
pipeline with real accounts, grants and tokens.
"""

from collections.abc import Callable
from datetime import timedelta

import pypitoken
import pytest

from creamery.catalog.models import Grant, Project
from creamery.catalog.policy import POLICY, About, may
from creamery.catalog.steps import MayNotUpload, ProjectClosed
from creamery.kernel import clock
from creamery.kernel.actor import ANONYMOUS, CONSOLE, SYSTEM, Actor
from tests.factories import create_person, create_token, make_upload, nothing_remains, publish
from tests.real.distributions import Distribution
from tests.real.inside import Inside

NAME = "policy-sample"
ROLES = ["owner", "maintainer", "publisher", "none"]


def restrict(token: str, *projects: str) -> str:
    """Narrow a token offline."""
    narrowed = pypitoken.Token.load(token)
    narrowed.restrict(project_names=projects)
    return str(narrowed.dump())


WAYS: dict[str, Callable[[Actor], str | None]] = {
    "token": lambda person: create_token(person).text,
    "token-for-it": lambda person: create_token(person, "Policy_Sample").text,
    "token-for-others": lambda person: create_token(person, "other").text,
    "token-narrowed-to-it": lambda person: restrict(create_token(person).text, NAME),
    "token-narrowed-to-others": lambda person: restrict(create_token(person).text, "other"),
    "expired-token": lambda person: create_token(person, expires_in=timedelta(minutes=1)).text,
    "no-credentials": lambda person: None,
}
STATUS = {"token-for-others": 403, "token-narrowed-to-others": 403, "expired-token": 401, "no-credentials": 401}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("role", ROLES)
def test_who_may_add_to_a_project(role: str, way: str, inside: Inside) -> None:
    """UP-05, UP-26"""
    publish(NAME, "sdist", actor=create_person())
    person = create_person()
    if role != "none":
        Grant.objects.create(
            project=Project.objects.get(), person_id=person.person_id or 0, role=role, created_at=clock.now()
        )
    token, upload = WAYS[way](person), make_upload(NAME)
    expected = STATUS.get(way, 403 if role == "none" else 200)
    with clock.moved(timedelta(minutes=2)):
        if expected == 200:
            assert upload.send(inside, token).status == 200
            return
        with nothing_remains():
            answer = upload.send(inside, token)
    assert answer.status == expected
    if expected == 403:
        assert NAME in answer.text, "The answer names the project."


@pytest.mark.parametrize("way", WAYS)
def test_who_may_create_a_project(way: str, inside: Inside) -> None:
    person = create_person("ada")
    token = WAYS[way](person)
    with clock.moved(timedelta(minutes=2)):
        answer = make_upload(NAME).send(inside, token)
    assert answer.status == STATUS.get(way, 200)
    grants = list(Grant.objects.values_list("person__username", "role"))
    assert grants == ([("ada", "owner")] if answer.status == 200 else [])


@pytest.mark.parametrize(("actor", "is_allowed"), [(SYSTEM, True), (CONSOLE, True), (ANONYMOUS, False)])
@pytest.mark.parametrize("is_there", [True, False])
def test_the_operator_may_add_anywhere(actor: Actor, is_allowed: bool, is_there: bool, inside: Inside) -> None:
    if is_there:
        publish(NAME, "sdist", actor=create_person())
    if is_allowed:
        assert publish(NAME, actor=actor).is_new
        return
    with nothing_remains(), pytest.raises(MayNotUpload):
        publish(NAME, actor=actor)


def test_what_the_operator_creates_belongs_to_nobody(inside: Inside) -> None:
    publish(NAME, actor=SYSTEM)
    assert not Grant.objects.exists()


@pytest.mark.parametrize("status", ["active", "deprecated", "archived", "quarantined"])
def test_a_projects_status_stands_above_every_role(status: str, inside: Inside) -> None:
    """PS-06, UP-25"""
    person = create_person()
    publish(NAME, "sdist", actor=person)
    Project.objects.update(status=status)
    if status in {"active", "deprecated"}:
        assert publish(NAME, actor=person).is_new
        return
    for actor in (person, SYSTEM):
        with nothing_remains(), pytest.raises(ProjectClosed):
            publish(NAME, actor=actor)


@pytest.mark.parametrize("actor", [ANONYMOUS, Actor(kind="person", person_id=1, is_staff=True), SYSTEM, CONSOLE])
def test_only_the_operator_may_rebuild(actor: Actor) -> None:
    assert may(actor, "index.rebuild", About()) is (actor.kind == "system")


def test_every_permission_is_tried_here_or_where_things_are_managed() -> None:
    here = {"project.create", "project.upload", "index.rebuild"}
    there = {
        "project.addresses",
        "project.list",
        "project.see",
        "project.yank",
        "project.delete",
        "project.status",
        "project.retake",
        "held.decide",
        "held.list",
        "limits.change",
    }
    assert set(POLICY) == here | there


def test_a_role_in_one_project_is_none_in_another(inside: Inside) -> None:
    """AZ-9"""
    ada, grace = create_person(), create_person()
    publish("first", actor=ada)
    publish("second", actor=grace)
    token = create_token(ada).text
    assert make_upload(Distribution(name="second", version="2.0")).send(inside, token).status == 403
    assert make_upload(Distribution(name="first", version="2.0")).send(inside, token).status == 200
