"""Addresses of earlier indexes lead to where the same thing is now."""

import pytest
from trove_classifiers import sorted_classifiers

from tests.factories import create_person, publish
from tests.real.distributions import Distribution
from tests.real.inside import Inside

PROJECT = "/project/zope-interface/"
LEADS = [
    ("/pypi", "/"),
    ("/pypi/", "/"),
    ("/pypi/Zope.Interface/", PROJECT),
    ("/pypi/zope-interface", PROJECT),
    ("/pypi/Zope_Interface/1.0.RC1/", f"{PROJECT}1.0rc1/"),
    ("/pypi/zope-interface/not-a-version/", f"{PROJECT}not-a-version/"),
    ("/p/Zope.Interface/", PROJECT),
    ("/pypi?:action=display&name=Zope.Interface", PROJECT),
    ("/pypi/?:action=display&name=zope-interface&version=v1.0", f"{PROJECT}1.0/"),
    ("/pypi?:action=files&name=zope.interface&version=1.0", f"{PROJECT}1.0/#files"),
    ("/pypi?:action=search&term=good+cheese", "/search/?q=good+cheese"),
    ("/pypi?:action=browse", "/search/"),
    ("/pypi?:action=browse&c=533&name=cheese", "/search/?q=cheese"),
    ("/pypi?:action=rss", "/rss/updates.xml"),
    ("/pypi?:action=packages_rss", "/rss/packages.xml"),
]


@pytest.mark.parametrize(("old", "new"), LEADS)
def test_an_old_address_leads_to_the_new_one_in_one_step(inside: Inside, old: str, new: str) -> None:
    """API-068, API-069"""
    answer = inside.get(old)
    assert (answer.status, answer.header("location")) == (301, new)


@pytest.mark.parametrize("action", ["doap", "file_upload", "submit", "submit_pkg_info", "doc_upload"])
def test_what_was_given_up_is_gone_and_says_where_uploads_go(inside: Inside, action: str) -> None:
    """API-069"""
    answer = inside.get(f"/pypi?:action={action}")
    assert (answer.status, answer.header("content-type")) == (410, "text/plain; charset=utf-8")
    assert "http://localhost:8000/legacy/" in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/pypi?:action=nonsense",
        "/pypi?:action=display",
        "/pypi?:action=",
        "/p/",
        "/serversig",
        "/serverkey",
        "/mirrors",
    ],
)
def test_what_never_was_is_nowhere(inside: Inside, path: str) -> None:
    """MR-03: mirrors of old asked for the signatures of pages"""
    assert inside.get(path).status == 404


@pytest.mark.parametrize("name", ["%00", "a%0d%0aX:%20y", "..", "é", "%2e%2e%2fx", "a" * 3000, "-"])
def test_a_name_that_plays_tricks_goes_nowhere_else(inside: Inside, name: str) -> None:
    for path in (f"/pypi/{name}/", f"/pypi?:action=display&name={name}", f"/pypi/x/{name}/", f"/p/{name}/"):
        answer = inside.get(path)
        assert answer.status in (301, 404)
        assert answer.header("location")[:9] in ("", "/project/"), path
        assert answer.header("x") == ""


def test_the_classifiers_are_listed_one_a_line(inside: Inside) -> None:
    """FD-04, API-065: setup tools read this list"""
    for path in (
        "/pypi?:action=list_classifiers",
        "/pypi?%3Aaction=list_classifiers",
        "/pypi/?:action=list_classifiers",
    ):
        answer = inside.get(path)
        assert (answer.status, answer.header("content-type")) == (200, "text/plain; charset=utf-8")
        assert answer.text.splitlines() == list(sorted_classifiers)
        assert answer.header("cache-control") == "max-age=86400, public"


@pytest.fixture
def shelf(inside: Inside) -> Inside:
    """Publish a project to look at."""
    publish(Distribution(name="Zope.Interface", version="1.0rc1"), actor=create_person())
    return inside


def test_a_page_has_one_spelling(shelf: Inside) -> None:
    """API-070, SH-07, FD-03"""
    assert shelf.get(PROJECT).status == shelf.get(f"{PROJECT}1.0rc1/").status == 200
    for path, leads_to in (
        ("/project/Zope_Interface/", PROJECT),
        ("/project/zope-interface/1.0-RC.1/", f"{PROJECT}1.0rc1/"),
        ("/project/zope.interface/v1.0rc1/", f"{PROJECT}1.0rc1/"),
    ):
        answer = shelf.get(path)
        assert (answer.status, answer.header("location")) == (301, leads_to)


def test_letters_that_no_query_may_hold_are_read_all_the_same(inside: Inside) -> None:
    """Some clients send them as they are."""
    answer = inside.get("/search/?q=käse")
    assert answer.status == 200
    assert "käse" in answer.text
