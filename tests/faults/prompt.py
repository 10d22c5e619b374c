"""I13 by the clock: what is wrong is told within ten seconds, and quotes are fresh within thirty once it is over."""

import os
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

TOLD_WITHIN, FRESH_WITHIN = 10.0, 30.0
#: When that begins of which an event tells, in seconds after its cause; at once where nothing is said.
BEGINS_AFTER = {
    ("assets", "assets-stale"): 30.0,  # until then the account is young enough (I3)
    ("trading", "look-ups-fail"): 10.0,  # an idle desk looks that often
}
_TOLD = "SELECT source, code FROM stockdesk_event WHERE last_at >= %s"
_FRESH = """
    SELECT COUNT(*) FROM market_quote q JOIN market_feedsession s ON s.number = q.session
    WHERE s.state = 'live' AND s.confirmed > 0 AND q.received_at > %s GROUP BY q.session
"""
# The database's clock, and for how many seconds more some key may not connect: the pace, a quarantine, I5's minute.
_ENDED = """
    SELECT NOW(6), GREATEST(
        (SELECT TIMESTAMPDIFF(MICROSECOND, NOW(6), MAX(GREATEST(
            COALESCE(next_at, NOW(6)), COALESCE(quarantined_until, NOW(6))))) FROM stockdesk_pace),
        (SELECT COALESCE(MAX(TIMESTAMPDIFF(MICROSECOND, NOW(6), at + INTERVAL 60 SECOND)), 0) FROM (
            SELECT at, ROW_NUMBER() OVER (PARTITION BY key_id ORDER BY at DESC) place FROM stockdesk_connection
        ) newest WHERE place = 3)
    ) / 1000000
"""


def load() -> float:
    """How much longer things may take than on an idle machine: the runnable processes a core, from 1 to 4.

    The invariants' own seconds are the desk's; what a core that eight people share adds to them is not.
    """
    return min(4.0, max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1)))


class Rows(Protocol):
    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """What the statement returns."""


class Prompt:
    """The clock of one scenario: `forget`, `begun`, `ended`; the watcher's thread calls `look` all the while.

    Fresh are the quotes once every one of ``sessions`` has brought some since the end, ``fresh`` of them together.
    """

    def __init__(
        self,
        tables: Rows,
        *,
        sessions: int,
        fresh: int,
        clock: Callable[[], float] = time.monotonic,
        stretch: Callable[[], float] = load,
    ) -> None:
        self._tables = tables
        self._wanted = (sessions, fresh)
        self._clock = clock
        self._stretch = stretch
        self.forget(datetime.max)  # noqa: DTZ901  the database tells naive times

    def forget(self, since: datetime) -> None:
        """A new scenario: events count from this moment of the database's clock on."""
        self._since = since
        self._expected: tuple[tuple[str, str], ...] = ()
        self._told: dict[tuple[str, str], float] = {}
        self._begun_at = 0.0
        self._ended: tuple[float, datetime] | None = None
        self._fresh_at: float | None = None
        self._load = 1.0
        #: For so many seconds from the end of the fault on some key may not connect.
        self.forbidden = 0.0

    def begun(self, events: tuple[tuple[str, str], ...]) -> None:
        """The fault is there, and these events (source, code) have to tell of it."""
        self._expected, self._begun_at = events, self._clock()

    def ended(self) -> bool:
        """The fault is over now; True, so that it can be waited for. Raises MySQLdb.Error as `look` does."""
        ((at, forbidden),) = self._tables.rows(_ENDED)
        self.forbidden = max(0.0, float(forbidden or 0))
        self._ended = (self._clock() + self.forbidden, at)
        return True

    def look(self) -> None:
        """Raises MySQLdb.Error where the database is away."""
        self._load = max(self._load, self._stretch())
        for source, code in self._tables.rows(_TOLD, self._since):
            self._told.setdefault((source, code), self._clock())
        if self._ended is not None and self._fresh_at is None:
            sessions, fresh = self._wanted
            by_session = [int(count) for (count,) in self._tables.rows(_FRESH, self._ended[1])]
            if len(by_session) == sessions and sum(by_session) >= fresh:
                self._fresh_at = self._clock()

    def late(self) -> list[str]:
        """What was told of too late, and quotes that came back too late, as sentences."""
        found = []
        for event in self._expected:
            within = BEGINS_AFTER.get(event, 0.0) + TOLD_WITHIN * self._load
            took = self._told[event] - self._begun_at if event in self._told else float("inf")
            if took > within:
                found.append(f"I13: {' '.join(event)} was told of after {took:.1f} s, not within {within:.0f}")
        if self._ended is not None:
            within = FRESH_WITHIN * self._load
            took = (self._fresh_at or self._clock()) - self._ended[0]
            if took > within:
                found.append(f"I13: quotes were fresh {took:.1f} s after the end, not within {within:.0f}")
        return found
