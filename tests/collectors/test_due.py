"""When a day of a job is due, by the clock and the calendar."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from collectors.dart.jobs import season_day
from collectors.due import is_exchange_day
from collectors.jobs import JOBS, due_days
from collectors.reference import days
from collectors.reference.calls import lane
from collectors.reference.days import AfterTheClose, AfterTheDay, is_trading_day, trading_days_back
from stockdesk.kis.messages import KST
from tests.ground.calendar import ruled, told

pytestmark = pytest.mark.django_db

FRIDAY, MONDAY = date(2026, 11, 20), date(2026, 11, 23)
OF_THE_BROKER = [job for job in JOBS.values() if job.source == "kis"]


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
    close = AfterTheClose(5, evening=True)
    assert close.day(kst("2026-11-20T15:34")) is None
    assert close.day(kst("2026-11-20T15:35")) == FRIDAY
    assert close.day(kst("2026-11-20T15:59")) is None, "the evening market has begun to write over it"
    assert close.day(kst("2026-11-21T15:45")) is None
    assert close.tells_now(FRIDAY, kst("2026-11-20T15:58"))
    assert not close.tells_now(FRIDAY, kst("2026-11-20T15:59"))
    assert not close.tells_now(FRIDAY, kst("2026-11-23T15:45"))


def test_what_follows_the_close_has_begun_ten_minutes_after_it() -> None:
    begun = [job.name for job, _ in due_days(kst("2026-11-20T15:40"), OF_THE_BROKER) if job.name == "regular-close"]
    assert begun == ["regular-close"]


def test_a_price_in_the_middle_of_the_day_of_the_csat_is_no_close() -> None:
    """KRX trades until 16:30 then: what was read at 15:41 stood as the close, by which the next day's limits go."""
    exam = date(2026, 11, 19)
    for name in ("regular-close", "buyers"):
        assert due(name, "2026-11-19T15:50") is None
        assert due(name, "2026-11-19T16:29") is None
        assert due(name, "2026-11-19T16:50") == exam
    assert due("regular-close", "2026-11-19T16:35") == exam
    assert due("regular-close", "2026-11-19T16:58") == exam
    assert due("regular-close", "2026-11-19T16:59") is None
    assert not AfterTheClose(5, evening=True).tells_now(exam, kst("2026-11-19T15:50"))
    assert JOBS["regular-close"].due.next_at(kst("2026-11-19T15:50")) == kst("2026-11-19T16:35")
    assert JOBS["regular-close"].due.next_at(kst("2026-11-20T15:50")) == kst("2026-11-23T15:35")


def test_the_calendar_is_believed_before_the_weekday() -> None:
    ruled(FRIDAY, False)
    assert not is_trading_day(FRIDAY)
    assert AfterTheDay(20, 10).day(kst("2026-11-20T21:00")) == date(2026, 11, 19)
    assert trading_days_back(MONDAY, 2) == date(2026, 11, 18)


def test_a_date_that_no_calendar_knows_goes_by_its_weekday() -> None:
    assert is_trading_day(date(2045, 11, 20)) == (date(2045, 11, 20).weekday() < days.SATURDAY)


def test_in_the_morning_only_what_was_missed_is_due() -> None:
    morning = {job.name: day for job, day in due_days(kst("2026-11-23T07:00"), OF_THE_BROKER)}
    assert set(morning.values()) == {FRIDAY}
    assert not {"regular-close", "rankings", "buyers"} & set(morning)
    evening = {job.name: day for job, day in due_days(kst("2026-11-23T20:30"), OF_THE_BROKER)}
    assert set(evening) == {job.name for job in OF_THE_BROKER} - {"regular-close"}
    assert set(evening.values()) == {MONDAY}


def due(name: str, at: str) -> date | None:
    return JOBS[name].due.day(kst(at))


