"""Distribution files and their metadata as clients get them."""

import time
from datetime import datetime
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creamery.serve.files import ByteRange, Unsatisfiable, parse_range
from creamery.spec.digests import Sha256
from creamery.storage import keys
from creamery.storage.store import BlobStore
from tests.serve.conftest import DIGEST, METADATA, WHEEL, WHEEL_NAME, WHEEL_PATH, Ask, Noted

METADATA_PATH = f"{WHEEL_PATH}.metadata"
SIZE = len(WHEEL)


def test_a_file_comes_as_it_was_uploaded_and_may_be_kept_for_ever(ask: Ask) -> None:
    """SC-01, SC-05, SC-08"""
    answer = ask(WHEEL_PATH)
    assert (answer.status_code, answer.content) == (200, WHEEL)
    assert answer.headers["content-length"] == str(SIZE)
    assert answer.headers["cache-control"] == "max-age=365000000, immutable, public"
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-disposition"] == f'attachment; filename="{WHEEL_NAME}"'
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["etag"] == f'"{DIGEST}"'
    assert isinstance(parsedate_to_datetime(answer.headers["last-modified"]), datetime)


def test_metadata_comes_byte_for_byte_under_its_own_etag(ask: Ask) -> None:
    """CM-01, CM-08, SC-01, SC-05"""
    answer = ask(METADATA_PATH)
    assert (answer.status_code, answer.content) == (200, METADATA)
    assert answer.headers["etag"] != ask(WHEEL_PATH).headers["etag"]
    assert "immutable" in answer.headers["cache-control"]
    assert ask(METADATA_PATH, range="bytes=0-3").content == METADATA[:4]


@pytest.mark.parametrize(
    ("filename", "content_type"),
    [
        ("foo-1.tar.gz", "application/gzip"),
        ("foo-1.zip", "application/zip"),
        ("foo-1.tar.gz.metadata", "application/octet-stream"),
    ],
)
def test_files_are_never_sent_as_encoded(ask: Ask, index: BlobStore, filename: str, content_type: str) -> None:
    """SC-07"""
    index.put_bytes(keys.public_file(keys.DEFAULT_INDEX, DIGEST, filename), b"content")
    answer = ask(WHEEL_PATH.replace(WHEEL_NAME, filename), accept_encoding="gzip, zstd")
    assert (answer.content, answer.headers["content-type"]) == (b"content", content_type)
    assert "content-encoding" not in answer.headers


def test_a_plus_in_a_filename_may_be_encoded_or_not(ask: Ask, index: BlobStore) -> None:
    index.put_bytes(keys.public_file(keys.DEFAULT_INDEX, DIGEST, "foo-1+local.zip"), b"content")
    for spelling in ("foo-1+local.zip", "foo-1%2Blocal.zip", "foo-1%2blocal.zip"):
        answer = ask(WHEEL_PATH.replace(WHEEL_NAME, spelling))
        assert answer.content == b"content"
        assert answer.headers["content-disposition"] == 'attachment; filename="foo-1+local.zip"'


def test_a_filename_cannot_break_out_of_its_header(ask: Ask, index: BlobStore) -> None:
    index.put_bytes(keys.public_file(keys.DEFAULT_INDEX, DIGEST, 'a"; x="é.zip'), b"content")
    answer = ask(WHEEL_PATH.replace(WHEEL_NAME, "a%22;%20x=%22%C3%A9.zip"))
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''a%22%3B%20x%3D%22%C3%A9.zip"


@pytest.mark.parametrize("path", [WHEEL_PATH, METADATA_PATH])
@pytest.mark.parametrize("headers", [{}, {"range": "bytes=0-3"}, {"if_none_match": "*"}])
def test_head_says_the_length_and_sends_nothing(ask: Ask, path: str, headers: dict[str, str]) -> None:
    """SC-08, SN-11; a range means nothing to HEAD (RFC 9110, section 14.2)."""
    head, get = ask(path, "HEAD", **headers), ask(path, **{**headers, "range": ""})
    assert (head.status_code, head.content) == (get.status_code, b"")
    assert head.headers.get("content-length") == get.headers.get("content-length")
    assert head.headers["accept-ranges"] == "bytes"


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=100-199", 100, 200),
        ("bytes=100-", 100, SIZE),
        ("bytes=-7", SIZE - 7, SIZE),
        (f"bytes={SIZE - 1}-", SIZE - 1, SIZE),
        (f"bytes=5-{SIZE * 9}", 5, SIZE),
        (f"bytes=-{SIZE * 9}", 0, SIZE),
        (f"BYTES=0-{SIZE - 1}", 0, SIZE),
    ],
)
def test_a_part_is_sent_as_206(ask: Ask, asked: str, start: int, end: int) -> None:
    """SC-08"""
    answer = ask(WHEEL_PATH, range=asked)
    assert (answer.status_code, answer.content) == (206, WHEEL[start:end])
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{SIZE}"
    assert answer.headers["content-length"] == str(end - start)
    assert answer.headers["etag"] == f'"{DIGEST}"'


