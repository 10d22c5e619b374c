"""``run_assets`` as a process: a real account at the stand-in broker, rows in a real MariaDB."""

import signal
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.utils import timezone

from assets.models import Account, Balance, Holding
from stockdesk.models import DaemonState, Event, MarketDay, Token
from stockdesk.simulator.testing import RunningSimulator, new_key, running_simulator
from tests.programs import Running, programs_of

pytestmark = pytest.mark.django_db(transaction=True)

KEY, SECRET = new_key()
NUMBER = "50123456-01"
CASH = 50_000_000

Start = Callable[..., Running]


@pytest.fixture
def simulator() -> Iterator[RunningSimulator]:
    """A quiet market, so that what the account is worth stands still."""
    with running_simulator(symbols=120, ticks_per_second=0.0, token_seconds=0.0, cash=CASH) as running:
        yield running


@pytest.fixture
def start(process_environment: Callable[..., dict[str, str]], tmp_path: Path) -> Iterator[Start]:
    def run(simulator: RunningSimulator, *arguments: str, every: float = 1.0, **variables: str) -> Running:
        env = process_environment(
            **{
                "KIS_REST_URL": simulator.rest_url,
                "KIS_WS_URL": simulator.ws_url,
                "KIS_APP_KEY": KEY,
                "KIS_APP_SECRET": SECRET,
                "KIS_ACCOUNT": NUMBER,
                "KIS_HTS_ID": "toyuser",
                "DESK_DEMO": "1",
                **variables,
            }
        )
        return programs.start("run_assets", *arguments, env=env, every=every)

    with programs_of(tmp_path) as programs:
        yield run


def held() -> dict[str, int]:
    return dict(Holding.objects.values_list("symbol", "quantity"))


def fresh(since: Any) -> bool:
    return Account.objects.fresh(since).filter(stale=False).exists()


def at_the_broker(simulator: RunningSimulator) -> dict[str, int]:
    holdings = simulator.control.account()["holdings"]
    return {symbol: row["quantity"] for symbol, row in holdings.items() if row["quantity"]}


def give(simulator: RunningSimulator, count: int) -> None:
    """Put that many issues into the account, a few shares of each, bought at their base price."""
    for number, instrument in enumerate(simulator.world.instruments[:count], start=1):
        simulator.control.set_holding(instrument.symbol, number, instrument.base_price)


def test_the_tables_agree_with_the_broker_to_the_share_and_the_won(simulator: RunningSimulator, start: Start) -> None:
    daemon = start(simulator)
    daemon.until(lambda: Balance.objects.filter(deposit_d2=CASH, total_value=CASH).exists())
    assert not Holding.objects.exists()

    give(simulator, 53)  # two pages
    daemon.until(lambda: held() == at_the_broker(simulator))
    assert len(held()) == 53
    cost = sum(row["cost"] for row in simulator.control.account()["holdings"].values())
    total = Balance.objects.get()
    assert (total.purchase_amount, total.deposit_d2) == (cost, CASH)
    assert sum(h.evaluation_amount or 0 for h in Holding.objects.all()) == total.evaluation_amount

    # By hand at another terminal: one issue sold out, one bought.
    sold, bought = simulator.world.instruments[0].symbol, simulator.world.instruments[60].symbol
    base_price = simulator.world.instruments[0].base_price
    simulator.control.order(sold, "sell", 1)
    simulator.control.order(bought, "buy", 7)
    daemon.until(lambda: sold not in held() and held().get(bought) == 7)
    account = simulator.control.account()
    assert held() == at_the_broker(simulator)
    assert Balance.objects.get().deposit_d2 == account["cash"]
    assert Balance.objects.get().costs_today == account["costs"]
    proceeds = [fill for fill in simulator.control.fills() if fill["side"] == "sell"]
    earned = sum(f["quantity"] * f["price"] - f["fee"] - f["tax"] for f in proceeds) - base_price
    daemon.until(lambda: Balance.objects.get().realised_profit == earned)
    asked = simulator.control.seen()["calls"]
    assert [calls["by_tr_id"]["TTTC8494R"] for calls in asked.values()] == [1]  # for one sale, not for every balance

    assert daemon.stop() == 0
    assert DaemonState.objects.get(name="assets").state == "stopped"
    assert Account.objects.get().number == "5012****-01"
    text = daemon.log.read_text()
    assert not [secret for secret in (KEY, SECRET, "50123456", "toyuser") if secret in text]


def test_a_second_page_that_fails_keeps_everything_until_the_broker_mends(
    simulator: RunningSimulator, start: Start
) -> None:
    daemon = start(simulator)
    daemon.until(lambda: fresh(timezone.now() - timedelta(seconds=5)))
    give(simulator, 53)
    daemon.until(lambda: len(held()) == 53)
    before, read_at = held(), Account.objects.get().updated_at
    simulator.control.mishap_on("second-page")
    simulator.control.order(simulator.world.instruments[0].symbol, "sell", 1)
    daemon.until(lambda: Account.objects.filter(stale=True).exists())
    alarm = daemon.until(lambda: Event.objects.filter(source="assets", code="assets-stale", is_open=True).first(), 60)
    assert alarm.started_at - read_at > timedelta(seconds=29)
    account = Account.objects.get()
    assert (held(), account.updated_at) == (before, read_at)
    assert "EGW00002" in account.last_error
    simulator.control.mishap_off("second-page")
    daemon.until(lambda: held() == at_the_broker(simulator))
    daemon.until(lambda: not Event.objects.filter(source="assets", is_open=True).exists())
    assert not Account.objects.get().stale


