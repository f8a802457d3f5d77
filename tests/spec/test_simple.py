"""Pages of the Simple API."""

import json
import re
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import html5lib
import pypi_simple
import pytest

from creamery.spec.digests import Sha256
from creamery.spec.names import NormalizedName
from creamery.spec.simple import (
    FileEntry,
    ProjectPage,
    RootEntry,
    find_serial,
    project_html,
    project_json,
    root_html,
    root_json,
)

WHEN = datetime(2026, 3, 4, 5, 6, 7, 89, UTC)
DIGEST, METADATA_DIGEST = Sha256("a" * 64), Sha256("b" * 64)
WHEEL = "foo-1.0-py3-none-any.whl"
FILE = FileEntry(WHEEL, f"/packages/aa/aa/{'a' * 60}/{WHEEL}", DIGEST, 123, WHEN, "<4,>=3.9", METADATA_DIGEST, False)
SDIST = FileEntry("foo-1.0.tar.gz", "/packages/x/foo-1.0.tar.gz", DIGEST, 5, WHEN, "", None, False)
PAGE = ProjectPage(NormalizedName("foo"), ("1.0",), (FILE, SDIST), 42)
ADDRESS = "https://idx.example/simple/foo/"


def as_json(page: ProjectPage) -> Any:
    """Write a page as JSON and read it."""
    return json.loads(project_json(page))


def as_html(document: bytes) -> Any:
    """Read HTML as browsers do, without forgiving errors."""
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(document)


def anchor(page: ProjectPage) -> dict[str, str]:
    """Write a page as HTML and give the attributes of its first anchor."""
    return dict(as_html(project_html(page)).find(".//a").attrib)


def test_the_json_page_says_everything_about_a_file() -> None:
    """SJ-10, SJ-11, SJ-12, SJ-13, PV-01, PV-02, PV-03, CM-03"""
    found = as_json(PAGE)
    assert found["name"] == "foo"
    assert found["versions"] == ["1.0"]
    assert found["files"][0] == {
        "filename": WHEEL,
        "url": FILE.url,
        "hashes": {"sha256": DIGEST},
        "size": 123,
        "upload-time": "2026-03-04T05:06:07.000089Z",
        "requires-python": "<4,>=3.9",
        "core-metadata": {"sha256": METADATA_DIGEST},
        "yanked": False,
    }


def test_the_json_page_begins_with_serial_and_version() -> None:
    """SV-02, SV-05, SJ-20: the read path finds the serial in these bytes."""
    assert project_json(PAGE).startswith(b'{"meta":{"_last-serial":42,"api-version":"1.4"}')


def test_json_leaves_out_what_clients_fail_on() -> None:
    """SJ-14, SJ-15, SJ-18, CM-04, PV-05: no nulls, and never the deprecated alias of core-metadata."""
    text = project_json(PAGE)
    assert b"null" not in text
    assert b"dist-info-metadata" not in text
    assert "requires-python" not in as_json(PAGE)["files"][1]
    assert as_json(PAGE)["files"][1]["core-metadata"] is False


@pytest.mark.parametrize(("yanked", "in_json", "in_html"), [(True, True, ""), ("broken <3", "broken <3", "broken <3")])
def test_a_yanked_file_is_marked_in_both_forms(yanked: bool | str, in_json: bool | str, in_html: str) -> None:
    """YK-01, YK-02"""
    page = replace(PAGE, files=(FILE._replace(yanked=yanked),))
    assert as_json(page)["files"][0]["yanked"] == in_json
    assert anchor(page)["data-yanked"] == in_html


def test_an_empty_reason_is_no_yank() -> None:
    """SJ-15: the empty string is not a value of `yanked`."""
    page = replace(PAGE, files=(FILE._replace(yanked=""),))
    assert as_json(page)["files"][0]["yanked"] is False
    assert "data-yanked" not in anchor(page)


def test_provenance_is_linked_only_where_it_exists() -> None:
    """PR-01, PR-02"""
    page = replace(PAGE, files=(FILE._replace(provenance_url="https://idx.example/integrity/foo?a=1&b=2"),))
    assert as_json(page)["files"][0]["provenance"] == "https://idx.example/integrity/foo?a=1&b=2"
    assert anchor(page)["data-provenance"] == "https://idx.example/integrity/foo?a=1&b=2"
    assert "data-provenance" not in anchor(PAGE)


