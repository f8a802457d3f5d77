"""The JSON API as its readers find it: bandersnatch, pip-audit, poetry, renovate, IDEs."""

import hashlib
import json
from typing import Any

import pytest

from creamery.accounts.queries import find_person_id
from creamery.kernel.actor import Actor
from tests.factories import create_person, create_token, finish_work, make_upload, publish
from tests.real.changes import set_status, unyank_release, yank_file, yank_release
from tests.real.distributions import Distribution
from tests.real.inside import Answer, Inside

INFO = {
    "author", "author_email", "bugtrack_url", "classifiers", "description", "description_content_type", "docs_url",
    "download_url", "downloads", "dynamic", "home_page", "keywords", "license", "license_expression", "license_files",
    "maintainer", "maintainer_email", "name", "package_url", "platform", "project_url", "project_urls",
    "provides_extra", "release_url", "requires_dist", "requires_python", "summary", "version", "yanked",
    "yanked_reason",
}  # fmt: skip
FILE = {
    "comment_text", "core-metadata", "digests", "downloads", "filename", "has_sig", "md5_digest", "packagetype",
    "python_version", "requires_python", "size", "upload_time", "upload_time_iso_8601", "url", "yanked",
    "yanked_reason",
}  # fmt: skip
RICH = Distribution(
    name="Zope.Interface",
    version="1.0",
    summary="Says what it is.",
    requires=["Edam<2", "Brie; extra == 'soft'"],
    requires_python=">=3.9,<4",
    readme="# Zope\n",
    extra_headers=[
        ("Author", "Ada"),
        ("Keywords", "a,b"),
        ("Platform", "Linux"),
        ("Platform", "Windows"),
        ("License-Expression", "MIT"),
        ("Classifier", "Topic :: Software Development"),
        ("Project-URL", "Homepage, https://idx.example/zope"),
        ("Provides-Extra", "soft"),
    ],
)
PROJECT, RELEASE = "/pypi/zope-interface/json", "/pypi/zope-interface/1.0/json"


@pytest.fixture
def shelf(inside: Inside) -> Inside:
    """Publish a rich project as wheel and sdist."""
    person = create_person("ada")
    for kind in ("wheel", "sdist"):
        publish(RICH, kind, actor=person)
    finish_work()
    return inside


def read(inside: Inside, path: str) -> Any:
    answer = inside.get(path)
    assert answer.status == 200, answer
    return answer.json()


@pytest.mark.parametrize(
    ("path", "status", "location"),
    [
        (PROJECT, 200, ""),
        (f"{PROJECT}/", 200, ""),
        (RELEASE, 200, ""),
        (f"{RELEASE}/", 200, ""),
        ("/pypi/Zope_Interface/json", 301, PROJECT),
        ("/pypi/Zope.Interface/1.0/json", 301, RELEASE),
        ("/pypi/absent/json", 404, ""),
        ("/pypi/absent/1.0/json", 404, ""),
        ("/pypi/zope-interface/9.9/json", 404, ""),
        ("/pypi/zope-interface/not-a-version/json", 404, ""),
    ],
)
def test_a_project_and_each_release_have_an_address(shelf: Inside, path: str, status: int, location: str) -> None:
    """JS-01, API-031"""
    answer = shelf.get(path)
    assert (answer.status, answer.header("location")) == (status, location)
    if status != 301:
        assert answer.header("content-type") in ("application/json", "application/problem+json")
        assert isinstance(answer.json(), dict)


@pytest.mark.parametrize("path", [PROJECT, RELEASE])
def test_an_answer_says_how_new_it_is_and_is_asked_for_again(shelf: Inside, path: str) -> None:
    """JS-02, API-032, API-040, SC-01, SC-02, SC-09; not kept for 15 minutes, so that a new release is seen at once (SC-04)"""
    first, second = shelf.get(path), shelf.get(path)
    assert first.header("content-type") == "application/json"
    assert first.header("cache-control") == "no-cache"
    assert first.header("x-pypi-last-serial") == str(first.json()["last_serial"])
    assert first.header("access-control-allow-origin") == "*"
    assert first.body == second.body
    again = shelf.get(path, if_none_match=second.header("etag"))
    assert (again.status, again.body) == (304, b"")


