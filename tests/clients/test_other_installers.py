"""Poetry, pdm and an old pip install from the index; hatch publishes to it and looks first what is there."""

import re
from pathlib import Path

import pytest

from tests.clients.conftest import Publish
from tests.real.access_log import AccessLog
from tests.real.distributions import Distribution, build_sdist, build_wheel
from tests.real.other_clients import OtherClients
from tests.real.running_index import RunningIndex

pytestmark = pytest.mark.clients


@pytest.mark.parametrize("client", ["poetry", "pdm"])
def test_a_project_is_locked_and_installed(client: str, others: OtherClients, put: Publish) -> None:
    """SJ-12, SN-10: both read JSON; the lock holds the hashes of the page"""
    names = [f"{client}-app-needs", f"{client}-leaf"]
    put(names[0], requires=[f"{names[1]}>=1"])
    leaf = put(names[1])
    project = getattr(others, f"create_{client}_project")(names[0])
    run = getattr(others, client)
    for words in (["lock"], ["install"]):
        done = run(project, *words)
        assert done.exit_code == 0, done
    assert leaf.name in (project / f"{client}.lock").read_text()
    python = project / ".venv" / "bin" / "python"
    assert [others.import_version(python, name.replace("-", "_")) for name in names] == ["1.0", "1.0"]


@pytest.mark.parametrize("is_sdist", [False, True], ids=["wheel", "sdist"])
def test_an_old_pip_downloads_by_html(
    is_sdist: bool, others: OtherClients, put: Publish, log: AccessLog, tmp_path: Path
) -> None:
    """SH-03, SH-04, SH-05, SN-10, FZ-02: pip 20.3 knows neither JSON nor metadata beside wheels"""
    name = f"old-{'sdist' if is_sdist else 'wheel'}"
    file = put(name, sdist=is_sdist)
    done = others.old_pip("download", "--no-deps", "--no-build-isolation", "--dest", tmp_path / "got", name)
    # An old pip cannot build with the backends of today; it has the file before it fails at that.
    assert done.exit_code == 0 or is_sdist, done
    assert f"Downloading http://localhost:{others.simple_url.split(':')[2].split('/')[0]}/packages/" in done.output, (
        done
    )
    asked = [one.path for one in log.list_asked()]
    assert f"/simple/{name}/" in asked
    assert [path.rsplit("/", 1)[1] for path in asked if path.startswith("/packages/")] == [file.name]


def test_an_old_pip_installs_with_dependencies_and_hashes(others: OtherClients, put: Publish, tmp_path: Path) -> None:
    """SH-05, SH-10, YK-01: the newest that this Python can use, hash-checked"""
    put("old-tree", requires=["Old_Leaf"])
    put("old-leaf", "1.0")
    put("old-leaf", "2.0", requires_python=">=4")
    target = tmp_path / "target"
    done = others.old_pip("install", "--target", target, "old-tree")
    assert done.exit_code == 0, done
    assert '"1.0"' in (target / "old_leaf" / "__init__.py").read_text()


def test_hatch_publishes_and_then_finds_its_files_there(
    others: OtherClients, logged_index: RunningIndex, publisher: str, log: AccessLog, tmp_path: Path
) -> None:
    """SN-06, SH-10: hatch reads `+simple/<project>/` below the upload address by a regular expression over HTML"""
    what = Distribution(name="Hatch.Made", extra_headers=[("Keywords", "a,b")])
    files = [build_wheel(tmp_path / "dist", what), build_sdist(tmp_path / "dist", what)]
    done = others.hatch_publish(publisher, *files)
    assert done.exit_code == 0, done
    assert logged_index.list_files("hatch-made") == sorted(file.name for file in files)
    done = others.hatch_publish(publisher, *files)
    assert done.output.count("already exists") == 2, done
    asked = [(one.method, one.path, one.status) for one in log.list_asked() if not one.path.startswith("/simple/")]
    page = "/legacy/+simple/hatch-made/"
    upload = ("POST", "/legacy/", 200)
    assert asked == [("GET", page, 404), upload, upload, ("GET", page, 200)]


def test_hatch_says_why_it_was_refused(others: OtherClients, logged_index: RunningIndex, tmp_path: Path) -> None:
    done = others.hatch_publish("creamery-wrong", build_wheel(tmp_path, Distribution(name="hatch-refused")))
    assert done.exit_code != 0
    assert re.search(r"40[13]", done.output), done
