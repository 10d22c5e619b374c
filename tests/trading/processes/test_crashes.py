"""``kill -9`` of ``run_trading`` at each commit point of an order: never two bookings, every fill known afterwards.

What really happened is read from the simulator's own log, not from the desk's tables.
"""

import os
import signal
from collections import Counter
from functools import partial

import pytest

from stockdesk.simulator.testing import RunningSimulator
from tests.trading.processes.copies import Copies
from tests.trading.processes.forker import POINTS
from trading.models import Condition, Order
from trading.states import State

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def rounds(request: pytest.FixtureRequest) -> int:
    asked: int = request.config.getoption("--crash-rounds")
    return asked


def settled(condition: Condition) -> bool:
    """Nothing of this condition is open any more, and if it was ordered, it is filled."""
    rows = list(Order.objects.filter(condition=condition))
    over = all(State(row.state) in (State.FILLED, State.NOT_PLACED, State.DENIED) for row in rows)
    return bool(rows) and over and any(row.state in (State.FILLED, State.NOT_PLACED) for row in rows)


@pytest.mark.parametrize("point", POINTS)
def test_no_kill_makes_two_bookings_of_one_intent_or_loses_a_fill(
    point: str, rounds: int, copies: Copies, simulator: RunningSimulator
) -> None:
    for number in range(rounds):
        condition = copies.world.buy(copies.world.symbols[number])
        copies.start(point)
        assert os.WTERMSIG(copies.ended()) == signal.SIGKILL, f"round {number}: it did not get to {point}"
        survivor = copies.start()
        copies.until(partial(settled, condition))
        os.kill(survivor, signal.SIGTERM)
        assert copies.ended() == 0
        agrees_with_the_broker(condition, simulator)
        condition.enabled = False  # after a pause it would fire again
        condition.save()
    check_posts(simulator)


def agrees_with_the_broker(condition: Condition, simulator: RunningSimulator) -> None:
    """Booked at most once, and the ledger has what the broker has, to the share and the won."""
    booked = [order for order in simulator.control.orders() if order["symbol"] == condition.symbol]
    assert len(booked) <= 1, "two bookings of one intent"
    known = {row.order_no.lstrip("0"): row for row in Order.objects.filter(condition=condition) if row.order_no}
    assert set(known) == {str(order["order_no"]) for order in booked}
    for order in booked:
        row = known[str(order["order_no"])]
        assert (row.filled_quantity, row.filled_amount) == (order["filled"], order["filled_amount"])
    posts = [
        post for post in simulator.control.posts_seen(10_000)["posts"] if post["body"]["PDNO"] == condition.symbol
    ]
    rows = Counter(row.state for row in Order.objects.filter(condition=condition, sent_at__isnull=False))
    assert len(posts) <= rows.total(), "a POST without a row"


def check_posts(simulator: RunningSimulator) -> None:
    summary = next(iter(simulator.control.posts_seen()["by_key"].values()), None)
    if summary is not None and summary["closest_seconds"] is not None:
        assert summary["closest_seconds"] >= 1.0
