"""What operators ask: alive, ready, figures; and what every answer of the index carries."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from creamery.settings import CONFIG
from creamery.web import operations
from tests.factories import create_person, create_publisher, make_upload, publish
from tests.real.inside import Inside

SAFE = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}


class TestHealth:
    """What a supervisor and a load balancer ask."""

    def test_the_process_says_that_it_lives(self, inside: Inside) -> None:
        answer = inside.get("/health/live")
        assert (answer.status, answer.json()) == (200, {"alive": True})

    def test_it_is_ready_when_database_and_store_are_there(self, inside: Inside) -> None:
        answer = inside.get("/health/ready")
        assert (answer.status, answer.json()) == (200, {"ready": True, "database": "ok", "store": "ok"})

    def test_it_is_not_ready_when_the_store_is_away(self, inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
        from pathlib import Path

        from creamery.storage.filesystem import FilesystemStore

        class Away(FilesystemStore):
            """A store in a folder whose disk is gone."""

            def __init__(self) -> None:
                self.root = Path("/dev/null/nowhere")
                self._prefix = "/dev/null/nowhere/" + "x" * 5000

        monkeypatch.setattr(operations, "the_store", Away)
        answer = inside.get("/health/ready")
        assert (answer.status, answer.json()["store"]) == (503, "unavailable")

    @pytest.mark.parametrize("path", ["/health/ready", "/metrics"])
    def test_only_reading_is_offered(self, path: str, inside: Inside) -> None:
        assert inside.send("POST", path, body=b"x=1").status in {403, 405}
        assert inside.send("HEAD", path).status == 200


class TestMetrics:
    """Figures for the networks that the operator allows; for others there is no such page."""

    def test_it_counts_what_was_answered(self, inside: Inside) -> None:
        publish("metrics-sample", actor=create_person())
        inside.get("/simple/metrics-sample/")
        text = inside.get("/metrics").text
        assert re.search(r'creamery_requests_total\{kind="simple",status="200"\} [1-9]', text)
        assert re.search(r"^creamery_serial 4\.0$|^creamery_serial 3\.0$", text, re.MULTILINE)
        for name in ("creamery_jobs_waiting", "creamery_jobs_failing", "creamery_jobs_oldest_seconds"):
            assert re.search(rf"^{name} ", text, re.MULTILINE)

    def test_it_shows_a_job_that_keeps_failing(self, inside: Inside) -> None:
        from creamery.kernel import clock
        from creamery.kernel.models import Job

        Job.objects.create(reaction="x", key="1", created_at=clock.now(), due_at=clock.now(), attempts=5)
        assert "creamery_jobs_failing 1.0" in inside.get("/metrics").text

    @pytest.mark.parametrize(
        ("address", "status"),
        [("127.0.0.1", 200), ("::1", 200), ("10.0.0.1", 404), ("2001:db8::1", 404), ("", 404), ("unix", 404)],
    )
    def test_only_allowed_networks_see_it(self, address: str, status: int, inside: Inside) -> None:
        assert inside.send("GET", "/metrics", address=address).status == status

    def test_an_ipv4_address_in_ipv6_dress_is_the_same_address(self, inside: Inside) -> None:
        assert inside.send("GET", "/metrics", address="::ffff:127.0.0.1").status == 200
        assert inside.send("GET", "/metrics", address="::ffff:10.0.0.1").status == 404

    def test_the_operator_chooses_the_networks(self, inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(operations, "CONFIG", replace(CONFIG, metrics_networks=("10.0.0.0/8",)))
        assert inside.send("GET", "/metrics", address="10.1.2.3").status == 200
        assert inside.send("GET", "/metrics", address="127.0.0.1").status == 404

    @pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded", "x-real-ip", "client-ip"])
    def test_nobody_can_claim_an_address(self, header: str, inside: Inside) -> None:
        """AUD-10: without a trusted proxy no header says who asks"""
        answer = inside.send("GET", "/metrics", address="203.0.113.9", headers={header: "127.0.0.1"})
        assert answer.status == 404


def list_routes(patterns: list[URLPattern | URLResolver] | None = None, before: str = "/") -> Iterator[str]:
    """List an address for every route that Django knows, with something in its places."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = before + re.sub(r"<[^>]+>", "x", str(pattern.pattern).lstrip("^"))
        route = re.sub(r"\(\?P<\w+>[^)]*\)", "x", route).removesuffix("$").replace("/?", "/")
        if isinstance(pattern, URLResolver):
            yield from list_routes(pattern.url_patterns, route)
        else:
            yield route


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "TRACE"])
def test_every_route_has_safe_headers(method: str, inside: Inside) -> None:
    """AUD-7"""
    routes = [*list_routes(), "/nowhere", "/static/creamery/creamery.css", "/static/nothing"]
    assert len(routes) > 10
    for route in routes:
        answer = inside.send(method, route, headers={"content-type": "text/xml"} if method == "POST" else {})
        assert answer.status != 500, route
        assert {name: answer.header(name) for name in SAFE} == SAFE, route
        policy = answer.header("content-security-policy")
        assert "default-src 'none'" in policy, route
        assert "unsafe" not in policy
        assert len(answer.header("x-request-id")) == 16


