"""Says of files on this machine what an upload of them would be answered."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from creamery.kernel.actor import Actor
from creamery.kernel.refusals import Refusal, problem_text
from creamery.settings import CONFIG
from creamery.upload.form import form_for_local
from creamery.upload.pipeline import check_file
from creamery.upload.receive import receive_local


@dataclass(frozen=True, slots=True)
class Checked:
    """
    What an upload of one file would come to.

    `problems` refuse it, `warnings` would be told with it. `code` is the refusal's.
    """

    path: Path
    outcome: Literal["fine", "unchanged", "refused"]
    code: str = ""
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def check_files(paths: Iterable[Path], *, policy_name: str | None = None, actor: Actor) -> Iterator[Checked]:
    """Check each file, under the index's policy or another one, and say at once what would become of it."""
    for path in paths:
        yield _check_one(path, policy_name, actor)


def _check_one(path: Path, policy_name: str | None, actor: Actor) -> Checked:
    try:
        received = receive_local(path, CONFIG.incoming, CONFIG.max_file_bytes)
        published = check_file(form_for_local(path.name), received, policy_name=policy_name, actor=actor)
    except Refusal as refusal:
        problems = tuple(map(problem_text, refusal.problems)) or (refusal.message(),)
        return Checked(path, "refused", refusal.code, problems, tuple(map(problem_text, refusal.warnings)))
    except OSError as error:
        return Checked(path, "refused", "unreadable", (f"The file cannot be read: {error.strerror}.",))
    outcome: Literal["fine", "unchanged"] = "fine" if published.is_new else "unchanged"
    return Checked(path, outcome, warnings=tuple(map(problem_text, published.warnings)))
