"""
Changing the tables so that a crash in the middle leaves either the old ones or the new ones.

Django commits a migration's tables before it notes that it has run, when indexes are made at the migration's end. A
process that dies in between leaves tables that the next start makes again, and fails on, for ever. So each migration and
its note are one transaction here.
"""

from typing import Any

from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal
from django.db import connection, transaction
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ProjectState


class _WholeMigrations(MigrationExecutor):
    """Applies each migration together with the note that it was applied."""

    def apply_migration(
        self, state: ProjectState, migration: Migration, fake: bool = False, fake_initial: bool = False
    ) -> ProjectState:
        if not migration.atomic:
            return super().apply_migration(state, migration, fake, fake_initial)
        # SQLite changes tables with foreign keys unchecked, and cannot turn the checks off inside a transaction.
        self.connection.disable_constraint_checking()
        try:
            with transaction.atomic():
                return super().apply_migration(state, migration, fake, fake_initial)
        finally:
            self.connection.enable_constraint_checking()


def migrate() -> None:
    """
    Bring the tables up to date. The caller sees to it that nobody else does so at the same time.

    Raises:
        DatabaseError: the database cannot be used.
    """
    connection.prepare_database()
    executor = _WholeMigrations(connection)
    executor.loader.check_consistent_history(connection)
    plan: list[Any] = executor.migration_plan(executor.loader.graph.leaf_nodes())
    options: dict[str, Any] = {"verbosity": 0, "interactive": False, "db": connection.alias}
    emit_pre_migrate_signal(**options, plan=plan)
    executor.migrate(executor.loader.graph.leaf_nodes(), plan)
    emit_post_migrate_signal(**options, plan=plan)
