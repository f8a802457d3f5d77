"""The catalog as a Django app."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """Its tables: index, project, release, file, blob, grant, journal, serial."""

    name = "creamery.catalog"
