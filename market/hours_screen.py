"""The badge of the trading hours: which part of the day it is, until when, and what comes after."""

import time
from collections.abc import Callable
from datetime import date, datetime, timedelta

from stockdesk.calendar.models import SessionWindow
from stockdesk.hours import DEMO, KRX, Day, Window, day_of
from stockdesk.sheets import Rows, Value

HOURS = ("phase", "until", "next", "confirmed")
#: How far ahead the next trading day is looked for: the longest holidays with their weekends.
DAYS_AHEAD = 12
CALENDAR_SECONDS = 60.0

_CODE = SessionWindow.Code
#: What a Korean screen calls the windows of KRX.
PHASES = {
    _CODE.PRE_CLOSE_PRICE.value: "off_hours",
    _CODE.OPEN_CALL.value: "auction",
    _CODE.REGULAR.value: "regular",
    _CODE.CLOSE_CALL.value: "auction",
    _CODE.POST_CLOSE_PRICE.value: "off_hours",
    _CODE.AFTER_SINGLE.value: "off_hours",
    _CODE.AFTER_MARKET.value: "off_hours",
}


class HoursReader:
    """Reads the calendar once a minute, and between that tells the phase from what it holds."""

    def __init__(self, day: Callable[[date], Day] = day_of, clock: Callable[[], float] = time.monotonic) -> None:
        self._day_of = day
        self._clock = clock
        self._days: list[Day] = []
        self._until = float("-inf")

    def rows(self, now: datetime) -> Rows:
        """One row of HOURS, by the key ``krx``. ``now`` in KST; raises ``django.db.Error``."""
        today = now.date()
        if not self._days or self._days[0].on != today or self._clock() >= self._until:
            self._days = self._read(today)
            self._until = self._clock() + CALENDAR_SECONDS
        return {"krx": phase(self._days, now)}

    def _read(self, today: date) -> list[Day]:
        """Today, and the next day with a window in it where one is known."""
        days = [self._day_of(today)]
        for ahead in range(1, DAYS_AHEAD + 1):
            following = self._day_of(today + timedelta(days=ahead))
            if _windows(following):
                return [*days, following]
        return days


def phase(days: list[Day], now: datetime) -> list[Value]:
    """What HOURS names: the phase of ``now``, when it ends (ms since 1970), the phase after it, is the day certain.

    ``days`` is today and the next trading day. An end that is not known is blank; the demo never closes and has none.
    """
    current = _phase_at(days[0], now)
    for day in days if days[0].source != DEMO else []:
        for moment in sorted({at for window in _windows(day) for at in (window.starts_at, window.ends_at)}):
            if moment > now and (after := _phase_at(day, moment)) != current:
                return [current, round(moment.timestamp() * 1000), after, days[0].confirmed]
    return [current, None, None, days[0].confirmed]


def _phase_at(day: Day, now: datetime) -> str:
    if day.is_open is None:
        return "unknown"
    windows = _windows(day)
    if not windows:
        return "holiday"
    window = day.window_at(now)
    if window is not None and window.code in PHASES:
        return PHASES[window.code]
    return "before" if now < (day.regular_from or windows[0].starts_at) else "closed"


def _windows(day: Day) -> list[Window]:
    """KRX's windows of the day, in the order of their beginning."""
    return sorted(
        (window for window in day.windows if window.venue == KRX and window.code in PHASES),
        key=lambda window: window.starts_at,
    )
