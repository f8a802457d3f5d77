"""An index that moves below a path of its host: pages, uploads, the Simple API, files and the stylesheet move along."""

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest

from tests.real.clients import Clients
from tests.real.distributions import Distribution, build_wheel
from tests.real.inside import SIMPLE_JSON
from tests.real.running_index import PASSWORD, RunningIndex

PATH = "/py/index"


@pytest.fixture(scope="module")
def moved(start_index: Callable[..., RunningIndex], tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningIndex]:
    """Publish at the root, then start again below a path."""
    index = start_index()
    folder = tmp_path_factory.mktemp("before")
    clients = Clients(index.url, folder / "clients")
    token = index.create_publisher("ada")
    done = clients.twine_upload(token, build_wheel(folder, Distribution(name="from-before")))
    assert done.exit_code == 0, done
    assert file_addresses(index, "/simple/from-before/")[0].startswith("/packages/")
    index.stop()
    index.url = f"http://localhost:{index.port}{PATH}"
    index.start()
    yield index
    index.stop()


def file_addresses(index: RunningIndex, page: str) -> list[str]:
    """List the addresses of a page's files."""
    return [str(file["url"]) for file in json.loads(index.fetch(page, Accept=SIMPLE_JSON))["files"]]


def test_pages_from_before_the_move_are_written_again(moved: RunningIndex) -> None:
    deadline = time.monotonic() + 15
    while not file_addresses(moved, f"{PATH}/simple/from-before/")[0].startswith(f"{PATH}/packages/"):
        assert time.monotonic() < deadline, "The page still has the old addresses."
        time.sleep(0.1)
    done = moved.command("rebuild", "--check")
    assert done.exit_code == 0, done


def test_a_command_beside_the_server_writes_the_servers_address(moved: RunningIndex, tmp_path: Path) -> None:
    """It was not given the server's options; the data folder remembers them."""
    done = moved.command("import", str(build_wheel(tmp_path, Distribution(name="imported-beside")).parent))
    assert done.exit_code == 0, done
    assert file_addresses(moved, f"{PATH}/simple/imported-beside/")[0].startswith(f"{PATH}/packages/")
    assert moved.command("rebuild", "--check").exit_code == 0


@pytest.mark.parametrize("prefix", [PATH, ""])
def test_a_proxy_may_or_may_not_take_the_path_off(prefix: str, moved: RunningIndex) -> None:
    for path in ("/", "/simple/", "/simple/from-before/", "/project/from-before/", "/search/", "/health/ready"):
        assert moved.fetch(prefix + path)


def test_every_link_and_asset_of_a_page_is_below_the_path_and_answers(moved: RunningIndex) -> None:
    for page in ("/", "/search/", "/project/from-before/", "/help/", "/account/log-in/", "/api/v1/docs"):
        html = moved.fetch(PATH + page).decode()
        addresses = set(re.findall(r'(?:href|src|action)="([^"#]+)', html))
        local = {address for address in addresses if not re.match(r"[a-z]+:", address)}
        assert len(local) > 5
        for address in local:
            target = urljoin(f"{PATH}{page}", address)
            assert target.startswith(f"{PATH}/"), (page, address)
            moved.fetch(target)
        for address in addresses - local:
            assert not address.startswith(f"http://localhost:{moved.port}/") or address.startswith(moved.url), address


def test_real_clients_publish_and_install_there(moved: RunningIndex, tmp_path: Path) -> None:
    clients = Clients(moved.url, tmp_path / "clients")
    token = moved.create_token("ada")
    done = clients.twine_upload(token, build_wheel(tmp_path, Distribution(name="from-after", requires=["from-before"])))
    assert done.exit_code == 0, done
    assert f"{moved.url}/project/from-after/1.0/" in done.output
    python = clients.create_environment()
    done = clients.pip("install", "from-after", python=python)
    assert done.exit_code == 0, done
    assert clients.import_version(python, "from_before") == "1.0"


def test_a_name_that_is_not_normalised_is_sent_to_the_right_place(moved: RunningIndex) -> None:
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", moved.port, timeout=10)
    for path, target in (
        ("/simple/From_Before", "/simple/from-before/"),
        ("/project/From_Before/", "/project/from-before/"),
    ):
        connection.request("GET", PATH + path)
        answer = connection.getresponse()
        answer.read()
        assert (answer.status, answer.headers["location"]) == (301, PATH + target)
    connection.close()


def test_a_person_logs_in_below_the_path(moved: RunningIndex) -> None:
    host = moved.url.removesuffix(PATH)
    with httpx.Client(base_url=host, follow_redirects=True) as browser:
        form = browser.get(f"{PATH}/manage/projects/from-before/")
        assert form.url.path == f"{PATH}/account/log-in/"
        hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]+)"', form.text))
        page = browser.post(form.url.path, data={**hidden, "username": "ada", "password": PASSWORD.strip()})
        assert (page.status_code, page.url.path) == (200, f"{PATH}/manage/projects/from-before/")
        assert {cookie.path for cookie in browser.cookies.jar} == {f"{PATH}/"}


def test_the_description_of_the_api_has_its_real_addresses(moved: RunningIndex) -> None:
    described = json.loads(moved.fetch(f"{PATH}/api/v1/openapi.json"))
    assert described["servers"] == [{"url": moved.url.removesuffix(PATH)}]
    assert f"{PATH}/api/v1/projects" in described["paths"]
    assert f" {moved.url}/api/v1/projects<" in moved.fetch(f"{PATH}/api/v1/docs").decode()