def test_info_says_what_the_metadata_says(shelf: Inside) -> None:
    """JS-03, API-035"""
    info = read(shelf, PROJECT)["info"]
    assert info.keys() == INFO
    page = "http://localhost:8000/project/zope-interface/"
    assert {name: info[name] for name in ("name", "version", "summary", "author", "keywords", "platform")} == {
        "name": "Zope.Interface",
        "version": "1.0",
        "summary": "Says what it is.",
        "author": "Ada",
        "keywords": "a,b",
        "platform": "Linux",
    }
    assert (info["package_url"], info["release_url"]) == (page, f"{page}1.0/")
    assert info["downloads"] == {"last_day": -1, "last_month": -1, "last_week": -1}
    assert info["project_urls"] == {"Homepage": "https://idx.example/zope"}
    assert (info["license_expression"], info["classifiers"]) == ("MIT", ["Topic :: Software Development"])
    assert (info["description"], info["description_content_type"]) == ("# Zope\n", "text/markdown")
    assert [info[name] for name in ("bugtrack_url", "docs_url", "yanked", "yanked_reason")] == [None, None, False, None]


def test_metadata_comes_from_the_file_and_not_from_the_form(inside: Inside) -> None:
    """API-042, CM-06: a form that says less than the file changes nothing"""
    token = create_token(create_person()).text
    upload = make_upload(Distribution(name="from-the-file", requires=["Edam<2"], requires_python=">=3.10"))
    assert upload.send(inside, token).status == 200
    finish_work()
    info = read(inside, "/pypi/from-the-file/json")["info"]
    assert (info["requires_dist"], info["requires_python"]) == (["Edam<2"], ">=3.10")


def test_the_other_keys(shelf: Inside) -> None:
    """JS-04, JS-07, API-036, API-038, API-039"""
    project, release = read(shelf, PROJECT), read(shelf, RELEASE)
    assert project.keys() == {"info", "urls", "releases", "last_serial", "vulnerabilities", "ownership"}
    assert release.keys() == project.keys() - {"releases"}
    assert project["releases"] == {"1.0": project["urls"]}
    assert release["urls"] == project["urls"]
    assert project["vulnerabilities"] == []
    assert project["ownership"] == {"organization": None, "roles": [{"role": "Owner", "user": "ada"}]}


def test_a_file_is_described_as_mirrors_need_it(shelf: Inside) -> None:
    """JS-05, API-037, MR-02"""
    wheel, sdist = sorted(read(shelf, PROJECT)["urls"], key=lambda file: file["packagetype"])
    for file in (wheel, sdist):
        assert file.keys() == FILE
        content = shelf.get(file["url"].removeprefix("http://localhost:8000")).body
        assert file["url"].startswith("http://localhost:8000/packages/")
        assert file["size"] == len(content)
        assert file["digests"] == {
            "md5": hashlib.md5(content, usedforsecurity=False).hexdigest(),
            "sha256": hashlib.sha256(content).hexdigest(),
            "blake2b_256": hashlib.blake2b(content, digest_size=32).hexdigest(),
        }
        assert file["md5_digest"] == file["digests"]["md5"]
        assert (file["has_sig"], file["downloads"], file["comment_text"]) == (False, -1, None)
        assert file["requires_python"] == ">=3.9,<4"
        assert file["upload_time_iso_8601"].startswith(file["upload_time"])
        assert (file["upload_time"][-1], file["upload_time_iso_8601"][-1]) != ("Z", "")
        assert file["upload_time_iso_8601"].endswith("Z")
    assert [file["packagetype"] for file in (wheel, sdist)] == ["bdist_wheel", "sdist"]
    assert [file["python_version"] for file in (wheel, sdist)] == ["py3", "source"]
    beside = shelf.get(wheel["url"].removeprefix("http://localhost:8000") + ".metadata").body
    assert wheel["core-metadata"] == {"sha256": hashlib.sha256(beside).hexdigest()}
    assert sdist["core-metadata"] is False


