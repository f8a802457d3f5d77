"""Statements that are built once mean the same as Django's."""

from datetime import UTC, datetime

import pytest
from django.db import transaction

from creamery.kernel import rows
from creamery.kernel.models import EventRow, Job, Note, Periodic

pytestmark = pytest.mark.django_db

WHEN = datetime(2026, 11, 25, 10, 30, 1, 123456, tzinfo=UTC)


def make_event(**given: object) -> EventRow:
    """Make an event that is not written yet."""
    return EventRow(name="kernel.Tried", at=WHEN, actor_kind="system", proof="none", **{"data": {}, **given})


def test_a_row_is_read_back_as_it_was_written() -> None:
    row = make_event(data={"of": ["é", 1, None]}, username="100% ada's", is_counted=True)
    assert rows.insert(row)
    found = rows.find(EventRow, "id = %s", row.pk)
    assert found is not None
    assert (found.at, found.data, found.username, found.is_counted, found.person_id) == (
        WHEN, {"of": ["é", 1, None]}, "100% ada's", True, None,
    )  # fmt: skip
    asked_of_django = EventRow.objects.get(pk=row.pk)
    assert (asked_of_django.at, asked_of_django.data) == (found.at, found.data)
    assert asked_of_django == found


def test_what_is_not_given_comes_from_the_database() -> None:
    row = make_event()
    rows.insert(row)
    assert EventRow.objects.get(pk=row.pk).is_counted is False


def test_what_is_not_there_is_not_found() -> None:
    assert rows.find(EventRow, "id = %s", 0) is None
    assert rows.fetch_one("SELECT id FROM event WHERE id = %s", 0) is None


def test_a_row_that_was_read_can_be_saved() -> None:
    rows.insert(Note(name="tried", value="1"))
    found = rows.find(Note, "name = %s", "tried")
    assert found is not None
    found.value = "2"
    found.save()
    assert Note.objects.get(name="tried").value == "2"


def test_a_row_whose_name_is_taken_is_not_written_and_breaks_nothing() -> None:
    with transaction.atomic():
        assert rows.insert(Periodic(reaction="tried", begun_at=WHEN), unless_taken=True)
        assert not rows.insert(Periodic(reaction="tried", begun_at=WHEN), unless_taken=True)
        assert Periodic.objects.count() == 1


def test_many_rows_are_written_at_once_and_none_is_fine() -> None:
    rows.insert_all([Job(reaction="tried", key=str(n), created_at=WHEN, due_at=WHEN) for n in range(3)])
    rows.insert_all([])
    assert sorted(Job.objects.values_list("key", "due_at")) == [(str(n), WHEN) for n in range(3)]


def test_a_locked_row_is_read_like_any_other() -> None:
    rows.insert(Note(name="tried", value="1"))
    with transaction.atomic():
        found = rows.find(Note, "name = %s", "tried", for_update=True)
    assert found is not None


def test_moments_in_statements_by_hand_are_those_of_django() -> None:
    rows.insert(Periodic(reaction="tried", begun_at=WHEN))
    found = rows.fetch_one("SELECT begun_at FROM periodic WHERE begun_at = %s", rows.as_parameter(WHEN))
    assert found is not None
    assert rows.as_moment(found[0]) == WHEN
    assert rows.change("UPDATE periodic SET begun_at = %s WHERE reaction = %s", rows.as_parameter(WHEN), "none") == 0
