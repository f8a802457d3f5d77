"""The upload door: where it is, how bytes may come, and how its answers look to programs."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import pytest

from creamery.settings import CONFIG
from creamery.web import upload_door
from creamery.web.answers import wants_json
from creamery.web.multipart_form import LONGEST_FIELDS, MOST_FIELDS
from tests.factories import Upload, create_person, create_publisher, create_token, make_upload, nothing_remains
from tests.real.inside import Inside, Part, basic, encode

PATHS = ["/legacy/", "/legacy", "/", "/pypi/", "/pypi", "/simple/", "/simple"]


@pytest.fixture
def token(inside: Inside) -> str:
    return create_publisher("ada")


@pytest.fixture
def upload() -> Upload:
    return make_upload("door-sample")


@pytest.mark.parametrize("path", PATHS)
def test_every_spelling_of_the_address_takes_uploads_without_a_redirect(
    path: str, inside: Inside, token: str, upload: Upload
) -> None:
    """UP-01, UPL-002, 11.11"""
    answer = upload.send(inside, token, path=path)
    assert (answer.status, answer.header("location")) == (200, "")
    assert inside.list_files("door-sample") == [upload.filename]


@pytest.mark.parametrize("kind", ["text/xml", "application/xml", "text/xml; charset=utf-8", "Text/XML"])
@pytest.mark.parametrize("path", ["/pypi", "/pypi/", "/"])
def test_xml_rpc_at_the_same_address_is_no_upload(kind: str, path: str, inside: Inside, token: str) -> None:
    headers = {"content-type": kind, "authorization": basic("__token__", token)}
    with nothing_remains():
        answer = inside.send("POST", path, headers=headers, body=b"<methodCall/>")
    assert b"multipart" not in answer.body
    assert (answer.reason, answer.status < 500) == ("", True)


def test_a_cookie_is_no_credential(inside: Inside, upload: Upload) -> None:
    with nothing_remains():
        answer = upload.send(inside, None, cookie="session=abc; csrf=def")
    assert (answer.status, answer.header("www-authenticate")[:6]) == (401, "Basic ")
    assert answer.header("set-cookie") == ""


@pytest.mark.parametrize("scheme", ["Bearer {}", "bearer {}", "token {}", "Token {}", "BEARER  {}"])
def test_bearer_and_token_schemes_are_the_same_as_basic(
    scheme: str, inside: Inside, token: str, upload: Upload
) -> None:
    """UP-04, AU-02, UPL-004"""
    assert upload.send(inside, None, authorization=scheme.format(token)).status == 200


def test_a_chunked_body_without_a_length_is_taken(inside: Inside, token: str, upload: Upload) -> None:
    """UP-07"""
    kind, body = encode(upload.fields, [upload.part()])
    headers = {"content-type": kind, "authorization": basic("__token__", token), "transfer-encoding": "chunked"}
    answer = inside.send("POST", "/legacy/", headers=headers, body=pieces(body, 97))
    assert answer.status == 200, answer.text


@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_body_that_comes_byte_by_byte_is_the_same_body(size: int, inside: Inside, token: str) -> None:
    kind, body = encode(make_upload("bytewise").fields, [make_upload("bytewise").part()])
    headers = {"content-type": kind, "authorization": basic("__token__", token)}
    assert inside.send("POST", "/legacy/", headers=headers, body=pieces(body, size)).status == 200


def test_an_answer_to_a_whole_body_keeps_the_connection(inside: Inside, token: str, upload: Upload) -> None:
    assert upload.set(name="other").send(inside, token).header("connection") == ""


def test_credentials_are_refused_before_the_body_is_looked_at(inside: Inside) -> None:
    """The body is no form at all; the answer is about the credentials."""
    answer = inside.send("POST", "/legacy/", headers={"content-type": "x/y"}, body=[b"junk", b"junk"])
    assert answer.status == 401
    assert answer.header("connection") == "close"


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_a_client_that_goes_away_leaves_nothing(share: float, inside: Inside, token: str, upload: Upload) -> None:
    """UP-29"""
    kind, body = encode(upload.fields, [upload.part()])
    headers = {"content-type": kind, "authorization": basic("__token__", token)}
    with nothing_remains():
        answer = inside.send(
            "POST", "/legacy/", headers=headers, body=[body[: int(len(body) * share)]], breaks_off=True
        )
    assert answer.status == 0


@pytest.mark.parametrize("cut", [3, 40, 600])
def test_a_body_that_ends_too_early_is_refused(cut: int, inside: Inside, token: str, upload: Upload) -> None:
    kind, body = encode(upload.fields, [upload.part()])
    headers = {"content-type": kind, "authorization": basic("__token__", token)}
    with nothing_remains():
        answer = inside.send("POST", "/legacy/", headers=headers, body=body[:-cut])
    assert answer.status == 400
    assert "ends too early" in answer.text


@pytest.mark.parametrize(
    "kind",
    [
        "",
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/mixed; boundary=x",
        "multipart/form-data; boundary=" + "x" * 400,
        'multipart/form-data; boundary="ü\x01"',
    ],
)
def test_a_body_that_is_no_multipart_form_is_refused(kind: str, inside: Inside, token: str) -> None:
    headers = {"content-type": kind, "authorization": basic("__token__", token)}
    with nothing_remains():
        answer = inside.send("POST", "/legacy/", headers=headers, body=b"--x\r\n\r\njunk")
    assert (answer.status, "multipart/form-data" in answer.text) == (400, True), answer.text


def test_garbage_inside_a_form_is_refused(inside: Inside, token: str) -> None:
    headers = {"content-type": "multipart/form-data; boundary=x", "authorization": basic("__token__", token)}
    for body in (
        b"",
        b"--",
        b"--x\r\n",
        b"--x\r\nNo-Colon\r\n\r\n\r\n--x--",
        b"--x\r\n\r\nno name\r\n--x--",
        b"\0" * 500,
    ):
        with nothing_remains():
            answer = inside.send("POST", "/legacy/", headers=headers, body=body)
        assert answer.status == 400, (body, answer)


def test_a_file_that_is_too_large_is_refused_by_its_announced_length(
    inside: Inside, token: str, upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    """UP-07: 413 before the body is read to its end"""
    limit(monkeypatch, 1000)
    kind, body = encode(upload.fields, [upload.part()])
    headers = {"content-type": kind, "authorization": basic("__token__", token), "content-length": str(10**8)}
    with nothing_remains():
        answer = inside.send("POST", "/legacy/", headers=headers, body=[body], breaks_off=True)
    assert answer.status == 413


def test_a_file_that_is_too_large_is_refused_while_it_streams(
    inside: Inside, token: str, upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    """UP-07, UP-27, UPL-055"""
    limit(monkeypatch, len(upload.content) - 1)
    with nothing_remains():
        answer = upload.send(inside, token)
    assert answer.status == 413
    assert str(len(upload.content) - 1) in answer.text


def test_a_file_of_just_the_limit_is_taken(
    inside: Inside, token: str, upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(monkeypatch, len(upload.content))
    assert upload.send(inside, token).status == 200


def test_a_client_that_stands_still_is_given_up(
    inside: Inside, token: str, upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    """UPL-010"""
    monkeypatch.setattr(upload_door, "CONFIG", replace(CONFIG, upload_wait_seconds=0.2))  # type: ignore[arg-type]
    monkeypatch.setattr(upload_door, "DRAIN_SECONDS", 0.1)
    kind, body = encode(upload.fields, [upload.part()])
    headers = {"content-type": kind, "authorization": basic("__token__", token)}
    with nothing_remains():
        answer = inside.send("POST", "/legacy/", headers=headers, body=[body[:500]], stands_still=True)
    assert answer.status == 408


@pytest.mark.parametrize(
    "fields",
    [
        [(f"field{number}", "x") for number in range(MOST_FIELDS + 1)],
        [("description", "x" * (LONGEST_FIELDS + 1))],
        [("description", "x" * (LONGEST_FIELDS // 4 + 1))] * 4,
    ],
    ids=["thousands", "one-huge", "together-huge"],
)
def test_fields_have_a_limit(fields: list[tuple[str, str]], inside: Inside, token: str, upload: Upload) -> None:
    with nothing_remains():
        answer = upload.add(*fields).send(inside, token)
    assert answer.status == 413, answer.text


def test_a_description_of_a_megabyte_is_taken(inside: Inside, token: str, upload: Upload) -> None:
    assert upload.add(("comment", "x" * 1_000_000)).send(inside, token).status == 200


def test_a_header_of_a_part_has_a_limit(inside: Inside, token: str, upload: Upload) -> None:
    with nothing_remains():
        answer = upload.add(("x" * 9000, "y")).send(inside, token)
    assert answer.status in {400, 413}


@pytest.mark.parametrize("name", ["gpg_signature", "attestations_file", "other"])
def test_other_files_in_the_form_are_read_past(name: str, inside: Inside, token: str, upload: Upload) -> None:
    """UP-10, UPL-008, UPL-009"""
    answer = inside.upload(token, upload.fields, Part("x.asc", b"signature", name), upload.part())
    assert answer.status == 200, answer.text


def test_fields_after_the_file_count_as_well(inside: Inside, token: str, upload: Upload) -> None:
    kind, body = encode([], [upload.part()])
    _, fields = encode(upload.set(sha256_digest="0" * 64).fields)
    boundary = kind.partition("=")[2].encode()
    rest = fields.replace(fields[2 : fields.index(b"\r\n")], boundary)
    headers = {"content-type": kind, "authorization": basic("__token__", token)}
    whole = body.removesuffix(b"--" + boundary + b"--\r\n") + rest
    with nothing_remains():
        answer = inside.send("POST", "/legacy/", headers=headers, body=whole)
    assert (answer.status, "sha256_digest" in answer.text) == (400, True), answer.text


@pytest.mark.parametrize(
    ("accept", "is_json"),
    [
        ("", False),
        ("*/*", False),
        ("text/html", False),
        ("application/json", True),
        ("application/problem+json", True),
        ("application/json;q=0.9, text/plain;q=0.8, text/html;q=0.7", True),
        ("text/plain, application/json;q=0.5", False),
        ("application/json;q=0", False),
        ("application/json;q=high", False),
        ("APPLICATION/JSON", True),
    ],
)
def test_answers_are_json_or_text_as_asked(accept: str, is_json: bool, inside: Inside, token: str) -> None:
    """UP-32, UP-33"""
    headers = {"accept": accept} if accept else {}
    upload = make_upload("asked")
    fine, refused = upload.send(inside, token, **headers), upload.set(name="other").send(inside, token, **headers)
    for answer in (fine, refused):
        assert answer.header("content-type").startswith("application/json" if is_json else "text/plain")
    assert wants_json(accept) is is_json


def test_the_json_of_a_refusal_has_what_every_client_reads(inside: Inside, token: str, upload: Upload) -> None:
    """UP-32, UPL-006: `message`, `code` and `title` as uv and PyPI's own clients; the rest by RFC 9457"""
    told = upload.set(name="other").send(inside, token, accept="application/json").json()
    assert (told["status"], told["title"], told["refusal"]) == (400, "Bad Request", "invalid-upload")
    assert told["code"].startswith("400 ")
    assert told["message"] == told["detail"]
    assert [set(error) for error in told["errors"]] == [{"code", "field", "value", "rule", "remedy", "source"}]


