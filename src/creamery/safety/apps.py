"""Safety as a Django app."""

from django.apps import AppConfig


class SafetyConfig(AppConfig):
    """Its tables: listed names, and the keys by which names that resemble popular ones are found."""

    name = "creamery.safety"
