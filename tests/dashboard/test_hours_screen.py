"""The badge of the trading hours through a day, a night and a holiday."""

from datetime import date, datetime, time, timedelta

import pytest

from market.hours_screen import HoursReader, phase
from stockdesk.hours import KRX, Day, Window, demo_day
from stockdesk.kis.messages import KST

FRIDAY, MONDAY = date(2026, 11, 20), date(2026, 11, 23)
WINDOWS = (
    ("pre_close_price", "08:30", "08:40", KRX),
    ("open_call", "08:30", "09:00", KRX),
    ("regular", "09:00", "15:20", KRX),
    ("close_call", "15:20", "15:30", KRX),
    ("post_close_price", "15:30", "16:00", KRX),
    ("after_market", "16:00", "20:00", KRX),
    ("pre_market", "08:00", "08:50", "NXT"),
)


def at(on, clock):
    return datetime.combine(on, time.fromisoformat(clock), KST)


def trading_day(on, confirmed=True):
    windows = tuple(
        Window(code, at(on, begins), at(on, ends), venue, frozenset()) for code, begins, ends, venue in WINDOWS
    )
    return Day(on, True, confirmed, "broker", windows)


@pytest.mark.parametrize(
    ("clock", "now_it_is", "until", "then"),
    [
        ("07:00", "before", "08:30", "auction"),
        ("08:35", "auction", "09:00", "regular"),
        ("09:00", "regular", "15:20", "auction"),
        ("15:25", "auction", "15:30", "off_hours"),
        ("15:59:59", "off_hours", "20:00", "closed"),
    ],
)
def test_each_part_of_the_day_tells_its_end_and_what_follows(clock, now_it_is, until, then):
    told = phase([trading_day(FRIDAY), trading_day(MONDAY)], at(FRIDAY, clock))
    assert told == [now_it_is, at(FRIDAY, until).timestamp() * 1000, then, True]


def test_the_evening_and_a_holiday_count_towards_the_next_trading_day():
    opening = at(MONDAY, "08:30").timestamp() * 1000
    evening = phase([trading_day(FRIDAY), trading_day(MONDAY)], at(FRIDAY, "21:00"))
    assert evening == ["closed", opening, "auction", True]
    saturday = Day(FRIDAY + timedelta(days=1), False, True, "list")
    assert phase([saturday, trading_day(MONDAY)], at(saturday.on, "12:00")) == ["holiday", opening, "auction", True]


def test_a_day_nobody_knows_is_called_unknown_and_one_nobody_confirmed_says_so():
    unknown = Day(FRIDAY, None, False, "")
    assert phase([unknown], at(FRIDAY, "10:00")) == ["unknown", None, None, False]
    assert phase([trading_day(FRIDAY, confirmed=False)], at(FRIDAY, "10:00"))[-1] is False


def test_the_demo_never_closes():
    tomorrow = demo_day(FRIDAY + timedelta(days=1))
    assert phase([demo_day(FRIDAY), tomorrow], at(FRIDAY, "23:59")) == ["regular", None, None, True]


def test_the_calendar_is_asked_once_a_minute_and_at_midnight():
    asked, clock = [], [0.0]

    def day(on):
        asked.append(on)
        return trading_day(on) if on in (FRIDAY, MONDAY) else Day(on, False, True, "list")

    reader = HoursReader(day, lambda: clock[0])
    for seconds in (0.0, 1.0, 59.0):
        clock[0] = seconds
        assert reader.rows(at(FRIDAY, "10:00"))["krx"][0] == "regular"
    assert asked == [FRIDAY + timedelta(days=n) for n in range(4)]
    assert reader.rows(at(FRIDAY + timedelta(days=1), "00:00"))["krx"][0] == "holiday"
