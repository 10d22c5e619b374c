"""No won and no share is lost or made, whatever is ordered: random sequences of everything that can happen."""

import random
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stockdesk.simulator.account import Holding
from stockdesk.simulator.exchange import Exchange
from stockdesk.simulator.floor import Event
from stockdesk.simulator.mishaps import Mishaps
from stockdesk.simulator.money import fee, most_shares, tax, with_fee
from stockdesk.simulator.options import KST, Options
from stockdesk.simulator.orders import NewOrder, Order, OrderRefused
from stockdesk.simulator.prices import Prices
from stockdesk.simulator.rules import step_down, step_up
from stockdesk.simulator.world import World
from tests.moments import Clock

KEY = "toykey"
CASH = 100_000_000
WORLD = World(1, 300)
# One large issue, and a share and a fund so cheap that the fee is more than what is left over after buying for all.
SYMBOLS = ("005930", *(min((i.base_price, i.symbol) for i in WORLD if i.kind == kind)[1] for kind in ("stock", "etf")))


class Market:
    """An exchange without sockets, and a record of what it announced."""

    def __init__(self) -> None:
        self.clock = Clock(datetime(2026, 11, 20, 10, 0, tzinfo=KST))
        self.events: list[Event] = []
        self.prices = Prices(WORLD)
        self.exchange = Exchange(self.prices, Mishaps(), Options(now=self.clock, cash=CASH), self.events.append)

    @property
    def account(self):
        return self.exchange.account(KEY)

    def price(self, symbol):
        return self.prices.get(symbol)

    def place(self, symbol, side, quantity, price, division):
        self.exchange.place(KEY, NewOrder(symbol, side, quantity, price, division))


DIVISIONS = ("00", "00", "00", "00", "01", "03", "04", "11", "12", "13", "14", "15", "16", "21", "22")


def random_step(rng):
    """Something that can happen, with its details; orders are chosen by a number that any list has a place for."""
    what = rng.choices(
        ("place", "cancel", "amend", "prints", "move", "fill", "days"), weights=(40, 12, 12, 20, 10, 5, 1)
    )[0]
    symbol, which = rng.choice(SYMBOLS), rng.randrange(1000)
    quantity = int(10 ** rng.uniform(0, 3.5))
    match what:
        case "place":
            side = rng.choice(("buy", "buy", "sell"))
            quantity = rng.choice((quantity, quantity, None))  # None: everything there is
            return what, symbol, side, quantity, rng.randint(-8, 8), rng.choice(DIVISIONS)
        case "cancel":
            return what, which, rng.choice((None, quantity))
        case "amend":
            return what, which, rng.choice((None, quantity)), rng.randint(-8, 8)
        case "prints":
            return what, symbol, rng.randint(1, 40)
        case "move":
            return what, symbol, rng.randint(-20, 20)
        case "fill":
            return what, which, quantity
    return what, rng.randint(1, 3)


def beside(market, symbol, ticks):
    """A price so many ticks from the last one, inside the day's limits."""
    price = market.price(symbol)
    at, step = price.last, step_up if ticks > 0 else step_down
    for _ in range(abs(ticks)):
        at = step(at, price.instrument.kind)
    return min(max(at, price.lower), price.upper)


def play(market, step):
    what, *how = step
    orders = list(market.exchange.orders.values())
    try:
        match what:
            case "place":
                symbol, side, quantity, ticks, division = how
                asked = beside(market, symbol, ticks) if division in ("00", "11", "12", "22") else 0
                stop = beside(market, symbol, -ticks) if division == "22" else 0
                if quantity is None and side == "sell":
                    quantity = market.account.holdings.get(symbol, Holding()).quantity
                elif quantity is None:
                    quantity = market.account.cash // (asked or market.price(symbol).upper)
                wanted = NewOrder(symbol, side, quantity, asked, division, stop_price=stop)
                market.exchange.place(KEY, wanted)
            case "cancel" if orders:
                market.exchange.cancel(KEY, orders[how[0] % len(orders)].number, how[1])
            case "amend" if orders:
                order = orders[how[0] % len(orders)]
                market.exchange.amend(KEY, order.number, beside(market, order.symbol, how[2]), "00", how[1])
            case "prints":
                for _ in range(how[1]):
                    market.price(how[0]).print("100000")
            case "move":
                market.price(how[0]).move(beside(market, how[0], how[1]), "100000")
            case "fill" if orders:
                order = orders[how[0] % len(orders)]
                market.exchange.force_fill(order.number, min(how[1], max(order.remaining, 1)))
            case "days":
                market.clock.forward(days=how[0])
    except (OrderRefused, ValueError):
        pass  # refused is fine; that nothing happened is checked like everything else


