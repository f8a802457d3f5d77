"""Details of the Simple API that one client or another stumbles over, on pages of real uploads."""

import json
import re
from hashlib import algorithms_guaranteed
from typing import Any
from urllib.parse import urljoin, urlsplit

import html5lib
import pypi_simple
import pytest

from creamery.kernel.stores import the_store
from creamery.settings import CONFIG
from creamery.storage import keys
from tests.factories import create_person, create_token, finish_work, make_upload, publish
from tests.real.changes import delete_file, set_status, unyank_release, yank_file, yank_release
from tests.real.distributions import Distribution
from tests.real.inside import SIMPLE_JSON, Answer, Inside

PAGES = ["/simple/", "/simple/gouda/"]
LATER_HTML = re.compile(r'data-(size|upload-time|versions)|pypi:(tracks|alternate-locations|namespaces)|"1\.5"')


@pytest.fixture
def shelf(inside: Inside) -> Inside:
    """Publish a wheel and an sdist."""
    person = create_person()
    for kind in ("wheel", "sdist"):
        publish(Distribution(name="Gouda", requires_python=">=3.9,<4"), kind, actor=person)
    finish_work()
    return inside


def read_json(inside: Inside, path: str = "/simple/gouda/") -> Any:
    return inside.get(path, accept=SIMPLE_JSON).json()


def read_anchors(inside: Inside, path: str = "/simple/gouda/") -> list[dict[str, str]]:
    document = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(inside.get(path).body)
    return [dict(anchor.attrib) for anchor in document.iter("a")]


@pytest.mark.parametrize("path", PAGES)
def test_json_is_an_object_whose_private_keys_begin_with_an_underscore(shelf: Inside, path: str) -> None:
    """SJ-19, SJ-21, SJ-16: standard keys only, and ours marked as ours; no `gpg-sig` as there are no signatures"""
    page = read_json(shelf, path)
    assert isinstance(page, dict)
    standard = {"meta", "name", "versions", "files", "projects", "project-status"}
    assert page.keys() <= standard
    assert {key for key in page["meta"] if not key.startswith("_")} == {"api-version"}
    for project in page.get("projects", ()):
        assert {key for key in project if not key.startswith("_")} == {"name"}
    files = {"filename", "url", "hashes", "size", "upload-time", "requires-python", "core-metadata", "yanked"}
    for file in page.get("files", ()):
        assert file.keys() <= files | {"provenance"}


@pytest.mark.parametrize("path", PAGES)
def test_both_forms_are_of_one_version_and_html_has_nothing_newer(shelf: Inside, path: str) -> None:
    """SV-03, SV-04, FZ-01, FZ-02, FZ-03, PV-05: 1.5 would promise namespaces, which HTML will never have"""
    text = shelf.get(path).text
    assert '<meta name="pypi:repository-version" content="1.4">' in text
    assert read_json(shelf, path)["meta"]["api-version"] == "1.4"
    assert "namespaces" not in read_json(shelf, path)
    assert LATER_HTML.search(text) is None


def test_a_link_has_one_hash_that_every_client_knows(shelf: Inside) -> None:
    """SH-05, SH-11"""
    fragments = [anchor["href"].partition("#")[2] for anchor in read_anchors(shelf)]
    assert len(fragments) == 2
    for fragment in fragments:
        algorithm, _, digest = fragment.partition("=")
        assert algorithm == "sha256"
        assert algorithm in algorithms_guaranteed
        assert re.fullmatch("[0-9a-f]{64}", digest)


@pytest.mark.parametrize("path", PAGES)
def test_links_have_no_other_base_and_say_nothing_of_signatures(shelf: Inside, path: str) -> None:
    """SH-09, SH-12, SH-13"""
    text = shelf.get(path).text
    assert "<base" not in text
    assert "gpg-sig" not in text
    assert text.count("<a ") == len(read_anchors(shelf, path)) == (1 if path == "/simple/" else 2)


def test_the_address_of_a_signature_is_not_found(shelf: Inside) -> None:
    """SH-09"""
    for file in read_json(shelf)["files"]:
        assert shelf.get(f"{file['url']}.asc").status == 404


def test_only_wheels_have_metadata_beside_them_in_the_listing(shelf: Inside) -> None:
    """CM-02, CM-05: what an sdist says may change when it is built; `false` says that there is nothing to fetch"""
    marked = {file["filename"]: file["core-metadata"] for file in read_json(shelf)["files"]}
    assert marked["gouda-1.0.tar.gz"] is False
    assert marked["gouda-1.0-py3-none-any.whl"].keys() == {"sha256"}
    anchors = {anchor["href"].rpartition("/")[2].partition("#")[0]: anchor for anchor in read_anchors(shelf)}
    assert "data-core-metadata" not in anchors["gouda-1.0.tar.gz"]


def test_metadata_is_sent_as_bytes_that_nobody_may_convert(inside: Inside) -> None:
    """CM-06, CM-07, CM-01"""
    publish(Distribution(name="umlaut", summary="Käse für alle."), actor=create_person())
    (file,) = read_json(inside, "/simple/umlaut/")["files"]
    answer = inside.get(f"{file['url']}.metadata")
    assert answer.header("content-type") == "application/octet-stream"
    assert "Summary: Käse für alle.\n".encode() in answer.body


