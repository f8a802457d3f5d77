"""The kernel as a Django app."""

from django.apps import AppConfig


class KernelConfig(AppConfig):
    """Its tables: events with their subjects, the outbox, periodic work, notes."""

    name = "creamery.kernel"
