"""``run_ws_market`` as a process: real sockets to the stand-in broker, rows in a real MariaDB."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from market.gnuboard_post import post
from market.models import ExecutionNotice, FeedSession, Quote
from stockdesk.models import DaemonState, Event, Pace
from stockdesk.simulator.testing import RunningSimulator
from tests.feed import KEYS, SESSIONS, StartFeed
from tests.programs import PATIENCE

pytestmark = pytest.mark.django_db(transaction=True)

BOARD = settings.DESK.gnuboard


def watch(*symbols: str, running: bool = True) -> None:
    for symbol in symbols:
        post(symbol=symbol, name=f"name of {symbol}", running=running)


def switch(symbol: str, *, on: bool) -> None:
    """As PHP would do it, by SQL from outside."""
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {BOARD.table} SET {BOARD.col_run} = %s WHERE wr_1 = %s", ["1" if on else "", symbol])


def symbols(simulator: RunningSimulator, count: int) -> list[str]:
    return [instrument.symbol for instrument in simulator.world.instruments[:count]]


def live() -> bool:
    return FeedSession.objects.filter(state="live").count() == SESSIONS


def counter(name: str) -> Any:
    """A counter of the daemon's row; 0 before it is first written."""
    return DaemonState.objects.get(name="ws_market").counters.get(name, 0)


def fresh(*wanted: str) -> bool:
    """Whether every one of these symbols has a price that came by a tick in the last three seconds."""
    since = timezone.now() - timedelta(seconds=3)
    return Quote.objects.fresh(since).filter(symbol__in=wanted, source="ws").count() == len(wanted)


@contextmanager
def no_new_connect(simulator: RunningSimulator) -> Iterator[None]:
    before = simulator.control.seen()["connects"]["total"]
    yield
    assert simulator.control.seen()["connects"]["total"] == before


def test_prices_flow_and_a_changed_row_costs_no_connect(simulator: RunningSimulator, start_feed: StartFeed) -> None:
    one, two, three, four, five, six = symbols(simulator, 6)
    watch(one, two, three, four)
    watch(five, running=False)
    desk = start_feed()
    desk.until(lambda: fresh(one, two, three, four))
    desk.until(live)
    assert simulator.control.seen()["connects"]["total"] == SESSIONS
    carried = {1: " ".join(sorted((one, two, three))), 2: four}
    desk.until(lambda: dict(FeedSession.objects.values_list("number", "symbols")) == carried)
    assert dict(Quote.objects.values_list("symbol", "session")) == {one: 1, two: 1, three: 1, four: 2}
    row = Quote.objects.get(symbol=one)
    assert row.name
    assert row.bar_volume is not None
    with no_new_connect(simulator):
        switched_at = time.monotonic()
        switch(five, on=True)
        desk.until(lambda: fresh(five))
        assert time.monotonic() - switched_at < 10  # 5 s on an idle machine
        switch(two, on=False)
        watch(six)
        desk.until(lambda: fresh(six))
        registered = {name for s in simulator.control.seen()["sessions"] for name in s["registered"]}
        assert f"H0STCNT0 {two}" not in registered
        assert f"H0STCNT0 {six}" in registered
    assert desk.stop() == 0
    assert {c["ended"] for c in simulator.control.seen()["connects"]["list"]} == {"closed"}  # with a close frame
    assert DaemonState.objects.get(name="ws_market").state == "stopped"
    secrets = [value for pair in KEYS for value in pair] + ["toyuser"]
    assert not [s for s in secrets if s in desk.log.read_text()]


def test_a_cut_session_comes_back_alone_and_paced(simulator: RunningSimulator, start_feed: StartFeed) -> None:
    watch(*symbols(simulator, 4))
    desk = start_feed()
    desk.until(live)
    simulator.control.close_session(key=1, how="cut")
    desk.until(lambda: simulator.control.seen()["connects"]["total"] == SESSIONS + 1)
    desk.until(live)
    seen = simulator.control.seen()["connects"]["by_key"]
    counts = sorted(key["total"] for key in seen.values())
    assert counts == [1, 2]
    assert min(key["closest_seconds"] for key in seen.values() if key["closest_seconds"]) >= 5.0
    desk.until(lambda: fresh(*symbols(simulator, 4)))


def test_killed_again_and_again_it_does_not_hammer_the_broker(
    simulator: RunningSimulator, start_feed: StartFeed
) -> None:
    """Every session is closed at once, and the daemon dies each time that it has connected: ceilings hold."""
    watch(*symbols(simulator, 4))
    simulator.control.mishap_on("close-at-message")
    for _ in range(3):
        handshakes = connects(simulator) + 1
        desk = start_feed()
        desk.until(partial(connected, simulator, handshakes))
        desk.process.kill()
        desk.process.wait()
        # The lease outlives its holder by ten seconds; a new machine would wait them out.
        DaemonState.objects.update(holder="", expires_at=None)
    seen = simulator.control.seen()["connects"]
    assert len(seen["by_key"]) == SESSIONS
    for key in seen["by_key"].values():
        assert key["closest_seconds"] is None or key["closest_seconds"] >= 5.0
        assert key["most_in_60_seconds"] <= 3
    assert seen["closest_seconds"] is None or seen["closest_seconds"] >= 1.0
    assert Pace.objects.exclude(key_id="*").filter(streak__gte=2).exists()


