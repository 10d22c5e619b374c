"""``run_rest_market`` as a process: the whole market of the stand-in, read over real sockets into a real MariaDB."""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from collectors.management.commands import run_rest_market
from market.instruments import load_instruments
from market.models import FeedSession, Instrument, Quote
from stockdesk.env import AppKey
from stockdesk.hours import Today
from stockdesk.kis.masterfiles import MasterFiles
from stockdesk.models import DaemonState, Event, Fence
from stockdesk.simulator.ledger import busiest
from stockdesk.simulator.testing import RunningSimulator, new_key, running_simulator
from stockdesk.threads import DatabaseThread
from tests.programs import Running, programs_of

pytestmark = pytest.mark.django_db(transaction=True)

KEY, SECRET = new_key()
SYMBOLS, CEILING = 600, 20
CALL = "FHKST11300006"

Start = Callable[..., Running]


@pytest.fixture
def simulator() -> Iterator[RunningSimulator]:
    with running_simulator(symbols=SYMBOLS, ticks_per_second=0.0, token_seconds=0.0) as running:
        yield running


@pytest.fixture
def listed(transactional_db: None, simulator: RunningSimulator) -> None:
    load_instruments(MasterFiles(f"{simulator.rest_url}/common/master"))


@pytest.fixture
def start(
    process_environment: Callable[..., dict[str, str]], simulator: RunningSimulator, tmp_path: Path
) -> Iterator[Start]:
    def run(*arguments: str, **variables: str) -> Running:
        env = process_environment(
            **{
                "KIS_REST_URL": simulator.rest_url,
                "KIS_WS_URL": simulator.ws_url,
                "KIS_APP_KEY": KEY,
                "KIS_APP_SECRET": SECRET,
                "KIS_ACCOUNT": "50123456-01",
                "KIS_HTS_ID": "toyuser",
                "KIS_CALLS_PER_SECOND": str(CEILING),
                "FLUSH_SECONDS": "0.5",
                "DESK_DEMO": "1",
                **variables,
            }
        )
        return programs.start("run_rest_market", *arguments, env=env)

    with programs_of(tmp_path) as programs:
        yield run


def counter(name: str) -> Any:
    row = DaemonState.objects.filter(name="rest_market").first()
    return (row.counters.get(name) or 0) if row is not None else 0


def asked(simulator: RunningSimulator) -> int:
    return sum(calls["by_tr_id"].get(CALL, 0) for calls in simulator.control.seen(arrivals=0)["calls"].values())


def renewed(since: Any) -> set[str]:
    return set(Quote.objects.filter(received_at__gt=since, source="rest").values_list("symbol", flat=True))


def carry(*symbols: str, state: str = "live") -> None:
    """As daemon 1 writes its lamp once a second."""
    FeedSession.objects.update_or_create(
        number=1, defaults={"state": state, "symbols": " ".join(symbols), "updated_at": timezone.now()}
    )


def test_two_rounds_give_every_listed_issue_its_price_and_keep_to_the_lane(
    simulator: RunningSimulator, listed: None, start: Start
) -> None:
    daemon = start()
    daemon.until(lambda: counter("rounds") >= 2)
    assert Quote.objects.filter(source="rest", last_price__isnull=False).count() == SYMBOLS
    (seen,) = simulator.control.seen()["calls"].values()
    assert seen["refused"] == {}
    assert seen["most_in_a_second"] <= CEILING
    arrivals = [at for at, tr_id in seen["arrivals"] if tr_id == CALL]
    # Twelve a second are the lane's; a few may bunch up where the machine stalls, a burst would be thirty.
    assert busiest(arrivals, 1.0) <= 15
    quote = Quote.objects.get(symbol="005930")
    assert (quote.name, quote.base_price, quote.session) == ("삼성전자", 98_500, None)
    assert quote.day_volume
    assert daemon.stop() == 0
    state = DaemonState.objects.get(name="rest_market")
    assert (state.state, state.counters["symbols"], state.counters["refusals"]) == ("stopped", SYMBOLS, 0)
    assert not [secret for secret in (KEY, SECRET, "50123456", "toyuser") if secret in daemon.log.read_text()]


