"""
What may be used in one place only.

Ruff's `banned-api` says so while one writes. Ruff can only let a whole file off; here the exemption is for one name.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.house import SOURCE, list_source_files, read_pyproject

BANNED: dict[str, dict[str, str]] = read_pyproject()["tool"]["ruff"]["lint"]["flake8-tidy-imports"]["banned-api"]
PLACES = {
    "django.http": ("web/",),
    "django.core.mail": ("kernel/mail.py",),
    "os.environ": ("config.py",),
    "os.getenv": (),
    "datetime.datetime.now": ("kernel/clock.py",),
    "django.utils.timezone.now": (),
    "django.db.models.signals": (),
    "django.dispatch": (),
}
PLANTED = {
    "import os\nx = os.environ['A']": "os.environ",
    "from os import environ as e": "os.environ",
    "import os as system\nsystem.getenv('A')": "os.getenv",
    "from django.http import HttpResponse": "django.http",
    "from django import http": "django.http",
    "import django.http.request": "django.http",
    "from datetime import datetime, UTC\ndatetime.now(UTC)": "datetime.datetime.now",
    "import datetime as dt\ndt.datetime.now()": "datetime.datetime.now",
    "from django.utils import timezone\ntimezone.now()": "django.utils.timezone.now",
    "from django.dispatch import receiver": "django.dispatch",
    "from django.db.models.signals import post_save": "django.db.models.signals",
}


def test_every_banned_name_has_its_place_written_down() -> None:
    assert set(PLACES) == set(BANNED)


@pytest.mark.parametrize("path", list_source_files(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_module_uses_nothing_outside_its_place(path: Path) -> None:
    place = path.relative_to(SOURCE).as_posix()
    used = {name for name in list_banned(path.read_text()) if not place.startswith(PLACES[name])}
    assert {name: BANNED[name]["msg"] for name in used} == {}


@pytest.mark.parametrize("code", PLANTED)
def test_a_planted_use_is_caught(code: str) -> None:
    assert set(list_banned(code)) == {PLANTED[code]}


def test_what_only_looks_like_a_banned_name_is_fine() -> None:
    code = (
        "from creamery.kernel import clock\nclock.now()\nimport os\nos.path.join('a')\nfrom datetime import datetime\n"
    )
    assert list(list_banned(code)) == []


def list_banned(code: str) -> Iterator[str]:
    """List the banned names that some code imports or reaches through a module that it imported."""
    tree = ast.parse(code)
    known: dict[str, str] = {}
    for node in ast.walk(tree):
        known.update(list_imported(node))
    reached = {*known.values(), *(find_dotted(node, known) for node in ast.walk(tree))}
    for name in BANNED:
        if any(path == name or path.startswith(f"{name}.") for path in reached):
            yield name


def list_imported(node: ast.AST) -> dict[str, str]:
    """Map the names that an import binds to what they stand for."""
    if isinstance(node, ast.ImportFrom):
        return {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    if isinstance(node, ast.Import):
        # `import a.b` binds `a`, but what it reaches for is `a.b`; the second key cannot clash with a name.
        bound = {alias.asname or alias.name.split(".")[0]: alias.asname and alias.name for alias in node.names}
        return {name: whole or name for name, whole in bound.items()} | {f"={a.name}": a.name for a in node.names}
    return {}


def find_dotted(node: ast.AST, known: dict[str, str]) -> str:
    """Spell out `a.b.c` with what `a` stands for; empty for anything else."""
    words: list[str] = []
    while isinstance(node, ast.Attribute):
        words.append(node.attr)
        node = node.value
    if not words or not isinstance(node, ast.Name) or node.id not in known:
        return ""
    return ".".join([known[node.id], *reversed(words)])
