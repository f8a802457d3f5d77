"""What is put into the indexes: made wheels of known shape, and real ones from a folder on this machine."""

import shlex
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import Version

from tests.real.distributions import Distribution, build_wheel

TEN, MANY, BIG = "bench-ten", "bench-many", "bench-big"
MANY_FILES, BIG_BYTES = 1500, 60 * 1000 * 1000
LARGEST_REAL_BYTES = 25_000_000
LARGEST_SMALL_BYTES = 150_000
WELL_KNOWN = [
    "aiohttp", "alembic", "anyio", "arrow", "attrs", "babel", "bcrypt", "beautifulsoup4", "black", "boto3", "celery",
    "certifi", "click", "cryptography", "dask", "django", "docker", "fastapi", "flake8", "flask", "flask-cors",
    "flask-login", "flask-sqlalchemy", "fsspec", "gunicorn", "hatchling", "httpx", "hypothesis", "ipython", "jinja2",
    "jsonschema", "keyring", "loguru", "lxml", "mako", "markdown", "marshmallow", "mypy", "networkx", "nltk", "numpy",
    "openpyxl", "orjson", "paramiko", "pexpect", "pillow", "pre-commit", "prometheus-client", "psutil", "pydantic",
    "pyjwt", "pylint", "pymongo", "pytest", "pytest-cov", "pytest-xdist", "python-dateutil", "pyyaml", "redis",
    "requests", "rich", "s3fs", "scrapy", "selenium", "sphinx", "sqlalchemy", "starlette", "structlog", "tenacity",
    "tornado", "tox", "tqdm", "twisted", "typer", "urllib3", "uvicorn", "virtualenv", "werkzeug",
]  # fmt: skip
"""Projects that most people know, whose dependencies are many and small."""


@dataclass(frozen=True, slots=True)
class Real:
    """Requirements that can be resolved from these wheels alone."""

    requirements: list[str]
    wheels: list[Path]


def make_ten(folder: Path) -> list[Path]:
    """Make a project with ten files."""
    return [build_wheel(folder, Distribution(name=TEN, version=f"1.{minor}")) for minor in range(10)]


def make_many(folder: Path) -> list[Path]:
    """Make a project with 1,500 files."""
    return [build_wheel(folder, Distribution(name=MANY, version=f"1.{minor}")) for minor in range(MANY_FILES)]


def make_big(folder: Path) -> list[Path]:
    """Make a project with one file of 60 MB."""
    return [build_wheel(folder, Distribution(name=BIG, size_bytes=BIG_BYTES))]


def make_uploads(folder: Path, count: int, series: str, size_bytes: int = 0) -> list[Path]:
    """Make wheels to upload: one of a project of its own after the other, ten versions of each."""
    return [
        build_wheel(folder, Distribution(name=f"up-{series}-{n // 10}", version=f"1.{n % 10}", size_bytes=size_bytes))
        for n in range(count)
    ]


def find_corpus() -> list[Path]:
    """Find the folders of real distributions that pip is told of on this machine; often there are none."""
    done = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False)
    folders = []
    for line in done.stdout.splitlines():
        name, _, value = line.partition("=")
        if name.endswith(("find-links", "index-url")):
            words = shlex.split(value)
            folders += [_local_folder(place) for word in words for place in word.split()]
    return sorted({folder for folder in folders if folder is not None})


def choose_small(folders: list[Path], count: int) -> list[Path]:
    """Choose that many real wheels of at most 150 KB, evenly from all by name; none where there are fewer."""
    wheels = {path.name: path for folder in folders for path in folder.rglob("*.whl")}
    found = [path for _, path in sorted(wheels.items()) if path.stat().st_size <= LARGEST_SMALL_BYTES]
    return [found[place * len(found) // count] for place in range(count)] if len(found) >= count else []


def choose_real(folders: list[Path], most: int) -> Real:
    """Choose well-known projects of which everything they need is there too, and all the wheels that it takes."""
    wheels = dict(_list_newest(folders))
    chosen: dict[str, Path] = {}
    requirements: list[str] = []
    for name in WELL_KNOWN:
        closure = _close(name, wheels)
        if closure and len(requirements) < most:
            requirements.append(name)
            chosen |= closure
    return Real(requirements, [chosen[name] for name in sorted(chosen)])


def _local_folder(place: str) -> Path | None:
    """Say which folder an option of pip names; of a simple index, the folder that holds its files as well."""
    parts = urlsplit(place)
    path = Path(unquote(parts.path))
    if parts.scheme not in ("", "file") or not path.is_absolute() or not path.is_dir():
        return None
    return path.parent if path.name == "simple" else path


def _list_newest(folders: list[Path]) -> Iterator[tuple[str, Path]]:
    """List a project's newest wheel that is not too large; wheels that uv could not take are no use here."""
    newest: dict[str, Version] = {}
    for path in sorted(path for folder in folders for path in folder.rglob("*.whl")):
        try:
            name, version, _, _ = parse_wheel_filename(path.name)
        except InvalidWheelFilename:
            continue
        if path.stat().st_size <= LARGEST_REAL_BYTES and version >= newest.get(name, version):
            newest[name] = version
            yield str(name), path


def _close(name: str, wheels: dict[str, Path]) -> dict[str, Path] | None:
    """Find all that a project needs, or None where something is missing or has another version than is wanted."""
    found: dict[str, Path] = {}
    waiting: list[tuple[str, frozenset[str]]] = [(canonicalize_name(name), frozenset())]
    seen = set()
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        if one[0] not in wheels:
            return None
        found[one[0]] = wheels[one[0]]
        for requirement in _list_requirements(wheels[one[0]], one[1]):
            wanted = canonicalize_name(requirement.name)
            if wanted not in wheels:
                return None
            version = parse_wheel_filename(wheels[wanted].name)[1]
            if not requirement.specifier.contains(version, prereleases=True):
                return None
            waiting.append((wanted, frozenset(requirement.extras)))
    return found


def _list_requirements(path: Path, extras: frozenset[str]) -> Iterator[Requirement]:
    with zipfile.ZipFile(path) as archive:
        member = next(n for n in archive.namelist() if n.endswith(".dist-info/METADATA") and n.count("/") == 1)
        metadata = BytesHeaderParser().parsebytes(archive.read(member))
    for text in metadata.get_all("Requires-Dist") or []:
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        environments = [{"extra": extra} for extra in ("", *extras)]
        if requirement.marker is None or any(requirement.marker.evaluate(one) for one in environments):
            yield requirement
