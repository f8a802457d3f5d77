"""Pages of the Simple API as clients get them; each test cites the ids of the standards' list."""

import gzip
import json

import pytest
import zstandard

from creamery.storage import keys
from creamery.storage.keys import Form
from creamery.storage.store import BlobStore
from tests.serve.conftest import SERIAL, Ask, Noted, put_project, read_document

JSON = "application/vnd.pypi.simple.v1+json"
HTML_V1 = "application/vnd.pypi.simple.v1+html"
HTML = "text/html"


@pytest.mark.parametrize("path", ["/simple/", "/simple/flask/", "/+simple/", "/+simple/flask/"])
@pytest.mark.parametrize(
    ("accept", "content_type"), [(JSON, JSON), (HTML_V1, f"{HTML_V1}; charset=utf-8"), (HTML, f"{HTML}; charset=utf-8")]
)
def test_a_page_comes_in_the_form_asked_for(
    ask: Ask, index: BlobStore, path: str, accept: str, content_type: str
) -> None:
    """SN-01, SH-01, SH-03, SJ-01"""
    answer = ask(path, accept=accept)
    form: Form = "json" if accept == JSON else "html"
    key = keys.simple_project(keys.DEFAULT_INDEX, "flask", form)
    stored = index.read(key if "flask" in path else keys.simple_root(keys.DEFAULT_INDEX, form))
    assert (answer.status_code, answer.headers["content-type"]) == (200, content_type)
    assert answer.content == stored
    assert answer.headers["content-length"] == str(len(stored))


LATEST = "application/vnd.pypi.simple.latest"


@pytest.mark.parametrize(("accept", "content_type"), [(f"{LATEST}+json", JSON), (f"{LATEST}+html", HTML_V1)])
def test_latest_is_answered_with_the_concrete_version(ask: Ask, accept: str, content_type: str) -> None:
    """SN-01"""
    assert ask("/simple/flask/", accept=accept).headers["content-type"].startswith(content_type)


@pytest.mark.parametrize("headers", [{}, {"accept": "*/*"}])
def test_clients_that_take_anything_get_html(ask: Ask, headers: dict[str, str]) -> None:
    """SN-02, SN-06"""
    assert ask("/simple/flask/", **headers).headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("query", [f"format={JSON}", f"x=1&format={JSON.replace('+', '%2B')}", f"format={LATEST}+json"])
def test_the_format_in_the_query_wins_over_accept(ask: Ask, query: str) -> None:
    """SN-07"""
    assert ask(f"/simple/flask/?{query}", accept=HTML).headers["content-type"] == JSON


@pytest.mark.parametrize("query", ["format=*/*", f"format={JSON},{HTML}", "format=", "format=application/json"])
def test_a_format_that_is_not_one_of_ours_is_not_acceptable(ask: Ask, query: str) -> None:
    """SN-07"""
    assert ask(f"/simple/flask/?{query}", accept=HTML).status_code == 406


@pytest.mark.parametrize(
    "accept", ["application/vnd.pypi.simple.v2+json", "application/json", "image/png", f"{JSON};q=0"]
)
def test_a_client_that_accepts_nothing_of_ours_is_told_what_there_is(ask: Ask, accept: str) -> None:
    """SN-05, SN-09, PD-01, PD-02"""
    answer = ask("/simple/flask/", accept=accept)
    assert (answer.status_code, answer.headers["content-type"]) == (406, "application/problem+json")
    assert JSON in answer.json()["detail"]
    assert "Accept" in answer.headers["vary"]


@pytest.mark.parametrize("path", ["/simple/", "/simple/flask/"])
def test_every_negotiated_answer_says_what_it_varies_by(ask: Ask, path: str) -> None:
    """SN-09"""
    whole = ask(path)
    answers = [whole, ask(path, if_none_match=whole.headers["etag"]), ask("/simple/absent/"), ask(path, accept="a/b")]
    assert [answer.status_code for answer in answers] == [200, 304, 404, 406]
    assert {answer.headers["vary"] for answer in answers} == {"Accept, Accept-Encoding"}


@pytest.mark.parametrize(
    ("accept_encoding", "encoding"),
    [
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, deflate", "gzip"),
        ("gzip;q=1, zstd;q=0.5", "gzip"),
        ("zstd;q=0, *", "gzip"),
        ("br", None),
        ("identity", None),
        ("gzip;q=0", None),
    ],
)
def test_the_encoding_is_the_best_that_the_client_takes(
    ask: Ask, index: BlobStore, accept_encoding: str, encoding: str | None
) -> None:
    """SC-07"""
    answer = ask("/simple/flask/", accept=JSON, accept_encoding=accept_encoding)
    assert answer.headers.get("content-encoding") == encoding
    # httpx has unpacked it.
    assert answer.content == read_document(index, "flask", "json")
    assert answer.headers["x-pypi-last-serial"] == str(SERIAL)


