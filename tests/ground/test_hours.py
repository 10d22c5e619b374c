"""What day it is for the market, and what may be ordered when."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from django.core.management import call_command

from stockdesk.calendar_models import MarketDay, SessionWindow
from stockdesk.calendar_seed import planned_days, seed_calendar
from stockdesk.hours import Day, Today, day_of
from tests.ground.calendar import at, at_real_broker, changed, ruled, told

pytestmark = pytest.mark.django_db

CSAT, FRIDAY, SATURDAY = date(2026, 11, 19), date(2026, 11, 20), date(2026, 11, 21)
CLOSED_2026 = (
    "2026-01-01 2026-02-16 2026-02-17 2026-02-18 2026-03-02 2026-05-01 2026-05-05 2026-05-25 2026-06-03 2026-07-17 "
    "2026-08-17 2026-09-24 2026-09-25 2026-10-05 2026-10-09 2026-12-25 2026-12-31"
)


@pytest.fixture(autouse=True)
def real(settings):
    """A desk at the real broker: the demo's rule is out of the way."""
    settings.DESK = at_real_broker(settings.DESK)


def confirmed(on: date) -> Day:
    told(on, "Y")
    return day_of(on)


def test_all_trading_days_of_2026_are_known():
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    weekdays_closed = [str(on) for on in days if on.weekday() < 5 and not day_of(on).is_open]
    assert weekdays_closed == CLOSED_2026.split()
    assert sum(day_of(on).is_open is True for on in days) == 244
    assert not any(day_of(on).is_open for on in days if on.weekday() >= 5)


def test_2027_is_known_as_far_as_the_law_goes():
    assert MarketDay.objects.filter(day__year=2027, listed_open=True).count() == 245
    closed = ["2027-05-03", "2027-07-19", "2027-12-31"]
    assert not any(day_of(date.fromisoformat(on)).is_open for on in closed)


def test_the_list_and_the_law_agree_on_every_listed_day():
    assert [str(row.day) for row in planned_days(through=2027) if row.listed_open != row.computed_open] == []


def test_beyond_the_list_the_law_is_asked_and_nothing_is_confirmed():
    seed_calendar(date(2027, 12, 1))
    row = MarketDay.objects.get(day=date(2028, 5, 2))
    assert (row.listed_open, row.computed_open, row.name) == (None, False, "부처님오신날")
    first = day_of(date(2028, 1, 3))
    assert (first.is_open, first.confirmed, first.source) == (True, False, "computed")
    assert first.regular_from == at("2028-01-03T10:00")
    assert day_of(date(2028, 1, 4)).regular_from == at("2028-01-04T09:00")


@pytest.mark.parametrize(
    ("on", "opens", "continuous_to", "closes"),
    [
        ("2026-01-02", "10:00", "15:20", "15:30"),
        ("2026-11-19", "10:00", "16:20", "16:30"),
        ("2026-11-20", "09:00", "15:20", "15:30"),
        ("2027-01-04", "10:00", "15:20", "15:30"),
    ],
)
def test_a_day_has_its_own_hours(on, opens, continuous_to, closes):
    day = day_of(date.fromisoformat(on))
    assert day.is_open
    assert day.regular_from == at(f"{on}T{opens}")
    assert day.regular_to == at(f"{on}T{continuous_to}")
    assert day.closes_at == at(f"{on}T{closes}")
    assert day.over_at == at(f"{on}T20:00")


LIMIT_ORDERS = [
    # moment, CSAT day, an ordinary day
    ("08:25", False, False),
    ("08:30", False, True),
    ("09:00:10", False, True),
    ("09:30", True, True),
    ("10:00", True, True),
    ("15:25", True, True),  # continuous there, the closing auction here
    ("15:50", True, False),
    ("16:25", True, False),
    ("16:30", False, False),
    ("20:01", False, False),
]


@pytest.mark.parametrize(("clock", "on_csat_day", "on_an_ordinary_day"), LIMIT_ORDERS)
def test_when_a_limit_order_may_be_placed(clock, on_csat_day, on_an_ordinary_day):
    assert confirmed(CSAT).may_order(at(f"2026-11-19T{clock}"), "00") is on_csat_day
    assert confirmed(FRIDAY).may_order(at(f"2026-11-20T{clock}"), "00") is on_an_ordinary_day


