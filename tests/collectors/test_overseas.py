"""Hours, final bars and storing of the overseas indices; then the daemon itself at the stand-in broker."""

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from unittest.mock import Mock

import pytest
from django.db import connection

from collectors.models import OverseasBar, OverseasQuote
from collectors.overseas.holidays import HOLIDAYS, Holidays
from collectors.overseas.indices import BY_SYMBOL, CALENDARS, INDICES, NEW_YORK, TOKYO
from collectors.overseas.plan import FINAL_TRIES, Seen, due, note_asked, range_of
from collectors.overseas.screen import OVERSEAS, overseas_rows
from collectors.overseas.storing import newest_final, store
from stockdesk.fence import LeaseLost
from stockdesk.kis.messages import KST
from stockdesk.kis.overseas import OverseasAnswer
from stockdesk.kis.overseas import OverseasBar as Bar
from stockdesk.models import DaemonState, Event, Fence
from stockdesk.simulator.testing import RunningSimulator, running_simulator
from tests.collectors.reference_desk import KEY, SECRET, StartJobs

SPX, NIKKEI = BY_SYMBOL["SPX"], BY_SYMBOL["JP#NI225"]
FENCE = 7


def kst(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=KST)


# Hours


@pytest.fixture(autouse=True, scope="module")
def holidays() -> None:
    HOLIDAYS.learn(CALENDARS, kst("2026-11-20T12:00"))


THANKSGIVING = date(2026, 11, 26)


def test_the_loop_looks_at_the_calendar_without_asking_anybody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking took seconds in the event loop, in which no heartbeat renewed the lease."""
    monkeypatch.setattr(subprocess, "run", None)
    assert NEW_YORK.is_session(date(2031, 11, 27)), "a year that nobody has asked for has no known holidays"
    assert not NEW_YORK.is_session(THANKSGIVING)


@pytest.mark.parametrize("error", [BlockingIOError(11, "fork"), subprocess.TimeoutExpired("python", 60)])
def test_calendars_that_do_not_answer_are_warned_of_once_and_asked_again_later(
    error: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A machine without memory for one more process ended the daemon at each start."""
    known, now = Holidays(), kst("2026-11-20T12:00")
    with monkeypatch.context() as broken:
        broken.setattr(subprocess, "run", Mock(side_effect=error))
        for hours in range(3):
            assert known.wants(now + timedelta(hours=hours))
            known.learn(CALENDARS, now + timedelta(hours=hours))
    assert caplog.text.count("closed days of foreign exchanges") == 1
    assert not known.has("NYSE", THANKSGIVING)
    now += timedelta(hours=2)
    assert not known.wants(now + timedelta(minutes=29))
    known.learn(CALENDARS, now + timedelta(minutes=30))
    assert known.has("NYSE", THANKSGIVING)
    assert not known.wants(now + timedelta(hours=1))
    assert known.wants(kst("2027-01-01T00:00"))


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-07-01T22:29", False),
        ("2026-07-01T22:30", True),  # summer time there
        ("2026-07-02T04:59", True),
        ("2026-07-02T05:00", False),
        ("2026-11-18T22:30", False),
        ("2026-11-18T23:30", True),  # winter time there
        ("2026-11-19T05:59", True),
        ("2026-11-19T06:00", False),
        ("2026-11-27T00:00", False),  # Thanksgiving in New York
        ("2026-11-21T03:00", True),  # Friday there
        ("2026-11-21T23:45", False),
    ],
)
def test_new_york_trades_by_its_own_clock_and_holidays(moment: str, is_open: bool) -> None:
    assert NEW_YORK.is_open(kst(moment)) is is_open


def test_a_bar_is_final_half_an_hour_after_the_close_there() -> None:
    friday = date(2026, 11, 20)
    assert not NEW_YORK.is_final(friday, kst("2026-11-21T06:29"))
    assert NEW_YORK.is_final(friday, kst("2026-11-21T06:30"))
    assert NEW_YORK.last_session(kst("2026-11-21T06:29")) == date(2026, 11, 19)
    assert NEW_YORK.last_session(kst("2026-11-23T12:00")) == friday
    assert TOKYO.last_session(kst("2026-11-20T17:30")) == friday