def test_an_answer_that_is_none_is_not_an_empty_account(simulator: RunningSimulator, start: Start) -> None:
    daemon = start(simulator)
    daemon.until(lambda: fresh(timezone.now() - timedelta(seconds=5)))
    give(simulator, 3)
    daemon.until(lambda: len(held()) == 3)
    before = held()
    for mishap in ("no-rows", "html-body", "cut-body"):
        failed = Account.objects.filter(stale=True, last_error_at__gt=timezone.now())
        simulator.control.mishap_on(mishap, tr_id="TTTC8434R")
        daemon.until(failed.exists)
        simulator.control.mishap_off(mishap)
        assert held() == before
    simulator.control.set_cash(1_234_567)
    daemon.until(lambda: Balance.objects.get().deposit_d2 == 1_234_567)
    assert held() == before
    assert not Account.objects.get().stale


def test_the_brokers_calendar_is_asked_for_once_whoever_starts_again(
    simulator: RunningSimulator, start: Start
) -> None:
    """The demo asks at any hour, so the test may run at any."""
    today = timezone.localdate()
    by_the_broker = MarketDay.objects.filter(answered_by=urlsplit(simulator.rest_url).netloc, open_flag="Y")
    daemon = start(simulator)
    daemon.until(lambda: by_the_broker.count() == 24)
    assert by_the_broker.order_by("day").first() == MarketDay.objects.get(pk=today)
    assert daemon.stop() == 0
    again = start(simulator)
    since = timezone.now()
    again.until(lambda: fresh(since))
    (calls,) = simulator.control.seen()["calls"].values()
    assert calls["by_tr_id"]["CTCA0903R"] == MarketDay.objects.get(pk=today).asks == 1


def test_a_dead_token_costs_one_more_call_and_no_round(simulator: RunningSimulator, start: Start) -> None:
    daemon = start(simulator)
    daemon.until(lambda: Account.objects.filter(stale=False).exists())
    Token.objects.update(may_issue_at=timezone.now())  # as if it had been issued more than a minute ago
    simulator.control.kill_tokens()
    since = timezone.now()
    daemon.until(lambda: fresh(since))
    assert DaemonState.objects.get(name="assets").counters.get("failed", 0) == 0


def test_the_mock_host_is_asked_by_its_own_names_twenty_rows_a_page(start: Start) -> None:
    options = {"symbols": 60, "ticks_per_second": 0.0, "token_seconds": 0.0, "cash": CASH}
    with running_simulator(mock=True, **options) as simulator:
        daemon = start(simulator, every=10.0, DESK_MODE="mock", KIS_CALLS_PER_SECOND="1")
        daemon.until(lambda: Account.objects.filter(stale=False).exists())
        give(simulator, 45)
        daemon.until(lambda: len(held()) == 45, 60)
        (calls,) = simulator.control.seen()["calls"].values()
        assert calls["by_tr_id"]["VTTC8434R"] >= 3
        assert not calls["refused"]
        assert daemon.stop() == 0


def test_it_stops_at_once_though_the_broker_does_not_answer(simulator: RunningSimulator, start: Start) -> None:
    daemon = start(simulator)
    daemon.until(lambda: Account.objects.filter(stale=False).exists())
    simulator.control.mishap_on("slow", value=30)
    calls = simulator.control.seen()["calls"]
    (before,) = [seen["total"] for seen in calls.values()]
    daemon.until(lambda: [seen["total"] for seen in simulator.control.seen()["calls"].values()] != [before])
    began = time.monotonic()
    daemon.process.send_signal(signal.SIGTERM)
    assert daemon.process.wait(20) == 0
    assert time.monotonic() - began < 9  # the broker would take thirty seconds, the client's patience ten


def test_one_round_and_its_failure_are_told_by_the_exit_code(simulator: RunningSimulator, start: Start) -> None:
    once = start(simulator, "--once")
    assert once.process.wait(40) == 0, once.log.read_text()
    assert Balance.objects.get().total_value == CASH
    simulator.control.mishap_on("html-body", tr_id="TTTC8434R")
    failed = start(simulator, "--once")
    assert failed.process.wait(40) == 1
    assert Account.objects.get().stale
    assert Balance.objects.get().total_value == CASH


def test_without_an_account_it_says_so_and_ends(simulator: RunningSimulator, start: Start) -> None:
    daemon = start(simulator, KIS_ACCOUNT="")
    assert daemon.process.wait(40) == 1
    assert "KIS_ACCOUNT is not set" in daemon.log.read_text()
    assert not DaemonState.objects.filter(name="assets").exists()
