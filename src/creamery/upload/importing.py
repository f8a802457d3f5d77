"""Publishes folders of distributions through the same pipeline as an upload."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from creamery.catalog.limits import most_file_bytes
from creamery.kernel.actor import Actor
from creamery.kernel.refusals import Refusal, problem_text
from creamery.settings import CONFIG
from creamery.upload.form import form_for_local
from creamery.upload.pipeline import upload_file
from creamery.upload.receive import receive_local

ENDINGS = (".whl", ".tar.gz", ".zip", ".egg", ".exe", ".msi", ".rpm", ".tar.bz2", ".tar.xz", ".tgz")
"""What distributions are called, accepted or not: the others in a folder are not even reported."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one file, and what its uploader would be told."""

    path: Path
    outcome: Literal["published", "held", "unchanged", "refused"]
    code: str = ""
    reason: str = ""
    warnings: tuple[str, ...] = ()


def find_distributions(paths: Iterable[Path]) -> list[Path]:
    """Find the files below these folders that look like distributions, once each, in an order that is always the same."""
    found: set[Path] = set()
    for path in paths:
        candidates = path.rglob("*") if path.is_dir() else [path]
        found |= {file for file in candidates if file.name.endswith(ENDINGS) and file.is_file()}
    return sorted(found, key=lambda file: (file.name, file))


def import_files(paths: Iterable[Path], *, actor: Actor) -> Iterator[Imported]:
    """
    Publish each file, and say at once what became of it. One that is there already is left alone, so an import that was
    interrupted can be started again.
    """
    for path in paths:
        yield _import_one(path, actor)


def _import_one(path: Path, actor: Actor) -> Imported:
    try:
        received = receive_local(path, CONFIG.incoming, most_file_bytes(CONFIG.max_file_bytes))
        published = upload_file(form_for_local(path.name), received, actor=actor)
    except Refusal as refusal:
        return Imported(path, "refused", refusal.code, refusal.message())
    except OSError as error:
        return Imported(path, "refused", "unreadable", f"The file cannot be read: {error.strerror}.")
    outcome: Literal["held", "published", "unchanged"] = "published" if published.is_new else "unchanged"
    warnings = tuple(problem_text(warning) for warning in published.warnings)
    return Imported(path, "held" if published.is_held else outcome, warnings=warnings)