def test_a_page_without_the_compressed_form_comes_plain(ask: Ask, index: BlobStore) -> None:
    """SC-07"""
    for encoding in keys.ENCODINGS:
        index.delete(keys.variant(keys.simple_project(keys.DEFAULT_INDEX, "flask", "json"), encoding))
    answer = ask("/simple/flask/", accept=JSON, accept_encoding="gzip, zstd")
    assert "content-encoding" not in answer.headers
    assert answer.json()["name"] == "flask"


def test_every_representation_has_an_etag_of_its_own_that_stays(ask: Ask, index: BlobStore) -> None:
    """SC-01"""

    def list_etags() -> list[str]:
        encodings = ("identity", "gzip", "zstd")
        forms = (JSON, HTML_V1, HTML)
        return [ask("/simple/flask/", accept=a, accept_encoding=e).headers["etag"] for a in forms for e in encodings]

    etags = list_etags()
    assert len(set(etags)) == 9
    assert all(etag[0] == etag[-1] == '"' for etag in etags)
    put_project(index, "flask")
    assert list_etags() == etags, "Rendering the same again is no change."
    put_project(index, "flask", serial=SERIAL + 1)
    assert not set(list_etags()) & set(etags)


@pytest.mark.parametrize("accept", [JSON, HTML])
@pytest.mark.parametrize("form", ["{0}", "W/{0}", '"other", {0}', '"other",W/{0} , "third"', "*"])
def test_a_client_that_has_the_page_already_gets_304(ask: Ask, accept: str, form: str) -> None:
    """SC-02"""
    whole = ask("/simple/flask/", accept=accept, accept_encoding="gzip")
    again = ask(
        "/simple/flask/", accept=accept, accept_encoding="gzip", if_none_match=form.format(whole.headers["etag"])
    )
    assert (again.status_code, again.content) == (304, b"")
    for name in ("etag", "cache-control", "vary", "x-pypi-last-serial"):
        assert again.headers[name] == whole.headers[name]
    assert "content-type" not in again.headers


@pytest.mark.parametrize("condition", ['"other"', "other", "", "W/", '"'])
def test_a_client_that_has_something_else_gets_the_page(ask: Ask, condition: str) -> None:
    """SC-02"""
    answer = ask("/simple/flask/", if_none_match=condition, if_modified_since="Fri, 01 Jan 2100 00:00:00 GMT")
    assert answer.status_code == 200


def test_pages_are_asked_for_again_each_time(ask: Ask) -> None:
    """SC-04"""
    for path in ("/simple/", "/simple/flask/", "/simple/absent/"):
        assert ask(path).headers["cache-control"] == "no-cache"


def test_a_new_upload_is_seen_at_once_by_who_has_the_old_page(ask: Ask, index: BlobStore) -> None:
    """SC-04, MR-01"""
    before = ask("/simple/flask/", accept=JSON)
    put_project(index, "flask", serial=SERIAL + 1)
    after = ask("/simple/flask/", accept=JSON, if_none_match=before.headers["etag"])
    assert (after.status_code, after.headers["x-pypi-last-serial"]) == (200, str(SERIAL + 1))
    assert after.json()["meta"]["_last-serial"] == SERIAL + 1


@pytest.mark.parametrize("accept", [JSON, HTML])
@pytest.mark.parametrize("path", ["/simple/", "/simple/flask/"])
def test_the_serial_is_in_the_header(ask: Ask, path: str, accept: str) -> None:
    """SJ-20"""
    assert ask(path, accept=accept).headers["x-pypi-last-serial"] == str(SERIAL)


@pytest.mark.parametrize("path", ["/simple/", "/simple/flask/", "/simple/absent/", "/simple/Flask/", "/simple"])
@pytest.mark.parametrize(
    "headers", [{"accept": JSON}, {"accept": HTML, "accept_encoding": "gzip"}, {"if_none_match": "*"}]
)
def test_head_has_the_headers_of_get_and_no_body(ask: Ask, path: str, headers: dict[str, str]) -> None:
    """SN-11"""
    get, head = ask(path, **headers), ask(path, "HEAD", **headers)
    assert (head.status_code, head.content) == (get.status_code, b"")
    assert {**head.headers, "date": ""} == {**get.headers, "date": ""}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "POST", "TRACE", "PROPFIND"])
@pytest.mark.parametrize("path", ["/simple/flask/", "/simple/Flask", "/simple/absent/"])
def test_other_methods_are_refused_with_those_that_work(ask: Ask, path: str, method: str) -> None:
    """SN-12, PD-01"""
    answer = ask(path, method)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert answer.json()["status"] == 405


