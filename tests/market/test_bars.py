"""Bars as the database makes them, against bars computed by hand from every tick of the stream."""

import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
from django.conf import settings
from django.core.checks import run_checks
from django.db import connection

from market import bars, readiness
from market.bar_models import BarRule, BarState, ClosedBar, MarketBar
from market.buffer import Buffer
from market.models import Quote
from market.quotes import write_ticks
from stockdesk.kis.messages import KST
from stockdesk.models import Fence
from tests.market.stream import (
    CSAT,
    FRIDAY,
    SYMBOLS,
    Bars,
    Traded,
    bars_of,
    day_of_trades,
    moment,
    roll,
    seconds_of,
    unix,
)

pytestmark = pytest.mark.django_db(transaction=True)

DAEMON, FENCE = "ws_market", 7
USUAL = {"opens": "09:00", "close": "15:30", "evening": "16:00"}


@pytest.fixture(autouse=True)
def _rows(transactional_db: None) -> None:
    bars.seed()
    BarState.objects.update(around_the_clock=False)  # the calendar's hours, whatever this machine's settings say
    Fence.objects.create(name=DAEMON, number=FENCE)
    Quote.objects.bulk_create([Quote(symbol=symbol) for symbol in SYMBOLS])


def stored(minutes: int) -> Bars:
    rows = MarketBar.objects.filter(interval=minutes)
    return {
        (row.symbol, row.starts_at.astimezone(KST).replace(tzinfo=None)): (
            row.open,
            row.high,
            row.low,
            row.close,
            row.volume,
        )
        for row in rows
    }


def play(trades: list[Traded]) -> None:
    """The stream through the buffer, the once-a-second write and the EVENT's procedure, by a clock of its own."""
    now = [0.0]
    buffer = Buffer(now=lambda: now[0])
    buffer.keep(SYMBOLS)
    waiting = list(reversed(trades))
    for second in seconds_of(trades):
        now[0] = unix(second)
        while waiting and waiting[-1].arrives <= second:
            assert buffer.add(waiting.pop().frame, session=1) == 0
        buffer.close_minutes(second)
        if pending := buffer.take():
            write_ticks(pending, FENCE, DAEMON)
        if second.second == 5:
            roll(second)
    roll(second + timedelta(minutes=1))
    assert buffer.counts.old == 0


@pytest.fixture(scope="module")
def friday() -> list[Traded]:
    spans = (("08:31", "08:33"), ("09:00", "09:12"), ("15:11", "15:20"), ("16:00", "16:06"))
    return day_of_trades(FRIDAY, spans, "15:30", seed=7)


def test_every_bar_equals_the_one_computed_from_every_tick(friday: list[Traded]) -> None:
    play(friday)
    for minutes in (1, 5, 15, 60, 1440):
        assert stored(minutes) == bars_of(friday, minutes, **USUAL), minutes
    assert {at for symbol, at in stored(1)} >= {moment(FRIDAY, "15:30")}  # the auction's print, a minute of its own
    assert not ClosedBar.objects.exists()


def test_on_csat_day_the_print_of_half_past_four_belongs_to_the_last_bar() -> None:
    trades = day_of_trades(CSAT, (("10:00", "10:03"), ("16:17", "16:20"), ("17:00", "17:02")), "16:30", seed=8)
    play(trades)
    for minutes in (1, 5, 15, 60, 1440):
        assert stored(minutes) == bars_of(trades, minutes, opens="10:00", close="16:30", evening="17:00"), minutes


def test_the_demo_has_no_close_and_its_day_has_every_minute() -> None:
    BarState.objects.update(around_the_clock=True)
    trades = day_of_trades(FRIDAY, (("03:00", "03:04"),), "15:30", seed=9)
    play(trades)
    for minutes in (5, 60, 1440):
        assert stored(minutes) == bars_of(trades, minutes, opens="00:00", close="24:00", evening="24:00"), minutes


def close(symbol: str, clock: str, price: int, volume: int = 1, on: date = FRIDAY) -> None:
    at = moment(on, clock).replace(tzinfo=KST)
    values = dict.fromkeys(("open", "high", "low", "close"), price)
    ClosedBar.objects.update_or_create(symbol=symbol, starts_at=at, defaults={**values, "volume": volume})


def test_a_run_after_hours_without_one_takes_in_all_that_waits() -> None:
    for minute in range(60):
        close("005930", f"10:{minute:02d}", 70_000 + minute)
    roll(moment(FRIDAY, "14:00"))
    assert len(stored(1)) == 60
    assert stored(60) == {("005930", moment(FRIDAY, "10:00")): (70_000, 70_059, 70_000, 70_059, 60)}
    before = {minutes: stored(minutes) for minutes in (1, 5, 15, 60, 1440)}
    roll(moment(FRIDAY, "14:01"))
    assert {minutes: stored(minutes) for minutes in before} == before