def connected(simulator: RunningSimulator, handshakes: int) -> bool:
    return connects(simulator) >= handshakes


def connects(simulator: RunningSimulator) -> int:
    """How many handshakes the broker has seen."""
    return int(simulator.control.seen(arrivals=0)["connects"]["total"])


def test_a_key_in_use_parks_its_session_and_the_others_go_on(
    simulator: RunningSimulator, start_feed: StartFeed
) -> None:
    first, *_, last = symbols(simulator, 4)
    watch(*symbols(simulator, 4))
    simulator.control.mishap_on("in-use", count=1)
    desk = start_feed()
    desk.until(lambda: FeedSession.objects.filter(state="parked").exists())
    desk.until(lambda: FeedSession.objects.filter(state="live").exists())
    desk.until(lambda: fresh(first) or fresh(last))
    assert Event.objects.filter(code="key-quarantined", is_open=True).exists()
    assert simulator.control.seen()["connects"]["total"] == SESSIONS


@pytest.mark.parametrize(
    ("mishap", "value", "counted"),
    [("truncated", None, True), ("garbage", None, True), ("blank-fields", 40, True), ("null-fields", 40, True),
     ("odd-values", 99_999_999_999, True), ("records", 3, False), ("extra-columns", 2, False)],
)  # fmt: skip
def test_damaged_frames_cost_no_connect_and_blank_nothing(
    simulator: RunningSimulator, start_feed: StartFeed, mishap: str, value: int | None, counted: bool
) -> None:
    wanted = symbols(simulator, 4)
    watch(*wanted)
    desk = start_feed()
    desk.until(lambda: fresh(*wanted))
    desk.until(live)
    filled = [field.name for field in Quote._meta.concrete_fields if field.name not in ("halted", "market_phase")]
    before = {q.symbol: {n for n in filled if getattr(q, n) is not None} for q in Quote.objects.all()}
    records = counter("records")
    with no_new_connect(simulator):
        simulator.control.mishap_on(mishap, share=0.5 if counted else 1.0, value=value)
        desk.until(lambda: counter("records") > records + 150)
        desk.until(lambda: fresh(*wanted))
    for quote in Quote.objects.all():
        assert before[quote.symbol] <= {n for n in filled if getattr(quote, n) is not None}
    assert (counter("bad") > 0) == counted


def test_frames_of_46_and_47_columns_are_read_alike(simulator: RunningSimulator, start_feed: StartFeed) -> None:
    (one,) = symbols(simulator, 1)
    watch(one)
    desk = start_feed()
    desk.until(lambda: fresh(one))
    assert Quote.objects.get(symbol=one).market_phase == "2"
    simulator.control.change(columns=46)
    simulator.control.move(one, Quote.objects.get(symbol=one).base_price or 0)
    since = timezone.now()
    desk.until(lambda: Quote.objects.fresh(since).filter(symbol=one).exists())
    quote = Quote.objects.get(symbol=one)
    assert quote.market_phase == "2"  # no longer sent, and so kept
    assert counter("bad") == 0


def test_an_execution_notice_becomes_a_row(simulator: RunningSimulator, start_feed: StartFeed) -> None:
    watch(*symbols(simulator, 1))
    desk = start_feed()
    desk.until(lambda: fresh(*symbols(simulator, 1)))
    desk.until(lambda: simulator.control.send_notice({"CNTG_QTY": "0000000007", "CNTG_YN": "2"}) == 1)
    notice = desk.until(lambda: ExecutionNotice.objects.first())
    assert (notice.quantity, notice.filled, notice.session, notice.tr_id) == (7, True, 1, "H0STCNI0")
    assert notice.account not in desk.log.read_text()


def test_an_unreadable_board_leaves_the_feed_as_it_is(simulator: RunningSimulator, start_feed: StartFeed) -> None:
    wanted = symbols(simulator, 2)
    watch(*wanted)
    desk = start_feed()
    desk.until(lambda: fresh(*wanted))
    with connection.cursor() as cursor:
        cursor.execute(f"RENAME TABLE {BOARD.table} TO board_is_away")
    try:
        desk.until(lambda: counter("board") not in (0, "ok"))
        assert desk.until(lambda: fresh(*wanted))
        assert counter("symbols") == 2
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"RENAME TABLE board_is_away TO {BOARD.table}")
    desk.until(lambda: counter("board") == "ok")


def test_a_second_copy_leaves_without_a_connect(simulator: RunningSimulator, start_feed: StartFeed) -> None:
    watch(*symbols(simulator, 2))
    desk = start_feed()
    desk.until(lambda: fresh(*symbols(simulator, 2)))
    with no_new_connect(simulator):
        second = start_feed()
        assert second.process.wait(PATIENCE) == 0
        assert "already runs" in second.log.read_text()
    desk.until(lambda: fresh(*symbols(simulator, 2)))
