"""Which days the exchange trades, for the jobs that follow a day."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, time, timedelta
from functools import wraps
from typing import Any, TypeVar

from django.conf import settings

from stockdesk.calendar.models import MarketDay, SessionWindow
from stockdesk.hours import KRX, day_of
from stockdesk.kis.messages import KST

T = TypeVar("T")
SATURDAY = 5
#: When KRX closes, and when its evening market begins, on a date whose hours nobody knows.
USUAL_CLOSE, USUAL_EVENING = time(15, 30), time(16)
#: No exchange rests longer, holidays and all.
LONGEST_REST = 14


_held: ContextVar[dict[object, Any] | None] = ContextVar("days held", default=None)


@contextmanager
def days_held() -> Iterator[None]:
    """Inside, each day is read from the calendar once: for a page that asks about the same days for many jobs."""
    token = _held.set({})
    try:
        yield
    finally:
        _held.reset(token)


def read_once(read: Callable[[date], T]) -> Callable[[date], T]:
    """Inside of `days_held` a day's answer is kept, outside it is always asked for."""

    @wraps(read)
    def asked(on: date) -> T:
        held = _held.get()
        if held is None:
            return read(on)
        key = (read.__name__, on)
        if key not in held:
            held[key] = read(on)
        answer: T = held[key]
        return answer

    return asked


@read_once
def is_trading_day(on: date) -> bool:
    """By the calendar, and by the weekday where it does not know; in the demo by the weekday, and today always."""
    if settings.DESK.around_the_clock:
        return on.weekday() < SATURDAY or on == datetime.now(KST).date()
    return said_open(on, settings.DESK.broker)


def said_open(on: date, broker: str) -> bool:
    """Whether that date is open by what the calendar has heard, ``broker``'s word included; else by its weekday."""
    row = MarketDay.objects.filter(pk=on).first()
    is_open = row.verdict(broker).is_open if row is not None else None
    return on.weekday() < SATURDAY if is_open is None else is_open


@read_once
def close_and_evening(on: date) -> tuple[datetime, datetime]:
    """When KRX closes on this date, and when its evening market begins: both differ on the day of the CSAT."""
    day = day_of(on)
    evenings = [w.starts_at for w in day.windows if (w.venue, w.code) == (KRX, SessionWindow.Code.AFTER_MARKET)]
    evening = min(evenings, default=datetime.combine(on, time.max if day.windows else USUAL_EVENING, KST))
    return day.closes_at or datetime.combine(on, USUAL_CLOSE, KST), evening


def trading_days_back(on: date, count: int) -> date:
    """The trading day ``count`` before ``on``."""
    while count:
        on -= timedelta(days=1)
        count -= is_trading_day(on)
    return on


class AfterTheDay:
    """Due at an hour (KST) of every trading day; an hour that was missed is made up for until the next one.

    ``until``: what the source tells only on the day itself is not asked for after that hour, nor made up for. The
    demo's stand-in tells everything at any hour.
    """

    def __init__(self, hour: int, minute: int = 0, *, until: time | None = None) -> None:
        self.at = time(hour, minute)
        self.until = until

    def day(self, now: datetime) -> date | None:
        local = now.astimezone(KST)
        on = local.date()
        if settings.DESK.around_the_clock:
            return on
        if is_trading_day(on) and local.time() >= self.at:
            return on if self.until is None or local.time() < self.until else None
        if self.until is not None:
            return None
        for _ in range(LONGEST_REST):
            on -= timedelta(days=1)
            if is_trading_day(on):
                return on
        return None

    def next_at(self, now: datetime) -> datetime:
        local = now.astimezone(KST)
        if settings.DESK.around_the_clock:
            return datetime.combine(local.date() + timedelta(days=1), time(), KST)
        on = local.date() + timedelta(days=int(local.time() >= self.at))
        for _ in range(LONGEST_REST):
            if is_trading_day(on):
                break
            on += timedelta(days=1)
        return datetime.combine(on, self.at, KST)

    def tells_now(self, day: date, now: datetime) -> bool:
        """Whether a figure of the moment would still be one of that day."""
        local = now.astimezone(KST)
        late = self.until is not None and local.time() >= self.until and not settings.DESK.around_the_clock
        return local.date() == day and not late


class AfterTheClose:
    """Due so many minutes after KRX's close, whenever that is; what is told of the moment alone is never made up for.

    ``evening``: only until a minute before the evening market, which writes over it; else until midnight.
    """

    def __init__(self, minutes: int, *, evening: bool = False) -> None:
        self.after = timedelta(minutes=minutes)
        self.evening = evening

    def day(self, now: datetime) -> date | None:
        on = now.astimezone(KST).date()
        return on if settings.DESK.around_the_clock or (is_trading_day(on) and self._is_on(on, now)) else None

    def next_at(self, now: datetime) -> datetime:
        on = now.astimezone(KST).date()
        if settings.DESK.around_the_clock:
            return datetime.combine(on + timedelta(days=1), time(), KST)
        for _ in range(LONGEST_REST):
            if is_trading_day(on) and now < (starts := self._span(on)[0]):
                return starts
            on += timedelta(days=1)
        return self._span(on)[0]

    def tells_now(self, day: date, now: datetime) -> bool:
        """Whether a figure of the moment would be one of that day's close."""
        is_today = now.astimezone(KST).date() == day
        return is_today and (settings.DESK.around_the_clock or self._is_on(day, now))

    def _is_on(self, on: date, now: datetime) -> bool:
        starts, ends = self._span(on)
        return starts <= now < ends

    def _span(self, on: date) -> tuple[datetime, datetime]:
        closes, evening = close_and_evening(on)
        midnight = datetime.combine(on + timedelta(days=1), time(), KST)
        return closes + self.after, evening - timedelta(minutes=1) if self.evening else midnight