def test_a_minute_that_a_late_tick_reached_is_corrected_in_every_interval() -> None:
    for minute in (0, 1, 2):
        close("005930", f"10:0{minute}", 70_000)
    roll(moment(FRIDAY, "10:04"))
    close("005930", "10:01", 71_000, volume=9)
    roll(moment(FRIDAY, "10:05"))
    for minutes in (5, 15, 60, 1440):
        assert [*stored(minutes).values()] == [(70_000, 71_000, 70_000, 70_000, 11)]


def test_a_minute_whose_daemon_died_is_taken_from_the_quote() -> None:
    at = moment(FRIDAY, "10:07").replace(tzinfo=KST)
    Quote.objects.filter(symbol="005930").update(
        bar_at=at, bar_open=5, bar_high=9, bar_low=4, bar_close=8, bar_volume=3
    )
    roll(moment(FRIDAY, "10:09"))
    assert stored(1) == {}  # it may still be the minute of a live daemon whose clock is late
    roll(moment(FRIDAY, "10:11"))
    assert stored(1) == {("005930", moment(FRIDAY, "10:07")): (5, 9, 4, 8, 3)}


def test_bars_are_kept_as_long_as_their_rule_says() -> None:
    BarRule.objects.filter(interval=1).update(keep_days=2)
    for on in (date(2026, 11, 18), FRIDAY):
        close("005930", "10:00", 70_000, on=on)
    roll(moment(date(2026, 11, 18), "10:05"))
    roll(moment(FRIDAY, "10:05"))
    assert [at.date() for _symbol, at in stored(1)] == [FRIDAY]
    assert len(stored(5)) == 2
    # A straggler from before would roll up a bar out of the few minutes that are left.
    close("005930", "10:01", 99_000, on=date(2026, 11, 18))
    roll(moment(FRIDAY, "10:06"))
    assert {bar[1] for bar in stored(5).values()} == {70_000}
    assert not ClosedBar.objects.exists()


def test_the_event_itself_fires_as_the_desk_makes_it() -> None:
    now = datetime.now(KST)
    close("005930", f"{now - timedelta(minutes=2):%H:%M}", 70_000, on=now.date())
    assert bars.install(connection, 1) == ""
    try:
        until = time.monotonic() + 60
        while not stored(1) and time.monotonic() < until:
            time.sleep(0.1)
        assert stored(1)
        ran_at = BarState.objects.get().ran_at
        assert ran_at is not None
        assert abs((ran_at - now).total_seconds()) < 90  # its clock is Seoul's too
    finally:
        bars.install(connection, settings.BAR_EVENT_SECONDS)


@pytest.fixture
def _no_event() -> Iterator[None]:
    bars.remove(connection)
    yield
    bars.install(connection, settings.BAR_EVENT_SECONDS)


def warnings() -> dict[str, str]:
    found = run_checks(databases=["default"], tags=["database"])
    return {str(one.msg): str(one.hint) for one in found if one.id == "market.W002"}


@pytest.mark.usefixtures("_no_event")
def test_where_the_event_is_missing_the_check_says_what_to_grant() -> None:
    (hint,) = warnings().values()
    assert "GRANT EVENT, CREATE ROUTINE, ALTER ROUTINE, EXECUTE ON `" in hint
    assert bars.install(connection, settings.BAR_EVENT_SECONDS) == ""
    assert warnings() == {}


def test_a_run_that_fails_changes_nothing_and_is_told() -> None:
    close("005930", "10:00", 70_000)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE market_bar RENAME market_bar_away")
        try:
            with pytest.raises(Exception, match="market_bar"):
                roll(moment(FRIDAY, "10:05"))
        finally:
            cursor.execute("ALTER TABLE market_bar_away RENAME market_bar")
    assert "market_bar" in next(text for text in warnings() if "market_bar" in text)
    roll(moment(FRIDAY, "10:06"))
    assert len(stored(1)) == 1
    assert warnings() == {}


def test_the_desk_is_not_ready_while_minutes_wait() -> None:
    close("005930", "10:00", 70_000)
    (reason,) = readiness.bars_are_made()
    assert reason.code == "bars_waiting"
    roll(moment(FRIDAY, "10:05"))
    assert [*readiness.bars_are_made()] == []


def test_a_lost_lease_writes_no_minute() -> None:
    buffer = Buffer(now=lambda: unix(moment(FRIDAY, "10:02")))
    buffer.keep(SYMBOLS)
    for one in day_of_trades(FRIDAY, (("10:00", "10:01"),), "10:01", seed=1):
        buffer.add(one.frame, session=1)
    write_ticks(buffer.take(), FENCE - 1, DAEMON)
    assert not ClosedBar.objects.exists()
