"""An upload asks the database the same number of times, however much the index holds."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from creamery.kernel.actor import CONSOLE
from tests.factories import publish
from tests.real.distributions import Distribution

pytestmark = pytest.mark.django_db(transaction=True)

MOST_STATEMENTS = 40
"""Of the record: what opens and ends transactions and says how a commit is kept is not counted."""


def count_statements(name: str, version: str) -> int:
    """Publish a file, and count what it asked."""
    with CaptureQueriesContext(connection) as asked:
        publish(Distribution(name=name, version=version), actor=CONSOLE)
    words = [str(one["sql"]).split()[0] for one in asked.captured_queries]
    return sum(word in {"SELECT", "INSERT", "UPDATE", "DELETE"} for word in words)


@pytest.mark.usefixtures("inside")
def test_an_upload_asks_the_same_whatever_is_there_already() -> None:
    publish("curd", actor=CONSOLE)
    new, next_version = count_statements("whey", "1.0"), count_statements("whey", "1.1")
    for number in range(20):
        publish(Distribution(name="rennet", version=f"1.{number}"), actor=CONSOLE)
        publish(f"cheese-{number}", actor=CONSOLE)
    assert count_statements("gouda", "1.0") == new
    assert count_statements("rennet", "2.0") == next_version
    assert max(new, next_version) <= MOST_STATEMENTS
