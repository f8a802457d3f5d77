"""Every client's form is taken, and whatever a form says otherwise than the file is refused."""

import pytest

from creamery.catalog.models import Release
from tests.factories import create_publisher, nothing_remains
from tests.real.inside import Inside
from tests.upload.client_forms import CLAIMS, CLIENTS, digests_of, form_of


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
@pytest.mark.parametrize("client", CLIENTS)
def test_the_form_of_a_client_is_taken(client: str, kind: str, inside: Inside) -> None:
    """UP-02, UP-10, UP-12, UP-14"""
    answer = form_of(client, kind).send(inside, create_publisher())
    assert answer.status == 200, answer.text
    assert len(inside.list_files("rich-sample")) == 1


@pytest.mark.parametrize("client", CLIENTS)
def test_what_is_kept_comes_from_the_file_whichever_client_sent_it(client: str, inside: Inside) -> None:
    """UP-13"""
    form_of(client).send(inside, create_publisher())
    metadata = Release.objects.get().metadata
    assert metadata["import_names"] == ["rich_sample"]
    assert metadata["supported_platforms"] == ["RedHat 7.2"]
    assert metadata["license_expression"] == "MIT"
    assert metadata["requires_dist"] == ["whey (>=1.2,<3)", 'knife[sharp]>=2; extra == "cut"']


@pytest.mark.parametrize("name", [name for name in CLAIMS if name != "metadata_version"])
def test_a_field_that_differs_from_the_file_is_refused_by_its_name(name: str, inside: Inside) -> None:
    """UP-13, MET-1, UPL-018"""
    upload = form_of("hatch").set(**{name: "99" if name == "version" else "something-else"})
    token = create_publisher()
    with nothing_remains():
        answer = upload.send(inside, token, accept="application/json")
    assert answer.status == 400, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [name]


@pytest.mark.parametrize("name", ["classifiers", "requires_dist", "project_urls"])
def test_a_list_with_one_value_more_than_the_file_is_refused(name: str, inside: Inside) -> None:
    """MET-1"""
    extra = {"project_urls": "Other, https://other.example/"}.get(name, "other")
    token = create_publisher()
    with nothing_remains():
        assert form_of("twine").add((name, extra)).send(inside, token).status == 400


@pytest.mark.parametrize("name", list(CLAIMS))
def test_an_empty_field_claims_nothing(name: str, inside: Inside) -> None:
    """UP-12: empties are absent"""
    answer = form_of("hatch").set(**{name: ""}).send(inside, create_publisher())
    assert answer.status == 200, answer.text


@pytest.mark.parametrize("digest", ["md5_digest", "sha256_digest", "blake2_256_digest"])
def test_one_digest_is_enough_whatever_its_case(digest: str, inside: Inside) -> None:
    """UP-11"""
    upload = form_of("poetry").without("md5_digest", "sha256_digest", "blake2_256_digest")
    value = digests_of(upload.content)[digest].upper()
    assert upload.set(**{digest: value}).send(inside, create_publisher()).status == 200


@pytest.mark.parametrize("digest", ["md5_digest", "sha256_digest", "blake2_256_digest"])
def test_a_digest_of_something_else_is_refused_even_when_the_others_are_right(digest: str, inside: Inside) -> None:
    """UP-11"""
    wrong = digests_of(b"something else")[digest]
    token = create_publisher()
    with nothing_remains():
        answer = form_of("poetry").set(**{digest: wrong}).send(inside, token, accept="application/json")
    assert answer.status == 400
    assert [(error["field"], error["value"]) for error in answer.json()["errors"]] == [(digest, wrong)]
    assert "digest of the received file is" in answer.json()["message"]


def test_unknown_fields_and_values_of_drafts_are_ignored(inside: Inside) -> None:
    """UP-14, UP-40"""
    upload = form_of("twine").add(("staged", "true"), ("x-unknown", "ü"), ("", "nameless"))
    assert upload.send(inside, create_publisher()).status == 200
