"""Feeds for people who follow the index, and the site map for search engines."""

from email.utils import parsedate_to_datetime
from xml.etree import ElementTree as ET

import pytest

from creamery.publish import site_map
from tests.factories import create_person, finish_work, publish
from tests.real.changes import set_status
from tests.real.distributions import Distribution
from tests.real.inside import Inside

SITE = "http://localhost:8000"
SITE_MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
FEEDS = ["/rss/packages.xml", "/rss/updates.xml", "/rss/project/gouda/releases.xml"]


@pytest.fixture
def shelf(inside: Inside) -> Inside:
    """Publish a project with three releases, then another one."""
    person = create_person()
    for version in ("1.0", "1.1", "2.0rc1"):
        publish(Distribution(name="Gouda", version=version, summary="Cuts <wheels> & more."), actor=person)
    publish("edam", actor=person)
    finish_work()
    return inside


def read_items(inside: Inside, path: str) -> list[dict[str, str]]:
    """Read a feed: the items' titles, links, descriptions, dates."""
    answer = inside.get(path)
    assert (answer.status, answer.header("content-type")) == (200, "application/rss+xml; charset=utf-8")
    feed = ET.fromstring(answer.body)
    assert (feed.tag, feed.attrib["version"]) == ("rss", "2.0")
    return [{child.tag: child.text or "" for child in item} for item in feed.iter("item")]


def test_new_projects_are_told_newest_first(shelf: Inside) -> None:
    """FD-01, API-059"""
    items = read_items(shelf, "/rss/packages.xml")
    assert [(item["title"], item["link"]) for item in items] == [
        ("edam", f"{SITE}/project/edam/"),
        ("Gouda", f"{SITE}/project/gouda/"),
    ]
    assert items[1]["description"] == "Cuts <wheels> & more."
    assert all(parsedate_to_datetime(item["pubDate"]).tzinfo for item in items)


def test_new_releases_are_told_newest_first(shelf: Inside) -> None:
    """FD-01, API-059"""
    items = read_items(shelf, "/rss/updates.xml")
    assert [item["title"] for item in items] == ["edam 1.0", "Gouda 2.0rc1", "Gouda 1.1", "Gouda 1.0"]
    assert items[1]["link"] == f"{SITE}/project/gouda/2.0rc1/"
    assert len({item["guid"] for item in items}) == 4


def test_a_projects_releases_are_told(shelf: Inside) -> None:
    """FD-01, API-059"""
    items = read_items(shelf, "/rss/project/gouda/releases.xml")
    assert [item["title"] for item in items] == ["Gouda 2.0rc1", "Gouda 1.1", "Gouda 1.0"]
    moved = shelf.get("/rss/project/Gouda/releases.xml")
    assert (moved.status, moved.header("location")) == (301, "/rss/project/gouda/releases.xml")
    assert shelf.get("/rss/project/absent/releases.xml").status == 404


@pytest.mark.parametrize("path", FEEDS)
def test_a_feed_is_kept_by_readers_until_it_changes(shelf: Inside, path: str) -> None:
    """FD-01, SC-01, SC-02, SC-09"""
    whole = shelf.get(path)
    assert shelf.get(path, if_none_match=whole.header("etag")).status == 304
    assert whole.header("access-control-allow-origin") == "*"
    assert shelf.get(path, accept_encoding="gzip").header("content-encoding") == "gzip"


@pytest.mark.parametrize("number", [45])
def test_feeds_are_bounded(inside: Inside, number: int) -> None:
    """API-059: 40 projects, 100 releases, 40 releases of a project"""
    person = create_person()
    for patch in range(number):
        publish(Distribution(name="many", version=f"1.{patch}", readme=""), actor=person)
    finish_work()
    assert len(read_items(inside, "/rss/project/many/releases.xml")) == 40
    assert len(read_items(inside, "/rss/updates.xml")) == number
    assert len(read_items(inside, "/rss/packages.xml")) == 1


def list_places(inside: Inside, path: str, tag: str) -> list[str]:
    """Read a site map: the addresses in it."""
    answer = inside.get(path)
    assert (answer.status, answer.header("content-type")) == (200, "application/xml; charset=utf-8")
    places = ET.fromstring(answer.body).findall(f"{SITE_MAP}{tag}/{SITE_MAP}loc")
    return [place.text or "" for place in places]


def test_the_site_map_leads_to_every_project(shelf: Inside) -> None:
    """API-062"""
    parts = list_places(shelf, "/sitemap.xml", "sitemap")
    assert parts == [f"{SITE}/0.sitemap.xml"]
    pages = [page for part in parts for page in list_places(shelf, part.removeprefix(SITE), "url")]
    assert pages == [f"{SITE}/project/gouda/", f"{SITE}/project/edam/"]
    assert all(shelf.get(page.removeprefix(SITE)).status == 200 for page in pages)
    assert shelf.get("/1.sitemap.xml").status == 404


def test_what_is_quarantined_is_told_nowhere(shelf: Inside) -> None:
    """PS-05"""
    set_status("gouda", "quarantined")
    site_map.write_again()
    assert [item["title"] for item in read_items(shelf, "/rss/packages.xml")] == ["edam"]
    assert [item["title"] for item in read_items(shelf, "/rss/updates.xml")] == ["edam 1.0"]
    assert shelf.get("/rss/project/gouda/releases.xml").status == 404
    assert list_places(shelf, "/0.sitemap.xml", "url") == [f"{SITE}/project/edam/"]
