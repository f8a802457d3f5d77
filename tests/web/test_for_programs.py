"""What browsers and crawlers ask every site for, and the figures."""

from urllib.robotparser import RobotFileParser
from xml.etree import ElementTree as ET

import pytest

from tests.factories import create_person, finish_work, publish
from tests.real.distributions import Distribution
from tests.real.inside import Inside

SITE = "http://localhost:8000"
OPEN_SEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"


def test_crawlers_are_kept_to_the_pages(inside: Inside) -> None:
    """API-063"""
    answer = inside.get("/robots.txt")
    assert (answer.status, answer.header("content-type")) == (200, "text/plain; charset=utf-8")
    rules = RobotFileParser()
    rules.parse(answer.text.splitlines())
    for path in ("/", "/project/flask/", "/help/", "/sitemap.xml", "/0.sitemap.xml"):
        assert rules.can_fetch("Bot", SITE + path), path
    for path in (
        "/simple/flask/",
        "/packages/aa/bb/cc/x.whl",
        "/pypi/flask/json",
        "/search/?q=x",
        "/manage/x/",
        "/i/o/x/",
    ):
        assert not rules.can_fetch("Bot", SITE + path), path
    assert rules.site_maps() == [f"{SITE}/sitemap.xml"]


def test_browsers_are_told_how_to_search(inside: Inside) -> None:
    """API-063"""
    assert 'rel="search" href="/opensearch.xml"' in inside.get("/").text
    answer = inside.get("/opensearch.xml")
    assert answer.header("content-type") == "application/opensearchdescription+xml"
    described = ET.fromstring(answer.text)
    name, urls = described.find(f"{OPEN_SEARCH}ShortName"), described.findall(f"{OPEN_SEARCH}Url")
    assert name is not None
    assert 0 < len(name.text or "") <= 16
    template = next(url.attrib["template"] for url in urls if url.attrib["type"] == "text/html")
    assert inside.get(template.removeprefix(SITE).replace("{searchTerms}", "cheese")).status == 200


def test_the_icon_is_found_without_reading_a_page(inside: Inside) -> None:
    """API-064"""
    answer = inside.get("/favicon.ico")
    assert answer.status == 302
    icon = inside.get(answer.header("location"))
    assert (icon.status, icon.header("content-type"), icon.body[:4]) == (200, "image/png", b"\x89PNG")


def test_the_figures_are_a_page_and_json(inside: Inside) -> None:
    """FD-02, API-060"""
    person = create_person()
    large = publish(Distribution(name="Large", size_bytes=50_000), actor=person)
    publish("small", actor=person)
    assert inside.get("/stats/").status == inside.get("/stats/", accept="application/json").status == 503
    finish_work()
    answer = inside.get("/stats/", accept="application/json")
    assert (answer.status, answer.header("content-type")) == (200, "application/json")
    assert "Accept" in answer.header("vary")
    told = answer.json()
    sizes = {name: said["size"] for name, said in told["top_packages"].items()}
    assert list(sizes) == ["Large", "small"], "largest first"
    assert told["total_packages_size"] == sum(sizes.values()) > 50_000
    assert large is not None
    page = inside.get("/stats/", accept="text/html,*/*;q=0.8")
    assert page.header("content-type") == "text/html; charset=utf-8"
    assert 'href="/project/Large/"' in page.text or 'href="/project/large/"' in page.text


def test_the_figures_of_an_empty_index_are_none(inside: Inside) -> None:
    """FD-02"""
    finish_work()
    assert inside.get("/stats/", accept="application/json").json() == {"total_packages_size": 0, "top_packages": {}}
    assert inside.get("/stats/").status == 200


@pytest.mark.parametrize("path", ["/robots.txt", "/opensearch.xml", "/favicon.ico", "/stats/"])
def test_they_are_only_read(inside: Inside, path: str) -> None:
    finish_work()
    assert inside.send("HEAD", path).status in (200, 302)
    assert inside.send("POST", path, headers={"content-type": "text/plain"}).status in (403, 405)
