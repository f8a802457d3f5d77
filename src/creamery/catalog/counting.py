"""
How much a project and an index hold, counted when something changes and not when somebody looks.

To count 7,000,000 files takes seconds; to count those of one project again takes less than to write its page. So whatever
takes a serial has its project counted again, and its index moved by the difference. Nothing adds up what it believes to
have changed, so no case that was forgotten makes the figures drift.
"""

from typing import Any

from django.db import connection
from django.db.models import Count, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from creamery.catalog.models import HIDDEN_STATUSES, File, Index, Project, Release
from creamery.kernel.transactions import needs_transaction

COUNTED = ("release_count", "file_count", "size_bytes")


def count_project(project_id: int, **stamp: Any) -> None:
    """
    Bring a project's counts up to date, and by the difference those of its index; `stamp` is set in the same statement.

    The row of the serials must be locked, so that nobody counts at the same time. A quarantined or deleted project holds nothing,
    and a project without a release is none.
    """
    needs_transaction("count_project")
    project = Project.objects.filter(pk=project_id)
    releases = Release.objects.filter(project_id=OuterRef("pk")).order_by().values("project_id")
    found = project.annotate(releases_now=Subquery(releases.annotate(n=Count("pk")).values("n")))
    index_id, status, releases_now, *before = found.values_list("index_id", "status", "releases_now", *COUNTED).get()
    now = dict.fromkeys(COUNTED, 0)
    if status not in HIDDEN_STATUSES:
        files = File.objects.servable().filter(project_id=project_id)
        now = {
            "release_count": releases_now or 0,
            **files.aggregate(file_count=Count("pk"), size_bytes=Coalesce(Sum("size_bytes"), 0)),
        }
    project.update(**now, **stamp)
    differences = {name: now[name] - old for name, old in zip(COUNTED, before, strict=True)}
    differences["project_count"] = bool(now["release_count"]) - bool(before[0])
    moved = {name: F(name) + difference for name, difference in differences.items() if difference}
    if moved:
        Index.objects.filter(pk=index_id).update(**moved)


def count_index(index_id: int) -> None:
    """Add an index's counts up from those of its projects."""
    needs_transaction("count_index")
    counts = Project.objects.filter(index_id=index_id).aggregate(
        project_count=Count("pk", filter=Q(release_count__gt=0)),
        **{name: Coalesce(Sum(name), 0) for name in COUNTED},
    )
    Index.objects.filter(pk=index_id).update(**counts)


def lock_serials() -> None:
    """Keep everybody else from taking serials, and so from counting, until the transaction ends."""
    needs_transaction("lock_serials")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE serial SET n = n WHERE id = 1")
