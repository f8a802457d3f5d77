"""Accounts as a Django app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Its tables: people and their API tokens."""

    name = "creamery.accounts"
