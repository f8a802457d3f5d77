"""docs/deploy: installers' reads come from the folder, everything else from Creamery, and nothing private at all."""

import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.deploy.conftest import Deployed
from tests.real.clients import Clients
from tests.real.distributions import Distribution, build_wheel
from tests.real.inside import SIMPLE_JSON

V1 = "application/vnd.pypi.simple.v1"
PIP = f"{V1}+json, {V1}+html; q=0.1, text/html; q=0.01"
UV = f"{V1}+json, {V1}+html;q=0.2, text/html;q=0.01"
POETRY = f"{V1}+json, */*;q=0.1"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
FROM_THE_FOLDER = {"pip": PIP, "uv": UV, "poetry": POETRY, "bandersnatch": f"{V1}+json", "browser": BROWSER}
FROM_THE_FOLDER |= {"hatch": "*/*", "old pip": "text/html", "none": ""}
WEIGHED_BY_CREAMERY = {
    "html": f"{V1}+html",
    "latest": f"{V1}.latest.json",
    "tie": f"text/html, {V1}+json",
    "refusal": f"{V1}+json;q=0",
    "less json": f"{V1}+json;q=0.1, text/html",
    "json twice": f"{V1}+json, text/html;q=1",
    "other": "image/png",
}


def accept(text: str) -> dict[str, str]:
    return {"accept": text} if text else {}


@pytest.mark.parametrize("path", ["/simple/", "/simple/deployed/"])
@pytest.mark.parametrize("client", FROM_THE_FOLDER)
def test_what_clients_send_is_answered_from_the_folder_and_as_creamery_would(
    client: str, path: str, front: Deployed
) -> None:
    """SN-06, SN-10, SN-09, SC-04, SC-09"""
    headers = accept(FROM_THE_FOLDER[client])
    wanted = front.ask_directly(path, **headers)
    front.log.forget()
    answer = front.ask(path, **headers)
    assert front.list_asked() == []
    assert (answer.status_code, answer.content) == (200, wanted.content)
    for name in ("content-type", "vary", "cache-control", "access-control-allow-origin", "x-content-type-options"):
        assert answer.headers[name] == wanted.headers[name], name
    assert front.ask(path, if_none_match=answer.headers["etag"], **headers).status_code == 304


@pytest.mark.parametrize("case", WEIGHED_BY_CREAMERY)
def test_what_has_to_be_weighed_is_weighed_by_creamery(case: str, front: Deployed) -> None:
    """SN-03, SN-04, SN-05"""
    headers = accept(WEIGHED_BY_CREAMERY[case])
    wanted = front.ask_directly("/simple/deployed/", **headers)
    front.log.forget()
    answer = front.ask("/simple/deployed/", **headers)
    assert len(front.list_asked()) == 1
    assert (answer.status_code, answer.content) == (wanted.status_code, wanted.content)
    assert answer.headers["content-type"] == wanted.headers["content-type"]


def test_a_format_in_the_query_is_for_creamery(front: Deployed) -> None:
    """SN-07"""
    answer = front.ask(f"/simple/deployed/?format={V1}%2Bjson", accept="text/html")
    assert answer.headers["content-type"] == SIMPLE_JSON


@pytest.mark.parametrize("form", ["json", "html"])
def test_the_prepared_compressed_twin_is_sent(form: str, front: Deployed) -> None:
    """SC-01, SC-07"""
    headers = accept(PIP if form == "json" else "text/html")
    plain = front.ask("/simple/deployed/", **headers)
    with front.client.stream(
        "GET", f"{front.url}/simple/deployed/", headers={**headers, "accept-encoding": "gzip"}
    ) as packed:
        raw = b"".join(packed.iter_raw())
    assert packed.headers["content-encoding"] == "gzip"
    assert raw == (front.store / "public" / "simple" / "deployed" / f"index.{form}.gz").read_bytes()
    assert packed.headers["etag"] != plain.headers["etag"]


def find_file(front: Deployed) -> str:
    page = front.ask("/simple/deployed/", accept=SIMPLE_JSON).json()
    return next(str(urlsplit(file["url"]).path) for file in page["files"] if file["filename"].endswith(".whl"))


