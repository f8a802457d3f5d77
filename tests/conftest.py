"""What every test run begins with: a data folder of its own, a database, and Django set up on both."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

DATA_FOLDER = Path(tempfile.mkdtemp(prefix="creamery-test-"))


def pytest_configure(config: pytest.Config) -> None:
    """Set the environment that the settings read, before anything imports them."""
    for name in [name for name in os.environ if name.startswith("CREAMERY_")]:
        del os.environ[name]
    os.environ["CREAMERY_DATA"] = str(DATA_FOLDER)
    os.environ["DJANGO_SETTINGS_MODULE"] = "creamery.settings"
    import django.conf
    from django.utils.functional import empty

    try:
        django.setup()
    except Exception as error:  # noqa: BLE001
        sys.stderr.write(f"\nDjango is not set up, only tests without it can run: {error!r}\n")
        django.conf.settings._wrapped = empty
        del os.environ["DJANGO_SETTINGS_MODULE"]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing behind."""
    shutil.rmtree(DATA_FOLDER, ignore_errors=True)
