"""
Points at which a test can make the process die, as a power cut would.

They stand between any two writes that belong together. tests/kills insists that each of them is visited.
"""

import os
import signal

_armed = ""
_times_left = 0


def arm(point: str) -> None:
    """Choose where this process kills itself: `upload.put`, or `publish.put:3` for the third time; empty for nowhere."""
    global _armed, _times_left  # noqa: PLW0603 - one process, one point.
    _armed, _, times = point.partition(":")
    _times_left = int(times or 1)


def reach(name: str) -> None:
    """Die here with SIGKILL if this is the armed point; nothing is flushed, closed or rolled back."""
    global _times_left  # noqa: PLW0603 - one process, one point.
    if _armed and _armed == name:
        _times_left -= 1
        if _times_left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