@pytest.mark.parametrize(
    "asked",
    [f"bytes={SIZE}-", f"bytes={SIZE}-{SIZE + 5}", "bytes=-0", "bytes=999999999999999999-", f"bytes={'9' * 9000}-"],
)
def test_a_part_behind_the_end_is_416(ask: Ask, asked: str) -> None:
    """SC-08"""
    answer = ask(WHEEL_PATH, range=asked)
    assert (answer.status_code, answer.headers["content-range"]) == (416, f"bytes */{SIZE}")
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("asked", [f"bytes=0-{'9' * 9000}", f"bytes=-{'9' * 9000}", f"bytes={'0' * 30}-"])
def test_a_number_of_any_length_is_a_number(ask: Ask, asked: str) -> None:
    """SC-08"""
    answer = ask(WHEEL_PATH, range=asked)
    assert (answer.status_code, answer.headers["content-range"]) == (206, f"bytes 0-{SIZE - 1}/{SIZE}")


SEVERAL = "bytes=" + "0-0," * 900 + "1-1"
UNREADABLE = ["", "bytes=", "bytes=-", "bytes=9-3", "bytes=a-b", "lines=0-3", "0-3", "bytes=--3", "bytes=+1-3"]


@pytest.mark.parametrize("asked", [*UNREADABLE, "bytes=0-3,5-9", SEVERAL])
def test_a_range_that_cannot_be_read_or_is_several_is_ignored(ask: Ask, asked: str) -> None:
    """RFC 9110, section 14.2"""
    answer = ask(WHEEL_PATH, range=asked)
    assert (answer.status_code, len(answer.content)) == (200, SIZE)


def test_a_download_is_continued_only_where_the_file_is_the_same(ask: Ask) -> None:
    """SC-08"""
    whole = ask(WHEEL_PATH)
    for condition in (whole.headers["etag"], whole.headers["last-modified"]):
        assert ask(WHEEL_PATH, range="bytes=10-", if_range=condition).status_code == 206
    for condition in ('"other"', f"W/{whole.headers['etag']}", "Sat, 01 Jan 2000 00:00:00 GMT", "nonsense", '"'):
        assert ask(WHEEL_PATH, range="bytes=10-", if_range=condition).status_code == 200


def test_a_client_that_has_the_file_already_gets_304(ask: Ask) -> None:
    """SC-02, SC-03"""
    whole = ask(WHEEL_PATH)
    etag, modified = whole.headers["etag"], whole.headers["last-modified"]
    for headers in ({"if_none_match": f'"x", {etag}'}, {"if_none_match": "*"}, {"if_modified_since": modified}):
        answer = ask(WHEEL_PATH, **headers)
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == etag
        assert "immutable" in answer.headers["cache-control"]
    for headers in (
        {"if_none_match": '"x"', "if_modified_since": modified},
        {"if_modified_since": "Sat, 01 Jan 2000 00:00:00 GMT"},
        {"if_modified_since": "yesterday"},
        {"if_modified_since": "Sat, 99 Jan 99999 00:00:00 GMT"},
    ):
        assert ask(WHEEL_PATH, **headers).status_code == 200