@pytest.mark.parametrize("path", ["/simple/", "/simple/nothing/", "/simple/headers-sample/"])
def test_what_installers_read_has_its_own_safe_headers(path: str, inside: Inside) -> None:
    publish("headers-sample", actor=create_person())
    answer = inside.get(path)
    assert answer.header("x-content-type-options") == "nosniff"
    assert answer.header("set-cookie") == ""


def test_pages_set_no_cookie_for_readers(inside: Inside) -> None:
    publish("cookie-sample", actor=create_person())
    for path in ("/", "/search/", "/project/cookie-sample/", "/help/", "/nowhere"):
        assert inside.get(path).header("set-cookie") == "", path


class TestBroken:
    """A bug in a view is logged as one and shown as a page that gives nothing away."""

    @pytest.fixture
    def broken(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from creamery.catalog import queries

        def get_broken(*_args: object, **_kwargs: object) -> None:
            raise ZeroDivisionError("A detail of ours.")

        monkeypatch.setattr(queries, "newest_releases", get_broken)

    def test_it_answers_with_our_page_and_its_number(
        self, broken: None, inside: Inside, caplog: pytest.LogCaptureFixture
    ) -> None:
        answer = inside.get("/")
        assert answer.status == 500
        assert answer.header("content-type").startswith("text/html")
        assert answer.header("x-request-id") in answer.text
        assert "A detail of ours" not in answer.text
        assert {name: answer.header(name) for name in SAFE} == SAFE

    def test_it_is_logged_with_its_traceback(
        self, broken: None, inside: Inside, caplog: pytest.LogCaptureFixture
    ) -> None:
        inside.get("/")
        (logged,) = [record for record in caplog.records if record.exc_info]
        assert logged.levelname == "ERROR"
        assert "ZeroDivisionError: A detail of ours." in caplog.text

    def test_a_database_that_is_away_is_503_with_a_time_to_come_back(
        self, inside: Inside, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from django.db import OperationalError

        from creamery.catalog import queries

        def find_nothing(*_args: object, **_kwargs: object) -> None:
            raise OperationalError("connection refused")

        monkeypatch.setattr(queries, "newest_releases", find_nothing)
        answer = inside.get("/")
        assert (answer.status, answer.header("retry-after")) == (503, "30")


@pytest.mark.parametrize("size", [1024 * 1024 + 1, 10**12])
def test_a_form_larger_than_a_mebibyte_is_refused_unread(size: int, inside: Inside) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded", "content-length": str(size)}
    assert inside.send("POST", "/setup/x/", headers=headers, body=[b"a=b"]).status == 413


def test_a_chunked_form_larger_than_a_mebibyte_is_refused(inside: Inside) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded", "transfer-encoding": "chunked"}
    answer = inside.send("POST", "/setup/x/", headers=headers, body=[b"x" * 600_000, b"x" * 600_000])
    assert answer.status == 413


def test_links_never_come_from_the_host_header(inside: Inside) -> None:
    publish("host-sample", actor=create_person())
    for path in ("/", "/project/host-sample/", "/help/"):
        assert "evil.example" not in inside.get(path, host="evil.example", x_forwarded_host="evil.example").text


def test_the_answer_to_an_upload_names_the_public_address(inside: Inside) -> None:
    answer = make_upload("host-sample").send(inside, create_publisher(), host="evil.example")
    assert "http://localhost:8000/project/host-sample/1.0/" in answer.text
