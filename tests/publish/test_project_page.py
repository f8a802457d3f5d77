"""What readers fetch follows the record: at once after an upload, and whatever state its files are in."""

import json
import re
from typing import Any

import pytest

from creamery.catalog.models import Index, Project
from creamery.kernel import outbox
from creamery.kernel.models import Job
from creamery.kernel.stores import the_store
from creamery.storage.keys import BlobKey
from tests.factories import create_person, create_publisher, list_keys, make_upload, publish
from tests.golden.golden import check_golden
from tests.publish.present import change, run_all_due
from tests.real.distributions import Distribution
from tests.real.inside import SIMPLE_JSON, Answer, Inside
from tests.upload.client_forms import RICH

WHEEL = "state_sample-1.0-py3-none-any.whl"


@pytest.fixture
def project(inside: Inside) -> Project:
    publish("state-sample", actor=create_person())
    run_all_due()
    return Project.objects.get()


def read_page(inside: Inside, name: str = "state-sample") -> Any:
    """Read a project's page as JSON."""
    answer = inside.get(f"/simple/{name}/", accept=SIMPLE_JSON)
    assert answer.status == 200
    return answer.json()


def fetch_files(inside: Inside) -> dict[str, int]:
    """Fetch the wheel and its metadata at their own addresses, listed or not."""
    (blob,) = {key.split("/packages/")[1].rpartition("/")[0] for key in PLACES}
    return {name: inside.get(f"/packages/{blob}/{name}").status for name in (WHEEL, f"{WHEEL}.metadata")}


PLACES: list[str] = []


@pytest.fixture(autouse=True)
def places(request: pytest.FixtureRequest) -> None:
    """Note where the wheel was served at first."""
    if "project" in request.fixturenames:
        request.getfixturevalue("project")
        PLACES[:] = [key for key in list_keys() if key.endswith(WHEEL)]


@pytest.mark.parametrize("form", ["json", "html"])
def test_a_page_reads_as_kept(form: str, inside: Inside) -> None:
    """SH-03, SH-05, SH-10, SJ-10 to SJ-18"""
    person = create_person()
    for kind in ("wheel", "sdist"):
        publish(RICH, kind, actor=person)
    publish(Distribution(name="Rich.Sample", version="2.0rc1", requires_python=""), actor=person)
    accept = SIMPLE_JSON if form == "json" else "text/html"
    text = mask(inside.get("/simple/rich-sample/", accept=accept))
    check_golden(f"simple/project.{form}", text.replace(">", ">\n") if form == "html" else pretty(text))


@pytest.mark.parametrize("form", ["json", "html"])
def test_the_list_of_projects_reads_as_kept(form: str, inside: Inside) -> None:
    """SH-01, SJ-01 to SJ-04"""
    for name in ("Zope.Interface", "a", "B_b"):
        publish(name, actor=create_person())
    run_all_due()
    text = mask(inside.get("/simple/", accept=SIMPLE_JSON if form == "json" else "text/html"))
    check_golden(f"simple/root.{form}", text.replace(">", ">\n") if form == "html" else pretty(text))


def test_a_page_shows_an_upload_before_it_is_answered(inside: Inside) -> None:
    token = create_publisher()
    assert inside.get("/simple/at-once/").status == 404
    for version in ("1.0", "2.0"):
        upload = make_upload(Distribution(name="at-once", version=version))
        assert upload.send(inside, token).status == 200
        assert upload.filename in inside.list_files("at-once")
        (file,) = [file for file in read_page(inside, "at-once")["files"] if file["filename"] == upload.filename]
        assert inside.get(file["url"]).body == upload.content


def test_what_is_served_is_the_very_file_with_its_digests(inside: Inside, project: Project) -> None:
    """SJ-12, SJ-13, CM-01"""
    import hashlib

    (file,) = read_page(inside)["files"]
    content, metadata = inside.get(file["url"]).body, inside.get(f"{file['url']}.metadata").body
    assert hashlib.sha256(content).hexdigest() == file["hashes"]["sha256"]
    assert hashlib.sha256(metadata).hexdigest() == file["core-metadata"]["sha256"]
    assert len(content) == file["size"]
    assert b"Name: state-sample" in metadata


class TestRoot:
    """The list of all projects is a few seconds late, and one rendering for a burst."""

    def test_it_names_a_new_project_within_seconds(self, inside: Inside) -> None:
        publish("new-one", actor=create_person())
        outbox.run_due()
        assert "new-one" not in inside.get("/simple/").text
        run_all_due()
        assert "new-one" in inside.get("/simple/").text

    def test_a_burst_is_one_rendering(self, inside: Inside) -> None:
        for number in range(5):
            publish(f"burst-{number}", actor=create_person())
        owed = Job.objects.filter(reaction="publish.root_page.render")
        assert (owed.count(), owed.values("key").distinct().count()) == (5, 1)
        before = the_store().stat(BlobKey("public/simple/.root/index.json")).version
        run_all_due()
        assert not owed.exists()
        assert the_store().stat(BlobKey("public/simple/.root/index.json")).version != before
        assert len(inside.get("/simple/", accept=SIMPLE_JSON).json()["projects"]) == 5


