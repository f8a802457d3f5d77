"""What no file of the repository may say: where one machine keeps things, and where anybody else's index is."""

import re

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.architecture.house import ROOT, list_repository_files, read_pyproject
from tests.run import list_lock_complaints

# Brackets keep these patterns from finding themselves.
REGISTRY_HOST = re.compile(
    r"py[p]i\.(org|io)\b|python[h]osted\.|npm[j]s\.|crates[.]io/|rubygems[.]org|anaconda[.]org", re.IGNORECASE
)
MACHINE_PATH = re.compile(r"(?<![\w./-])/(work|root|home|Users)/[\w.-]+|/tmp/(bash|claude)")
MACHINE_PATHS_IN_EXAMPLES = ("/home/creamery",)

PLANTED_HOSTS = (
    "https://py" + "pi.org/simple/",
    "test.py" + "pi.org",
    "https://files.python" + "hosted.org/packages/aa",
)
PLANTED_PATHS = ("open('/wo" + "rk/main/x')", "cd /ro" + "ot/.ssh", "/ho" + "me/jo/project")


def list_findings(pattern: re.Pattern[str]) -> list[str]:
    """List where a pattern occurs in the repository's text files, as `path:line: words`."""
    findings = []
    for path in list_repository_files():
        for number, line in enumerate(path.read_bytes().decode("utf-8", "replace").splitlines(), start=1):
            found = pattern.search(line)
            if found and not found[0].startswith(MACHINE_PATHS_IN_EXAMPLES):
                findings.append(f"{path.relative_to(ROOT)}:{number}: {found[0]}")
    return findings


def test_no_file_names_the_host_of_a_registry() -> None:
    assert list_findings(REGISTRY_HOST) == []


def test_no_file_names_a_path_of_one_machine() -> None:
    assert list_findings(MACHINE_PATH) == []


@pytest.mark.parametrize("text", PLANTED_HOSTS)
def test_a_planted_host_is_caught(text: str) -> None:
    assert REGISTRY_HOST.search(text)


@pytest.mark.parametrize("text", PLANTED_PATHS)
def test_a_planted_path_is_caught(text: str) -> None:
    assert MACHINE_PATH.search(text)


@pytest.mark.parametrize("text", ["https://idx.example/root/x", "src/work/room", "/project/home/"])
def test_an_address_is_no_path_of_a_machine(text: str) -> None:
    assert not MACHINE_PATH.search(text)


@pytest.mark.parametrize("name", [path.name for path in sorted((ROOT / "requirements").glob("*.txt"))])
def test_locked_requirements_are_pinned_and_hashed(name: str) -> None:
    assert list_lock_complaints((ROOT / "requirements" / name).read_text()) == []


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("six==1.17.0\n", "not pinned with a hash"),
        ("six>=1.17.0 \\\n    --hash=sha256:00\n", "not pinned with a hash"),
        ("--extra-index-url https://idx.example/simple/\n", "an option of this machine"),
        ("--find-links wheels\n", "an option of this machine"),
        ("six @ https://idx.example/six.whl \\\n    --hash=sha256:00\n", "an address"),
    ],
)
def test_a_planted_line_in_a_lock_is_caught(text: str, complaint: str) -> None:
    assert complaint in "".join(list_lock_complaints(text))


def test_the_lock_for_serving_holds_what_the_project_asks_for() -> None:
    project = read_pyproject()
    assert list_unlocked(project["project"]["dependencies"], "serve.txt") == []
    assert list_unlocked(project["dependency-groups"]["setup"], "serve.txt") == []


def test_the_lock_for_testing_holds_what_the_tests_ask_for() -> None:
    project = read_pyproject()
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["test"]]
    assert list_unlocked(wanted, "test.txt") == []


@pytest.mark.parametrize("group", ["bench", "clients", "clients-pip-20", "clients-bandersnatch-8"])
def test_each_environment_of_its_own_is_locked(group: str) -> None:
    assert list_unlocked(read_pyproject()["dependency-groups"][group], f"{group}.txt") == []


def test_both_locks_agree() -> None:
    serve, test = read_lock("serve.txt"), read_lock("test.txt")
    assert {name: test.get(name) for name in serve} == serve


def test_every_dependency_says_what_needs_it() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    block = text.split("\ndependencies = [\n")[1].split("\n]\n")[0].splitlines()
    assert block[0].startswith("  #")
    assert not [line for line in block if not re.match(r"  (# \w.*|\".*\",)$", line)]


def list_unlocked(requirements: list[str], lock: str) -> list[str]:
    """List the requirements that a lock does not satisfy."""
    locked = read_lock(lock)
    parsed = [Requirement(text) for text in requirements]
    return [
        str(wanted)
        for wanted in parsed
        if not any(wanted.specifier.contains(version) for version in locked.get(canonicalize_name(wanted.name), ()))
    ]


def read_lock(name: str) -> dict[str, set[Version]]:
    """Read which versions a lock pins; there may be several for different interpreters."""
    pins: dict[str, set[Version]] = {}
    for line in (ROOT / "requirements" / name).read_text().splitlines():
        found = re.match(r"([A-Za-z0-9._-]+)(?:\[.*?\])?==([^ ;\\]+)", line)
        if found:
            pins.setdefault(canonicalize_name(found[1]), set()).add(Version(found[2]))
    return pins
