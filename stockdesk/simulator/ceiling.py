"""The gateway's limit on calls: so many of one app key in any sliding second."""

import time
from collections import deque


class Ceiling:
    """Counts the calls it let through; a refused one does not lengthen the wait."""

    def __init__(self) -> None:
        self._let_through: dict[str, deque[float]] = {}

    def allows(self, key: str, per_second: int) -> bool:
        moment = time.monotonic()
        times = self._let_through.setdefault(key, deque())
        while times and moment - times[0] >= 1.0:
            times.popleft()
        if len(times) >= per_second:
            return False
        times.append(moment)
        return True