# What is due


def test_an_open_exchange_is_asked_every_five_minutes_and_a_closed_one_until_its_bar_is_final() -> None:
    seen: dict[str, Seen] = {}
    assert due(INDICES, seen, kst("2026-11-18T12:00")) == list(INDICES), "at the start everything"
    noon = kst("2026-11-18T12:00")
    for index in INDICES:
        note_asked(index, seen[index.symbol], noon)
        seen[index.symbol].final_on = index.exchange.last_session(noon)
    assert due(INDICES, seen, noon + timedelta(minutes=4)) == []
    later = {index.symbol for index in due(INDICES, seen, noon + timedelta(minutes=5))}
    assert later == {"JP#NI225", "HK#HS", "SHANG", "FX@KRW"}
    after = due([NIKKEI], seen, kst("2026-11-18T16:05"))
    assert after == [NIKKEI]
    seen["JP#NI225"].final_on = date(2026, 11, 18)
    assert due([NIKKEI], seen, kst("2026-11-18T20:00")) == []
    assert due([SPX], seen, kst("2026-11-19T07:00")) == [SPX]


def test_a_holiday_that_no_calendar_told_of_costs_a_few_calls_and_no_more() -> None:
    now = kst("2026-11-18T17:00")
    seen = {NIKKEI.symbol: Seen(asked_at=now - timedelta(hours=1), final_on=date(2026, 11, 17))}
    asked = 0
    for _ in range(24):
        if due([NIKKEI], seen, now):
            note_asked(NIKKEI, seen[NIKKEI.symbol], now)
            asked += 1
        now += timedelta(minutes=30)
    assert asked == FINAL_TRIES
    assert due([NIKKEI], seen, kst("2026-11-19T10:00")) == [NIKKEI]


def test_the_range_is_of_the_exchanges_days() -> None:
    since, to = range_of(SPX, Seen(final_on=date(2026, 11, 18)), kst("2026-11-20T03:00"))
    assert (since, to) == (date(2026, 11, 5), date(2026, 11, 19))


# Storing


@pytest.fixture
def fence(db: None) -> int:
    Fence.objects.update_or_create(name="overseas", defaults={"number": FENCE})
    return FENCE


def answer(*days: date, price: str = "6500.00") -> OverseasAnswer:
    bars = tuple(Bar("SPX", on, None, Decimal("6600"), None, Decimal(price), 0) for on in days)
    return OverseasAnswer("SPX", "S&P500", Decimal(price), Decimal("1.5"), Decimal("0.02"), Decimal("6498.5"), bars)


def kept(what: OverseasAnswer, at: datetime) -> date | None:
    return store(SPX, what, at, daemon="overseas", fence=FENCE)


def test_a_bar_read_while_the_market_trades_is_not_final_until_it_has_closed(fence: int) -> None:
    thursday, friday = date(2026, 11, 19), date(2026, 11, 20)
    assert kept(answer(friday, thursday), kst("2026-11-21T02:00")) == thursday
    assert dict(OverseasBar.objects.values_list("on", "final")) == {thursday: True, friday: False}
    assert newest_final() == {"SPX": thursday}
    quote = OverseasQuote.objects.get()
    assert (quote.on, quote.is_open, quote.name) == (friday, True, "S&P 500")
    assert kept(answer(friday, thursday, price="6512.34"), kst("2026-11-21T07:00")) == friday
    assert OverseasBar.objects.get(on=friday).final
    assert OverseasBar.objects.get(on=friday).close_price == Decimal("6512.34")
    assert not OverseasQuote.objects.get().is_open


def test_a_quote_never_goes_back_in_time_and_a_day_to_come_is_not_believed(fence: int) -> None:
    kept(answer(date(2026, 11, 20)), kst("2026-11-21T07:00"))
    kept(answer(date(2026, 11, 18), price="6000.00"), kst("2026-11-21T07:05"))
    assert OverseasQuote.objects.get().price == Decimal("6500.00")
    kept(answer(date(2026, 11, 30)), kst("2026-11-21T07:10"))
    assert not OverseasBar.objects.filter(on=date(2026, 11, 30)).exists()


