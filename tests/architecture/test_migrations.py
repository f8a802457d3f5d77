"""The migrations make the tables that the models describe."""

from django.apps import apps
from django.db import models
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ModelState, ProjectState


def test_the_migrations_say_what_the_models_say() -> None:
    assert list_missing(ProjectState.from_apps(apps)) == []


def test_a_planted_column_is_caught() -> None:
    planted = ProjectState.from_apps(apps)
    project: ModelState = planted.models["catalog", "project"]
    project.fields["colour"] = models.CharField(max_length=10, default="")
    assert list_missing(planted) == ["catalog: Add field colour to project"]


def list_missing(wanted: ProjectState) -> list[str]:
    """List what a new migration would have to do."""
    loader = MigrationLoader(None)
    changes = MigrationAutodetector(loader.project_state(), wanted).changes(graph=loader.graph)
    return [
        f"{room}: {operation.describe()}"
        for room, migrations in changes.items()
        for migration in migrations
        for operation in migration.operations
    ]
