"""
Points at which a test can make the process die, as a power cut would, or let somebody else come between.

They stand between any two writes that belong together. tests/kills insists that each of them is visited.
"""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass


def die() -> None:
    """End this process with SIGKILL; nothing is flushed, closed or rolled back."""
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class _Armed:
    point: str = ""
    times_left: int = 0
    happening: Callable[[], None] = die


_armed = _Armed()


def arm(point: str, happening: Callable[[], None] = die) -> None:
    """
    Choose a point, and what happens when this process comes to it, once.

    `upload.put`, or `publish.put:3` for the third time that it is reached; empty for none.
    """
    name, _, times = point.partition(":")
    _armed.point, _armed.times_left, _armed.happening = name, int(times or 1), happening


def reach(name: str) -> None:
    """Let happen here what was chosen, if this is the point; else nothing."""
    if _armed.point and _armed.point == name:
        _armed.times_left -= 1
        if _armed.times_left == 0:
            _armed.point = ""
            _armed.happening()