@pytest.mark.parametrize("status", ["active", "archived", "deprecated"])
def test_the_status_stands_in_both_forms(status: str) -> None:
    """PS-01, PS-02, PS-03"""
    page = replace(PAGE, status=status)
    assert as_json(page)["project-status"] == {"status": status}
    assert f'<meta name="pypi:project-status" content="{status}">'.encode() in project_html(page)
    assert len(as_json(page)["files"]) == 2


def test_the_reason_of_a_status_is_told() -> None:
    """PS-03, PS-04"""
    page = replace(PAGE, status="archived", status_reason='use "bar" & <baz>')
    assert as_json(page)["project-status"] == {"status": "archived", "reason": 'use "bar" & <baz>'}
    metas = {meta.get("name"): meta.get("content") for meta in as_html(project_html(page)).iter("meta")}
    assert metas["pypi:project-status-reason"] == 'use "bar" & <baz>'


def test_a_quarantined_project_offers_nothing() -> None:
    """PS-05"""
    page = replace(PAGE, status="quarantined")
    assert (as_json(page)["files"], as_json(page)["versions"]) == ([], [])
    assert as_html(project_html(page)).find(".//a") is None


def test_an_unknown_status_cannot_be_written() -> None:
    """PS-07"""
    with pytest.raises(ValueError, match="no project status"):
        replace(PAGE, status="gone")


def test_upload_times_are_in_utc() -> None:
    """PV-03"""
    for_india = FILE._replace(upload_time=datetime(2026, 1, 1, 5, 30, tzinfo=timezone(timedelta(hours=5, minutes=30))))
    assert as_json(replace(PAGE, files=(for_india,)))["files"][0]["upload-time"] == "2026-01-01T00:00:00Z"
    with pytest.raises(ValueError, match="zone"):
        project_json(replace(PAGE, files=(FILE._replace(upload_time=datetime(2026, 1, 1)),)))  # noqa: DTZ001


def test_the_html_page_has_one_anchor_for_each_file() -> None:
    """SH-03, SH-04, SH-05, SH-12, SV-01, FZ-01, FZ-03"""
    document = as_html(project_html(PAGE))
    anchors = document.findall(".//a")
    assert [element.text for element in anchors] == [WHEEL, "foo-1.0.tar.gz"]
    for element in anchors:
        path, fragment = urlsplit(element.get("href")).path, urlsplit(element.get("href")).fragment
        assert unquote(path.rpartition("/")[2]) == element.text
        assert fragment == f"sha256={DIGEST}"
    metas = {meta.get("name"): meta.get("content") for meta in document.iter("meta")}
    assert metas["pypi:repository-version"] == "1.4"


def test_the_html_page_begins_as_html5_and_ends_with_its_serial() -> None:
    """SH-01, SJ-20"""
    assert project_html(PAGE).startswith(b"<!DOCTYPE html>\n")
    assert project_html(PAGE).endswith(b"</html>\n<!--SERIAL 42-->\n")


def test_html_attributes_carry_what_html_may_carry() -> None:
    """SH-10, CM-03, CM-04, FZ-01, PV-05"""
    assert anchor(PAGE) == {
        "href": f"{FILE.url}#sha256={DIGEST}",
        "data-requires-python": "<4,>=3.9",
        "data-dist-info-metadata": f"sha256={METADATA_DIGEST}",
        "data-core-metadata": f"sha256={METADATA_DIGEST}",
    }


def test_clients_that_read_html_with_a_regex_find_every_file() -> None:
    """SH-10: hatch's pattern; a raw `>` in an attribute would hide the file."""
    hostile = FILE._replace(requires_python=">=3,<4,\"'&", yanked="<b>a > b</b>")
    names = re.findall(r"<a [^>]+>([^<]+)</a>", project_html(replace(PAGE, files=(hostile, SDIST))).decode())
    assert names == [WHEEL, "foo-1.0.tar.gz"]


