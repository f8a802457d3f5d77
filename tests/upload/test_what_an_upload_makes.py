"""What a published file makes and finds: its project, its release, the record, what is kept of what it says."""

from dataclasses import replace
from datetime import timedelta

import pytest

from creamery.catalog import limits, release_steps
from creamery.catalog.models import File, Grant, JournalEntry, Project, Release
from creamery.kernel import clock
from creamery.settings import CONFIG
from tests.factories import create_person, create_publisher, create_token, finish_work, list_keys, make_upload, publish
from tests.real.distributions import Distribution
from tests.real.inside import Inside, Part

NAME = "made-sample"


def test_the_first_file_makes_the_project_and_its_uploader_the_owner(inside: Inside) -> None:
    """UPL-034"""
    make_upload("Made.Sample").send(inside, create_publisher("ada"))
    project = Project.objects.get()
    assert (project.name, project.normalized_name) == ("Made.Sample", NAME)
    assert list(Grant.objects.values_list("person__username", "role")) == [("ada", "owner")]


def test_another_spelling_of_the_name_finds_the_project_which_keeps_its_first(inside: Inside) -> None:
    """NM-02, UPL-033"""
    person = create_person()
    publish(Distribution(name="Made.Sample"), actor=person)
    publish(Distribution(name="made_sample", version="2.0"), actor=person)
    assert [project.name for project in Project.objects.all()] == ["Made.Sample"]


def test_versions_that_are_equal_are_one_release(inside: Inside) -> None:
    """VR-01, UPL-047"""
    person = create_person()
    publish(Distribution(name=NAME, version="1.0"), actor=person)
    publish(Distribution(name=NAME, version="1.0.0", tag="py2-none-any"), actor=person)
    assert [release.version for release in Release.objects.all()] == ["1.0"]
    assert File.objects.count() == 2


def test_the_journal_tells_what_came_in_the_order_of_its_serials(inside: Inside) -> None:
    """UPL-042, UPL-052"""
    publish(NAME, actor=create_person("ada"))
    assert list(JournalEntry.objects.order_by("serial").values_list("serial", "action")) == [
        (1, "create"),
        (2, "add Owner ada"),
        (3, "new release"),
        (4, "add py3 file made_sample-1.0-py3-none-any.whl"),
    ]


def test_all_values_of_a_field_are_kept_and_a_comment_is_not(inside: Inside) -> None:
    """UPL-017, UPL-030, UPL-031"""
    headers = (("Platform", "any"), ("Platform", "linux"), ("Keywords", "a,b"), ("Import-Name", "made"))
    what = Distribution(name=NAME, extra_headers=headers, metadata_version="2.5")
    answer = make_upload(what).set(comment="For you.").send(inside, create_publisher())
    assert answer.status == 200, answer.text
    said = Release.objects.get().metadata
    assert (said["platforms"], said["keywords"], said["import_names"]) == (["any", "linux"], ["a", "b"], ["made"])
    assert "For you." not in str(said)


@pytest.mark.parametrize("kind", ["image/png", "text/plain", "application/x-nothing"])
def test_the_bytes_decide_what_a_file_is_whatever_type_the_form_gives_it(kind: str, inside: Inside) -> None:
    """UPL-054"""
    upload = make_upload(NAME)
    part = Part(upload.filename, upload.content, content_type=kind)
    assert inside.upload(create_publisher(), upload.fields, part).status == 200


def test_what_is_literally_unknown_claims_nothing(inside: Inside) -> None:
    """UPL-008"""
    answer = make_upload(NAME).set(summary="UNKNOWN", home_page="UNKNOWN").send(inside, create_publisher())
    assert answer.status == 200, answer.text


def test_the_same_content_under_another_name_is_taken(inside: Inside) -> None:
    """UPL-058"""
    token = create_publisher()
    upload = make_upload(Distribution(name=NAME, tag="py3-none-any"))
    assert upload.send(inside, token).status == 200
    again = upload.named("made_sample-1.0-1-py3-none-any.whl").send(inside, token)
    assert again.status == 200, again.text
    assert len({file.sha256 for file in File.objects.all()}) == 1


def test_content_lies_in_the_store_before_a_row_refers_to_it(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    """UPL-079"""
    from creamery.upload import pipeline

    class Stopped(Exception):
        pass

    def stop(new: object, *, actor: object) -> None:
        raise Stopped

    monkeypatch.setattr(pipeline, "add_file", stop)
    with pytest.raises(Stopped):
        publish(NAME, actor=create_person())
    assert File.objects.count() == 0
    assert len([key for key in list_keys() if key.startswith("blobs/")]) == 2


def test_pages_and_lists_follow(inside: Inside) -> None:
    """UPL-081"""
    publish(NAME, actor=create_person())
    finish_work()
    assert NAME in inside.get("/simple/").text
    assert NAME in inside.get("/rss/updates.xml").text
    assert "made_sample-1.0" in inside.get(f"/pypi/{NAME}/json").text


def test_a_release_closes_when_the_operator_wants(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    """UP-24, UPL-048, INC-25"""
    person = create_person()
    publish(NAME, actor=person)
    monkeypatch.setattr(release_steps, "CONFIG", replace(CONFIG, release_closes_after_days=14))
    token, sdist = create_token(person, expires_in=None).text, make_upload(NAME, "sdist")
    with clock.moved(timedelta(days=15)):
        answer = sdist.send(inside, token)
        assert (answer.status, "14 days" in answer.text) == (403, True)
        # What is there already is no new file.
        assert make_upload(NAME).send(inside, token).status == 200
    assert sdist.send(inside, token).status == 200


def test_new_projects_are_limited_by_the_hour(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    """UPL-039"""
    monkeypatch.setattr(limits, "CONFIG", replace(CONFIG, max_new_projects_per_person=1))
    token = create_publisher()
    assert make_upload(NAME).send(inside, token).status == 200
    assert make_upload("second-sample").send(inside, token).status == 429
    assert make_upload(NAME, "sdist").send(inside, token).status == 200


def test_a_full_project_takes_no_more(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    """UPL-056"""
    token = create_publisher()
    assert make_upload(NAME).send(inside, token).status == 200
    monkeypatch.setattr(limits, "CONFIG", replace(CONFIG, max_project_bytes=1))
    answer = make_upload(NAME, "sdist").send(inside, token)
    assert (answer.status, "holds" in answer.text) == (403, True)
