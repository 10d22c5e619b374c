"""How calls to the broker end: counted in memory until the next call of the lane takes the counts along.

A statement of its own for every answer would double what the budget costs. So the last few results of a process
that ends are lost, which figures can bear.
"""

import threading
from collections import defaultdict
from functools import cache

from stockdesk.kis.errors import KisError, NotSent, RateLimited, Refused

#: The columns of a lane's row, by what became of the call; whatever is in none of them was answered.
RESULTS = ("refused", "too_many", "unanswered", "unsent")


class Tally:
    """Failures of one app key's calls in this process, by lane; noted in one thread, taken along in another."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: defaultdict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(RESULTS, 0))

    def note(self, lane: str, error: KisError) -> None:
        with self._lock:
            self._counts[lane][result_of(error)] += 1

    def take(self, lane: str) -> dict[str, int]:
        """What was noted since the last ``take``; give it back by ``add`` if it cannot be stored."""
        with self._lock:
            return self._counts.pop(lane, None) or dict.fromkeys(RESULTS, 0)

    def add(self, lane: str, counts: dict[str, int]) -> None:
        with self._lock:
            for result, count in counts.items():
                self._counts[lane][result] += count


def result_of(error: KisError) -> str:
    """One of `RESULTS`. The broker's No (``refused``) is no fault of the line; ``too_many`` is EGW00201."""
    if isinstance(error, RateLimited):
        return "too_many"
    if isinstance(error, Refused):
        return "refused"
    return "unsent" if isinstance(error, NotSent) else "unanswered"


@cache
def tally_of(key_id: str) -> Tally:
    """The tally of a key, one for all clients of this process."""
    return Tally()
