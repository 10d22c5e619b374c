"""When a program has work: spans of time made from the trading days, without a clock of their own.

The daemons know the hours themselves. What is outside of a span costs memory and nothing else, so a span is rather
too long than too short.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from stockdesk.calendar.confirm import MORNING
from stockdesk.hours import Day
from stockdesk.kis.messages import KST
from stockdesk.programs import Program

SATURDAY = 5
DAY = timedelta(days=1)
#: Before the first session of a day, for connects that are paced; and after the last one, for the last fills.
LEAD, LAG = timedelta(minutes=10), timedelta(minutes=15)
#: From NXT's pre-market to the end of both evening markets: for a weekday of which nobody knows the hours.
WIDEST = (time(8), time(20))
#: The broker is asked about trading days from `MORNING` on; an answer that fails has this long to come.
QUESTION = timedelta(hours=1)
#: The batch jobs of a weekday, the first (retention) to the last (rankings), and of a Saturday or Sunday.
JOBS_FROM, JOBS_ON_WEEKENDS_TO = time(5), time(12)
#: Tokyo and the won begin at nine; Cboe ends at 16:15 in New York, and a bar is final half an hour later.
ABROAD_FROM, ABROAD_TO = time(8, 50), time(17, 30)
NEW_YORK = ZoneInfo("America/New_York")


@dataclass(frozen=True, slots=True)
class Span:
    """From ``starts_at`` up to ``ends_at`` a program is to run, and why."""

    starts_at: datetime
    ends_at: datetime
    reason: str


def spans_of(program: Program, days: Iterable[Day]) -> list[Span]:
    """The spans of a program that runs by the hours, by their beginnings. Of the days that are given, no others."""
    found = [span for day in days for span in _of_day(program, day)]
    return sorted(found, key=lambda span: (span.starts_at, span.ends_at))


def _of_day(program: Program, day: Day) -> Iterator[Span]:
    if program.asks_calendar:
        asked_at = _moment(day.on, MORNING)
        yield Span(asked_at - timedelta(minutes=5), asked_at + QUESTION, "calendar")
    if program.when == "market hours":
        yield from _market(day, since=_moment(day.on, MORNING) if program.asks_calendar else None)
    elif program.when == "night" and _is_weekday(day.on):
        closes = datetime.combine(day.on, ABROAD_TO, NEW_YORK).astimezone(KST)
        yield Span(_moment(day.on, ABROAD_FROM), closes, "abroad")
    elif program.when == "after the close":
        ends = _moment(day.on + DAY, time()) if _is_weekday(day.on) else _moment(day.on, JOBS_ON_WEEKENDS_TO)
        yield Span(_moment(day.on, JOBS_FROM), ends, "jobs")


def _market(day: Day, *, since: datetime | None) -> Iterator[Span]:
    """From before the first session until after the last one, at any venue; whether a day is confirmed is no matter.

    Prices may be collected on a day that nobody has confirmed, and trading refuses by itself.
    """
    starts = min((window.starts_at for window in day.windows), default=None)
    ends = day.over_at
    if starts is None or ends is None:
        if day.is_open is False or not _is_weekday(day.on):
            return
        starts, ends = (_moment(day.on, clock) for clock in WIDEST)
    yield Span(since or starts - LEAD, ends + LAG, "market")


def why_not(program: Program, day: Day) -> str:
    """Why a program of market hours rests on this day: weekend, holiday or simply the hour."""
    if program.when != "market hours" or day.windows:
        return "hours"
    if not _is_weekday(day.on):
        return "weekend"
    return "holiday" if day.is_open is False else "hours"


def _is_weekday(on: date) -> bool:
    return on.weekday() < SATURDAY


def _moment(on: date, clock: time) -> datetime:
    return datetime.combine(on, clock, KST)
