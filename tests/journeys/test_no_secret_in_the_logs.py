"""With every line logged, no token, password or one-time code is in the log, whatever goes right or wrong."""

import base64
import http.client
import re
from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.factories import Upload, make_upload
from tests.real.inside import basic, encode
from tests.real.running_index import PASSWORD, RunningIndex


def read(index: RunningIndex, path: str, **headers: str) -> int:
    """Read an address. Returns the status, whatever it is."""
    connection = http.client.HTTPConnection("127.0.0.1", index.port, timeout=30)
    try:
        connection.request("GET", path, headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.fixture(scope="module", params=["human", "json"])
def talkative(request: pytest.FixtureRequest, start_index: Callable[..., RunningIndex]) -> Iterator[RunningIndex]:
    """Start an index that logs all it can."""
    index = start_index()
    index.stop()
    index.start(CREAMERY_LOG_LEVEL="debug", CREAMERY_LOG_FORMAT=str(request.param), CREAMERY_ACCESS_LOG="on")
    yield index
    index.stop()


def send(index: RunningIndex, upload: Upload, path: str = "/legacy/", **headers: str) -> tuple[int, str, bytes]:
    """Send an upload as bytes over a real connection. Returns status, reason phrase and body."""
    kind, body = encode(upload.fields, [upload.part()])
    connection = http.client.HTTPConnection("127.0.0.1", index.port, timeout=30)
    try:
        connection.request("POST", path, body, {"Content-Type": kind, **headers})
        answer = connection.getresponse()
        return answer.status, answer.reason, answer.read()
    finally:
        connection.close()


def test_no_secret_is_in_the_logs(talkative: RunningIndex) -> None:
    """AUD-20, INC-1: a canary is looked for in everything that was logged"""
    token = talkative.create_publisher("ada")
    upload = make_upload("canary-sample")
    assert send(talkative, upload, Authorization=basic("__token__", token))[0] == 200
    assert send(talkative, upload, Authorization=f"Bearer {token}")[0] == 200
    assert send(talkative, upload, Authorization=f"token {token}x", Cookie=f"session={token}")[0] == 401
    assert send(talkative, upload, Authorization=basic("ada", PASSWORD.strip()))[0] == 401
    assert send(talkative, upload.set(name="other"), Authorization=basic("__token__", token))[0] == 400
    assert send(talkative, upload, f"/legacy/?token={token}")[0] == 401
    for path in (f"/search/?q={token[:150]}", f"/project/{token}/", f"/simple/?token={token}", f"/nowhere/{token}"):
        read(talkative, path, Authorization=basic("__token__", token), Cookie=f"csrf={token}")
    logged = talkative.log.read_text()
    assert "/legacy/" in logged, "The log tells of requests."
    secrets = {token, token[20:], base64.b64encode(f"__token__:{token}".encode()).decode()[20:60], PASSWORD.strip()}
    secrets |= {base64.b64encode(f"ada:{PASSWORD.strip()}".encode()).decode()[10:40]}
    for secret in secrets:
        assert secret not in logged


def test_neither_a_password_nor_a_session_is_in_the_logs(talkative: RunningIndex) -> None:
    """AUD-20: a log-in that fails, one that does not, and a page of the person"""
    talkative.create_person("grace")
    with httpx.Client(base_url=talkative.url) as browser:
        for password in ("not the password of grace", PASSWORD.strip()):
            hidden = re.search(r'csrfmiddlewaretoken" value="([^"]+)"', browser.get("/account/log-in/").text)
            assert hidden is not None
            fields = {"csrfmiddlewaretoken": hidden[1], "username": "grace", "password": password}
            answer = browser.post("/account/log-in/", data=fields)
        assert answer.status_code == 302
        assert browser.get("/manage/projects/").status_code == 200
        session = browser.cookies["session"]
    logged = talkative.log.read_text()
    assert "/account/log-in/" in logged
    for secret in (
        "not the password of grace",
        "not+the+password",
        PASSWORD.strip(),
        PASSWORD.strip().replace(" ", "+"),
        session,
    ):
        assert secret not in logged


def test_the_reason_phrase_goes_over_the_wire(talkative: RunningIndex) -> None:
    """UP-31: what twine, poetry and pdm print"""
    status, reason, body = send(talkative, make_upload("phrase-sample"))
    assert (status, reason) == (401, body.decode().strip())
