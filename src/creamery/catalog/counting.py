"""
How much a project and an index hold, counted when something changes and not when somebody looks.

To count 7,000,000 files takes seconds; to count those of one project again takes less than to write its page. So whatever
takes a serial has its project counted again, and its index moved by the difference. Nothing adds up what it believes to
have changed, so no case that was forgotten makes the figures drift.
"""

from django.db import connection
from django.db.models import Count, Q, Sum
from django.db.models.functions import Coalesce

from creamery.catalog.models import HIDDEN_STATUSES, Index, Project
from creamery.kernel import rows
from creamery.kernel.transactions import needs_transaction

COUNTED = ("release_count", "file_count", "size_bytes")


_COUNT = """
    SELECT p.index_id, p.status, p.release_count, p.file_count, p.size_bytes, r.n, f.n, f.size_bytes
    FROM project p
    CROSS JOIN (SELECT COUNT(*) AS n FROM release WHERE project_id = %s AND deleted_at IS NULL) r
    CROSS JOIN (
        SELECT COUNT(*) AS n, COALESCE(SUM(size_bytes), 0) AS size_bytes FROM file WHERE project_id = %s AND state = 'live'
    ) f
    WHERE p.id = %s
"""
_KEEP = "UPDATE project SET release_count = %s, file_count = %s, size_bytes = %s, serial = COALESCE(%s, serial) WHERE id = %s"
_MOVE = """
    UPDATE package_index SET release_count = release_count + %s, file_count = file_count + %s, size_bytes = size_bytes + %s,
    project_count = project_count + %s WHERE id = %s
"""


def count_project(project_id: int, *, serial: int | None = None) -> None:
    """
    Bring a project's counts up to date, and by the difference those of its index; it gets the serial at the same time.

    The row of the serials must be locked, so that nobody counts at the same time. A quarantined or deleted project holds nothing,
    and a project without a release is none.
    """
    needs_transaction("count_project")
    row = rows.fetch_one(_COUNT, project_id, project_id, project_id)
    if row is None:
        raise Project.DoesNotExist(project_id)
    index_id, status, *found = row
    before, now = found[:3], found[3:] if status not in HIDDEN_STATUSES else [0, 0, 0]
    rows.change(_KEEP, *now, serial, project_id)
    moved = [after - old for after, old in zip(now, before, strict=True)]
    moved.append(bool(now[0]) - bool(before[0]))
    if any(moved):
        rows.change(_MOVE, *moved, index_id)


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
