"""Feed, account and trading as processes on a lively market, untouched: the demo's conditions buy and sell."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from assets.models import Account, Holding
from market.models import FeedSession
from stockdesk import roles
from stockdesk.simulator.testing import RunningSimulator, running_simulator
from tests.programs import Running
from tests.trading.processes.world import SETTINGS
from trading.models import Desk, Order
from trading.states import State

pytestmark = pytest.mark.django_db(transaction=True)

DAEMONS = ("run_ws_market", "run_assets", "run_trading")
PATIENCE = 120.0


@pytest.fixture
def simulator() -> Iterator[RunningSimulator]:
    with running_simulator(symbols=200, ticks_per_second=300.0, token_seconds=0.0) as running:
        yield running


@pytest.fixture
def daemons(
    simulator: RunningSimulator,
    trading_role: roles.Account,
    empty_board: None,
    process_environment: Callable[..., dict[str, str]],
    tmp_path: Path,
) -> Iterator[Running]:
    """All three at work; the one that is returned is trading, with its log."""
    call_command("seed_demo", "--force", verbosity=0)
    Desk.objects.update(mode="mock")
    addresses = {"KIS_REST_URL": simulator.rest_url, "KIS_WS_URL": simulator.ws_url}
    env = process_environment(**addresses, **SETTINGS, WS_SESSIONS="1")
    started = []
    for name in DAEMONS:
        log = tmp_path / f"{name}.log"
        with log.open("wb") as out:
            command = [sys.executable, "manage.py", name]
            process = subprocess.Popen(command, env=env, cwd=settings.BASE_DIR, stdout=out, stderr=out)
        started.append(Running(process, log))
    yield started[-1]
    for daemon in started:
        daemon.process.kill()
        daemon.process.wait()


def filled(side: str, trigger: str) -> list[Order]:
    rows = Order.objects.filter(side=side, state=State.FILLED.value, condition__trigger=trigger)
    return list(rows.select_related("condition"))


def test_a_buy_fires_fills_and_is_held_and_a_take_profit_sells_it(
    daemons: Running, simulator: RunningSimulator
) -> None:
    daemons.until(lambda: FeedSession.objects.filter(state="live").exists(), PATIENCE)
    (bought, *_) = daemons.until(lambda: filled("buy", "at_or_below"), PATIENCE)
    daemons.until(lambda: Holding.objects.filter(symbol=bought.symbol, quantity=bought.quantity).exists(), PATIENCE)
    simulator.control.move(bought.symbol, (bought.price or 0) * 103 // 100)
    daemons.until(lambda: filled("sell", "take_profit"), PATIENCE)
    # Nothing new from here on, so that three tables and a log can be compared.
    Desk.objects.update(stop="no_new")
    simulator.control.change(ticks_per_second=0.0)
    agree = all_agree(simulator)
    daemons.until(agree, PATIENCE)


def all_agree(simulator: RunningSimulator) -> Callable[[], bool]:
    """Ledger, the broker's own log and the account's table, to the share and the won."""

    def look() -> bool:
        booked = {
            str(order["order_no"]): (order["symbol"], order["side"], order["filled"], order["filled_amount"])
            for order in simulator.control.orders()
        }
        ledger = {
            row.order_no.lstrip("0"): (row.symbol, row.side, row.filled_quantity, row.filled_amount)
            for row in Order.objects.exclude(order_no="")
        }
        (account,) = simulator.control.accounts().values()
        at_broker = {symbol: row["quantity"] for symbol, row in account["holdings"].items() if row["quantity"]}
        held = dict(Holding.objects.values_list("symbol", "quantity"))
        fresh = Account.objects.filter(stale=False).exists()
        return fresh and booked == ledger and at_broker == held and account["difference"] == 0

    return look
