"""
Every refusal of an upload: its status, its words as kept in `tests/golden/refusals/`, and that nothing remains.

`WRITE_GOLDEN=1` writes the words anew; read the difference as the person would whose upload was refused.
"""

import json
import re

import pytest

from tests.factories import create_person, create_publisher, create_token, make_upload, nothing_remains, publish
from tests.golden.golden import check_golden
from tests.real.inside import Answer, Inside, Part
from tests.upload.refused_uploads import NAME, REFUSED, WHEEL, fine

UV_ACCEPTS = "application/json;q=0.9, text/plain;q=0.8, text/html;q=0.7"


@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_upload_is_refused_in_words_and_nothing_remains(case: str, inside: Inside) -> None:
    """UP-03, UP-11, UP-13, UP-21, UP-22, UP-25, UP-26, UP-29, UP-31, UP-32, UP-23, SD-07, UPL-001, UPL-003, UPL-006, UPL-013 to UPL-016, UPL-043, UPL-044, UPL-049, UPL-053, UPL-059, UPL-060, INC-11"""
    refused = REFUSED[case]
    token = create_token(create_person("ada")).text
    refused.before()
    upload = refused.send()
    before = inside.list_files(NAME)
    with nothing_remains():
        as_text, as_json = upload.send(inside, token), upload.send(inside, token, accept=UV_ACCEPTS)
    assert inside.list_files(NAME) == before
    told = as_json.json()
    assert (as_text.status, as_json.status, told["refusal"]) == (refused.status, refused.status, refused.refusal)
    if refused.fields:
        assert [error["field"] for error in told["errors"]] == list(refused.fields)
    for words in refused.mentions:
        assert words in as_text.text
        assert words in told["message"]
    check_is_fit_for_a_status_line(as_text)
    check_golden(f"refusals/{case}.txt", write(as_text, as_json))


def test_every_kept_refusal_still_has_its_case() -> None:
    from tests.golden.golden import FOLDER

    kept = {path.stem for path in (FOLDER / "refusals").glob("*.txt")}
    assert kept == {*REFUSED, *DOOR}


DOOR = {
    "no-credentials": None,
    "wrong-token": "creamery-AgEabc",
    "two-files": "ada",
    "no-file": "ada",
    "not-utf-8": "ada",
}


@pytest.mark.parametrize("case", DOOR)
def test_what_the_door_refuses_reads_as_kept(case: str, inside: Inside) -> None:
    """UPL-005"""
    token = DOOR[case]
    if token == "ada":
        token = create_publisher("ada")
    upload = fine()
    files = {"two-files": [upload.part(), upload.part()], "no-file": []}.get(case, [upload.part()])
    fields = (*upload.fields, ("summary", b"\xff\xfe")) if case == "not-utf-8" else upload.fields
    with nothing_remains():
        as_text, as_json = (inside.upload(token, fields, *files, accept=kind) for kind in ("", UV_ACCEPTS))
    assert as_text.status == as_json.status == (400 if DOOR[case] == "ada" else 401)
    check_is_fit_for_a_status_line(as_text)
    check_golden(f"refusals/{case}.txt", write(as_text, as_json))


@pytest.mark.parametrize("place", [0, 3, 8])
def test_a_field_that_is_no_utf_8_is_refused_wherever_it_stands(place: int, inside: Inside) -> None:
    fields = list(fine().fields)
    fields.insert(place, ("comment", b"caf\xe9"))
    token = create_publisher()
    with nothing_remains():
        answer = inside.upload(token, fields, fine().part())
    assert (answer.status, "comment" in answer.text) == (400, True)


def test_content_that_is_no_file_but_a_field_is_refused(inside: Inside) -> None:
    token = create_publisher()
    with nothing_remains():
        answer = inside.upload(token, [*fine().fields, ("content", fine().content.hex())])
    assert (answer.status, "content" in answer.text) == (400, True)


def test_a_file_part_without_a_file_name_is_refused(inside: Inside) -> None:
    token = create_publisher()
    with nothing_remains():
        answer = inside.upload(token, fine().fields, Part(None, fine().content))
    assert answer.status == 400


def test_a_refusal_of_many_problems_still_fits_the_status_line(inside: Inside) -> None:
    """UP-31"""
    token = create_publisher()
    upload = fine().set(name="ü" * 300, version="\u2028" * 50, md5_digest="\r\nSet-Cookie: a=b")
    with nothing_remains():
        answer = upload.send(inside, token)
    assert answer.status == 400
    check_is_fit_for_a_status_line(answer)
    assert answer.header("set-cookie") == ""


def test_a_wrong_file_after_a_right_one_of_the_same_release_changes_nothing(inside: Inside) -> None:
    """UP-29: nothing of the present release is touched either"""
    person = create_person()
    token = create_token(person).text
    publish(NAME, "sdist", actor=person)
    with nothing_remains():
        answer = fine().set(name="other").send(inside, token)
    assert answer.status == 400
    assert inside.list_files(NAME) == ["refused_sample-1.0.tar.gz"]


def test_the_same_file_again_is_fine_and_changes_nothing(inside: Inside) -> None:
    """UP-20, UPL-057"""
    token = create_publisher()
    assert fine().send(inside, token).status == 200
    with nothing_remains():
        again = fine().send(inside, token, accept="application/json")
    assert (again.status, again.json()["status"]) == (200, "unchanged")


def test_the_same_file_again_by_somebody_without_a_role_is_refused(inside: Inside) -> None:
    """An answer to "is this there already" is only for those who may upload."""
    fine().send(inside, create_publisher())
    stranger = create_publisher()
    with nothing_remains():
        assert fine().send(inside, stranger).status == 403


def test_a_name_that_was_refused_is_free_for_others(inside: Inside) -> None:
    """UP-29"""
    assert fine().set(summary="Another.").send(inside, create_publisher()).status == 400
    assert fine().send(inside, create_publisher()).status == 200


def test_a_local_version_is_taken_by_an_open_index(inside: Inside) -> None:
    from tests.real.distributions import Distribution

    upload = make_upload(Distribution(name=NAME, version="1.0+local"))
    assert upload.send(inside, create_publisher()).status == 200
    assert inside.list_files(NAME) == ["refused_sample-1.0+local-py3-none-any.whl"]


def test_a_deprecated_project_still_takes_uploads(inside: Inside) -> None:
    """PS-06"""
    from creamery.catalog.models import Project

    person = create_person()
    publish(NAME, "sdist", actor=person)
    Project.objects.update(status="deprecated")
    assert fine().send(inside, create_token(person).text).status == 200
    assert inside.list_files(NAME) == [WHEEL, "refused_sample-1.0.tar.gz"]


def check_is_fit_for_a_status_line(answer: Answer) -> None:
    """UP-31: one line of latin-1, 200 bytes at most, no control characters."""
    assert 1 <= len(answer.reason.encode("latin-1")) <= 200
    assert all(" " <= character <= "~" or character >= "\xa1" for character in answer.reason), answer.reason


def write(as_text: Answer, as_json: Answer) -> str:
    """Write both answers as one text to keep. The digests of what we built are left out: they change with zlib."""
    told = json.dumps(as_json.json(), indent=1, ensure_ascii=False)
    text = f"HTTP/1.1 {as_text.status} {as_text.reason}\n{as_text.text}\n{told}\n"
    return re.sub(r"(?<=received file is )[0-9a-f]{8,}", "DIGEST", text)
