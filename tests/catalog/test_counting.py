"""The figures of an index are those that one would count, whatever changed, and asking for them costs one statement."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext

from creamery.catalog.actions import recount_index, recount_project
from creamery.catalog.models import File, Index, Project, Release
from creamery.catalog.queries import IndexFigures, index_figures
from creamery.catalog.steps import Change, take_serials
from creamery.kernel.actor import SYSTEM
from tests.factories import create_person, publish
from tests.real.distributions import Distribution
from tests.real.inside import Inside


def count() -> IndexFigures:
    """Count by looking at every row."""
    shown = Project.objects.exclude(status="quarantined").filter(releases__isnull=False).distinct()
    files = File.objects.filter(state="live", project__in=shown)
    return IndexFigures(
        projects=shown.count(),
        releases=Release.objects.filter(project__in=shown).count(),
        files=files.count(),
        size_bytes=files.aggregate(total=Sum("size_bytes"))["total"] or 0,
    )


def change(what: Callable[[Project], Any]) -> None:
    """Change the project `one` as an action does."""
    project = Project.objects.get(normalized_name="one")
    with transaction.atomic():
        what(project)
        take_serials(Index.objects.get(), project, [Change("change")], actor=SYSTEM)


@pytest.fixture
def filled(inside: Inside) -> IndexFigures:
    """Publish two projects, one of them with two releases, of which one has two files."""
    ada = create_person()
    publish(Distribution(name="one"), actor=ada)
    publish(Distribution(name="one"), "sdist", actor=ada)
    publish(Distribution(name="one", version="2.0"), actor=ada)
    publish(Distribution(name="two"), actor=ada)
    return index_figures()


def test_uploads_are_counted(filled: IndexFigures) -> None:
    assert (filled.projects, filled.releases, filled.files) == (2, 3, 4)
    assert filled == count()


def test_a_change_that_changes_no_figure_changes_none(filled: IndexFigures) -> None:
    change(lambda _project: None)
    assert index_figures() == filled


@pytest.mark.parametrize(
    ("what", "gone"),
    [
        (lambda project: project.files.filter(release__version="1.0").update(state="deleted"), (0, 0, 2)),
        (lambda project: project.files.update(state="quarantined"), (0, 0, 3)),
        (lambda project: Project.objects.filter(pk=project.pk).update(status="quarantined"), (1, 2, 3)),
        (lambda project: project.files.update(yanked=True), (0, 0, 0)),
    ],
    ids=["files deleted", "files quarantined", "project quarantined", "files yanked"],
)
def test_every_change_is_counted_and_uncounted(
    filled: IndexFigures, what: Callable[[Project], Any], gone: tuple[int, int, int]
) -> None:
    change(what)
    now = index_figures()
    assert (filled.projects - now.projects, filled.releases - now.releases, filled.files - now.files) == gone
    assert now == count()
    change(lambda project: (project.files.update(state="live"), Project.objects.update(status="active")))
    assert index_figures() == filled


def test_wrong_figures_are_mended_by_counting_again(filled: IndexFigures) -> None:
    Project.objects.filter(normalized_name="one").update(file_count=70, size_bytes=1)
    Index.objects.update(project_count=9, release_count=9, file_count=9, size_bytes=9)
    for project_id in Project.objects.values_list("pk", flat=True):
        recount_project(project_id)
    recount_index(Index.objects.get().pk)
    assert index_figures() == filled


def test_to_ask_takes_one_statement(filled: IndexFigures) -> None:
    with CaptureQueriesContext(connection) as asked:
        index_figures()
    assert len(asked) == 1
    assert "count(" not in asked.captured_queries[0]["sql"].lower()
