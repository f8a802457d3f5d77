"""The pages as files: every sentence and every element of them."""

import pytest
from django.http import HttpRequest
from django.shortcuts import render
from django.test import RequestFactory

from creamery.catalog.queries import IndexFigures, Listing, ProjectCard
from creamery.web.look import context
from creamery.web.pages import errors, views
from creamery.web.pages.commands import list_install_commands, list_publish_commands
from tests.golden.golden import check_golden
from tests.web.samples import PROJECTS, WHEN, show_project

CARDS = (
    ProjectCard("Gouda", "gouda", "2.1.0", "Cuts wheels into pieces.", WHEN),
    ProjectCard("bare", "bare", "0.1a1", "", WHEN),
)


@pytest.fixture
def request_for_page() -> HttpRequest:
    return RequestFactory().get("/")


@pytest.mark.parametrize("kind", PROJECTS)
def test_a_project_page_reads_as_kept(kind: str) -> None:
    check_golden(f"pages/project-{kind}.html", show_project(kind))


@pytest.mark.parametrize(("kind", "cards"), [("full", CARDS), ("empty", ())])
def test_the_home_page_reads_as_kept(kind: str, cards: tuple[ProjectCard, ...], request_for_page: HttpRequest) -> None:
    addresses = context(request_for_page)
    page = {
        "newest": cards,
        "figures": IndexFigures(1234, 5678, 1, 9_876_543_210) if cards else IndexFigures(0, 0, 0, 0),
        "install": list_install_commands(addresses["simple_url"], "<package>"),
        "publish": list_publish_commands(addresses),
    }
    response = render(request_for_page, "pages/home.html", page)
    check_golden(f"pages/home-{kind}.html", response.content.decode())


@pytest.mark.parametrize(
    ("kind", "words", "listing"),
    [
        ("page-2-of-3", "go", Listing(CARDS, 142, 2, 3)),
        ("all", "", Listing(CARDS, 2, 1, 1)),
        ("no-match", "<b>'\"", Listing((), 0, 1, 1)),
        ("empty-index", "", Listing((), 0, 1, 1)),
    ],
)
def test_a_list_of_projects_reads_as_kept(
    kind: str, words: str, listing: Listing, request_for_page: HttpRequest
) -> None:
    page = {"here": "search", "words": words, "listing": listing, "previous_url": "?page=1", "next_url": "?page=3"}
    response = render(request_for_page, "pages/search.html", page)
    check_golden(f"pages/search-{kind}.html", response.content.decode())


def test_the_help_page_reads_as_kept(request_for_page: HttpRequest) -> None:
    check_golden("pages/help.html", views.help_page(request_for_page).content.decode())


@pytest.mark.parametrize("status", [400, 403, 404, 409, 429, 500, 503])
def test_an_error_page_reads_as_kept(status: int, request_for_page: HttpRequest) -> None:
    response = errors.error_page(request_for_page, status)
    assert response.status_code == status
    check_golden(f"pages/error-{status}.html", response.content.decode())