def test_what_an_answer_leaves_out_stays_as_it_was(fence: int) -> None:
    on = date(2026, 11, 20)
    kept(answer(on), kst("2026-11-21T07:00"))
    bare = replace(answer(on), change=None, previous_close=None)
    poor = replace(bare, bars=(replace(bare.bars[0], high_price=None),))
    kept(poor, kst("2026-11-21T07:05"))
    assert OverseasQuote.objects.get().change == Decimal("1.5")
    assert OverseasBar.objects.get().high_price == Decimal("6600")


def test_whoever_lost_the_lease_writes_nothing(fence: int) -> None:
    with pytest.raises(LeaseLost):
        store(SPX, answer(date(2026, 11, 20)), kst("2026-11-21T07:00"), daemon="overseas", fence=FENCE - 1)
    assert not OverseasQuote.objects.exists()


def test_the_dashboard_gets_them_in_the_order_of_the_list(fence: int) -> None:
    kept(answer(date(2026, 11, 20)), kst("2026-11-21T07:00"))
    row = dict(zip(OVERSEAS, overseas_rows()["SPX"], strict=True))
    assert (row["name"], row["price"], row["on"], row["is_open"]) == ("S&P 500", 6500.0, "2026-11-20", 0)


# The daemon


@pytest.fixture
def simulator() -> Iterator[RunningSimulator]:
    with running_simulator(symbols=20, ticks_per_second=0.0, token_seconds=0.0) as running:
        yield running


@pytest.mark.django_db(transaction=True)
def test_one_round_brings_every_index_and_its_past(simulator: RunningSimulator, start_jobs: StartJobs) -> None:
    once = start_jobs("run_overseas", "--once")
    assert once.process.wait(60) == 0, once.log.read_text()
    assert set(OverseasQuote.objects.values_list("symbol", flat=True)) == set(BY_SYMBOL)
    newest = {index.symbol: index.exchange.local(datetime.now(KST)).date() for index in INDICES}
    for index in INDICES:
        bars = OverseasBar.objects.filter(symbol=index.symbol)
        assert bars.count() > 50
        unfinished = bars.filter(final=False)
        assert all(bar.on == newest[index.symbol] for bar in unfinished), "only today's bar can be unfinished"
    (calls,) = simulator.control.seen()["calls"].values()
    assert calls["by_tr_id"]["FHKST03030100"] == len(INDICES)
    assert not calls["refused"]
    text = once.log.read_text()
    assert not [secret for secret in (KEY, SECRET, "toyuser") if secret in text]


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_fails_leaves_the_rows_and_is_told_by_the_exit_code(
    simulator: RunningSimulator, start_jobs: StartJobs
) -> None:
    assert start_jobs("run_overseas", "--once").process.wait(60) == 0
    before = list(OverseasQuote.objects.values_list())
    simulator.control.mishap_on("html-body", tr_id="FHKST03030100")
    failed = start_jobs("run_overseas", "--once")
    assert failed.process.wait(120) == 1, failed.log.read_text()
    assert list(OverseasQuote.objects.values_list()) == before


@pytest.mark.django_db(transaction=True)
def test_it_stops_when_told_and_says_so(simulator: RunningSimulator, start_jobs: StartJobs) -> None:
    daemon = start_jobs("run_overseas")
    daemon.until(lambda: OverseasQuote.objects.count() == len(INDICES))
    assert daemon.stop() == 0
    assert DaemonState.objects.get(name="overseas").state == "stopped"
    assert not Event.objects.filter(source="overseas", is_open=True).exists()


@pytest.mark.django_db
def test_an_index_has_one_figure_and_one_bar_a_day() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SHOW INDEX FROM collectors_overseasbar WHERE Non_unique = 0 AND Key_name <> 'PRIMARY'")
        assert [row[4] for row in cursor.fetchall()] == ["stck_shrn_iscd", "stck_bsop_date"]
