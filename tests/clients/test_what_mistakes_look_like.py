"""
What twine and uv show to a person for twenty typical mistakes, kept in `tests/golden/refusals/clients/`.

`WRITE_GOLDEN=1` writes them anew; read the difference as the person would who made the mistake.
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.golden.golden import check_golden
from tests.real.clients import Clients
from tests.real.distributions import Distribution, build_sdist, build_wheel
from tests.real.processes import Finished
from tests.real.running_index import RunningIndex
from tests.spec.archive_builder import wheel_entries, write_zip

pytestmark = pytest.mark.clients


@pytest.fixture(scope="module")
def index(start_index: Callable[..., RunningIndex]) -> RunningIndex:
    """Give a public index with two people and a project of each."""
    index = start_index()
    index.stop()
    index.start(CREAMERY_INDEX_POLICY="public")
    for person in ("ada", "grace"):
        index.create_person(person)
        wheel = build_wheel(index.folder / person, Distribution(name=f"{person}-sample"))
        assert index.command("import", str(wheel), "--user", person).exit_code == 0
    return index


def sample(**changed: object) -> Callable[[Path], Path]:
    """Build a wheel of a name that nobody has, with something wrong in it."""
    return lambda folder: build_wheel(folder, Distribution(**{"name": "mistaken", **changed}))  # type: ignore[arg-type]


def with_header(name: str, value: str) -> Callable[[Path], Path]:
    """Build a wheel with one more line of metadata."""
    return sample(extra_headers=[(name, value)])


def with_broken_entry_points(folder: Path) -> Path:
    """Write a wheel whose program has no place in its module."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "foo-1.0-py3-none-any.whl"
    content = b"[console_scripts]\nfoo = foo main\n"
    path.write_bytes(write_zip(wheel_entries({"foo.py": b"", "foo-1.0.dist-info/entry_points.txt": content})))
    return path


def changed_afterwards(folder: Path) -> Path:
    """Change a wheel after it was built, so that RECORD is wrong."""
    path = folder / "foo-1.0-py3-none-any.whl"
    folder.mkdir(parents=True, exist_ok=True)
    entries = wheel_entries({"foo.py": b"print(1)"})
    record = entries[-1].content.replace(b",8\n", b",9\n")
    path.write_bytes(write_zip(wheel_entries({"foo.py": b"print(1)"}, record=record)))
    return path


def sdist_of_two_folders(folder: Path) -> Path:
    """Build a source distribution whose folder is named otherwise."""
    return build_sdist(folder, Distribution(name="mistaken")).rename(folder / "mistaken-2.0.tar.gz")


def broken_readme(folder: Path) -> Path:
    """Build a wheel whose README is not what its type says."""
    readme = "Title\n=====\n\nSee :doc:`usage`.\n"
    return build_wheel(folder, Distribution(name="mistaken", readme=readme, readme_type="text/x-rst"))


MISTAKES: dict[str, Callable[[Path], Path]] = {
    "wrong-token": sample(),
    "token-of-another-project": sample(),
    "project-of-another": lambda folder: build_wheel(folder, Distribution(name="grace-sample", version="2.0")),
    "file-changed-under-the-same-version": lambda folder: build_wheel(
        folder, Distribution(name="ada-sample", summary="Changed.")
    ),
    "local-version": sample(version="1.0+local"),
    "linux-tag": sample(tag="cp311-cp311-linux_x86_64"),
    "name-of-the-standard-library": sample(name="asyncio"),
    "name-like-another": sample(name="grace-samp1e"),
    "unknown-classifier": with_header("Classifier", "Topic :: Cheese"),
    "private-classifier": with_header("Classifier", "Private :: Do Not Upload"),
    "requirement-by-address": with_header("Requires-Dist", "edam @ https://files.example/edam-1.0.zip"),
    "address-that-is-none": with_header("Author-email", "ada at idx.example"),
    "link-without-scheme": with_header("Project-URL", "Homepage, mistaken.example"),
    "licence-in-another-spelling": with_header("License-Expression", "apache-2.0"),
    "licence-file-missing": with_header("License-File", "LICENSE"),
    "summary-too-long": sample(summary="word " * 120),
    "readme-broken": broken_readme,
    "entry-points-broken": with_broken_entry_points,
    "wheel-changed-after-it-was-built": changed_afterwards,
    "sdist-renamed-to-another-version": sdist_of_two_folders,
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_shown_with_what_to_do(mistake: str, index: RunningIndex, tmp_path: Path) -> None:
    """UP-31, UP-32, UP-33"""
    clients = Clients(index.url, tmp_path / "clients")
    path = MISTAKES[mistake](tmp_path / "dist")
    token = "creamery-AgEabc"
    if mistake != "wrong-token":
        token = index.create_token("ada", *(["ada-sample"] if mistake == "token-of-another-project" else []))
    shown = [
        f"twine\n{words_of(clients.twine_upload(token, path), tmp_path, index)}",
        f"uv\n{words_of(clients.uv_publish(token, path), tmp_path, index)}",
    ]
    check_golden(f"refusals/clients/{mistake}.txt", "\n".join(shown))
    assert path.name not in index_files(index, path)


def index_files(index: RunningIndex, path: Path) -> Sequence[str]:
    """List what is there of the file's project; nothing if there is none."""
    try:
        return index.list_files(path.name.split("-")[0].replace("_", "-").lower()) if "ada" not in path.name else []
    except OSError:
        return []


def words_of(done: Finished, folder: Path, index: RunningIndex) -> str:
    """Take what a person has to read, without what differs from run to run."""
    assert done.exit_code != 0, done
    text = re.sub(r"\x1b\[[0-9;]*m", "", done.output)
    text = text.replace(str(folder), "FOLDER").replace(index.url, "INDEX").replace(str(index.port), "PORT")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    first = next(place for place, line in enumerate(lines) if line.lower().startswith("error"))
    return "\n".join(f"  {line}" for line in lines[first:])