def test_a_bug_is_told_by_its_number_and_leaves_nothing(
    inside: Inside, token: str, upload: Upload, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The bug is planted in the settings, since there should be none in the code."""
    monkeypatch.setattr(upload_door, "CONFIG", replace(CONFIG, max_file_bytes="many"))  # type: ignore[arg-type]
    with nothing_remains():
        answer = upload.send(inside, token)
    assert answer.status == 500
    assert answer.header("x-request-id") in answer.text
    assert "Traceback" in caplog.text


def test_an_answer_to_programs_is_neither_kept_nor_guessed_at(inside: Inside, token: str, upload: Upload) -> None:
    for answer in (upload.send(inside, token), upload.send(inside, None)):
        assert answer.header("cache-control") == "no-store"
        assert answer.header("x-content-type-options") == "nosniff"
        assert len(answer.header("x-request-id")) == 16


def test_the_journal_of_an_upload_says_who_from_where(inside: Inside, upload: Upload) -> None:
    from creamery.kernel.models import EventRow

    person = create_person("grace")
    made = create_token(person)
    answer = upload.send(inside, made.text, user_agent="twine/7.0.0")
    row = EventRow.objects.get(name="catalog.FileAdded")
    assert (row.person_id, row.username, row.token_id) == (person.person_id, "grace", made.id)
    assert (row.actor_kind, row.proof, row.address, row.user_agent) == ("token", "token", "127.0.0.1", "twine/7.0.0")
    assert row.request_id == answer.header("x-request-id")


def pieces(body: bytes, size: int) -> Iterator[bytes]:
    """Cut a body into pieces."""
    rest = iter(body)
    while piece := bytes(islice(rest, size)):
        yield piece


def limit(monkeypatch: pytest.MonkeyPatch, max_file_bytes: int) -> None:
    """Give the door another limit, as the operator would."""
    monkeypatch.setattr(upload_door, "CONFIG", replace(CONFIG, max_file_bytes=max_file_bytes))
    if max_file_bytes == 1000:
        monkeypatch.setattr(upload_door, "LONGEST_FIELDS", 1000)