def test_filings_are_polled_on_weekdays_and_read_whole_the_next_morning() -> None:
    assert due("filings", "2026-11-20T06:59") is None
    assert due("filings", "2026-11-20T07:00") == FRIDAY
    assert due("filings", "2026-11-20T19:05") == FRIDAY
    assert due("filings", "2026-11-20T19:10") is None
    assert due("filings", "2026-11-21T12:00") is None, "a Saturday"
    assert JOBS["filings"].due.next_at(kst("2026-11-20T20:00")) == kst("2026-11-23T07:00")
    assert due("filings-day", "2026-11-20T06:39") == date(2026, 11, 18)
    assert due("filings-day", "2026-11-20T06:40") == date(2026, 11, 19)
    assert due("filings-day", "2026-11-23T12:00") == FRIDAY
    assert JOBS["filings-day"].due.next_at(kst("2026-11-21T12:00")) == kst("2026-11-24T06:40")


def test_companies_are_read_weekly_and_on_a_new_desk_at_once() -> None:
    assert due("corps", "2026-11-23T06:29") == date(2026, 11, 16)
    assert due("corps", "2026-11-23T06:30") == MONDAY
    assert due("corps", "2026-11-29T23:00") == MONDAY


def test_figures_are_asked_for_in_their_season_only() -> None:
    assert due("key-accounts", "2026-11-20T19:20") == FRIDAY
    assert due("statements", "2026-11-22T19:30") == FRIDAY
    assert due("key-accounts", "2027-01-20T20:00") is None
    assert JOBS["key-accounts"].due.next_at(kst("2027-01-20T20:00")) is None
    assert JOBS["key-accounts"].due.next_at(kst("2027-02-25T20:00")) == kst("2027-03-01T19:20")


def test_the_demo_has_figures_to_show_between_the_seasons(settings: Any) -> None:
    settings.DESK = replace(settings.DESK, demo=True)
    assert settings.DESK.around_the_clock
    assert due("key-accounts", "2027-01-20T20:00") == date(2027, 1, 20)
    assert season_day(date(2027, 1, 20)) == date(2026, 12, 10)


def test_open_data_is_due_on_the_exchanges_next_day_after_one() -> None:
    assert due("open-prices", "2026-11-20T13:09") == date(2026, 11, 18)
    assert due("open-prices", "2026-11-20T13:10") == date(2026, 11, 19)
    assert due("open-prices", "2026-11-23T13:00") == date(2026, 11, 19)
    assert due("open-prices", "2026-11-23T13:10") == FRIDAY
    assert JOBS["open-prices"].due.next_at(kst("2026-11-20T14:00")) == kst("2026-11-23T13:10")


def test_a_holiday_is_never_asked_for() -> None:
    assert due("open-prices", "2026-12-25T20:00") == date(2026, 12, 23), "Christmas publishes nothing"
    assert due("open-prices", "2026-12-28T20:00") == date(2026, 12, 24)
    ruled(FRIDAY, False)
    assert due("open-prices", "2026-11-23T20:00") == date(2026, 11, 19)


def test_the_demos_sources_keep_the_real_calendar(settings: Any) -> None:
    settings.DESK = replace(settings.DESK, demo=True)
    told(date(2026, 12, 25), "Y", by=settings.DESK.broker)
    assert is_trading_day(date(2026, 12, 25))
    assert not is_exchange_day(date(2026, 12, 25))
    assert is_exchange_day(FRIDAY)


def test_the_list_of_issues_is_that_of_the_first_day_of_a_week() -> None:
    assert due("open-listed", "2026-11-20T13:20") == date(2026, 11, 16)
    assert due("open-listed", "2026-11-24T13:19") == date(2026, 11, 16)
    assert due("open-listed", "2026-11-24T13:20") == MONDAY
    ruled(MONDAY, False)
    assert due("open-listed", "2026-11-25T13:20") == date(2026, 11, 24)


def test_the_desk_tidies_up_and_reads_the_master_before_the_market() -> None:
    assert due("retention", "2026-11-22T05:00") == date(2026, 11, 22)
    assert due("instruments", "2026-11-22T07:00") == FRIDAY
    assert due("instruments", "2026-11-23T06:20") == MONDAY


def test_calls_queue_behind_the_market_while_it_trades() -> None:
    assert lane(kst("2026-11-20T10:00")) == "spare"
    assert lane(kst("2026-11-20T19:59")) == "spare"
    assert lane(kst("2026-11-20T20:10")) == "market"
    assert lane(kst("2026-11-21T10:00")) == "market"