def test_a_condition_that_fails_is_412(ask: Ask) -> None:
    """RFC 9110, section 13.1.1 and 13.1.4"""
    assert ask(WHEEL_PATH, if_match=f'"{DIGEST}"').status_code == 200
    assert ask(WHEEL_PATH, if_match="*").status_code == 200
    assert ask(WHEEL_PATH, if_match=f'W/"{DIGEST}"').status_code == 412
    assert ask(WHEEL_PATH, if_match='"x"').status_code == 412
    assert ask(WHEEL_PATH, if_unmodified_since="Sat, 01 Jan 2000 00:00:00 GMT").status_code == 412
    assert ask(WHEEL_PATH, if_unmodified_since="Fri, 01 Jan 2100 00:00:00 GMT").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        WHEEL_PATH.replace(WHEEL_NAME, "other.whl"),
        WHEEL_PATH.replace(DIGEST[4:], DIGEST[4:].upper()),
        WHEEL_PATH + "/",
        WHEEL_PATH + ".asc",
        WHEEL_PATH.rsplit("/", 1)[0] + "/",
        "/packages/",
        "/packages",
        f"/packages/{DIGEST}/{WHEEL_NAME}",
    ],
)
def test_what_is_not_a_file_here_is_a_404_problem(ask: Ask, path: str) -> None:
    """PD-03"""
    answer = ask(path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.headers["cache-control"] == "no-cache", "It may be uploaded any moment."


def test_a_file_that_was_taken_away_is_gone_at_once(ask: Ask, index: BlobStore) -> None:
    assert ask(WHEEL_PATH).status_code == 200
    index.delete(keys.public_file(keys.DEFAULT_INDEX, DIGEST, WHEEL_NAME))
    assert ask(WHEEL_PATH).status_code == 404
    assert ask(WHEEL_PATH, if_none_match="*").status_code == 404


def test_content_that_is_not_public_is_not_served(ask: Ask, index: BlobStore) -> None:
    digest = Sha256("ab" * 32)
    index.put_bytes(keys.blob(digest), b"held")
    for path in (
        f"/blobs/{digest[:2]}/{digest[2:4]}/{digest[4:]}",
        f"/packages/../blobs/{digest[:2]}/{digest[2:4]}/{digest[4:]}",
    ):
        assert b"held" not in ask(path).content


def test_other_methods_are_refused(ask: Ask) -> None:
    """SN-12"""
    for method in ("POST", "PUT", "DELETE"):
        assert (ask(WHEEL_PATH, method).status_code, ask(WHEEL_PATH, method).headers["allow"]) == (
            405,
            "GET, HEAD, OPTIONS",
        )
    assert ask(WHEEL_PATH, "OPTIONS").status_code == 204


def test_the_hook_tells_files_from_metadata_and_counts_what_was_sent(ask: Ask, noted: Noted) -> None:
    ask(WHEEL_PATH)
    ask(WHEEL_PATH, range="bytes=0-9")
    ask(METADATA_PATH)
    ask(WHEEL_PATH, "HEAD")
    deadline = time.monotonic() + 5
    while len(noted.answers) < 4 and time.monotonic() < deadline:
        time.sleep(0.001)  # A client may have the last byte before the server notes that it was sent.
    assert noted.answers == [("file", 200, SIZE), ("file", 206, 10), ("metadata", 200, len(METADATA)), ("file", 200, 0)]


@given(size=st.integers(1, 50), first=st.none() | st.integers(0, 60), last=st.none() | st.integers(0, 60))
def test_a_range_names_the_bytes_that_a_slice_names(size: int, first: int | None, last: int | None) -> None:
    """Compared with Python's own slices."""
    content = bytes(range(size))
    header = f"bytes={'' if first is None else first}-{'' if last is None else last}".encode()
    if first is None and last is None:
        expected: bytes | None = None
    elif first is None:
        assert last is not None
        expected = content[-last:] if last else b""
    else:
        expected = content[first:] if last is None else content[first : last + 1]
        if last is not None and last < first:
            expected = None
    try:
        found = parse_range(header, size)
    except Unsatisfiable:
        assert expected == b""
    else:
        assert (None if found is None else content[found.start : found.start + found.size_bytes]) == expected


@given(
    header=st.binary(max_size=40) | st.from_regex(rb"bytes=[0-9, -]{0,30}", fullmatch=True), size=st.integers(0, 2**63)
)
def test_any_header_gives_a_part_within_the_file_or_is_refused(header: bytes, size: int) -> None:
    try:
        found = parse_range(header, size)
    except Unsatisfiable:
        return
    if found is not None:
        assert isinstance(found, ByteRange)
        assert 0 <= found.start < found.start + found.size_bytes <= size
