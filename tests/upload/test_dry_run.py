"""Asking what would happen, through HTTP: the same answers, and nothing is left."""

import pytest

from creamery.catalog.actions import ensure_default_index
from tests.factories import create_person, create_token, make_upload, nothing_remains, publish
from tests.real.distributions import Distribution
from tests.real.inside import Inside
from tests.upload.refused_uploads import REFUSED

NAME = "dry-sample"


@pytest.mark.parametrize("query", ["dry-run", "dry-run=1", "dry-run=yes&x=y", "x=y&dry-run"])
def test_a_file_that_would_be_published_is_not(query: str, inside: Inside) -> None:
    token = create_token(create_person()).text
    upload = make_upload(Distribution(name=NAME, extra_headers=[("Classifier", "Cheese :: Hard")]))
    with nothing_remains():
        answer = upload.send(inside, token, f"/legacy/?{query}", accept="application/json")
    told = answer.json()
    assert (answer.status, told["status"], len(told["warnings"])) == (200, "would be published", 1)
    assert inside.list_files(NAME) == []
    assert upload.send(inside, token).status == 200


@pytest.mark.parametrize("query", ["", "dry-run=0", "dry-run=no", "dry-run=false", "wet-run", "x=dry-run"])
def test_other_queries_publish(query: str, inside: Inside) -> None:
    token = create_token(create_person()).text
    assert make_upload(NAME).send(inside, token, f"/legacy/?{query}").status == 200
    assert len(inside.list_files(NAME)) == 1


def test_a_file_that_is_there_is_told_as_such(inside: Inside) -> None:
    person = create_person()
    publish(NAME, actor=person)
    token = create_token(person).text
    with nothing_remains():
        answer = make_upload(NAME).send(inside, token, "/legacy/?dry-run", accept="application/json")
    assert (answer.status, answer.json()["status"]) == (200, "unchanged")


@pytest.mark.parametrize(
    "case", ["everything-at-once", "wheel-that-climbs", "not-an-owner", "file-exists", "name-forbidden"]
)
def test_what_would_be_refused_is_refused_in_the_same_words(case: str, inside: Inside) -> None:
    refused = REFUSED[case]
    token = create_token(create_person("ada")).text
    refused.before()
    upload = refused.send()
    with nothing_remains():
        asked, real = (upload.send(inside, token, path) for path in ("/legacy/?dry-run", "/legacy/"))
    assert (asked.status, asked.reason, asked.text) == (real.status, real.reason, real.text)


def test_nobody_may_ask_without_credentials(inside: Inside) -> None:
    with nothing_remains():
        assert make_upload(NAME).send(inside, None, "/legacy/?dry-run").status == 401


def test_the_policy_of_the_index_counts(inside: Inside) -> None:
    ensure_default_index("public")
    token = create_token(create_person()).text
    upload = make_upload(Distribution(name=NAME, version="1.0+local"))
    assert upload.send(inside, token, "/legacy/?dry-run").status == 400
