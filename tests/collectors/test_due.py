"""When a day of a job is due, by the clock and the calendar."""

from dataclasses import replace
from datetime import date, datetime, time
from typing import Any

import pytest

from collectors.jobs import JOBS, due_days
from collectors.reference import days
from collectors.reference.calls import lane
from collectors.reference.days import AfterTheDay, is_trading_day, trading_days_back
from stockdesk.kis.messages import KST
from tests.ground.calendar import ruled

pytestmark = pytest.mark.django_db

FRIDAY, MONDAY = date(2026, 11, 20), date(2026, 11, 23)


@pytest.fixture(autouse=True)
def _an_exchange_with_hours(settings: Any) -> None:
    settings.DESK = replace(settings.DESK, demo=False)


def kst(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=KST)


def test_a_day_is_due_from_its_hour_until_the_next_ones() -> None:
    evening = AfterTheDay(20, 10)
    assert evening.day(kst("2026-11-20T20:09")) == date(2026, 11, 19)
    assert evening.day(kst("2026-11-20T20:10")) == FRIDAY
    assert evening.day(kst("2026-11-22T12:00")) == FRIDAY, "missed hours are made up for"
    assert evening.next_at(kst("2026-11-20T20:10")) == kst("2026-11-23T20:10")
    assert evening.next_at(kst("2026-11-20T08:00")) == kst("2026-11-20T20:10")


def test_what_is_told_on_the_day_only_is_not_asked_for_later() -> None:
    close = AfterTheDay(15, 41, until=time(15, 59))
    assert close.day(kst("2026-11-20T15:40")) is None
    assert close.day(kst("2026-11-20T15:41")) == FRIDAY
    assert close.day(kst("2026-11-20T15:59")) is None, "the evening market has begun to write over it"
    assert close.day(kst("2026-11-21T15:45")) is None
    assert close.tells_now(FRIDAY, kst("2026-11-20T15:58"))
    assert not close.tells_now(FRIDAY, kst("2026-11-20T15:59"))
    assert not close.tells_now(FRIDAY, kst("2026-11-23T15:45"))


def test_the_calendar_is_believed_before_the_weekday() -> None:
    ruled(FRIDAY, False)
    assert not is_trading_day(FRIDAY)
    assert AfterTheDay(20, 10).day(kst("2026-11-20T21:00")) == date(2026, 11, 19)
    assert trading_days_back(MONDAY, 2) == date(2026, 11, 18)


def test_a_date_that_no_calendar_knows_goes_by_its_weekday() -> None:
    assert is_trading_day(date(2045, 11, 20)) == (date(2045, 11, 20).weekday() < days.SATURDAY)


def test_in_the_morning_only_what_was_missed_is_due() -> None:
    morning = {job.name: day for job, day in due_days(kst("2026-11-23T07:00"), JOBS.values())}
    assert set(morning.values()) == {FRIDAY}
    assert not {"regular-close", "rankings", "buyers"} & set(morning)
    evening = {job.name: day for job, day in due_days(kst("2026-11-23T20:30"), JOBS.values())}
    assert set(evening) == set(JOBS) - {"regular-close"}
    assert set(evening.values()) == {MONDAY}


def test_calls_queue_behind_the_market_while_it_trades() -> None:
    assert lane(kst("2026-11-20T10:00")) == "spare"
    assert lane(kst("2026-11-20T19:59")) == "spare"
    assert lane(kst("2026-11-20T20:10")) == "market"
    assert lane(kst("2026-11-21T10:00")) == "market"
