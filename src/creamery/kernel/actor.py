"""Who asks: one frozen value per request, made at the door, the same for all rooms below it."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """
    Who asks, how that was proved, and from where.

    `projects` are the normalised names that a token is limited to; None is no limit.
    """

    kind: Literal["person", "token", "system", "anonymous"]
    proof: Literal["password", "session", "token", "console", "link", "none"] = "none"
    person_id: int | None = None
    username: str = ""
    is_staff: bool = False
    token_id: int | None = None
    projects: frozenset[str] | None = None
    address: str = ""
    user_agent: str = ""
    request_id: str = ""


SYSTEM = Actor(kind="system")
"""The program itself: periodic work, upgrades."""

CONSOLE = Actor(kind="system", proof="console", username="console")
"""The operator at the command line, who can read the data folder anyway."""

ANONYMOUS = Actor(kind="anonymous")