EVENING = [("15:50", False), ("16:00", True), ("16:30", True), ("19:59:59", True), ("20:00", False), ("20:01", False)]


@pytest.mark.parametrize(("clock", "taken"), EVENING)
def test_the_evening_takes_its_own_divisions_and_no_other(clock, taken):
    day, now = confirmed(FRIDAY), at(f"2026-11-20T{clock}")
    assert all(day.may_order(now, division) is taken for division in ("41", "42", "43", "44", "45", "46", "47"))
    assert not any(day.may_order(now, division) for division in ("00", "01", "03", "07"))


def test_the_evening_of_a_csat_day_begins_where_every_reading_of_the_notice_has_it():
    day = confirmed(CSAT)
    assert not day.may_order(at("2026-11-19T16:30"), "41")
    assert day.may_order(at("2026-11-19T16:59"), "06")
    assert day.may_order(at("2026-11-19T17:00"), "41")


def test_before_its_reform_the_evening_was_another_market():
    before, after = confirmed(date(2026, 9, 11)), confirmed(date(2026, 9, 14))
    assert before.may_order(at("2026-09-11T17:00"), "07")
    assert not before.may_order(at("2026-09-11T17:00"), "41")
    assert not after.may_order(at("2026-09-14T17:00"), "07")
    assert not before.may_order(at("2026-09-11T08:10"), "27", "NXT")
    assert after.may_order(at("2026-09-14T08:10"), "27", "NXT")


def test_venues_are_told_apart():
    day = confirmed(FRIDAY)
    early = at("2026-11-20T08:10")
    assert day.may_order(early, "00", "NXT")
    assert not day.may_order(early, "00")
    assert not day.may_order(at("2026-11-20T09:00:29"), "00", "NXT")
    assert not day.may_order(at("2026-11-20T10:00"), "01", "NXT")
    assert day.window_at(early) is None
    names = {
        clock: day.window_at(at(f"2026-11-20T{clock}")) for clock in ("08:35", "09:00", "15:20", "15:30", "16:00")
    }
    codes = [window.code for window in names.values() if window is not None]
    assert codes == ["open_call", "regular", "close_call", "post_close_price", "after_market"]
    nxt = day.window_at(at("2026-11-20T12:00"), "NXT")
    assert nxt is not None
    assert (nxt.venue, nxt.code) == ("NXT", "main")


def test_a_window_is_half_open():
    day = confirmed(FRIDAY)
    assert day.may_order(at("2026-11-20T15:19:59.999999"), "03")
    assert not day.may_order(at("2026-11-20T15:20"), "03")


def test_a_day_is_a_day_in_korea_whatever_zone_the_clock_has():
    day = confirmed(FRIDAY)
    assert day.may_order(datetime.fromisoformat("2026-11-20T00:00:10+00:00"), "00")


def test_nobody_orders_on_a_day_that_nobody_confirmed():
    now = at("2026-11-20T10:00")
    day = day_of(FRIDAY)
    assert (day.is_open, day.confirmed, day.source) == (True, False, "list")
    assert not day.may_order(now, "00")
    assert confirmed(FRIDAY).may_order(now, "00")


def test_a_date_that_is_not_in_the_tables_is_unknown():
    day = day_of(date(2020, 1, 2))
    assert (day.is_open, day.confirmed, day.windows, day.over_at) == (None, False, (), None)


def test_a_closed_day_has_no_windows():
    told(FRIDAY, "N")
    day = day_of(FRIDAY)
    assert (day.is_open, day.confirmed, day.source, day.windows) == (False, True, "broker", ())


def test_what_a_simulator_said_confirms_nothing_at_the_real_broker():
    told(SATURDAY, "Y", by="127.0.0.1:19010")
    day = day_of(SATURDAY)
    assert (day.is_open, day.confirmed, day.source) == (False, False, "list")


def test_a_person_has_the_last_word_but_never_against_the_broker():
    ruled(FRIDAY, False)
    assert (day_of(FRIDAY).is_open, day_of(FRIDAY).confirmed) == (False, True)
    told(FRIDAY, "Y")
    contradicted = day_of(FRIDAY)
    assert (contradicted.is_open, contradicted.confirmed, contradicted.source) == (False, False, "person")
    ruled(FRIDAY, True)
    assert day_of(FRIDAY).confirmed
    assert day_of(FRIDAY).may_order(at("2026-11-20T10:00"), "00")


