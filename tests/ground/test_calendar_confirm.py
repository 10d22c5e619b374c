"""KIS's answer and a person's word in the tables, and how often KIS may be asked."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest

from stockdesk.calendar_confirm import MOST_ASKS, confirm, override, pause_after, reserve_question
from stockdesk.calendar_models import MarketDay
from stockdesk.hours import day_of
from stockdesk.kis.days import CalendarDay
from tests.ground.calendar import BROKER, at, at_real_broker, changed

pytestmark = pytest.mark.django_db

FRIDAY, SATURDAY = date(2026, 11, 20), date(2026, 11, 21)
SIX = at("2026-11-20T06:00")


@pytest.fixture(autouse=True)
def real(settings):
    settings.DESK = at_real_broker(settings.DESK)


def answer(*flags: str, since: date = FRIDAY) -> list[CalendarDay]:
    return [CalendarDay(since + timedelta(days=n), *day) for n, day in enumerate(flags)]


def test_the_whole_answer_is_stored():
    confirm(answer("YYYY", "NNYN", "NNYN", "YYYY"), broker=BROKER, asked_at=SIX)
    assert [day_of(FRIDAY + timedelta(days=n)).is_open for n in range(4)] == [True, False, False, True]
    assert all(day_of(FRIDAY + timedelta(days=n)).confirmed for n in range(4))
    assert not day_of(FRIDAY + timedelta(days=4)).confirmed
    row = MarketDay.objects.get(pk=SATURDAY)
    assert (row.open_flag, row.business_flag, row.trading_flag, row.settlement_flag) == ("N", "N", "Y", "N")
    assert (row.answered_at, row.answered_by) == (SIX, BROKER)
    assert (row.listed_open, row.computed_open, row.timetable) == (False, False, "regular")


def test_an_answer_about_a_date_nobody_knew_makes_its_row():
    far = date(2031, 5, 6)
    confirm(answer("YYYY", since=far), broker=BROKER, asked_at=SIX)
    day = day_of(far)
    assert (day.is_open, day.confirmed) == (True, True)
    assert day.regular_from == at("2031-05-06T09:00")


def test_a_newer_answer_replaces_and_an_older_one_does_not():
    confirm(answer("YYYY"), broker=BROKER, asked_at=SIX)
    confirm(answer("NNYN"), broker=BROKER, asked_at=SIX + timedelta(days=1))
    confirm(answer("YYYY"), broker=BROKER, asked_at=SIX)
    assert day_of(FRIDAY).is_open is False


def test_an_answer_of_another_broker_is_replaced_whenever_it_came():
    confirm(answer("NNYN"), broker="127.0.0.1:9443", asked_at=SIX + timedelta(days=1))
    assert not day_of(FRIDAY).confirmed
    confirm(answer("YYYY"), broker=BROKER, asked_at=SIX)
    assert (day_of(FRIDAY).is_open, day_of(FRIDAY).confirmed) == (True, True)


def test_an_empty_flag_replaces_no_stored_one():
    confirm(answer("YYYN"), broker=BROKER, asked_at=SIX)
    confirm([CalendarDay(FRIDAY, "Y", "", "", "")], broker=BROKER, asked_at=SIX + timedelta(hours=1))
    row = MarketDay.objects.get(pk=FRIDAY)
    assert (row.business_flag, row.trading_flag, row.settlement_flag) == ("Y", "Y", "N")


def test_an_answer_leaves_a_persons_word_alone():
    override([FRIDAY], is_open=False, timetable="", reason="storm", person="kim", at=SIX)
    confirm(answer("YYYY"), broker=BROKER, asked_at=SIX)
    row = MarketDay.objects.get(pk=FRIDAY)
    assert (row.override_open, row.override_reason, row.overridden_by) == (False, "storm", "kim")


def test_a_persons_word_can_be_taken_back():
    override([FRIDAY], is_open=True, timetable="csat", reason="hours of KRX's notice", person="kim", at=SIX)
    assert day_of(FRIDAY).regular_from == at("2026-11-20T10:00")
    override([FRIDAY], is_open=None, timetable="", reason="a mistake", person="lee", at=SIX)
    day, row = day_of(FRIDAY), MarketDay.objects.get(pk=FRIDAY)
    assert (day.source, day.confirmed, day.regular_from) == ("list", False, at("2026-11-20T09:00"))
    assert (row.override_reason, row.overridden_by) == ("a mistake", "lee")


@pytest.mark.parametrize(("reason", "person"), [("", "kim"), ("  ", "kim"), ("storm", "")])
def test_a_word_without_who_and_why_is_refused(reason, person):
    with pytest.raises(ValueError, match="a person and a reason"):
        override([FRIDAY], is_open=True, timetable="", reason=reason, person=person, at=SIX)
    assert not day_of(FRIDAY).confirmed


def test_kis_is_asked_from_six_on_until_it_has_answered():
    assert reserve_question(SIX - timedelta(seconds=1)) is None
    assert reserve_question(SIX) == FRIDAY
    confirm(answer("YYYY", "NNYN"), broker=BROKER, asked_at=SIX)
    assert reserve_question(SIX + timedelta(hours=9)) is None


def test_an_answer_of_yesterday_confirms_today_and_kis_is_asked_again_all_the_same():
    confirm(answer("YYYY", "YYYY", since=FRIDAY - timedelta(days=1)), broker=BROKER, asked_at=SIX - timedelta(days=1))
    assert day_of(FRIDAY).confirmed
    assert reserve_question(SIX) == FRIDAY


def test_an_answer_of_another_broker_does_not_spare_the_question():
    confirm(answer("YYYY"), broker="127.0.0.1:9443", asked_at=SIX)
    assert reserve_question(SIX + timedelta(seconds=1)) == FRIDAY


def test_a_persons_word_does_not_spare_the_question():
    override([FRIDAY], is_open=True, timetable="", reason="KRX's notice", person="kim", at=SIX)
    assert reserve_question(SIX) == FRIDAY


def test_the_pauses_grow_to_ten_minutes_and_the_day_has_an_end():
    asked, now = [], at("2026-11-20T00:00")
    while now < at("2026-11-21T00:00"):
        if reserve_question(now) is not None:
            asked.append(now)
        now += timedelta(seconds=30)
    pauses = [(later - earlier).total_seconds() for earlier, later in pairwise(asked)]
    assert asked[0] == SIX
    assert pauses == [60, 120, 240, 480, *[600] * (MOST_ASKS - 5)]
    assert reserve_question(at("2026-11-21T06:00")) == SATURDAY


def test_the_pause_outlives_the_process():
    changed(FRIDAY, asks=4, asked_at=SIX)
    assert reserve_question(SIX + timedelta(seconds=pause_after(4) - 1)) is None
    assert reserve_question(SIX + timedelta(seconds=pause_after(4))) == FRIDAY
    assert MarketDay.objects.get(pk=FRIDAY).asks == 5


def test_a_day_that_is_not_in_the_tables_can_be_asked_about():
    assert reserve_question(at("2031-05-06T10:00")) == date(2031, 5, 6)


def test_the_demo_asks_at_any_hour(settings):
    local = {"kis_rest_url": "http://127.0.0.1:9443", "kis_ws_url": "ws://127.0.0.1:21000"}
    settings.DESK = replace(settings.DESK, demo=True, **local)
    assert reserve_question(at("2026-11-20T00:00:10")) == FRIDAY
