"""The closed days of foreign exchanges, asked of the holidays library in a process of its own."""

import logging
import subprocess
import sys
from collections.abc import Sequence
from datetime import date, datetime, timedelta

log = logging.getLogger(__name__)

ASKING = 60.0  # seconds at most
#: After a failure.
AGAIN = timedelta(minutes=30)

_ASK = """
import sys, holidays
for calendar in sys.argv[2:]:
    print(calendar, *holidays.financial_holidays(calendar, years=int(sys.argv[1])))
"""


class Holidays:
    """What `learn` was told of this year and last. Of a year that is not known no day is a holiday: an exchange that
    is closed is then asked in vain, and nothing worse."""

    def __init__(self) -> None:
        self._closed: dict[int, dict[str, frozenset[date]]] = {}
        self._not_before: datetime | None = None
        self._failing = False

    def has(self, calendar: str, on: date) -> bool:
        known = self._closed.get(on.year)
        return known is not None and on in known[calendar]

    def wants(self, now: datetime) -> bool:
        """Whether `learn` has something to do."""
        return bool(self._missing(now)) and (self._not_before is None or now >= self._not_before)

    def learn(self, calendars: Sequence[str], now: datetime) -> None:
        """Ask for the years that are missing; a failure is tried again later. Takes seconds: never in an event loop.

        Another process asks the library and ends: it loads the calendars of all countries, 19 MB, to answer once a
        year.
        """
        try:
            for year in self._missing(now):
                self._closed[year] = _asked(calendars, year)
        except (OSError, subprocess.SubprocessError, ValueError) as exc:
            if not self._failing:
                log.warning("closed days of foreign exchanges not known, asked again later: %s", type(exc).__name__)
            self._failing, self._not_before = True, now + AGAIN
        else:
            self._failing, self._not_before = False, None

    def _missing(self, now: datetime) -> list[int]:
        """No exchange is ahead of Korea's calendar, and none closes for a year."""
        return [year for year in (now.year, now.year - 1) if year not in self._closed]


def _asked(calendars: Sequence[str], year: int) -> dict[str, frozenset[date]]:
    command = [sys.executable, "-I", "-c", _ASK, str(year), *calendars]
    lines = subprocess.run(command, check=True, capture_output=True, text=True, timeout=ASKING, env={}).stdout
    told = (line.split() for line in lines.splitlines())
    return {calendar: frozenset(map(date.fromisoformat, days)) for calendar, *days in told}


HOLIDAYS = Holidays()
