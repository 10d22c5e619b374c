"""The one clock of the desk: which session of the market it is, and what may be ordered in it.

What is known of a day stands in the tables of `stockdesk.calendar.models`; here it becomes a value that can be
held still and asked without a database.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.db import Error as DatabaseError

from stockdesk.calendar.models import MarketDay, SessionWindow, Timetable, Venue
from stockdesk.kis.messages import KST
from stockdesk.threads import DatabaseThread

logger = logging.getLogger(__name__)

KRX = Venue.KRX.value
REGULAR, CLOSE_CALL = SessionWindow.Code.REGULAR.value, SessionWindow.Code.CLOSE_CALL.value
DEMO = "demo"
#: ORD_DVSN that KRX takes in continuous trading, and so the demo all day.
CONTINUOUS = frozenset(["00", "01", "02", "03", "04", "11", "12", "13", "14", "15", "16", "21", "22", "23", "24"])


@dataclass(frozen=True, slots=True)
class Window:
    """A market session of one day: from ``starts_at`` up to ``ends_at`` the venue takes orders of these ORD_DVSN."""

    code: str
    starts_at: datetime
    ends_at: datetime
    venue: str
    divisions: frozenset[str]


@dataclass(frozen=True, slots=True)
class Day:
    """One date of the market as far as it is known, with no windows unless it is open.

    ``is_open`` is None where nobody knows. ``source`` is person, broker, list, computed or demo; empty when unknown.
    """

    on: date
    is_open: bool | None
    confirmed: bool
    source: str
    windows: tuple[Window, ...] = ()

    @property
    def regular_from(self) -> datetime | None:
        """When KRX's continuous trading begins."""
        return next((window.starts_at for window in self._named(REGULAR)), None)

    @property
    def regular_to(self) -> datetime | None:
        """The end of KRX's continuous trading: the closing auction is not in it."""
        return max((window.ends_at for window in self._named(REGULAR)), default=None)

    @property
    def closes_at(self) -> datetime | None:
        """The end of KRX's closing auction; of continuous trading where there is none."""
        return max((window.ends_at for window in self._named(CLOSE_CALL)), default=self.regular_to)

    @property
    def over_at(self) -> datetime | None:
        """From here on no order of the day can fill any more, at no venue."""
        return max((window.ends_at for window in self.windows), default=None)

    def window_at(self, now: datetime, venue: str = KRX) -> Window | None:
        """The session of this venue (KRX or NXT) at ``now``; of two that overlap the longer one.

        KRX trades closing prices before hours while it gathers orders for the opening auction.
        """
        windows = self._at(now, venue)
        return max(windows, key=lambda window: window.ends_at - window.starts_at, default=None)

    def may_order(self, now: datetime, division: str, venue: str = KRX) -> bool:
        """Whether this venue takes an order of this ORD_DVSN at ``now``; never on a day that nobody confirmed."""
        return self.confirmed and any(division in window.divisions for window in self._at(now, venue))

    def trading_seconds(self, now: datetime) -> float | None:
        """For how many seconds continuous trading has been on at ``now``; None outside of it."""
        if self.regular_from is None or self.regular_to is None or not self.regular_from <= now < self.regular_to:
            return None
        return (now - self.regular_from).total_seconds()

    def _at(self, now: datetime, venue: str) -> list[Window]:
        return [
            window for window in self.windows if window.venue == venue and window.starts_at <= now < window.ends_at
        ]

    def _named(self, code: str) -> list[Window]:
        return [window for window in self.windows if window.venue == KRX and window.code == code]


def day_of(on: date, using: str = "default") -> Day:
    """The day as the tables of this database have it: two queries, none in the demo.

    A date that is not in the tables is unknown, and not confirmed. Raises ``django.db.Error``.
    """
    if settings.DESK.around_the_clock:
        return demo_day(on)
    row = MarketDay.objects.using(using).filter(pk=on).first()
    return _day(on, row, lambda hours: SessionWindow.objects.using(using).of(on, hours))


def days_of(dates: Sequence[date]) -> list[Day]:
    """The same for many days at once, in two queries."""
    if settings.DESK.around_the_clock:
        return [demo_day(on) for on in dates]
    rows = MarketDay.objects.in_bulk(dates)
    windows = list(SessionWindow.objects.order_by("hours_from", "hours_to"))

    def open_day(on: date) -> Day:
        return _day(on, rows.get(on), lambda hours: [window for window in windows if window.is_of(on, hours)])

    return [open_day(on) for on in dates]


def usual_hours(on: date) -> tuple[time, time] | None:
    """KRX's continuous trading on an ordinary day, by the rows in force on that date; None in the demo, or unknown."""
    if settings.DESK.around_the_clock:
        return None
    rows = SessionWindow.objects.of(on, Timetable.REGULAR).filter(venue=KRX, code=REGULAR)
    return next(((row.hours_from, row.hours_to) for row in rows), None)


class Today:
    """The day of now, for those who ask too often to ask the database; read again every minute."""

    EVERY = 60.0

    def __init__(self) -> None:
        self.day: Day | None = None

    def trading_seconds(self, now: datetime) -> float | None:
        """As `Day.trading_seconds`; None also while the day is not known, as in the first minute after midnight."""
        if self.day is None or self.day.on != now.astimezone(KST).date():
            return None
        return self.day.trading_seconds(now)

    def in_session(self, now: datetime) -> bool:
        """Whether a session of KRX is on at ``now``; False too while the day is not known."""
        known = self.day is not None and self.day.on == now.astimezone(KST).date()
        return known and self.day is not None and self.day.window_at(now) is not None

    async def read(self, database: DatabaseThread) -> None:
        """Read it now. Raises ``django.db.Error``."""
        self.day = await database.run(day_of, datetime.now(KST).date())

    async def follow(self, database: DatabaseThread, stopping: asyncio.Event) -> None:
        """Keep it up to date until ``stopping``; a database that is away leaves it as it is."""
        while not stopping.is_set():
            try:
                await self.read(database)
            except DatabaseError as exc:
                logger.warning("the calendar cannot be read: %s", exc)
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), self.EVERY)


def demo_day(on: date) -> Day:
    """The stand-in broker never closes: one regular session from midnight to midnight, on every date."""
    midnight = _moment(on, time())
    window = Window(REGULAR, midnight, midnight + timedelta(days=1), KRX, CONTINUOUS)
    return Day(on, True, True, DEMO, (window,))


def _day(on: date, row: MarketDay | None, windows: Callable[[str], Iterable[SessionWindow]]) -> Day:
    """``windows`` gives those of a timetable on this date."""
    if row is None:
        return Day(on, None, False, "")
    verdict = row.verdict(settings.DESK.broker)
    open_windows = windows(row.hours) if verdict.is_open else ()
    return Day(on, verdict.is_open, verdict.confirmed, verdict.source, tuple(_window(on, w) for w in open_windows))


def _window(on: date, row: SessionWindow) -> Window:
    divisions = frozenset(row.divisions.split())
    return Window(row.code, _moment(on, row.hours_from), _moment(on, row.hours_to), row.venue, divisions)


def _moment(on: date, clock: time) -> datetime:
    return datetime.combine(on, clock, KST)
