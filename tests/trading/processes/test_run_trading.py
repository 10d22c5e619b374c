"""``run_trading`` as a process against the stand-in broker: what it sends, what it refuses, and how it says so."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Any

import pytest

from assets.models import Account, Balance
from market.models import Quote
from stockdesk.models import Event
from stockdesk.simulator.testing import RunningSimulator
from tests.trading.processes.copies import Copies
from tests.trading.processes.world import World
from trading import desk
from trading.models import Condition, Order, Refusal
from trading.models import Desk as DeskRow
from trading.states import State
from trading.views import Mode, Stop

pytestmark = pytest.mark.django_db(transaction=True)


def posts(simulator: RunningSimulator) -> list[dict[str, Any]]:
    return list(simulator.control.posts_seen()["posts"])


def order_of(condition: Condition) -> Order | None:
    return Order.objects.filter(condition=condition).order_by("-id").first()


def is_in(condition: Condition, *states: State) -> bool:
    order = order_of(condition)
    return order is not None and order.state in {state.value for state in states}


def test_five_conditions_true_in_one_second_make_five_orders_a_second_apart(
    copies: Copies, simulator: RunningSimulator
) -> None:
    conditions = [copies.world.buy(symbol) for symbol in copies.world.symbols[:5]]
    copies.start()
    copies.until(lambda: Order.objects.filter(state=State.FILLED.value).count() == 5)
    assert sorted(post["body"]["PDNO"] for post in posts(simulator)) == sorted(c.symbol for c in conditions)
    (summary,) = simulator.control.posts_seen()["by_key"].values()
    assert summary["closest_seconds"] >= 1.0
    booked = {order["symbol"]: (order["filled"], order["filled_amount"]) for order in simulator.control.orders()}
    ledger = {row.symbol: (row.filled_quantity, row.filled_amount) for row in Order.objects.all()}
    assert ledger == booked


def test_an_order_whose_answer_was_lost_is_found_and_adopted(copies: Copies, simulator: RunningSimulator) -> None:
    first, second = copies.world.symbols[:2]
    earlier = copies.world.buy(first)
    copies.start()
    copies.until(lambda: is_in(earlier, State.FILLED))
    # No look-up finds it before it was told of: alarms are reckoned every two seconds, and later where there is load.
    simulator.control.mishap_on("html-body", tr_id="VTTC0081R")
    simulator.control.mishap_on("order-answer-lost", count=1)
    condition = copies.world.buy(second)
    copies.until(lambda: Event.objects.filter(source="trading", code="order-unknown", is_open=True).exists())
    assert is_in(condition, State.UNKNOWN)
    simulator.control.mishap_off("html-body")
    copies.until(lambda: is_in(condition, State.FILLED))
    assert [post["body"]["PDNO"] for post in posts(simulator)] == [first, second]
    copies.until(lambda: not Event.objects.filter(source="trading", code="order-unknown", is_open=True).exists())


def test_an_order_that_never_arrived_is_proved_absent_before_anything_else_is_tried(
    copies: Copies, simulator: RunningSimulator
) -> None:
    copies.start()
    simulator.control.mishap_on("order-lost", count=1)
    condition = copies.world.buy(copies.world.symbols[0])
    copies.until(lambda: is_in(condition, State.UNKNOWN))
    copies.until(lambda: is_in(condition, State.NOT_PLACED))
    order = order_of(condition)
    assert order is not None
    assert order.clean_look_ups >= 3
    assert len(posts(simulator)) == 1
    assert simulator.control.orders() == []


@contextmanager
def old_prices(world: World, condition: Condition) -> Iterator[None]:
    world.frozen.add("quotes")
    Quote.objects.update(received_at=world.now() - timedelta(seconds=11))
    yield
    world.frozen.remove("quotes")


@contextmanager
def old_account(world: World, condition: Condition) -> Iterator[None]:
    world.frozen.add("assets")
    Account.objects.update(updated_at=world.now() - timedelta(seconds=31))
    yield
    world.frozen.remove("assets")


@contextmanager
def halted(world: World, condition: Condition) -> Iterator[None]:
    world.simulator.control.halt(condition.symbol)
    yield


@contextmanager
def in_vi(world: World, condition: Condition) -> Iterator[None]:
    world.simulator.control.vi(condition.symbol)
    yield


@contextmanager
def no_cash(world: World, condition: Condition) -> Iterator[None]:
    before = world.simulator.control.account()["cash"]
    world.simulator.control.set_cash(10)
    yield
    world.simulator.control.set_cash(before)


@contextmanager
def small_limit(world: World, condition: Condition) -> Iterator[None]:
    before = DeskRow.objects.get().max_order_amount
    DeskRow.objects.update(max_order_amount=10)
    yield
    DeskRow.objects.update(max_order_amount=before)


@contextmanager
def ten_times_the_price(world: World, condition: Condition) -> Iterator[None]:
    condition.trigger, condition.pricing = "at_or_below", "strike"
    condition.strike_price = world.simulator.world.by_symbol[condition.symbol].base_price * 10
    yield


@contextmanager
def killed(world: World, condition: Condition) -> Iterator[None]:
    desk.kill("me", world.now())
    yield
    desk.lift("me", world.now())


@contextmanager
def stopped(world: World, condition: Condition) -> Iterator[None]:
    desk.set_stop(Stop.NO_NEW, "me", world.now())
    yield
    desk.set_stop(Stop.NORMAL, "me", world.now())


@contextmanager
def another_mode(world: World, condition: Condition) -> Iterator[None]:
    desk.set_mode(Mode.LIVE, "me", world.now())
    yield
    desk.set_mode(Mode.MOCK, "me", world.now())


@contextmanager
def nothing_to_sell(world: World, condition: Condition) -> Iterator[None]:
    condition.side = "sell"
    yield


FORBIDDEN: dict[str, Callable[[World, Condition], AbstractContextManager[None]]] = {
    "old_quote": old_prices, "old_assets": old_account, "halted": halted, "single_price": in_vi, "no_cash": no_cash,
    "order_limit": small_limit, "too_far": ten_times_the_price, "killed": killed, "stopped": stopped,
    "modes_differ": another_mode, "no_shares": nothing_to_sell,
}  # fmt: skip


def test_what_must_not_be_sent_is_not_and_the_table_says_why(copies: Copies, simulator: RunningSimulator) -> None:
    world = copies.world
    copies.start()
    # The first order shows that it trades: what follows is refused, and not merely not begun.
    first = world.buy(world.symbols[0])
    copies.until(lambda: is_in(first, State.FILLED))
    for symbol, (code, wrong) in zip(world.symbols[1:], FORBIDDEN.items(), strict=False):
        condition = world.buy(symbol, enabled=False)
        with wrong(world, condition):
            if code == "no_cash":
                copies.until(lambda: Balance.objects.filter(deposit_d2=10).exists())
            condition.enabled = True
            condition.save()
            why = Refusal.objects.filter(condition=condition, code=code)
            copies.until(why.exists)
            condition.enabled = False
            condition.save()
    assert [post["body"]["PDNO"] for post in posts(simulator)] == [first.symbol]


def test_what_was_bought_is_sold_at_its_profit(copies: Copies, simulator: RunningSimulator) -> None:
    symbol = copies.world.symbols[0]
    copies.start()
    bought = copies.world.buy(symbol)
    profit = copies.world.buy(
        symbol, side="sell", trigger="take_profit", rate="1", strike_price=None, sizing="all", quantity=None, ticks=10
    )
    copies.until(lambda: is_in(bought, State.FILLED))
    copies.world.move(symbol, 3)
    copies.until(lambda: is_in(profit, State.FILLED))
    assert simulator.control.account()["holdings"][symbol]["quantity"] == 0
    assert simulator.control.account()["difference"] == 0


def test_after_the_kill_switch_orders_stay_and_cancels_leave(copies: Copies, simulator: RunningSimulator) -> None:
    copies.start()
    simulator.control.mishap_on("no-fill")
    first = copies.world.buy(copies.world.symbols[0])
    copies.until(lambda: is_in(first, State.ACCEPTED))
    others = [copies.world.buy(symbol) for symbol in copies.world.symbols[1:6]]
    copies.until(lambda: len(posts(simulator)) >= 3)
    desk.kill("me", copies.world.now())
    pressed = time.time()
    order = order_of(first)
    assert order is not None
    desk.request_cancel(order.pk, "me", copies.world.now())
    copies.until(lambda: is_in(first, State.CANCELLED))
    assert [post for post in posts(simulator) if post["new"] and post["at"] > pressed + 1.0] == []
    assert any(not is_in(condition, State.ACCEPTED) for condition in others)


def test_what_is_not_filled_in_time_is_cancelled(copies: Copies, simulator: RunningSimulator) -> None:
    copies.start()
    simulator.control.mishap_on("no-fill")
    condition = copies.world.buy(copies.world.symbols[0], cancel_after=2)
    copies.until(lambda: is_in(condition, State.CANCELLED))
    booked, cancel = simulator.control.orders()
    assert (booked["cancelled"], cancel["kind"]) == (2, "cancel")


def test_an_order_made_elsewhere_is_in_the_ledger_too(copies: Copies, simulator: RunningSimulator) -> None:
    copies.start()
    bought = copies.world.buy(copies.world.symbols[0])
    copies.until(lambda: is_in(bought, State.FILLED))
    number = simulator.control.order(copies.world.symbols[1], "buy", 3)
    copies.until(lambda: Order.objects.filter(source="external", order_no__endswith=str(number)).exists())


def test_told_to_stop_it_leaves_nothing_half_done(copies: Copies, simulator: RunningSimulator) -> None:
    pid = copies.start()
    simulator.control.mishap_on("slow", value=20.0, tr_id="VTTC0012U")
    condition = copies.world.buy(copies.world.symbols[0])
    copies.until(lambda: is_in(condition, State.SENDING))
    told = time.monotonic()
    os.kill(pid, signal.SIGTERM)
    assert copies.ended() == 0
    assert time.monotonic() - told < 12
    assert is_in(condition, State.UNKNOWN)


def test_a_dry_run_is_what_one_gets_without_asking(copies: Copies, simulator: RunningSimulator) -> None:
    DeskRow.objects.all().delete()
    desk.desk_row()
    copies.start()
    condition = copies.world.buy(copies.world.symbols[0], quantity=1)
    copies.until(lambda: is_in(condition, State.DENIED))
    order = order_of(condition)
    assert order is not None
    assert (order.mode, order.code) == (Mode.DRY_RUN.value, "dry_run")
    assert posts(simulator) == []
