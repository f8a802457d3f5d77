"""Points at which a test can make the process die, as a power cut would."""

import os
import signal

_armed = ""


def arm(name: str) -> None:
    """Choose the point at which this process kills itself; empty for none."""
    global _armed  # noqa: PLW0603 - one process, one point.
    _armed = name


def reach(name: str) -> None:
    """Die here with SIGKILL if this is the armed point; nothing is flushed, closed or rolled back."""
    if _armed and _armed == name:
        os.kill(os.getpid(), signal.SIGKILL)