def test_versions_stay_when_they_are_yanked_or_lose_their_files(inside: Inside) -> None:
    """PV-06, PV-01, YK-04"""
    person = create_person()
    for version in ("1.0", "1.1", "2.0"):
        publish(Distribution(name="gouda", version=version), actor=person)
    yank_release("gouda", "1.1")
    delete_file("gouda-2.0-py3-none-any.whl")
    page = read_json(inside)
    assert page["versions"] == ["1.0", "1.1", "2.0"]
    assert {file["filename"].split("-")[1] for file in page["files"]} == {"1.0", "1.1"}
    assert all(inside.get(file["url"]).status == 200 for file in page["files"])


def test_a_file_or_a_whole_release_can_be_yanked(shelf: Inside) -> None:
    """YK-06, YK-03, YK-02, YK-01: one file with its own reason, then the release, then neither"""

    def yanked() -> dict[str, Any]:
        return {file["filename"].rpartition(".")[2]: file["yanked"] for file in read_json(shelf)["files"]}

    yank_file("gouda-1.0.tar.gz", "does not build <here>")
    assert yanked() == {"gz": "does not build <here>", "whl": False}
    reasons = [anchor.get("data-yanked") for anchor in read_anchors(shelf)]
    assert sorted(reasons, key=str) == [None, "does not build <here>"]
    yank_release("gouda", "1.0", "wrong licence")
    assert yanked() == {"gz": "does not build <here>", "whl": "wrong licence"}
    unyank_release("gouda", "1.0")
    assert yanked() == {"gz": "does not build <here>", "whl": False}


def test_a_reader_of_the_whole_standard_finds_no_fault(shelf: Inside) -> None:
    """SV-02, SJ-10 to SJ-15, PS-02, PV-01 to PV-03: pypi-simple, which warns of versions that it does not know"""
    set_status("gouda", "deprecated", "Use edam.")
    page = pypi_simple.ProjectPage.from_json_data(read_json(shelf))
    assert (page.repository_version, page.status_reason) == ("1.4", "Use edam.")
    assert [package.version for package in page.packages] == ["1.0", "1.0"]
    assert all(package.size and package.upload_time and package.digests for package in page.packages)


def test_the_same_upload_again_is_fine_and_changes_nothing(inside: Inside) -> None:
    """RS-02: clients send a POST again when its answer was lost"""
    token, upload = create_token(create_person()).text, make_upload("twice")
    first = upload.send(inside, token)
    page = read_json(inside, "/simple/twice/")
    second = upload.send(inside, token)
    assert (first.status, second.status) == (200, 200)
    assert read_json(inside, "/simple/twice/") == page


@pytest.mark.parametrize("accept", [SIMPLE_JSON, "text/html"])
def test_an_answer_depends_on_no_credentials(shelf: Inside, accept: str) -> None:
    """SC-06, AU-02: the default index is for everybody; what a client sends for another index does no harm here"""

    def content(answer: Answer) -> tuple[int, bytes, str, str]:
        return answer.status, answer.body, answer.header("vary"), answer.header("etag")

    for path in (*PAGES, "/simple/absent/"):
        plain = shelf.get(path, accept=accept)
        assert "Authorization" not in plain.header("vary")
        for credentials in ("Basic eDp5", "Bearer x", "nonsense"):
            assert content(shelf.get(path, accept=accept, authorization=credentials)) == content(plain)


def test_files_lie_on_the_host_of_the_index(shelf: Inside) -> None:
    """AU-03, AU-04: clients send credentials to no other host, so no address leads to one, and none is redirected there"""
    address = "https://idx.example/simple/gouda/"
    listed = [file["url"] for file in read_json(shelf)["files"]] + [anchor["href"] for anchor in read_anchors(shelf)]
    assert len(listed) == 4
    for url in listed:
        target = urlsplit(urljoin(address, url))
        assert target.netloc == "idx.example"
        assert [shelf.get(target.path + end).status for end in ("", ".metadata")] == [200, 200]
    told = shelf.get("/pypi/gouda/json").json()["urls"]
    assert {urlsplit(file["url"]).netloc for file in told} == {urlsplit(CONFIG.public_url).netloc}


def test_an_upload_waits_for_the_page_of_its_project_and_nothing_else(inside: Inside) -> None:
    """RS-03: the JSON API, feeds and the list of projects are the worker's, however many there are"""
    token = create_token(create_person("ada"))
    upload = make_upload("gouda")
    assert inside.upload(token.text, upload.fields, upload.part()).status == 200
    written = {key for key in the_store().list("public/") if not key.startswith("public/packages/")}
    page = {keys.simple_project(keys.DEFAULT_INDEX, "gouda", form) for form in ("html", "json")}
    assert {key for key in written if "gouda" in key} == page | {
        keys.variant(key, encoding) for key in page for encoding in keys.ENCODINGS
    }
    finish_work()
    assert keys.json_project(keys.DEFAULT_INDEX, "gouda") in set(the_store().list("public/pypi/"))


def test_both_forms_say_the_same(shelf: Inside) -> None:
    """SJ-13, SH-10, SH-04"""
    yank_release("gouda", "1.0", "a & b")
    files = {file["filename"]: file for file in read_json(shelf)["files"]}
    for anchor in read_anchors(shelf):
        address, _, fragment = anchor["href"].partition("#")
        file = files.pop(address.rpartition("/")[2])
        assert address == file["url"]
        assert fragment == f"sha256={file['hashes']['sha256']}"
        assert anchor["data-requires-python"] == file["requires-python"] == ">=3.9,<4"
        assert anchor["data-yanked"] == file["yanked"] == "a & b"
    assert json.dumps(files) == "{}"
