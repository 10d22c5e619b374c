"""When the days of the jobs that follow other clocks than the broker's become due: weekly lists, polls, publications.

A day has a moment of its own; the newest day whose moment has come is due, so that hours that were missed, and the
first hour of a new desk, are made up for at once.
"""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta

from django.conf import settings

from collectors.reference.days import LONGEST_REST, SATURDAY, is_trading_day, read_once, said_open
from stockdesk.kis.messages import KST

#: When a day is due; None for a day that never is.
Moment = Callable[[date], datetime | None]
DAY = timedelta(days=1)


class Newest:
    """Due at ``moment`` of a day, until the next one is."""

    def __init__(self, moment: Moment) -> None:
        self.moment = moment

    def day(self, now: datetime) -> date | None:
        today = now.astimezone(KST).date()
        days = (today - back * DAY for back in range(LONGEST_REST + 1))
        return next((day for day in days if (at := self.moment(day)) is not None and at <= now), None)

    def next_at(self, now: datetime) -> datetime | None:
        today = now.astimezone(KST).date()
        days = (today + ahead * DAY for ahead in range(-LONGEST_REST, LONGEST_REST + 1))
        return next((at for day in days if (at := self.moment(day)) is not None and at > now), None)


class WhileItLasts:
    """Today alone, on weekdays between two hours (KST); what comes in afterwards is another job's."""

    def __init__(self, begins: time, ends: time) -> None:
        self.begins, self.ends = begins, ends

    def day(self, now: datetime) -> date | None:
        local = now.astimezone(KST)
        lasts = is_weekday(local.date()) and self.begins <= local.time() < self.ends
        return local.date() if lasts else None

    def next_at(self, now: datetime) -> datetime:
        local = now.astimezone(KST)
        if self.day(now) is not None:
            return now
        on = local.date() if local.time() < self.begins else local.date() + DAY
        while not is_weekday(on):
            on += DAY
        return datetime.combine(on, self.begins, KST)


def is_weekday(on: date) -> bool:
    return on.weekday() < SATURDAY


@read_once
def is_exchange_day(on: date) -> bool:
    """Whether the real exchange trades: public sources publish by it, the demo's too, whose broker never closes."""
    if not settings.DESK.around_the_clock:
        return is_trading_day(on)
    return said_open(on, broker="")  # not by the stand-in's word, which is about its own market


def each_day(hour: int, minute: int = 0, *, counts: Callable[[date], bool] = lambda on: True) -> Moment:
    """At this hour of every day that counts."""
    return lambda on: datetime.combine(on, time(hour, minute), KST) if counts(on) else None


def mondays(hour: int, minute: int = 0) -> Moment:
    return each_day(hour, minute, counts=lambda on: on.weekday() == 0)


def the_morning_after(hour: int, minute: int = 0) -> Moment:
    """A weekday is due when it is over: on the day after it, at this hour."""
    return lambda on: datetime.combine(on + DAY, time(hour, minute), KST) if is_weekday(on) else None


def next_business_day(hour: int, minute: int = 0, *, once_a_week: bool = False) -> Moment:
    """A day of the exchange is due on the next one, at this hour; ``once_a_week`` its first of the week alone."""

    def moment(on: date) -> datetime | None:
        if not is_exchange_day(on):
            return None
        if once_a_week and any(is_exchange_day(on - back * DAY) for back in range(1, on.weekday() + 1)):
            return None
        days = (on + ahead * DAY for ahead in range(1, LONGEST_REST + 1))
        published_on = next((day for day in days if is_exchange_day(day)), None)
        return None if published_on is None else datetime.combine(published_on, time(hour, minute), KST)

    return moment
