"""Whatever is done to a project, in whatever order: what is served is what the record says, and what is gone stays gone."""

from collections.abc import Callable

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from creamery.catalog import upkeep_actions as upkeep
from creamery.catalog.models import File, Index, Project
from creamery.kernel import outbox
from creamery.kernel.actor import CONSOLE, Actor
from creamery.kernel.refusals import Refusal
from creamery.publish.rebuild import check_all, rebuild_index
from tests.factories import create_person, finish_work, publish
from tests.real.changes import set_status
from tests.real.distributions import Distribution
from tests.real.inside import SIMPLE_JSON, Inside, begin_afresh, forget_everything

NAME = "curd"
versions = st.sampled_from(["1.0", "1.1", "2.0rc1"])
kinds = st.sampled_from(["wheel", "sdist"])


def filename_of(version: str, kind: str) -> str:
    """Name the file of a release."""
    return f"{NAME}-{version}-py3-none-any.whl" if kind == "wheel" else f"{NAME}-{version}.tar.gz"


class Life(RuleBasedStateMachine):
    """The life of one project, in the hands of its owner and the operator."""

    inside: Inside

    @initialize()
    def begin(self) -> None:
        """Begin with an empty index."""
        forget_everything()
        begin_afresh()
        # An emptied index has its list of projects, but no feeds yet.
        rebuild_index(Index.objects.get().pk)
        self.ada: Actor = create_person("ada")
        self.deleted: set[str] = set()

    @rule(version=versions, kind=kinds)
    def upload(self, version: str, kind: str) -> None:
        """A name that was deleted is never taken again."""
        try:
            publish(Distribution(name=NAME, version=version, readme=""), kind, actor=self.ada)
        except Refusal:
            return
        assert filename_of(version, kind) not in self.deleted

    @rule(version=versions, reason=st.sampled_from(["", "sour", "<&>"]), is_yank=st.booleans())
    def yank_release(self, version: str, reason: str, is_yank: bool) -> None:
        if is_yank:
            self.attempt(lambda: upkeep.yank_release(NAME, version, reason=reason, actor=self.ada))
        else:
            self.attempt(lambda: upkeep.unyank_release(NAME, version, actor=self.ada))

    @rule(version=versions, kind=kinds, is_yank=st.booleans())
    def yank_file(self, version: str, kind: str, is_yank: bool) -> None:
        act = upkeep.yank_file if is_yank else upkeep.unyank_file
        self.attempt(lambda: act(NAME, filename_of(version, kind), actor=self.ada))

    @rule(version=versions, kind=kinds)
    def delete_file(self, version: str, kind: str) -> None:
        if self.attempt(lambda: upkeep.delete_file(NAME, filename_of(version, kind), actor=self.ada)):
            self.deleted.add(filename_of(version, kind))

    @rule(version=versions)
    def delete_release(self, version: str) -> None:
        if self.attempt(lambda: upkeep.delete_release(NAME, version, actor=self.ada)):
            self.deleted |= {filename_of(version, kind) for kind in ("wheel", "sdist")}

    @rule()
    def delete_project(self) -> None:
        before = set(File.objects.values_list("filename", flat=True))
        if self.attempt(lambda: upkeep.delete_project(NAME, actor=self.ada)):
            self.deleted |= before

    @rule(status=st.sampled_from(["active", "archived", "deprecated"]), by_operator=st.booleans())
    def change_status(self, status: str, by_operator: bool) -> None:
        actor = CONSOLE if by_operator else self.ada
        self.attempt(lambda: upkeep.set_project_status(NAME, status, actor=actor))

    @rule()
    def quarantine(self) -> None:
        if Project.objects.exclude(status="deleted").exists():
            set_status(NAME, "quarantined")

    @rule()
    def let_the_worker_work(self) -> None:
        finish_work()

    @invariant()
    def readers_get_what_is_listed_and_nothing_that_is_gone(self) -> None:
        """At once, without any work of the worker."""
        answer = self.inside.get(f"/simple/{NAME}/", accept=SIMPLE_JSON)
        listed = {file["filename"]: file for file in answer.json()["files"]} if answer.status == 200 else {}
        live = set(
            File.objects.filter(state="live")
            .exclude(project__status__in=["quarantined", "deleted"])
            .values_list("filename", flat=True)
        )
        assert set(listed) == live
        assert not live & self.deleted
        for filename, sha256 in File.objects.values_list("filename", "sha256"):
            path = f"/packages/{sha256[:2]}/{sha256[2:4]}/{sha256[4:]}/{filename}"
            expected = 200 if filename in live else 404
            assert self.inside.send("HEAD", path).status == expected, filename
            assert self.inside.send("HEAD", f"{path}.metadata").status == expected, filename

    def teardown(self) -> None:
        """At the end everything is proved."""
        finish_work()
        assert [difference for found in check_all() for difference in found] == []

    def attempt(self, change: Callable[[], bool]) -> bool:
        """Make a change if it is allowed, as a door does. Returns whether it was made."""
        try:
            is_changed = change()
        except Refusal:
            return False
        outbox.run_soon()
        return is_changed


def test_a_project_survives_everything_that_is_done_to_it(inside: Inside, full_numbers: bool) -> None:
    """REL-22, GEN-3, YK-03, PS-05"""
    Life.inside = inside
    numbers = settings(
        max_examples=200 if full_numbers else 12,
        stateful_step_count=40 if full_numbers else 25,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Life, settings=numbers)
