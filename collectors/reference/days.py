"""Which days the exchange trades, for the jobs that follow a day."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, time, timedelta
from functools import wraps

from django.conf import settings

from stockdesk.calendar_models import MarketDay
from stockdesk.kis.messages import KST

SATURDAY = 5
#: No exchange rests longer, holidays and all.
LONGEST_REST = 14


_held: ContextVar[dict[object, bool] | None] = ContextVar("days held", default=None)


@contextmanager
def days_held() -> Iterator[None]:
    """Inside, each day is read from the calendar once: for a page that asks about the same days for many jobs."""
    token = _held.set({})
    try:
        yield
    finally:
        _held.reset(token)


def read_once(read: Callable[[date], bool]) -> Callable[[date], bool]:
    """Inside of `days_held` a day's answer is kept, outside it is always asked for."""

    @wraps(read)
    def asked(on: date) -> bool:
        held = _held.get()
        if held is None:
            return read(on)
        key = (read.__name__, on)
        if key not in held:
            held[key] = read(on)
        return held[key]

    return asked


@read_once
def is_trading_day(on: date) -> bool:
    """By the calendar, and by the weekday where it does not know; in the demo today always is one."""
    if settings.DESK.around_the_clock:
        return on.weekday() < SATURDAY or on == datetime.now(KST).date()
    return said_open(on, settings.DESK.broker)


def said_open(on: date, broker: str) -> bool:
    """Whether that date is open by what the calendar has heard, ``broker``'s word included; else by its weekday."""
    row = MarketDay.objects.filter(pk=on).first()
    is_open = row.verdict(broker).is_open if row is not None else None
    return on.weekday() < SATURDAY if is_open is None else is_open


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

    def __repr__(self) -> str:
        return f"{self.at:%H:%M}"

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