@pytest.mark.parametrize("path", ["/simple/", "/simple"])
def test_an_upload_to_the_list_of_projects_goes_behind(ask: Ask, path: str) -> None:
    assert ask(path, "POST").text == f"behind POST {path}"


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/simple", "/simple/"),
        ("/+simple", "/+simple/"),
        ("/simple/flask", "/simple/flask/"),
        ("/simple/Flask/", "/simple/flask/"),
        ("/simple/Zope.Interface", "/simple/zope-interface/"),
        ("/simple/zope_-.interface/", "/simple/zope-interface/"),
        ("/simple/%46lask/", "/simple/flask/"),
        ("/+simple/FLASK/", "/+simple/flask/"),
        ("/simple/Absent/", "/simple/absent/"),
        ("/simple/Flask?format=a%2Bb&c=d+e", "/simple/flask/?format=a%2Bb&c=d+e"),
    ],
)
@pytest.mark.parametrize("accept", [JSON, "a/b"])
def test_another_spelling_is_sent_to_the_one_address(ask: Ask, path: str, location: str, accept: str) -> None:
    """SH-06, SH-07"""
    answer = ask(path, accept=accept)
    assert (answer.status_code, answer.headers["location"]) == (301, location)


def test_an_encoded_spelling_of_the_right_name_is_the_right_name(ask: Ask) -> None:
    assert ask("/simple/fl%61sk/", accept=JSON).json()["name"] == "flask"


def test_an_unknown_project_is_a_404_that_names_it(ask: Ask) -> None:
    """SH-08, PD-01, PD-02"""
    answer = ask("/simple/absent/", accept=JSON)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    problem = json.loads(answer.content)
    assert problem["status"] == 404
    assert "absent" in problem["detail"]


def test_a_person_gets_a_page_instead_of_a_problem(ask: Ask) -> None:
    """PD-03"""
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    answer = ask("/simple/absent/", accept=browser)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "<h1>No such project</h1>" in answer.text
    assert "<a" not in answer.text, "SH-12: naive clients take every anchor for a file."


def test_a_missing_list_of_projects_is_not_an_empty_one(ask: Ask, index: BlobStore) -> None:
    """A mirror that was told of an empty index would delete what it has."""
    index.delete(keys.simple_root(keys.DEFAULT_INDEX, "json"))
    assert ask("/simple/", accept=JSON).status_code == 503


def test_other_origins_may_read(ask: Ask) -> None:
    """SC-09"""
    for path in ("/simple/flask/", "/simple/absent/", "/simple/Flask/"):
        answer = ask(path, origin="https://notebook.example")
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["access-control-expose-headers"] == "X-PyPI-Last-Serial"
    preflight = ask("/simple/flask/", "OPTIONS", access_control_request_method="GET")
    assert (preflight.status_code, preflight.content) == (204, b"")
    assert preflight.headers["access-control-allow-methods"] == "GET"
    assert preflight.headers["access-control-max-age"] == "86400"
    allowed = "Content-Type, If-Match, If-Modified-Since, If-None-Match, If-Unmodified-Since"
    assert preflight.headers["access-control-allow-headers"] == allowed


def test_what_is_sent_is_what_the_variant_holds(index: BlobStore) -> None:
    """The fixtures themselves: both encodings unpack to the plain document."""
    key = keys.simple_project(keys.DEFAULT_INDEX, "flask", "html")
    plain = index.read(key)
    assert gzip.decompress(index.read(keys.variant(key, "gzip"))) == plain
    assert zstandard.decompress(index.read(keys.variant(key, "zstd"))) == plain


def test_the_hook_for_operators_hears_of_every_answer(ask: Ask, noted: Noted, index: BlobStore) -> None:
    ask("/simple/flask/", accept=JSON)
    ask("/simple/flask/", "HEAD", accept=JSON)
    ask("/simple/absent/")
    ask("/project/flask/")
    size_bytes = len(read_document(index, "flask", "json"))
    assert noted.answers[:2] == [("simple", 200, size_bytes), ("simple", 200, 0)]
    assert [answer[:2] for answer in noted.answers[2:]] == [("simple", 404)]


@pytest.mark.parametrize("public_path", ["/python/index"], indirect=False)
def test_a_public_address_below_a_path_is_answered_with_and_without_it(ask: Ask, public_path: str) -> None:
    assert ask(f"{public_path}/simple/flask/", accept=JSON).json()["name"] == "flask"
    assert ask("/simple/flask/", accept=JSON).json()["name"] == "flask"
    for path in ("/simple/Flask", f"{public_path}/simple/Flask"):
        assert ask(path).headers["location"] == f"{public_path}/simple/flask/"
    assert ask(f"{public_path}/project/flask/").text == f"behind GET {public_path}/project/flask/"
    assert ask(f"{public_path}simple/flask/").text.startswith("behind")
