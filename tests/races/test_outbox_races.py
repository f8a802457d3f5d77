"""Follow-up work that is paused, repeated or overtaken never loses a change and never writes over newer work. REL-3."""

from contextlib import ExitStack
from datetime import timedelta
from functools import partial

import pytest

from creamery.catalog.models import Project
from creamery.kernel import clock, outbox
from creamery.kernel.actor import Actor
from creamery.kernel.models import Job
from creamery.kernel.outbox import JobKey
from creamery.publish.rebuild import check_all
from tests.factories import create_person, publish
from tests.races.together import at_once, in_the_middle, left_off
from tests.real.distributions import Distribution
from tests.real.inside import Inside

PAST_THE_LEASE = timedelta(seconds=31)
RENDERING = ["outbox.claimed", "publish.exposed", *(f"publish.put:{number}" for number in range(1, 7))]


@pytest.fixture
def ada(inside: Inside) -> Actor:
    """Give somebody who publishes."""
    return create_person("ada")


def release(number: int) -> Distribution:
    """Describe a release of the project that all these tests are about."""
    return Distribution(name="curd", version=f"{number}.0", readme="")


def key_of_page() -> JobKey:
    """Name the key under which the project's page is owed."""
    return JobKey("publish.project_page.render", str(Project.objects.get().pk))


def listed(inside: Inside) -> list[str]:
    """List the versions on the project's page, and assert that all its forms and the record agree."""
    files = inside.list_files("curd")
    html = inside.get("/simple/curd/", accept="text/html").text
    assert [name in html for name in files] == [True] * len(files)
    return [name.split("-")[1] for name in files]


@pytest.mark.parametrize("point", RENDERING)
def test_a_holder_that_was_paused_beyond_its_lease_does_not_write_over_newer_work(
    inside: Inside, ada: Actor, point: str
) -> None:
    publish(release(1), actor=ada)

    with ExitStack() as later:

        def overtake() -> None:
            later.enter_context(clock.moved(PAST_THE_LEASE))
            publish(release(3), actor=ada)

        with in_the_middle(point, overtake) as other:
            publish(release(2), actor=ada)
        other.end()
        assert listed(inside) == ["1.0", "2.0", "3.0"]
        work_until_idle()
    assert listed(inside) == ["1.0", "2.0", "3.0"]
    assert [difference for found in check_all() for difference in found] == []


@pytest.mark.parametrize("point", [*RENDERING, "outbox.reacted"])
def test_a_change_that_is_recorded_during_a_render_is_not_lost(inside: Inside, ada: Actor, point: str) -> None:
    publish(release(1), actor=ada)

    def change() -> None:
        # Only recorded: whoever holds the lease is at work, and waiting for it would wait for ourselves.
        record_only(release(3), ada)

    with in_the_middle(point, change) as other:
        publish(release(2), actor=ada)
    other.end()
    work_until_idle()
    assert listed(inside) == ["1.0", "2.0", "3.0"]
    assert [difference for found in check_all() for difference in found] == []


def test_of_several_who_run_the_same_key_one_does_and_nothing_is_lost(inside: Inside, ada: Actor) -> None:
    publish(release(1), actor=ada)
    for number in range(2, 8):
        record_only(release(number), ada)
        key = key_of_page()
        outcomes = at_once(*[partial(outbox.run, key)] * 4)
        assert True in outcomes
        assert set(outcomes) <= {True, None}
        assert not outbox.is_owed(key)
        assert listed(inside) == [f"{n}.0" for n in range(1, number + 1)]


def test_workers_that_race_do_everything_once_or_more_and_leave_nothing(inside: Inside, ada: Actor) -> None:
    for number in range(1, 9):
        record_only(release(number), ada)
        record_only(Distribution(name=f"whey-{number}", readme=""), ada)
    assert Job.objects.count() >= 16
    outcomes = at_once(*[work_until_idle] * 4)
    assert outcomes == [None] * 4
    assert listed(inside) == [f"{n}.0" for n in range(1, 9)]
    assert [difference for found in check_all() for difference in found] == []


def record_only(what: Distribution, actor: Actor) -> None:
    """Publish up to the record, and leave everything that follows to the worker."""
    with left_off("upload.recorded"):
        publish(what, actor=actor)


def work_until_idle() -> None:
    """Do what is owed, and what is due in a few seconds."""
    with clock.moved(timedelta(seconds=10)):
        for _ in range(2000):
            outbox.run_due()
            if not Job.objects.exists():
                return
    raise AssertionError(list(Job.objects.values()))
