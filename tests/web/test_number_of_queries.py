"""A page asks the database as often for a large index as for a small one, and an upload too."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections, transaction
from django.db.backends.utils import CursorWrapper

from creamery.catalog.counting import count_project
from creamery.catalog.models import File, Index, Project, Release
from creamery.kernel import clock
from tests.factories import create_publisher, make_upload
from tests.real.distributions import Distribution
from tests.real.inside import Inside

PAGES = ["/", "/search/", "/search/?q=many", "/search/?q=many&page=2", "/search/?q=nothing", "/project/one/"]
MOST_OF_A_PAGE, MOST_OF_AN_UPLOAD = 8, 60


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Note the statements of all threads: pages are made in those of the pool."""
    noted: list[str] = []
    execute = CursorWrapper.execute

    def noting(self: CursorWrapper, sql: str, params: Any = None) -> Any:
        noted.append(str(sql))
        return execute(self, sql, params)

    monkeypatch.setattr(CursorWrapper, "execute", noting)
    yield noted
    connections.close_all()


def add_many(projects: int, releases: int) -> None:
    """Add projects beside the one, and releases with a file each to it."""
    now, index, one = clock.now(), Index.objects.get(), Project.objects.get(normalized_name="one")
    first_release, first_file = Release.objects.filter(project=one)[0], File.objects.filter(project=one)[0]
    with transaction.atomic():
        for number in range(releases):
            first_release.pk, first_file.pk = None, None
            first_release.version = first_release.canonical_version = f"7.{number}"
            first_release.save()
            first_file.release, first_file.filename = first_release, f"one-7.{number}-py3-none-any.whl"
            first_file.identity = f"{number:064}"
            first_file.save()
        count_project(one.pk)
        for number in range(projects):
            name = f"many-{number:03}"
            made = Project.objects.create(
                index=index, name=name, normalized_name=name, created_at=now, updated_at=now, latest_version="1.0"
            )
            first_release.pk, first_release.project = None, made
            first_release.save()
            count_project(made.pk)


@pytest.mark.parametrize("address", PAGES)
def test_a_page_asks_as_often_in_a_large_index(inside: Inside, statements: list[str], address: str) -> None:
    token = create_publisher()
    assert make_upload("one").send(inside, token).status == 200
    add_many(projects=60, releases=0)
    inside.get(address)  # What a first request loads is not counted.
    statements.clear()
    assert inside.get(address).status == 200
    few = list(statements)
    Project.objects.filter(normalized_name__startswith="many").delete()
    add_many(projects=200, releases=40)
    statements.clear()
    assert inside.get(address).status == 200
    assert len(statements) == len(few), statements
    assert len(few) <= MOST_OF_A_PAGE, few


def test_an_upload_takes_as_many_statements_in_a_large_index(inside: Inside, statements: list[str]) -> None:
    token = create_publisher()
    assert make_upload(Distribution(name="one")).send(inside, token).status == 200
    counts = []
    for version in ("2.0", "3.0"):
        what = make_upload(Distribution(name="one", version=version))
        statements.clear()
        assert what.send(inside, token).status == 200
        counts.append(len(statements))
        if version == "2.0":
            add_many(projects=100, releases=60)
    assert counts[0] == counts[1] <= MOST_OF_AN_UPLOAD
