"""Events stand or fall with the change that they tell of."""

import pytest
from django.db import transaction

from creamery.catalog.steps import take_serials
from creamery.kernel import outbox
from creamery.kernel.actor import Actor
from creamery.kernel.events import Subject, record
from creamery.kernel.models import EventRow, EventSubject, Job
from creamery.kernel.transactions import needs_transaction, writes
from tests.factories import create_person, create_publisher, list_events, make_upload, publish
from tests.kernel.things import LATER, SOON, ThingDone, do_thing, table
from tests.real.inside import Inside


def test_an_event_is_one_row_with_its_fields_and_who_did_it(inside: Inside) -> None:
    actor = Actor(kind="person", proof="session", person_id=3, username="ada", address="::1", user_agent="x" * 400)
    with table():
        do_thing(5, actor=actor)
    row = EventRow.objects.get()
    assert (row.name, row.data) == ("kernel.ThingDone", {"thing_id": 5, "words": "ü"})
    assert (row.actor_kind, row.proof, row.person_id, row.username, row.address) == (
        "person",
        "session",
        3,
        "ada",
        "::1",
    )
    assert len(row.user_agent) == 250


def test_every_subject_has_the_event_once_in_its_history(inside: Inside) -> None:
    with table():
        do_thing(5)
    assert sorted(EventSubject.objects.values_list("kind", "subject_id")) == [("person", 7), ("thing", 5)]


def test_each_reaction_is_owed_by_a_job_of_the_same_transaction(inside: Inside) -> None:
    with table(SOON, LATER):
        do_thing(5)
        jobs = sorted(Job.objects.values_list("reaction", "key"))
    assert jobs == [("tests.kernel.things.react", "5"), ("tests.kernel.things.react_late", "5")]


def test_what_breaks_leaves_no_event_no_subject_no_job_and_nothing_to_run(inside: Inside) -> None:
    """LOG-1"""
    with table(SOON, LATER) as ran:
        with pytest.raises(ZeroDivisionError):
            do_thing(5, breaks=True)
        outbox.run_soon()
        assert (EventRow.objects.count(), EventSubject.objects.count(), Job.objects.count()) == (0, 0, 0)
    assert ran.ids == []


def test_an_event_outside_an_action_is_a_bug_that_shows(inside: Inside) -> None:
    with pytest.raises(RuntimeError, match="@writes"):
        record(ThingDone(thing_id=1), actor=Actor(kind="system"), about=[Subject("thing", 1)])
    assert not EventRow.objects.exists()


def test_an_action_inside_somebodys_transaction_raises(inside: Inside) -> None:
    """Its caller could still undo what it has answered for."""
    with table(), pytest.raises(RuntimeError), transaction.atomic():
        do_thing(1)
    assert not EventRow.objects.exists()


def test_an_action_that_calls_an_action_raises(inside: Inside) -> None:
    @writes
    def outer() -> None:
        do_thing(1)

    with table(), pytest.raises(RuntimeError):
        outer()
    assert not EventRow.objects.exists()


def test_a_step_outside_an_action_raises(inside: Inside) -> None:
    with pytest.raises(RuntimeError, match="take_serials"):
        take_serials(None, None, [], actor=Actor(kind="system"))  # type: ignore[arg-type]
    with transaction.atomic():
        needs_transaction("anything")


def test_publishing_is_in_the_histories_of_project_file_and_person(inside: Inside) -> None:
    """UPL-042, UPL-051"""
    person = create_person()
    publish("history-sample", actor=person)
    publish("history-sample", "sdist", actor=person)
    assert list_events("catalog.ProjectCreated", "catalog.FileAdded") == [
        "catalog.ProjectCreated", "catalog.FileAdded", "catalog.FileAdded",
    ]  # fmt: skip
    for row in EventRow.objects.filter(name__startswith="catalog."):
        assert {subject.kind for subject in row.subjects.all()} == {"project", "file", "person"}


def test_an_upload_whose_record_breaks_leaves_no_event_and_no_serial(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last statement of the transaction fails: all of it is undone, and the number is used by the next one."""
    from creamery.catalog import actions
    from creamery.catalog.models import File, JournalEntry, Project, Serial

    token, upload = create_publisher(), make_upload("undone-sample")
    before, owed = list_events(), Job.objects.count()
    with monkeypatch.context() as patch:
        patch.setattr(actions, "take_serials", broken_serials)
        assert upload.send(inside, token).status == 500
    assert list_events() == before
    assert [model.objects.count() for model in (File, Project, Job)] == [0, 0, owed]
    assert (Serial.objects.get().n, JournalEntry.objects.count()) == (0, 0)
    assert upload.send(inside, token).status == 200
    assert sorted(JournalEntry.objects.values_list("serial", flat=True)) == [1, 2, 3, 4]


def broken_serials(*args: object, **kwargs: object) -> int:
    """Number the changes, as the step does, and then fail, as a lost connection would."""
    take_serials(*args, **kwargs)  # type: ignore[arg-type]
    raise ZeroDivisionError
