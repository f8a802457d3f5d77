"""The public pages through Django, with rows in the database."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from creamery.catalog.counting import count_project
from creamery.catalog.models import DEFAULT_INDEX, Index, Project, Release
from creamery.spec.metadata import CoreMetadata

pytestmark = pytest.mark.django_db
WHEN = datetime(2026, 3, 5, tzinfo=UTC)


@pytest.fixture
def index() -> Index:
    row, _ = Index.objects.get_or_create(name=DEFAULT_INDEX, defaults={"place": "", "created_at": WHEN})
    return row


@pytest.fixture
def add_project(index: Index) -> Callable[..., None]:
    def add(name: str, *versions: str, summary: str = "") -> None:
        project = Project.objects.create(
            index=index,
            name=name,
            normalized_name=name.lower().replace(".", "-"),
            created_at=WHEN,
            updated_at=WHEN,
            latest_version=versions[-1],
            summary=summary,
        )
        for version in versions:
            metadata = CoreMetadata(metadata_version="2.1", name=name, version=version, summary=summary)
            Release.objects.create(
                project=project,
                version=version,
                canonical_version=version,
                is_prerelease=False,
                metadata=metadata.to_json(),
                created_at=WHEN,
            )
        count_project(project.pk)

    return add


@pytest.mark.parametrize(
    ("address", "normal"),
    [
        ("/project/Zope.Interface/", "/project/zope-interface/"),
        ("/project/zope_interface/1.0/", "/project/zope-interface/1.0/"),
        ("/project/zope-interface/v1.0-RC1/", "/project/zope-interface/1.0rc1/"),
    ],
)
def test_another_spelling_leads_to_the_normal_address(address: str, normal: str, client: Client) -> None:
    answer = client.get(address)
    assert (answer.status_code, answer["Location"]) == (301, normal)


def test_a_project_shows_its_latest_release_and_each_other_one_at_its_address(
    client: Client, add_project: Callable[..., None]
) -> None:
    add_project("Gouda", "1.0", "2.0", summary="Cuts <wheels>.")
    latest, older = client.get("/project/gouda/"), client.get("/project/gouda/1.0/")
    assert latest.status_code == older.status_code == 200
    assert "Cuts &lt;wheels&gt;." in latest.content.decode()
    assert latest.context["project"].version == "2.0"
    assert older.context["project"].version == "1.0"


@pytest.mark.parametrize(
    "address",
    [
        "/project/absent/",
        "/project/gouda/9.9/",
        "/project/gouda/not-a-version/",
        "/none",
        "/project/%00/",
        "/project/gouda/%00/",
    ],
)
def test_what_is_not_there_is_a_page_that_offers_a_search(
    address: str, client: Client, add_project: Callable[..., None]
) -> None:
    add_project("Gouda", "1.0")
    answer = client.get(address)
    assert answer.status_code == 404
    assert 'role="search"' in answer.content.decode()


def test_a_search_keeps_its_words_from_page_to_page(client: Client, add_project: Callable[..., None]) -> None:
    for number in range(51):
        add_project(f"wheel-{number:02}", "1.0", summary="a & b")
    first = client.get("/search/", {"q": "wheel"})
    assert first.context["listing"].total == 51
    assert 'href="/search/?q=wheel&amp;page=2"' in first.content.decode()
    second = client.get("/search/?q=wheel&page=2")
    assert len(second.context["listing"].cards) == 1
    assert 'rel="prev"' in second.content.decode()
    assert 'rel="next"' not in second.content.decode()


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("page=0", 400),
        ("page=-1", 400),
        ("page=x", 400),
        ("page=²", 400),
        ("page=" + "9" * 400, 400),
        ("page=2", 404),
        ("q=" + "w" * 201, 400),
        ("q=" + "w" * 200, 200),
        ("q=%00", 200),
        ("q=%27%22%3Cb%3E", 200),
        ("q=%F0%9F%A7%80", 200),
    ],
)
def test_a_search_answers_every_question(query: str, status: int, client: Client, index: Index) -> None:
    """SEA-007"""
    answer = client.get(f"/search/?{query}")
    assert answer.status_code == status
    assert "<b>" not in answer.content.decode()


def test_pages_are_read_and_nothing_else(client: Client) -> None:
    for address in ("/", "/search/", "/help/", "/project/gouda/"):
        assert client.post(address).status_code in {403, 405}
        assert client.delete(address).status_code in {403, 405}


def test_the_help_and_the_error_pages_ask_no_database(client: Client) -> None:
    with CaptureQueriesContext(connection) as asked:
        assert client.get("/help/").status_code == 200
        assert client.get("/none").status_code == 404
        assert client.get("/search/?page=x").status_code == 400
    assert asked.captured_queries == []


def test_addresses_come_from_the_setting_and_not_from_the_request(client: Client, index: Index) -> None:
    shown = client.get("/", headers={"host": "evil.example"}).content.decode()
    assert "evil.example" not in shown
    assert "http://localhost:8000/simple/" in shown