def test_files_come_from_the_folder(front: Deployed) -> None:
    """SC-05, SC-08, CM-01"""
    path, content = find_file(front), front.wheel.read_bytes()
    front.log.forget()
    whole = front.ask(path, accept_encoding="gzip")
    assert (whole.status_code, whole.content) == (200, content)
    assert "content-encoding" not in whole.headers
    assert whole.headers["cache-control"] == "max-age=365000000, immutable, public"
    assert whole.headers["accept-ranges"] == "bytes"
    part = front.ask(path, range="bytes=10-19", if_range=whole.headers["etag"])
    assert (part.status_code, part.content) == (206, content[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(content)}"
    assert front.ask(path, range=f"bytes={len(content)}-").status_code == 416
    assert front.ask(path, if_none_match=whole.headers["etag"]).status_code == 304
    head = front.ask(path, "HEAD")
    assert (head.headers["content-length"], head.content) == (str(len(content)), b"")
    assert front.ask(f"{path}.metadata").text.startswith("Metadata-Version: 2.4\nName: deployed\n")
    assert front.list_asked() == []


@pytest.mark.parametrize(
    ("path", "status"),
    [("/simple/absent/", 404), ("/simple/Deployed/", 301), ("/simple", 301), ("/pypi/deployed/json", 200), ("/", 200)],
)
def test_what_is_not_in_the_folder_is_answered_by_creamery(path: str, status: int, front: Deployed) -> None:
    """SH-06, SH-07, SH-08, PD-01, PD-02"""
    deadline = time.monotonic() + 10
    while front.ask_directly("/pypi/deployed/json").status_code == 404 and time.monotonic() < deadline:
        time.sleep(0.1)
    wanted, answer = front.ask_directly(path, accept=PIP), front.ask(path, accept=PIP)
    assert answer.status_code == wanted.status_code == status
    assert answer.headers.get("content-type") == wanted.headers.get("content-type")
    assert answer.headers.get("location") == wanted.headers.get("location")
    assert answer.reason_phrase == wanted.reason_phrase or not front.keeps_reasons


def test_a_file_that_is_not_there_is_a_problem_that_says_why(front: Deployed) -> None:
    """PD-03, PD-04"""
    answer = front.ask(find_file(front).replace("1.0", "9.0"), accept="*/*")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert "deployed-9.0-py3-none-any.whl" in answer.json()["detail"]


def list_private(front: Deployed) -> list[str]:
    """Plant a file in a private index; name it and a blob as somebody would who knows the store."""
    blob = next(path for path in (front.store / "blobs").rglob("*") if path.is_file())
    private = front.store / "i" / "acme" / "staging" / "packages" / "ab" / "cd" / ("ef" * 30) / "secret-1.0.tar.gz"
    private.parent.mkdir(parents=True, exist_ok=True)
    private.write_text("secret")
    page = private.parents[5] / "simple" / "secret" / "index.json"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text("secret")
    return [str(path.relative_to(front.store)) for path in (blob, private, page)]


ROUNDABOUT = ["/{}", "/../{}", "/packages/../../{}", "/simple/../../{}", "/packages/..%2f..%2f{}", "/%2e%2e/{}", "//{}"]
ROUNDABOUT += ["/simple/.root/../../../{}", "/public/../{}", "/./{}", "/simple/..;/..;/{}", "/static/../../{}"]


@pytest.mark.parametrize("roundabout", ROUNDABOUT)
def test_blobs_and_private_indexes_are_refused(roundabout: str, front: Deployed) -> None:
    for place in list_private(front):
        content = (front.store / place).read_bytes()
        answer = ask_as_written(front, roundabout.format(place))
        assert b" 200 " not in answer.split(b"\r\n")[0], place
        assert content not in answer, place


@pytest.mark.parametrize(
    "path", ["/simple/deployed/index.json", "/simple/.root/index.html", "/simple/deployed/index.html.gz"]
)
def test_the_names_of_documents_are_no_addresses(path: str, front: Deployed) -> None:
    assert front.ask(path).status_code == 404


def test_folders_are_not_listed(front: Deployed) -> None:
    for path in ("/packages/", "/packages/aa/", "/sitemap/", "/rss/", "/stats.json"):
        assert front.ask(path).status_code in (301, 404), path


def ask_as_written(front: Deployed, path: str) -> bytes:
    """Send a path byte for byte; clients would tidy it up first."""
    port = urlsplit(front.url).port
    with socket.create_connection(("127.0.0.1", port), timeout=10) as wire:
        wire.sendall(f"GET {path} HTTP/1.1\r\nHost: idx.example\r\nConnection: close\r\n\r\n".encode())
        return b"".join(iter(lambda: wire.recv(65536), b""))


def test_clients_publish_and_install_through_it(front: Deployed, tmp_path: Path) -> None:
    """SC-04: seen at once by the next reader"""
    clients = Clients(front.index.url, tmp_path / "clients")
    token = front.index.create_token("author")
    for version in ("1.0", "2.0"):
        done = clients.twine_upload(token, build_wheel(tmp_path, Distribution(name="through", version=version)))
        assert done.exit_code == 0, done
        front.log.forget()
        for number, install in enumerate((clients.pip, clients.uv_pip)):
            python = clients.create_environment(f"env-{version}-{number}")
            done = install("install", "through", python=python)
            assert done.exit_code == 0, done
            assert clients.import_version(python, "through") == version
        assert front.list_asked() == [], "The reads came from the folder."


def test_installs_go_on_while_creamery_is_stopped(front: Deployed, tmp_path: Path) -> None:
    front.index.stop()
    try:
        clients = Clients(front.index.url, tmp_path / "clients")
        python = clients.create_environment()
        done = clients.pip("install", "deployed", python=python)
        assert done.exit_code == 0, done
        assert front.ask("/").status_code == 502
    finally:
        front.index.start(CREAMERY_ACCESS_LOG="on", CREAMERY_TRUSTED_PROXIES="127.0.0.1,::1")