@pytest.mark.parametrize(
    ("release", "files", "shown"),
    [
        ({}, {"yanked": True}, True),
        ({}, {"yanked": True, "yanked_reason": "It <leaks> & more"}, "It <leaks> & more"),
        ({"yanked": True, "yanked_reason": "All of it"}, {}, "All of it"),
        ({"yanked": True, "yanked_reason": "All of it"}, {"yanked": True, "yanked_reason": "This file"}, "This file"),
    ],
)
def test_a_yanked_file_stays_and_says_so(
    release: dict[str, Any], files: dict[str, Any], shown: Any, inside: Inside, project: Project
) -> None:
    """YK-01 to YK-04"""
    change(project, release=release, files=files)
    (file,) = read_page(inside)["files"]
    assert file["yanked"] == shown
    html = inside.get("/simple/state-sample/", accept="text/html").text
    assert "data-yanked" in html
    assert "<leaks>" not in html
    assert fetch_files(inside) == {WHEEL: 200, f"{WHEEL}.metadata": 200}
    change(project, release={"yanked": False, "yanked_reason": ""}, files={"yanked": False, "yanked_reason": ""})
    assert read_page(inside)["files"][0]["yanked"] is False


@pytest.mark.parametrize("state", ["held", "staged", "quarantined", "deleted"])
def test_a_file_that_is_not_live_is_neither_listed_nor_fetched(state: str, inside: Inside, project: Project) -> None:
    change(project, files={"state": state})
    assert read_page(inside)["files"] == []
    assert fetch_files(inside) == {WHEEL: 404, f"{WHEEL}.metadata": 404}
    assert WHEEL not in inside.get("/project/state-sample/").text
    change(project, files={"state": "live"})
    assert inside.list_files("state-sample") == [WHEEL]
    assert fetch_files(inside) == {WHEEL: 200, f"{WHEEL}.metadata": 200}


@pytest.mark.parametrize("status", ["archived", "deprecated", "quarantined"])
def test_a_projects_status_is_told_with_its_reason(status: str, inside: Inside, project: Project) -> None:
    """PS-01 to PS-05"""
    change(project, status=status, status_reason="See <the> notes")
    page = read_page(inside)
    assert page["project-status"] == {"status": status, "reason": "See <the> notes"}
    is_open = status != "quarantined"
    assert bool(page["files"]) is is_open
    assert set(fetch_files(inside).values()) == ({200} if is_open else {404})
    assert inside.get("/project/state-sample/").status == (200 if is_open else 404)
    assert ("state-sample" in inside.get("/search/").text) is is_open


def test_a_project_that_is_quarantined_comes_back_whole(inside: Inside, project: Project) -> None:
    before = [read_page(inside)["files"], read_page(inside)["versions"]]
    change(project, status="quarantined")
    assert (read_page(inside)["files"], read_page(inside)["versions"]) == ([], [])
    change(project, status="active")
    assert [read_page(inside)["files"], read_page(inside)["versions"]] == before
    assert set(fetch_files(inside).values()) == {200}


def test_every_change_moves_the_serial_and_the_etag(inside: Inside, project: Project) -> None:
    first = inside.get("/simple/state-sample/", accept=SIMPLE_JSON)
    change(project, files={"yanked": True})
    second = inside.get("/simple/state-sample/", accept=SIMPLE_JSON)
    assert int(second.header("x-pypi-last-serial")) == int(first.header("x-pypi-last-serial")) + 1
    assert second.header("etag") != first.header("etag")
    again = inside.get("/simple/state-sample/", accept=SIMPLE_JSON, if_none_match=second.header("etag"))
    assert (again.status, again.body) == (304, b"")


def test_a_stale_builder_never_writes_over_a_newer_page(inside: Inside, project: Project) -> None:
    from creamery.kernel.outbox import Claim, ClaimLost, JobKey
    from creamery.publish import project_page

    paused = Claim(JobKey("publish.project_page.render", str(project.pk)))
    newest = inside.get("/simple/state-sample/").body
    with pytest.raises(ClaimLost):
        project_page.render(project.pk, claim=paused)
    assert inside.get("/simple/state-sample/").body == newest
    assert Index.objects.count() == 1


def mask(answer: Answer) -> str:
    """Leave out what is another in every run: times, and digests and sizes of what zlib compressed."""
    text = re.sub(r"[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{60}", "SHA256", answer.text)
    text = re.sub(r"[0-9a-f]{64}", "SHA256", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME", text)
    return re.sub(r'"size":\d+', '"size":0', text)


def pretty(text: str) -> str:
    """Write JSON over many lines."""
    return json.dumps(json.loads(text), indent=1)
