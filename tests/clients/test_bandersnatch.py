"""
Bandersnatch mirrors the whole index, and a second run transfers nothing.

6.8 is asked by XML-RPC and by JSON. 8.2, which speaks JSON only, needs Python 3.12; the oldest system that is supported has
3.11 and no package of a newer one. So its test runs wherever a newer Python is found, and is the one test whose missing
part is reported and does not fail CI (`is_required=False` in tests/real/parts.py): 6.8 by JSON asks for the same.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.clients.conftest import Publish
from tests.real.access_log import AccessLog, Asked
from tests.real.client_tools import CLIENTS, NEW_BANDERSNATCH, ToolSet, find_programs
from tests.real.processes import Finished, plain_environment, run
from tests.real.running_index import RunningIndex

pytestmark = pytest.mark.clients
CONFIGURATION = """
[mirror]
directory = {folder}
master = {url}
allow-non-https = true
json = true
release-files = true
api-method = {method}
workers = 2
stop-on-error = true
cleanup = true
timeout = 20
compare-method = hash
log-config =
"""


class Mirror:
    """A mirror of the index in a folder."""

    def __init__(self, url: str, folder: Path, tools: ToolSet, method: str) -> None:
        self.web = folder / "mirror" / "web"
        self._folder = folder
        self._programs = find_programs(tools)
        text = CONFIGURATION.format(folder=folder / "mirror", url=url, method=method)
        if tools is NEW_BANDERSNATCH:
            text = text.replace(f"api-method = {method}\n", "")
        (folder / "mirror").mkdir()
        (folder / "bandersnatch.conf").write_text(text)

    def run(self) -> Finished:
        """Mirror once."""
        program, settings = self._programs / "bandersnatch", self._folder / "bandersnatch.conf"
        command: list[str | Path] = [program, "--config", settings, "mirror"]
        done = run(command, environment=plain_environment(self._folder), folder=self._folder)
        assert done.exit_code == 0, done
        return done

    def read_files(self) -> dict[str, bytes]:
        """Read every mirrored file, by name."""
        found = [path for path in (self.web / "packages").rglob("*") if path.is_file()]
        return {path.name: path.read_bytes() for path in found}


def list_transfers(log: AccessLog) -> list[Asked]:
    """List what was fetched besides the question what changed."""
    questions = {"/simple", "/simple/", "/pypi", "/pypi/"}
    return [one for one in log.list_asked() if one.path not in questions and one.path != "/health/ready"]


VERSIONS = [
    pytest.param(CLIENTS, "xmlrpc", id="6.8-xmlrpc"),
    pytest.param(CLIENTS, "simple", id="6.8-json"),
    pytest.param(NEW_BANDERSNATCH, "simple", id="8.2", marks=pytest.mark.need("newer-python")),
]


@pytest.mark.parametrize(("tools", "method"), VERSIONS)
def test_a_mirror_takes_everything_once(
    tools: ToolSet,
    method: str,
    logged_index: RunningIndex,
    put: Publish,
    change: Callable[..., None],
    settle: Callable[[], None],
    log: AccessLog,
    tmp_path: Path,
) -> None:
    """MR-01, MR-02, SJ-02, SJ-20, JS-01, JS-02, JS-04, JS-05, SH-06, API-046, API-047"""
    name = f"mirrored-{tools.name}-{method}".replace("clients", "c")
    files = [put(name), put(name, sdist=True), put(name, "2.0"), put(f"{name}-too", requires=[name])]
    change("yank_release", name, "1.0", "old")
    settle()
    mirror = Mirror(logged_index.url, tmp_path, tools, method)
    log.forget()
    mirror.run()
    mirrored = mirror.read_files()
    assert {file.name: file.read_bytes() for file in files}.items() <= mirrored.items()
    assert f'href="{name}/"' in (mirror.web / "simple" / "index.html").read_text()
    assert "data-yanked" in (mirror.web / "simple" / name / "index.html").read_text()
    assert [one.status for one in list_transfers(log) if one.status >= 400] == []

    log.forget()
    mirror.run()
    assert list_transfers(log) == [], "A second run transfers nothing."

    newer = put(name, "3.0")
    settle()
    log.forget()
    mirror.run()
    transferred = [one.path.rsplit("/", 1)[1] for one in list_transfers(log) if not one.is_metadata]
    assert transferred == ["json", newer.name], "8.2 takes the metadata beside it as well."
    assert mirror.read_files()[newer.name] == newer.read_bytes()
