"""Every address is open to all, or needs somebody; one that nobody has thought about fails here."""

import re
import sys
from collections.abc import Iterator

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from creamery.settings import CONFIG
from tests.real.inside import Inside
from tests.real.processes import plain_environment, run

OPEN_TO_ALL = {
    "", "search/", "help/", "project/", "project/<str:name>/", "project/<str:name>/<str:version>/", "stats/", "p/<str:name>/",
    "robots.txt", "opensearch.xml", "favicon.ico", "health/ready", "RPC2", "pypi", "pypi/", "account/log-in/",
    "api/v1/docs", "api/v1/openapi.json", "account/forgotten/", "account/register/",
}  # fmt: skip
GUARDED_OTHERWISE = {
    "metrics", "setup/<str:code>/", "account/log-out/", "account/confirm/<str:code>/", "account/freeze/<str:code>/",
    "account/reset/<str:code>/", "account/register/<str:code>/",
}  # fmt: skip
"""By network, by the code itself; and to log out needs no log-in."""
SESSION, TOKEN = ("account/", "manage/", "staff/"), "api/v1/projects"


def list_routes(patterns: list[URLPattern | URLResolver], before: str = "") -> Iterator[str]:
    """List every address that Django answers, as it is written in the tables of addresses."""
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from list_routes(pattern.url_patterns, route)
        elif "^" not in route:  # Expressions are the old addresses of public pages.
            yield route


ROUTES = sorted(set(list_routes(get_resolver().url_patterns)))


def test_every_address_has_a_gate_or_is_known_to_be_open() -> None:
    known = OPEN_TO_ALL | GUARDED_OTHERWISE | {"api/v1/"}
    assert [r for r in ROUTES if r not in known and not r.startswith((*SESSION, TOKEN))] == []
    assert sorted(known - set(ROUTES)) == []


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_whoever_is_nobody_gets_through_no_gate(method: str, inside: Inside) -> None:
    for route in ROUTES:
        if route in OPEN_TO_ALL | GUARDED_OTHERWISE or not route.startswith((*SESSION, TOKEN)):
            continue
        path = "/" + re.sub(r"<(?:int:)[^>]+>", "1", re.sub(r"<str:[^>]+>|\{[^}]+\}|<(?!int)[^>]+>", "x", route))
        answer = inside.send(method, path)
        expected = {401, 405} if route.startswith(TOKEN) else {302, 405} if method == "GET" else {403, 405}
        assert answer.status in expected, (method, path, answer.status)
        if answer.status == 302:
            assert answer.header("location").startswith("/account/log-in/?next="), path


@pytest.mark.parametrize(
    ("public_url", "guard", "path"),
    [
        ("https://idx.example", "__Host-", "/"),
        ("https://idx.example/p", "__Secure-", "/p/"),
        ("http://idx.example", "", "/"),
    ],
)
def test_cookies_are_kept_to_this_host(public_url: str, guard: str, path: str) -> None:
    program = (
        "from creamery import settings as s; "
        "print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.SESSION_COOKIE_PATH, s.SESSION_COOKIE_SECURE)"
    )

    done = run(
        [sys.executable, "-c", program],
        environment=plain_environment(CONFIG.data) | {"CREAMERY_PUBLIC_URL": public_url},
        folder=CONFIG.data,
    )
    assert done.stdout.split() == [f"{guard}session", f"{guard}csrf", path, str(bool(guard))], done