def test_a_person_may_give_a_day_other_hours():
    ruled(date(2027, 11, 18), True, override_timetable="csat")
    assert day_of(date(2027, 11, 18)).regular_from == at("2027-11-18T10:00")


def test_reading_a_day_takes_two_queries(django_assert_num_queries):
    with django_assert_num_queries(2):
        day_of(FRIDAY)


def test_filling_the_calendar_again_takes_nobodys_word_away():
    told(FRIDAY, "Y")
    ruled(SATURDAY, True)
    window = SessionWindow.objects.get(timetable="regular", venue="KRX", code="regular")
    SessionWindow.objects.filter(pk=window.pk).update(effective_to=date(2027, 6, 30))
    before = MarketDay.objects.filter(day__in=(FRIDAY, SATURDAY)).values()
    kept, count = list(before.all()), SessionWindow.objects.count()
    changed(FRIDAY, name="typed by hand", listed_open=None)
    call_command("migrate", verbosity=0)
    assert list(before.all()) == kept
    assert SessionWindow.objects.count() == count
    window.refresh_from_db()
    assert window.effective_to == date(2027, 6, 30)


ELSEWHERE = [
    {"kis_rest_url": "https://openapi.koreainvestment.com:9443"},
    {"kis_ws_url": "ws://ops.koreainvestment.com:21000"},
    {"kis_rest_url": "https://openapivts.koreainvestment.com:29443"},
    {"kis_rest_url": "http://192.168.0.10:9443"},
    {"kis_rest_url": "http://127.0.0.1.example.com:9443"},
    {"kis_rest_url": "http://127.0.0.1@openapi.koreainvestment.com:9443"},
    {"kis_rest_url": ""},
    {"kis_ws_url": ""},
    {"mode": "live"},
    {"demo": False},
]


@pytest.fixture
def demo(settings):
    settings.DESK = replace(
        settings.DESK, demo=True, kis_rest_url="http://127.0.0.1:9443", kis_ws_url="ws://localhost:21000"
    )
    return settings.DESK


@pytest.mark.parametrize("on", ["2026-11-21", "2026-12-25", "2031-05-04"])
def test_the_demo_trades_around_the_clock(demo, on):
    day = day_of(date.fromisoformat(on))
    assert (day.is_open, day.confirmed, day.source) == (True, True, "demo")
    midnight = at(f"{on}T00:00")
    assert (day.regular_from, day.regular_to) == (midnight, midnight + timedelta(days=1))
    assert day.closes_at == day.over_at == day.regular_to
    for clock in ("00:00", "03:00", "15:25", "23:59:59"):
        assert day.may_order(at(f"{on}T{clock}"), "00")
        assert day.may_order(at(f"{on}T{clock}"), "01")
    assert day.trading_seconds(midnight + timedelta(hours=1)) == 3600


@pytest.mark.parametrize("change", ELSEWHERE)
def test_the_demos_hours_need_a_broker_on_this_machine(demo, settings, change):
    assert day_of(SATURDAY).source == "demo"
    settings.DESK = replace(demo, **change)
    day = day_of(SATURDAY)
    assert (day.is_open, day.confirmed, day.source) == (False, False, "list")
    assert not day.may_order(at("2026-11-21T10:00"), "00")


@pytest.mark.parametrize(
    ("clock", "seconds"), [("08:59:59", None), ("09:00", 0), ("09:01", 60), ("15:20", None), ("16:30", None)]
)
def test_how_long_continuous_trading_has_been_on(clock, seconds):
    assert day_of(FRIDAY).trading_seconds(at(f"2026-11-20T{clock}")) == seconds


def test_the_day_that_is_held_knows_a_session_of_its_own_date_only() -> None:
    today = Today()
    assert not today.in_session(at("2026-11-20 10:00"))
    today.day = day_of(date(2026, 11, 20))
    assert today.in_session(at("2026-11-20 10:00"))
    assert not today.in_session(at("2026-11-20 05:00"))
    assert not today.in_session(at("2026-11-23 10:00"))
