"""How much may be published: per file, project, index, person and address, and what an operator allows besides."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from creamery.accounts.queries import NoSuchPerson, get_person_id
from creamery.catalog import limits, release_steps
from creamery.catalog import upkeep_actions as upkeep
from creamery.catalog.actions import ensure_default_index
from creamery.catalog.limit_actions import InvalidLimit, remove_limit, set_limit
from creamery.catalog.limits import FileOverLimit, IndexFull, ProjectFull, TooManyProjects, list_limits
from creamery.catalog.models import Project
from creamery.catalog.queries import NoSuchProject
from creamery.catalog.release_steps import ReleaseClosed
from creamery.kernel import clock
from creamery.kernel.actor import CONSOLE, Actor
from creamery.kernel.history import list_history
from creamery.settings import CONFIG
from tests.factories import create_person, create_token, make_upload, nothing_remains, publish
from tests.races.together import at_once, split
from tests.real.distributions import Distribution
from tests.real.inside import Inside

NAME = "gouda"
SetUp = Callable[..., None]


@pytest.fixture
def set_up(monkeypatch: pytest.MonkeyPatch) -> SetUp:
    """Have other settings."""

    def use(**settings: Any) -> None:
        for module in (limits, release_steps):
            monkeypatch.setattr(module, "CONFIG", replace(CONFIG, **settings))

    return use


@pytest.fixture
def ada(inside: Inside) -> Actor:
    """Let ada have a project."""
    person = create_person("ada")
    publish(NAME, actor=person)
    return person


def test_a_file_over_its_projects_limit_is_told_the_figures_and_whom_to_ask(
    inside: Inside, ada: Actor, set_up: SetUp
) -> None:
    """UPL-055, UP-27"""
    set_up(contact="help@idx.example")
    set_limit("file-bytes", 100, project=NAME, actor=CONSOLE)
    upload = make_upload(Distribution(name=NAME, version="2.0"))
    token = create_token(ada).text
    with nothing_remains():
        answer = upload.send(inside, token)
    assert (answer.status, "100" in answer.text, "help@idx.example" in answer.text) == (413, True, True)
    assert publish("edam", actor=ada).is_new, "another project has the usual limit"


def test_an_override_lets_a_larger_file_in_than_the_setting(ada: Actor, set_up: SetUp) -> None:
    set_up(max_file_bytes=100)
    with nothing_remains(), pytest.raises(FileOverLimit):
        publish(Distribution(name=NAME, version="2.0"), actor=ada)
    set_limit("file-bytes", 0, project=NAME, actor=CONSOLE)
    assert publish(Distribution(name=NAME, version="2.0"), actor=ada).is_new


def test_a_full_project_takes_no_more_until_something_is_deleted(ada: Actor, set_up: SetUp) -> None:
    """UPL-056"""
    used = Project.objects.get().size_bytes
    set_up(max_project_bytes=used + 10)
    with nothing_remains(), pytest.raises(ProjectFull) as refused:
        publish(Distribution(name=NAME, version="2.0"), actor=ada)
    assert refused.value.status == 403, "a 409 would be taken for a file that is there already"
    set_up(max_project_bytes=2 * used)
    publish(Distribution(name=NAME, version="2.0"), actor=ada)
    with pytest.raises(ProjectFull):
        publish(Distribution(name=NAME, version="3.0"), actor=ada)
    upkeep.delete_release(NAME, "1.0", actor=ada)
    assert publish(Distribution(name=NAME, version="3.0"), actor=ada).is_new


def test_the_very_same_file_again_is_fine_in_a_full_project(ada: Actor, set_up: SetUp) -> None:
    """UPL-048, REL-16"""
    set_up(max_project_bytes=1, max_file_bytes=1, max_index_bytes=1, release_closes_after_days=1)
    with clock.moved(timedelta(days=9)):
        assert not publish(NAME, actor=ada).is_new


def test_a_full_index_takes_no_more(ada: Actor, set_up: SetUp) -> None:
    set_up(max_index_bytes=Project.objects.get().size_bytes + 10)
    with nothing_remains(), pytest.raises(IndexFull):
        publish("edam", actor=ada)


def test_a_projects_own_limit_stands_above_its_uploaders(ada: Actor) -> None:
    set_limit("project-bytes", 1, username="ada", actor=CONSOLE)
    with pytest.raises(ProjectFull):
        publish(Distribution(name=NAME, version="2.0"), actor=ada)
    set_limit("project-bytes", 0, project=NAME, actor=CONSOLE)
    assert publish(Distribution(name=NAME, version="2.0"), actor=ada).is_new
    remove_limit("project-bytes", project=NAME, actor=CONSOLE)
    with pytest.raises(ProjectFull):
        publish(Distribution(name=NAME, version="3.0"), actor=ada)


def test_a_person_creates_so_many_projects_an_hour(inside: Inside, ada: Actor, set_up: SetUp) -> None:
    """UPL-039"""
    set_up(max_new_projects_per_person=2)
    publish("edam", actor=ada)
    with nothing_remains(), pytest.raises(TooManyProjects) as refused:
        publish("brie", actor=ada)
    assert 3500 < (refused.value.retry_after_seconds or 0) <= 3601
    assert "2 new projects" in refused.value.message()
    assert publish(Distribution(name=NAME, version="2.0"), actor=ada).is_new, "projects that exist are not concerned"
    assert publish("brie", actor=create_person("grace")).is_new
    set_limit("new-projects", 3, username="ada", actor=CONSOLE)
    assert publish("feta", actor=ada).is_new
    with clock.moved(timedelta(minutes=61)):
        assert publish("tilsit", actor=ada).is_new


def test_an_address_creates_so_many_projects_an_hour_whoever_asks(inside: Inside, set_up: SetUp) -> None:
    """UPL-039"""
    set_up(max_new_projects_per_address=2)
    people = [replace(create_person(), address="203.0.113.7") for _ in range(3)]
    for person, name in zip(people[:2], ("one", "two"), strict=True):
        publish(name, actor=person)
    with nothing_remains(), pytest.raises(TooManyProjects):
        publish("three", actor=people[2])
    assert publish("three", actor=replace(people[2], address="203.0.113.8")).is_new


def test_to_delete_and_take_again_counts_as_a_new_project(ada: Actor, set_up: SetUp) -> None:
    set_up(max_new_projects_per_person=1)
    upkeep.delete_project(NAME, actor=ada)
    with nothing_remains(), pytest.raises(TooManyProjects):
        publish(Distribution(name=NAME, version="2.0"), actor=ada)


def test_of_many_new_projects_at_once_exactly_so_many_are_let_in(inside: Inside, set_up: SetUp) -> None:
    set_up(max_new_projects_per_person=3)
    ada = create_person("ada")
    given, raised = split(at_once(*(partial(publish, f"cheese-{n}", actor=ada) for n in range(6))))
    assert (len(given), {type(error) for error in raised}) == (3, {TooManyProjects})
    assert Project.objects.count() == 3


@pytest.mark.parametrize(("policy", "limit"), [("open", 0), ("public", 20)])
def test_what_is_not_set_is_what_the_policy_has(policy: str, limit: int, ada: Actor) -> None:
    ensure_default_index(policy)
    assert limits.get_limits(policy, project_id=None, actor=ada).new_projects == limit


def test_the_operator_has_no_limits(ada: Actor, set_up: SetUp) -> None:
    set_up(max_file_bytes=1, max_project_bytes=1, max_index_bytes=1, release_closes_after_days=1)
    with clock.moved(timedelta(days=9)):
        assert publish(NAME, "sdist", actor=CONSOLE).is_new


def test_a_release_closes_after_so_many_days(ada: Actor, set_up: SetUp) -> None:
    """UPL-048, UP-24"""
    set_up(release_closes_after_days=14)
    with clock.moved(timedelta(days=13)):
        assert publish(NAME, "sdist", actor=ada).is_new
    with clock.moved(timedelta(days=15)):
        with nothing_remains(), pytest.raises(ReleaseClosed) as refused:
            publish(Distribution(name=NAME, tag="cp311-none-any"), actor=ada)
        assert "14 days" in refused.value.message()
        assert publish(Distribution(name=NAME, version="2.0"), actor=ada).is_new


class TestOverrides:
    """Setting limits, and taking them back."""

    def test_each_is_listed_and_in_the_history_of_whom_it_concerns(self, ada: Actor) -> None:
        assert set_limit("file-bytes", 5, project="Gouda", actor=CONSOLE)
        assert set_limit("new-projects", 7, username="ADA", actor=CONSOLE)
        assert [(line.kind, line.value, line.project, line.username) for line in list_limits(actor=CONSOLE)] in (
            [("file-bytes", 5, NAME, ""), ("new-projects", 7, "", "ada")],
            [("new-projects", 7, "", "ada"), ("file-bytes", 5, NAME, "")],
        )
        assert list_history("project", Project.objects.get().pk).lines[0].data["value"] == 5
        assert list_history("person", get_person_id("ada")).lines[0].data["value"] == 7
        assert remove_limit("file-bytes", project=NAME, actor=CONSOLE)
        assert list_history("project", Project.objects.get().pk).lines[0].data["value"] is None
        assert len(list_limits(actor=CONSOLE)) == 1

    def test_what_is_so_already_leaves_no_trace(self, ada: Actor) -> None:
        set_limit("file-bytes", 5, project=NAME, actor=CONSOLE)
        with nothing_remains():
            assert not set_limit("file-bytes", 5, project=NAME, actor=CONSOLE)
            assert not remove_limit("file-bytes", username="ada", actor=CONSOLE)
        assert set_limit("file-bytes", 6, project=NAME, actor=CONSOLE)
        assert [line.value for line in list_limits(actor=CONSOLE)] == [6]

    @pytest.mark.parametrize(
        ("kind", "value", "whose", "refusal"),
        [
            ("file-bytes", -1, {"project": NAME}, InvalidLimit),
            ("file-bytes", 2**63, {"project": NAME}, InvalidLimit),
            ("colour", 1, {"project": NAME}, InvalidLimit),
            ("new-projects", 1, {"project": NAME}, InvalidLimit),
            ("file-bytes", 1, {}, InvalidLimit),
            ("file-bytes", 1, {"project": NAME, "username": "ada"}, InvalidLimit),
            ("file-bytes", 1, {"project": "feta"}, NoSuchProject),
            ("file-bytes", 1, {"username": "nobody"}, NoSuchPerson),
        ],
    )
    def test_what_is_no_limit_is_refused(
        self, kind: str, value: int, whose: dict[str, str], refusal: type[Exception], ada: Actor
    ) -> None:
        with nothing_remains(), pytest.raises(refusal):
            set_limit(kind, value, **whose, actor=CONSOLE)
