"""What happened, as a sentence: one for each event that the history of a project or a person shows."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from creamery.kernel.history import HistoryLine
from creamery.spec.problems import fill

SENTENCES: dict[str, str | Promise] = {
    "catalog.ProjectCreated": gettext_lazy("Created the project {name}"),
    "catalog.FileAdded": gettext_lazy("Uploaded {filename}"),
    "catalog.FileHeld": gettext_lazy("Uploaded {filename}, which waits for the staff"),
    "catalog.ProjectReleased": gettext_lazy("Released the project {name}"),
    "catalog.ProjectRefused": gettext_lazy("Refused the project {name}"),
    "catalog.ReleaseYanked": gettext_lazy("Yanked {version}"),
    "catalog.ReleaseUnyanked": gettext_lazy("Took the yank of {version} back"),
    "catalog.FileYanked": gettext_lazy("Yanked the file {filename}"),
    "catalog.FileUnyanked": gettext_lazy("Took the yank of the file {filename} back"),
    "catalog.FileDeleted": gettext_lazy("Deleted the file {filename}"),
    "catalog.ReleaseDeleted": gettext_lazy("Deleted {version} with its files"),
    "catalog.ProjectDeleted": gettext_lazy("Deleted the project {name}"),
    "catalog.ProjectStatusChanged": gettext_lazy("Changed the status from {before} to {status}"),
    "catalog.LimitChanged": gettext_lazy("Changed the limit {kind}"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that happened, in words."""

    line: HistoryLine
    sentence: str
    reason: str
    who: str
    how: str


def tell_all(lines: Iterable[HistoryLine]) -> list[Told]:
    """Put what happened into words."""
    return [_tell(line) for line in lines]


def _tell(line: HistoryLine) -> Told:
    named = {name: value for name, value in line.data.items() if isinstance(value, str | int)}
    sentence = fill(str(SENTENCES.get(line.event, line.event)), named)
    who = line.username if line.person_id is not None else _("The operator")
    return Told(line, sentence, str(line.data.get("reason") or ""), who, _how(line))


def _how(line: HistoryLine) -> str:
    match line.actor_kind:
        case "token":
            return _("with an API token")
        case "person":
            return _("logged in")
        case _:
            return _("at the machine") if line.proof == "console" else ""
