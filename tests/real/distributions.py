"""
Real distributions to publish: wheels and sdists that installers accept, with whatever a test wants in them.

They are written directly, in milliseconds, with true RECORDs; `build_with_hatchling` makes one as authors do.
"""

import base64
import csv
import gzip
import hashlib
import io
import random
import sys
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.real.processes import plain_environment, run

# A fixed time: the same parameters give the same bytes, so that a test may upload "the same file" twice.
WHEN = (2025, 1, 2, 3, 4, 6)
WHEN_SECONDS = 1735787046
CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """
    What to build.

    `files` maps paths inside the package's folder to their content. `size_bytes` adds a file of incompressible bytes of
    that size. `extra_headers` are more lines of METADATA.
    """

    name: str
    version: str = "1.0"
    summary: str = "An example."
    requires: Sequence[str] = ()
    requires_python: str = ">=3.9"
    readme: str = "# Example\n\nIt has a README.\n"
    readme_type: str = "text/markdown"
    files: Mapping[str, str | bytes] = field(default_factory=dict)
    size_bytes: int = 0
    metadata_version: str = "2.4"
    extra_headers: Sequence[tuple[str, str]] = ()
    tag: str = "py3-none-any"

    @property
    def module(self) -> str:
        """The name to import."""
        return self.name.lower().replace("-", "_").replace(".", "_")

    @property
    def stem(self) -> str:
        """What the file names begin with: name and version."""
        return f"{self.module}-{self.version}"

    def metadata(self) -> bytes:
        """Write METADATA, which an sdist calls PKG-INFO."""
        headers = [
            ("Metadata-Version", self.metadata_version),
            ("Name", self.name),
            ("Version", self.version),
            ("Summary", self.summary),
            ("Requires-Python", self.requires_python),
            *(("Requires-Dist", requirement) for requirement in self.requires),
            *self.extra_headers,
            ("Description-Content-Type", self.readme_type if self.readme else ""),
        ]
        lines = [f"{name}: {value}\n" for name, value in headers if value]
        return ("".join(lines) + "\n" + self.readme).encode()

    def package_files(self) -> dict[str, bytes]:
        """List what the package's folder holds."""
        content: dict[str, bytes] = {"__init__.py": f'__version__ = "{self.version}"\n'.encode()}
        for path, text in self.files.items():
            content[path] = text.encode() if isinstance(text, str) else text
        return content


def build_wheel(folder: Path, what: Distribution) -> Path:
    """Write a wheel into the folder. Source: the binary distribution format, "The .dist-info directory"."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{what.stem}-{what.tag}.whl"
    info = f"{what.stem}.dist-info"
    wheel = f"Wheel-Version: 1.0\nGenerator: creamery-tests\nRoot-Is-Purelib: true\nTag: {what.tag}\n"
    members = {f"{what.module}/{path}": content for path, content in what.package_files().items()}
    members |= {f"{info}/WHEEL": wheel.encode(), f"{info}/METADATA": what.metadata()}
    records = [(path, _record_digest(content), len(content)) for path, content in members.items()]
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        if what.size_bytes:
            records.append(_write_ballast(archive, f"{what.module}/ballast.bin", what.size_bytes))
        for path, content in members.items():
            archive.writestr(_zip_member(path), content)
        archive.writestr(_zip_member(f"{info}/RECORD"), _record(records, f"{info}/RECORD"))
    return target


def build_sdist(folder: Path, what: Distribution) -> Path:
    """Write a source distribution that pip can build offline into the folder. Source: PEP 517, PEP 625."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{what.stem}.tar.gz"
    project = (
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        f'[project]\nname = "{what.name}"\nversion = "{what.version}"\ndescription = "{what.summary}"\n'
        f'requires-python = "{what.requires_python}"\ndependencies = {list(what.requires)!r}\n'
        f'[tool.hatch.build.targets.wheel]\npackages = ["{what.module}"]\n'
    )
    members = {f"{what.module}/{path}": content for path, content in what.package_files().items()}
    members |= {"PKG-INFO": what.metadata(), "pyproject.toml": project.encode()}
    if what.size_bytes:
        members[f"{what.module}/ballast.bin"] = random.Random(what.stem).randbytes(what.size_bytes)
    with (
        gzip.GzipFile(target, "wb", mtime=WHEN_SECONDS) as stream,
        tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for path, content in members.items():
            member = tarfile.TarInfo(f"{what.stem}/{path}")
            member.size, member.mtime, member.mode = len(content), WHEN_SECONDS, 0o644
            archive.addfile(member, io.BytesIO(content))
    return target


def build_with_hatchling(folder: Path, what: Distribution) -> list[Path]:
    """Build a wheel and an sdist as an author does: a source tree, `python -m build`, the hatchling backend."""
    tree = folder / f"{what.stem}-tree"
    (tree / what.module).mkdir(parents=True)
    for path, content in what.package_files().items():
        (tree / what.module / path).write_bytes(content)
    (tree / "README.md").write_text(what.readme)
    (tree / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        f'[project]\nname = "{what.name}"\nversion = "{what.version}"\ndescription = "{what.summary}"\n'
        f'readme = "README.md"\nrequires-python = "{what.requires_python}"\ndependencies = {list(what.requires)!r}\n'
        f'[tool.hatch.build.targets.wheel]\npackages = ["{what.module}"]\n'
    )
    output = folder / f"{what.stem}-dist"
    done = run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", output, tree],
        environment=plain_environment(folder),
        folder=folder,
    )
    assert done.exit_code == 0, done
    return sorted(output.iterdir())


def _zip_member(path: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(path, WHEN)
    member.compress_type = zipfile.ZIP_DEFLATED
    member.external_attr = 0o100644 << 16
    return member


def _write_ballast(archive: zipfile.ZipFile, path: str, size_bytes: int) -> tuple[str, str, int]:
    """Write random bytes piece by piece, so that a test may build a wheel larger than memory. Returns its row."""
    source, digest, left = random.Random(path), hashlib.sha256(), size_bytes
    member = _zip_member(path)
    member.compress_type = zipfile.ZIP_STORED
    with archive.open(member, "w", force_zip64=True) as file:
        while left:
            piece = source.randbytes(min(left, CHUNK_BYTES))
            digest.update(piece)
            file.write(piece)
            left -= len(piece)
    return path, _encode(digest.digest()), size_bytes


def _record(rows: Sequence[tuple[str, str, int]], own_path: str) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([*rows, (own_path, "", "")])
    return text.getvalue()


def _record_digest(content: bytes) -> str:
    return _encode(hashlib.sha256(content).digest())


def _encode(digest: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