def test_what_a_session_carries_is_left_to_it_and_taken_up_when_it_is_down(
    simulator: RunningSimulator, listed: None, start: Start
) -> None:
    carried = {listed.symbol for listed in simulator.world.instruments[:40]}
    carry(*carried)
    daemon = start()

    def others() -> bool:
        carry(*carried)
        return len(renewed(began)) == SYMBOLS - len(carried)

    began = timezone.now()
    daemon.until(others)
    assert not renewed(began) & carried
    assert counter("symbols") in (0, SYMBOLS - len(carried))
    carry(*carried, state="waiting")
    daemon.until(lambda: renewed(began) >= carried)
    carry(*carried)
    joined = timezone.now() + timedelta(seconds=2)  # the next look at the lamps, and the calls under way

    def others_again() -> bool:
        carry(*carried)
        return len(renewed(joined)) >= SYMBOLS - len(carried)

    daemon.until(others_again)
    assert not renewed(joined) & carried


def test_a_session_that_nobody_looks_after_carries_nothing(
    simulator: RunningSimulator, listed: None, start: Start
) -> None:
    carry("005930")
    FeedSession.objects.update(updated_at=timezone.now() - timedelta(seconds=30))
    daemon = start()
    daemon.until(lambda: "005930" in renewed(timezone.now() - timedelta(minutes=1)))


def test_refused_calls_slow_it_down_and_it_recovers(simulator: RunningSimulator, listed: None, start: Start) -> None:
    daemon = start()
    daemon.until(lambda: counter("rounds") >= 1)
    simulator.control.mishap_on("over-limit", tr_id=CALL, count=2)
    daemon.until(lambda: Event.objects.filter(code="calls-refused", is_open=True).exists())
    daemon.until(lambda: counter("refusals") >= 2)
    slowed_at, before = time.monotonic(), asked(simulator)
    daemon.until(lambda: not Event.objects.filter(code="calls-refused", is_open=True).exists())
    assert (asked(simulator) - before) / (time.monotonic() - slowed_at) < 9  # of twelve
    rounds = counter("rounds")
    daemon.until(lambda: counter("rounds") >= rounds + 2)
    (seen,) = simulator.control.seen()["calls"].values()
    assert seen["refused"] == {"EGW00201": 2}
    assert counter("failed") == 0  # asked again, each a little later


@pytest.mark.parametrize("mishap", ["html-body", "cut-body", "server-error"])
def test_calls_that_fail_leave_the_stored_prices_alone(
    simulator: RunningSimulator, listed: None, start: Start, mishap: str
) -> None:
    daemon = start()
    daemon.until(lambda: counter("rounds") >= 1)
    simulator.control.mishap_on(mishap, tr_id=CALL)
    daemon.until(lambda: counter("failed") >= 2)
    fields = ["symbol", "last_price", "day_volume", "received_at"]
    before = list(Quote.objects.order_by("symbol").values_list(*fields))
    failed = counter("failed")
    daemon.until(lambda: counter("failed") > failed)
    assert list(Quote.objects.order_by("symbol").values_list(*fields)) == before
    simulator.control.mishap_off(mishap)
    since = timezone.now()
    daemon.until(lambda: len(renewed(since)) == SYMBOLS)
    assert daemon.process.poll() is None


def test_a_round_that_takes_far_too_long_is_an_event_until_one_does_not(
    simulator: RunningSimulator, listed: None, start: Start
) -> None:
    simulator.control.mishap_on("server-error", tr_id=CALL)
    daemon = start()
    event = daemon.until(lambda: Event.objects.filter(code="round-slow", is_open=True).first())
    assert event.source == "rest_market"
    assert "EGW00002" in event.text
    simulator.control.mishap_off("server-error")
    daemon.until(lambda: not Event.objects.filter(code="round-slow", is_open=True).exists())