@pytest.mark.parametrize(
    ("versions", "yanked", "latest"),
    [
        (["1.0", "2.0", "10.0"], [], "10.0"),
        (["1.0", "2.0rc1"], [], "1.0"),
        (["1.0a1", "1.0b1"], [], "1.0b1"),
        (["1.0", "2.0"], ["2.0"], "1.0"),
        (["1.0rc1", "2.0"], ["2.0"], "1.0rc1"),
        (["1.0", "2.0"], ["1.0", "2.0"], "2.0"),
    ],
)
def test_the_latest_is_not_yanked_then_final_then_highest(
    inside: Inside, versions: list[str], yanked: list[str], latest: str
) -> None:
    """JS-06, API-033"""
    person = create_person()
    for version in versions:
        publish(Distribution(name="pick", version=version), actor=person)
    for version in yanked:
        yank_release("pick", version)
    finish_work()
    told = read(inside, "/pypi/pick/json")
    assert told["info"]["version"] == latest
    assert told["info"]["yanked"] is (latest in yanked)
    assert [file["filename"].split("-")[1] for file in told["urls"]] == [latest]


def test_yanks_of_files_and_releases_are_told(shelf: Inside) -> None:
    """YK-03, YK-06, API-037"""
    yank_file("zope_interface-1.0.tar.gz", "broken build")
    finish_work()
    files = {file["packagetype"]: file for file in read(shelf, PROJECT)["urls"]}
    assert (files["sdist"]["yanked"], files["sdist"]["yanked_reason"]) == (True, "broken build")
    assert (files["bdist_wheel"]["yanked"], files["bdist_wheel"]["yanked_reason"]) == (False, None)
    yank_release("zope-interface", "1.0", "wrong licence")
    told = read(shelf, RELEASE)
    assert (told["info"]["yanked"], told["info"]["yanked_reason"]) == (True, "wrong licence")
    assert {file["yanked"] for file in told["urls"]} == {True}
    unyank_release("zope-interface", "1.0")
    assert read(shelf, RELEASE)["info"]["yanked"] is False


def test_a_new_project_is_answered_before_the_worker_has_come_to_it(inside: Inside) -> None:
    """JS-01, JS-02, API-031, MR-01: mirrors follow the serials at once, and give up what they are told not to be there."""
    publish(RICH, "wheel", actor=create_person("ada"))
    early = inside.get(PROJECT)
    assert (early.status, early.header("content-type")) == (200, "application/json")
    finish_work()
    written = inside.get(PROJECT)
    assert (early.body, early.header("etag")) == (written.body, written.header("etag"))
    assert early.header("x-pypi-last-serial") == written.header("x-pypi-last-serial")
    assert early.header("access-control-allow-origin") == "*"


def test_a_quarantined_project_is_not_there(shelf: Inside) -> None:
    """JS-08, API-034"""
    shelf.get(RELEASE)
    set_status("zope-interface", "quarantined")
    assert [shelf.get(path).status for path in (PROJECT, RELEASE)] == [404, 404]
    set_status("zope-interface", "active")
    assert [shelf.get(path).status for path in (PROJECT, RELEASE)] == [200, 200]


@pytest.mark.parametrize("spelling", ["1.0.0", "1", "v1.0", "1.0.0.0", "01.0"])
def test_a_version_is_found_however_it_is_spelt(shelf: Inside, spelling: str) -> None:
    """API-041"""
    assert read(shelf, f"/pypi/zope-interface/{spelling}/json") == read(shelf, RELEASE)


def test_a_releases_document_is_never_older_than_its_project(shelf: Inside) -> None:
    """API-040: it is made when it is first asked for, and made anew after every change"""

    def serial(answer: Answer) -> int:
        assert answer.header("x-pypi-last-serial") == str(json.loads(answer.body)["last_serial"])
        return int(answer.header("x-pypi-last-serial"))

    before = [serial(shelf.get(path)) for path in (RELEASE, RELEASE, PROJECT)]
    assert len(set(before)) == 1
    ada = Actor(kind="person", proof="session", person_id=find_person_id("ada"), username="ada")
    publish(Distribution(name="zope-interface", version="2.0"), actor=ada)
    finish_work()
    after = [serial(shelf.get(path)) for path in (RELEASE, RELEASE, PROJECT)]
    assert len(set(after)) == 1
    assert after[0] > before[0]
