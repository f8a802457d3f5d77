"""The connection to the database ends in the middle of an upload. REL-4."""

from collections.abc import Callable

import pytest
from django.db import DatabaseError, connection

from creamery.catalog.models import File
from creamery.kernel import clock
from creamery.kernel.models import Lease
from creamery.kernel.refusals import StillOwed
from tests.factories import create_person, publish
from tests.races.together import in_the_middle
from tests.real.distributions import Distribution
from tests.real.inside import Inside

pytestmark = pytest.mark.only_on("postgres")
WHAT = Distribution(name="curd", readme="")
RECORDED = ["upload.recorded", "outbox.claimed", "publish.exposed", "publish.put:4", "outbox.reacted"]
UNRECORDED = [
    "upload.received",
    "upload.admitted",
    "upload.noted",
    "upload.put",
    "catalog.serial-taken",
    "catalog.before-commit",
]


@pytest.fixture
def cut() -> Callable[[], object]:
    """Give a way to end the connection of this thread from elsewhere, as a server that restarts does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]

    def end_it() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
            assert cursor.fetchone() == (True,)

    return end_it


@pytest.mark.parametrize("point", RECORDED)
def test_after_the_commit_the_uploader_hears_that_it_is_recorded(
    inside: Inside, point: str, request: pytest.FixtureRequest
) -> None:
    ada = create_person("ada")
    with in_the_middle(point, request.getfixturevalue("cut")), pytest.raises(StillOwed):
        publish(WHAT, actor=ada)
    connection.close()
    assert File.objects.count() == 1
    # What was owed is done by whoever asks again, once the lease of the one who broke down has run out.
    Lease.objects.update(until=clock.now())
    assert publish(WHAT, actor=ada).is_new is False
    assert inside.list_files("curd") == ["curd-1.0-py3-none-any.whl"]


@pytest.mark.parametrize("point", UNRECORDED)
def test_before_the_commit_nothing_is_recorded(inside: Inside, point: str, request: pytest.FixtureRequest) -> None:
    ada = create_person("ada")
    with in_the_middle(point, request.getfixturevalue("cut")), pytest.raises(DatabaseError):
        publish(WHAT, actor=ada)
    connection.close()
    assert not File.objects.exists()
    assert inside.list_files("curd") == []
    assert publish(WHAT, actor=ada).is_new is True
    assert inside.list_files("curd") == ["curd-1.0-py3-none-any.whl"]