@pytest.mark.parametrize(
    "variables", [{"DESK_MODE": "mock", "KIS_CALLS_PER_SECOND": "1"}, {"KIS_CALLS_PER_SECOND": "3"}]
)
def test_where_the_lanes_leave_no_room_it_says_so_and_rests(
    simulator: RunningSimulator, listed: None, start: Start, variables: dict[str, str]
) -> None:
    daemon = start(**variables)
    event = daemon.until(lambda: Event.objects.filter(code="no-room", is_open=True).first())
    assert (event.level, event.source, event.count) == ("info", "rest_market", 1)
    daemon.until(lambda: counter("steps") >= 4)
    assert counter("rests") == event.text
    assert asked(simulator) == 0
    assert not Event.objects.filter(code="step-failed").exists()
    assert daemon.stop() == 0


def test_without_a_master_it_says_what_to_do_and_begins_when_there_is_one(
    simulator: RunningSimulator, start: Start
) -> None:
    daemon = start()
    event = daemon.until(lambda: Event.objects.filter(code="no-instruments", is_open=True).first())
    assert "load_instruments" in event.text
    assert asked(simulator) == 0
    daemon.stop()
    load_instruments(MasterFiles(f"{simulator.rest_url}/common/master"))
    again = start("--once")
    assert again.process.wait(60) == 0
    assert not Event.objects.filter(code="no-instruments", is_open=True).exists()
    assert Quote.objects.filter(source="rest").count() == SYMBOLS  # once is one round
    assert counter("rounds") == 1


def test_an_issue_that_is_delisted_is_asked_for_no_more(
    simulator: RunningSimulator, listed: None, start: Start
) -> None:
    Instrument.objects.filter(symbol="005930").update(delisted_at=timezone.now())
    daemon = start("--once")
    assert daemon.process.wait(60) == 0
    assert Quote.objects.filter(source="rest").count() == SYMBOLS - 1
    assert not Quote.objects.filter(symbol="005930").exists()


def test_a_copy_that_lost_its_lease_stores_nothing(simulator: RunningSimulator, listed: None, start: Start) -> None:
    daemon = start()
    daemon.until(lambda: counter("rounds") >= 1)
    Fence.objects.filter(name="rest_market").update(number=1_000)
    since = timezone.now() + timedelta(seconds=1)
    rounds = counter("rounds")
    daemon.until(lambda: counter("rounds") >= rounds + 2)
    assert renewed(since) == set()


async def test_outside_trading_hours_it_rests_and_begins_afresh_when_they_begin(
    simulator: RunningSimulator, transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = replace(
        settings.DESK,
        demo=True,
        kis_rest_url=simulator.rest_url,
        app_keys=(AppKey(1, KEY, SECRET),),
        calls_per_second=20,
    )
    monkeypatch.setattr(settings, "DESK", desk)
    opened = [False]
    monkeypatch.setattr(Today, "in_session", lambda self, now: opened[0])
    daemon = run_rest_market.Command()
    daemon.database = DatabaseThread("test")
    await daemon.database.run(load_instruments, MasterFiles(f"{simulator.rest_url}/common/master"))
    await daemon.setup()
    try:
        await daemon.step()
        assert daemon.counters["rests"] == "the market is closed"
        opened[0] = True
        async with asyncio.timeout(30):
            while daemon.counters["calls"] < 5:
                await daemon.step()
                await asyncio.sleep(0.05)
        assert daemon.counters["rests"] == ""
        opened[0] = False
        await daemon.step()
        assert daemon.sweep is not None
        await daemon.sweep.landed()
        before = await asyncio.to_thread(asked, simulator)
        assert before >= 5
        for _ in range(3):
            await daemon.step()
        assert await asyncio.to_thread(asked, simulator) == before
        assert daemon.told == set()  # being closed is no event
    finally:
        await daemon.teardown()
        daemon.database.close()
