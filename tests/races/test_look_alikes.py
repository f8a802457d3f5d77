"""Names that look alike, released together: one becomes a project, the others are told why not."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections

from creamery.catalog.actions import ensure_default_index
from creamery.catalog.models import Project
from creamery.catalog.steps import LooksLikeAnother
from creamery.upload import names
from tests.factories import create_person, publish
from tests.real.inside import Inside

ALIKE = ["pillow", "pi11ow", "pil1ow", "p1llow", "pill0w", "p-illow", "pi-llow", "pillo-w"]


def test_of_names_that_look_alike_one_becomes_a_project(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    """NM-03, UPL-038"""
    ensure_default_index("public")
    actors = {name: create_person() for name in ALIKE}
    together = Barrier(len(ALIKE))

    def sees_nothing(*_: object) -> None:
        together.wait(30)

    monkeypatch.setattr(names, "find_look_alike", sees_nothing)

    def try_name(name: str) -> str:
        try:
            publish(name, actor=actors[name])
        except LooksLikeAnother:
            return "refused"
        finally:
            connections.close_all()
        return "published"

    with ThreadPoolExecutor(len(ALIKE)) as pool:
        outcomes = list(pool.map(try_name, ALIKE))
    assert sorted(outcomes) == ["published"] + ["refused"] * (len(ALIKE) - 1)
    assert Project.objects.count() == 1