def check(market):
    account, exchange = market.account, market.exchange
    exchange.keep_time()
    assert account.difference == 0
    # once more from the fills alone, with nothing that the account wrote down itself
    cash, shares, costs = CASH, dict.fromkeys(SYMBOLS, 0), 0
    for fill in exchange.fills:
        sign = 1 if fill.side == "buy" else -1
        kind = market.price(fill.symbol).instrument.kind
        assert fill.fee == fee(fill.amount)
        assert fill.tax == (tax(fill.amount, kind) if fill.side == "sell" else 0)
        cash -= sign * fill.amount + fill.fee + fill.tax
        costs += fill.fee + fill.tax
        shares[fill.symbol] += sign * fill.quantity
    assert (account.cash, account.costs) == (cash, costs)
    held = {symbol: holding.quantity for symbol, holding in account.holdings.items()}
    assert {symbol: held.get(symbol, 0) for symbol in SYMBOLS} == shares
    # nothing is below zero, and what works is covered
    assert account.cash >= 0
    assert account.orderable_cash >= 0
    assert all(account.orderable_quantity(symbol) >= 0 for symbol in SYMBOLS)
    assert all(holding.cost >= 0 for holding in account.holdings.values())
    assert all(holding.cost == 0 for holding in account.holdings.values() if not holding.quantity)
    today = market.clock.moment.date()
    assert account.deposit(today, 2) == account.cash
    # orders agree with their fills, and only those with a rest are at work
    for order in exchange.orders.values():
        assert order.filled == sum(fill.quantity for fill in order.fills)
        assert order.filled_amount == sum(fill.amount for fill in order.fills)
        assert min(order.filled, order.cancelled, order.remaining) >= 0
        assert (order.number in account.working) == (order.remaining > 0)
        if order.side == "buy":
            assert all(fill.price <= order.reach for fill in order.fills)
        else:
            assert all(fill.price >= order.reach for fill in order.fills)
    for symbol in SYMBOLS:
        book = exchange.books.get(symbol)
        working = [order for order in account.working.values() if order.symbol == symbol]
        assert (book.orders if book else []) == working
        assert (market.price(symbol).book is not None) == bool(working)
    told = sum(event.quantity for event in market.events if event.what == "filled")
    assert told == sum(fill.quantity for fill in exchange.fills)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32))
def test_money_and_shares_add_up_after_every_step(seed):
    market, rng = Market(), random.Random(seed)
    market.account.set_holding(SYMBOLS[0], 0, 0)
    for _ in range(60):
        play(market, random_step(rng))
        check(market)


def test_the_random_steps_reach_what_matters():
    orders: list[Order] = []
    for seed in range(30):
        market, rng = Market(), random.Random(seed)
        for _ in range(60):
            play(market, random_step(rng))
        orders += market.exchange.orders.values()
    assert sum(order.filled > 0 and order.side == "sell" for order in orders) > 20
    assert sum(0 < order.filled < order.quantity for order in orders) > 5
    assert {order.kind for order in orders} == {"new", "amend", "cancel"}
    assert {order.division for order in orders if order.filled} >= {"00", "01", "03", "11", "12", "22"}


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=8))
def test_the_fee_of_the_parts_is_never_more_than_that_of_the_whole(parts):
    assert sum(fee(part) for part in parts) <= fee(sum(parts))


@given(st.integers(0, 10**9), st.integers(1, 2_000_000))
def test_the_most_shares_are_affordable_and_one_more_is_not(cash, price):
    most = most_shares(cash, price)
    assert most == 0 or with_fee(most * price) <= cash
    assert with_fee((most + 1) * price) > cash


@pytest.mark.parametrize("days", [0, 1, 2])
def test_a_purchase_leaves_the_deposit_two_trading_days_later(days):
    market = Market()  # a Friday
    market.place(SYMBOLS[0], "buy", 10, 0, "01")
    account, bought_on = market.account, market.clock.moment.date()
    assert account.cash < CASH
    assert account.deposit(bought_on, days) == (account.cash if days == 2 else CASH)
    tuesday = bought_on + timedelta(days=4)
    assert account.deposit(tuesday) == account.cash


def test_proceeds_of_a_sale_can_be_used_at_once():
    market = Market()
    market.account.set_cash(0)
    market.account.set_holding(SYMBOLS[0], 10, 500_000)
    market.place(SYMBOLS[0], "sell", 10, 0, "01")
    fill = market.exchange.fills[0]
    assert market.account.orderable_cash == fill.amount - fill.fee - fill.tax > 0
    assert market.account.realized == fill.amount - 500_000
    assert market.account.deposit(market.clock.moment.date()) == 0
