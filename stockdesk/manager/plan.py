"""What should run now, and until when: a pure function of the calendar, the overrides and the clock."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from stockdesk.hours import DEMO, Day
from stockdesk.kis.messages import KST
from stockdesk.manager.windows import DAY, Span, spans_of, why_not
from stockdesk.programs import PROGRAMS, Program

#: Here a day of the desk begins, and a hold ends: the night session of New York belongs to the day before.
DAY_BEGINS = time(5)
#: Days looked at: yesterday, for its night, and far enough ahead to see beyond a week of holidays.
BEHIND, AHEAD = 1, 10
START, STOP, HOLD, AUTOMATIC = "start", "stop", "hold", "automatic"


@dataclass(frozen=True, slots=True)
class Override:
    """An operator's word about one program that counts now; without ``until`` it counts until it is taken back."""

    program: str
    wish: str  # start, stop or hold
    until: datetime | None
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class Wish:
    """Whether a program should run, why (always, nonstop, market, calendar, abroad, jobs, hours, weekend, holiday,
    start, stop or hold), and when that changes next by itself; None when it does not as far as can be seen."""

    run: bool
    reason: str
    changes_at: datetime | None = None


def days_needed(now: datetime) -> list[date]:
    today = now.astimezone(KST).date()
    return [today + ahead * DAY for ahead in range(-BEHIND, AHEAD + 1)]


def next_day_start(now: datetime) -> datetime:
    """The next 05:00 in Korea."""
    local = now.astimezone(KST)
    start = datetime.combine(local.date(), DAY_BEGINS, KST)
    return start if local < start else start + DAY


def what_should_run(
    days: Iterable[Day], overrides: Mapping[str, Override], now: datetime, programs: Iterable[Program] = PROGRAMS
) -> dict[str, Wish]:
    """The wish for every program, by name. ``days`` are those of `days_needed`, in order."""
    known = list(days)
    return {program.name: _wish(program, known, overrides.get(program.name), now) for program in programs}


def _wish(program: Program, days: list[Day], override: Override | None, now: datetime) -> Wish:
    if override is not None and (override.until is None or now < override.until):
        return Wish(override.wish == START, override.wish, override.until)
    if program.when == "always":
        return Wish(True, "always")
    if any(day.source == DEMO for day in days):
        return Wish(True, "nonstop")
    return _by_hours(program, days, now)


def _by_hours(program: Program, days: list[Day], now: datetime) -> Wish:
    spans = spans_of(program, days)
    current = [span for span in spans if span.starts_at <= now < span.ends_at]
    if current:
        reason = max(current, key=lambda span: span.ends_at).reason
        return Wish(True, reason, _end_of(spans, now))
    starts = next((span.starts_at for span in spans if span.starts_at > now), None)
    today = now.astimezone(KST).date()
    reason = next((why_not(program, day) for day in days if day.on == today), "hours")
    return Wish(False, reason, starts)


def _end_of(spans: list[Span], now: datetime) -> datetime | None:
    """When nothing is left of spans that touch each other; None for a chain that outlasts what is known."""
    end = now
    for span in spans:
        if span.starts_at <= end + timedelta(microseconds=1):
            end = max(end, span.ends_at)
    return end
