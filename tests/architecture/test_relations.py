"""Foreign keys look down, like imports; the linter cannot see one that is written as text."""

from collections.abc import Iterable, Iterator

from django.apps import apps
from django.db import models
from django.test.utils import isolate_apps

from tests.architecture.house import get_floor


def test_no_table_points_to_a_room_above() -> None:
    assert list_upward_relations(apps.get_models()) == []


@isolate_apps("creamery.kernel", "creamery.catalog")
def test_a_planted_relation_upward_is_caught() -> None:
    class Project(models.Model):
        __module__ = "creamery.catalog.models"

        class Meta:
            app_label = "catalog"

    class Note(models.Model):
        __module__ = "creamery.kernel.models"
        project = models.ForeignKey("catalog.Project", on_delete=models.CASCADE)
        followers = models.ManyToManyField(Project, related_name="+")

        class Meta:
            app_label = "kernel"

    found = list_upward_relations([Project, Note])
    assert found == ["kernel.Note.project -> catalog.Project", "kernel.Note.followers -> catalog.Project"]


@isolate_apps("creamery.kernel", "creamery.catalog")
def test_a_relation_downward_is_fine() -> None:
    class Event(models.Model):
        __module__ = "creamery.kernel.models"

        class Meta:
            app_label = "kernel"

    class Change(models.Model):
        __module__ = "creamery.catalog.models"
        event = models.ForeignKey("kernel.Event", on_delete=models.CASCADE)

        class Meta:
            app_label = "catalog"

    assert list_upward_relations([Event, Change]) == []


def list_upward_relations(tables: Iterable[type[models.Model]]) -> list[str]:
    """List the relations of our tables that lead to a room above, as `room.Table.field -> room.Table`."""
    return [
        f"{table._meta.label}.{field.name} -> {target._meta.label}"
        for table in tables
        if is_ours(table)
        for field, target in list_relations(table)
        if is_ours(target) and get_floor(target.__module__) < get_floor(table.__module__)
    ]


def list_relations(table: type[models.Model]) -> Iterator[tuple["models.Field[object, object]", type[models.Model]]]:
    """List what a table's own columns, and its link tables, point to."""
    for field in (*table._meta.fields, *table._meta.many_to_many):
        target = field.related_model
        if isinstance(target, type) and issubclass(target, models.Model):
            yield field, target


def is_ours(table: type[models.Model]) -> bool:
    """Say whether a table belongs to one of our rooms."""
    return table.__module__.startswith("creamery.")
