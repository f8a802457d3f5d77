"""The whole as a Django app: hands the table of reactions to the outbox once all rooms are loaded."""

from django.apps import AppConfig


class CreameryConfig(AppConfig):
    """Has no tables of its own."""

    name = "creamery"

    def ready(self) -> None:
        """Take the table of reactions into use."""
        from creamery import reactions
        from creamery.kernel.outbox import use_table

        use_table(reactions.table(), reactions.periodic(), reactions.by_hand())
