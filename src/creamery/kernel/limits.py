"""How often somebody may do something, counted in this process."""

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field

MOST_KEYS = 100_000
"""How many askers are remembered; the one not seen for longest is forgotten first."""


@dataclass
class Window:
    """
    At most `limit` times in `seconds`, for each key apart.

    Windows are fixed: the count begins anew when the window of a key is over. Memory is bounded whatever is asked.
    """

    limit: int
    seconds: float
    _counts: "OrderedDict[str, tuple[float, int]]" = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, key: str) -> float:
        """Count one more; 0 if that is allowed, else the seconds until it will be."""
        now = time.monotonic()
        with self._lock:
            begun, count = self._counts.pop(key, (now, 0))
            if now - begun >= self.seconds:
                begun, count = now, 0
            self._counts[key] = (begun, count + 1)
            if len(self._counts) > MOST_KEYS:
                self._counts.popitem(last=False)
        return 0.0 if count < self.limit else begun + self.seconds - now