def test_markup_in_values_is_text() -> None:
    """SH-10"""
    hostile = FILE._replace(filename='x"><script>', url='/x"><script>', requires_python='"><img>', yanked='"><i>')
    page = ProjectPage(NormalizedName("<foo>"), (), (hostile,), 1, "archived", '"><u>')
    document = as_html(project_html(page))
    assert {element.tag for element in document.iter()} == {"html", "head", "meta", "title", "body", "h1", "a", "br"}
    assert document.find(".//a").text == 'x"><script>'
    assert anchor(page)["data-requires-python"] == '"><img>'


def test_the_root_lists_every_project_once_sorted_by_normalized_name() -> None:
    """SJ-01, SJ-02, SJ-03, SJ-04, SH-01, SH-02, SH-14"""
    entries = [RootEntry("Zoo", NormalizedName("zoo"), 3), RootEntry("Foo.Bar", NormalizedName("foo-bar"), 9)]
    assert json.loads(root_json(iter(entries), 9)) == {
        "meta": {"_last-serial": 9, "api-version": "1.4"},
        "projects": [{"_last-serial": 9, "name": "Foo.Bar"}, {"_last-serial": 3, "name": "Zoo"}],
    }
    anchors = as_html(root_html(iter(entries), 9)).findall(".//a")
    assert [(element.get("href"), element.text) for element in anchors] == [("foo-bar/", "Foo.Bar"), ("zoo/", "Zoo")]


def test_the_same_record_gives_the_same_bytes() -> None:
    """SJ-03, SC-01"""
    entries = [RootEntry("b", NormalizedName("b"), 1), RootEntry("a", NormalizedName("a"), 1)]
    assert project_json(PAGE) == project_json(replace(PAGE))
    assert root_json(entries, 1) == root_json(reversed(entries), 1)
    assert root_html(entries, 1) == root_html(reversed(entries), 1)


@pytest.mark.parametrize("document", [project_json(PAGE), project_html(PAGE)])
def test_the_serial_is_found_in_either_form(document: bytes) -> None:
    assert find_serial(document) == 42


@pytest.mark.parametrize("document", [b"", b"<html></html>", b'{"meta":{}}', b"<!--SERIAL x-->\n", b"<!--SERIAL 1--> "])
def test_no_serial_is_found_where_none_is(document: bytes) -> None:
    assert find_serial(document) is None


def test_a_reason_cannot_forge_the_serial() -> None:
    page = replace(PAGE, status="archived", status_reason="<!--SERIAL 7-->\n")
    assert find_serial(project_html(page)) == 42
    assert find_serial(project_json(page)) == 42


@pytest.mark.parametrize(
    ("document", "media_type"),
    [
        (project_json(PAGE), "application/vnd.pypi.simple.v1+json"),
        (project_html(PAGE), "application/vnd.pypi.simple.v1+html"),
    ],
)
def test_a_client_library_reads_both_forms_alike(document: bytes, media_type: str) -> None:
    """SV-01, SV-02, SH-04, CM-03"""
    if media_type.endswith("json"):
        found = pypi_simple.ProjectPage.from_json_data(json.loads(document), base_url=ADDRESS)
    else:
        found = pypi_simple.ProjectPage.from_html("foo", document, base_url=ADDRESS, from_encoding="utf-8")
    wheel, sdist = found.packages
    assert found.repository_version == "1.4"
    assert (wheel.filename, wheel.version, wheel.package_type) == (WHEEL, "1.0", "wheel")
    assert (wheel.url, wheel.digests, wheel.requires_python) == (
        urljoin(ADDRESS, FILE.url),
        {"sha256": DIGEST},
        "<4,>=3.9",
    )
    assert (wheel.has_metadata, wheel.metadata_digests) == (True, {"sha256": METADATA_DIGEST})
    assert (sdist.is_yanked, sdist.requires_python) == (False, None)


def test_a_page_of_ten_thousand_files_is_quick_in_both_forms() -> None:
    """Loose by a factor of five, so that it fails only when the shape of the work changes."""
    files = tuple(
        FILE._replace(filename=f"foo-{number}.tar.gz", url=f"/x/foo-{number}.tar.gz") for number in range(10_000)
    )
    page = replace(PAGE, files=files)
    took = []
    for _ in range(3):
        start = time.process_time()
        project_json(page)
        project_html(page)
        took.append(time.process_time() - start)
    assert min(took) < 0.15
