"""Matching by price and time, in one issue, without sockets or clocks."""

from datetime import datetime

import pytest

from stockdesk.simulator.book import DEPTH, Book
from stockdesk.simulator.options import KST
from stockdesk.simulator.orders import Order
from stockdesk.simulator.prices import Price
from stockdesk.simulator.world import World

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=KST)


class Bench:
    """A book with a price of 10,000 (bid) and 10,010 (ask), a hundred shares on each side."""

    def __init__(self) -> None:
        instrument = next(i for i in World(1, 300) if i.kind == "stock" and 9_000 < i.base_price < 11_000)
        self.price = Price(instrument, 1)
        self.price.bid, self.price.ask, self.price.bid_rest, self.price.ask_rest = 10_000, 10_010, 100, 100
        self.price.typical = 2
        self.fills: list[tuple[int, int, int]] = []
        self.ended: list[int] = []
        self.book = Book(self.price, self._fill, self._end)

    def _fill(self, order: Order, quantity: int, price: int) -> None:
        order.filled += quantity
        self.fills.append((order.number, quantity, price))
        if not order.remaining:
            self.book.remove(order)

    def _end(self, order: Order) -> None:
        self.ended.append(order.number)
        order.cancelled += order.remaining
        self.book.remove(order)

    def order(self, number, side, quantity, reach, division="00", **more) -> Order:
        order = Order(
            number, "toykey", self.price.instrument.symbol, side, quantity, reach, division, "KRX", NOON, NOON,
            reach=reach, **more,
        )  # fmt: skip
        self.book.add(order)
        self.book.arrive(order)
        return order


@pytest.fixture
def bench():
    return Bench()


def test_a_buy_below_the_ask_and_a_sell_above_the_bid_rest(bench):
    bench.order(1, "buy", 10, 10_000)
    bench.order(2, "sell", 10, 10_010)
    assert bench.fills == []


def test_an_order_eats_through_the_levels_up_to_its_limit(bench):
    bench.order(1, "buy", 1_000, 10_030)
    assert bench.fills == [(1, 100, 10_010), (1, 2 * DEPTH, 10_020), (1, 2 * DEPTH, 10_030)]
    bench.order(2, "sell", 150, 9_990)
    assert bench.fills[3:] == [(2, 100, 10_000), (2, 50, 9_990)]


def test_what_was_taken_from_the_best_level_is_gone_for_the_next_order(bench):
    bench.order(1, "buy", 70, 10_010)
    bench.order(2, "buy", 70, 10_010)
    assert bench.fills == [(1, 70, 10_010), (2, 30, 10_010)]


def test_a_trade_fills_the_better_price_first_and_then_the_earlier_order(bench):
    for number, reach in ((1, 9_980), (2, 9_990), (3, 9_990), (4, 9_970)):
        bench.order(number, "buy", 10, reach)
    bench.book.traded(9_980, 25)
    assert bench.fills == [(2, 10, 9_990), (3, 10, 9_990), (1, 5, 9_980)]
    bench.book.traded(9_980, 100)
    assert bench.fills[3:] == [(1, 5, 9_980)]


def test_sells_fill_from_the_lowest_price_up(bench):
    for number, reach in ((1, 10_050), (2, 10_030), (3, 10_030)):
        bench.order(number, "sell", 10, reach)
    bench.book.traded(10_030, 12)
    assert bench.fills == [(2, 10, 10_030), (3, 2, 10_030)]
    bench.book.traded(10_060, 100)
    assert bench.fills[2:] == [(3, 8, 10_030), (1, 10, 10_050)]


def test_a_trade_above_a_buy_or_below_a_sell_fills_nothing(bench):
    bench.order(1, "buy", 10, 9_990)
    bench.order(2, "sell", 10, 10_040)
    bench.book.traded(10_000, 1_000)
    assert bench.fills == []


def test_a_market_order_without_another_side_waits_for_the_next_trade(bench):
    bench.price.ask = bench.price.ask_rest = 0
    bench.order(1, "buy", 10, bench.price.upper, "01")
    assert bench.fills == []
    bench.book.traded(10_020, 100)
    assert bench.fills == [(1, 10, 10_020)]


def test_fok_fills_whole_or_not_at_all(bench):
    bench.order(1, "buy", 101, 10_010, "12")
    assert (bench.fills, bench.ended) == ([], [1])
    bench.order(2, "buy", 100, 10_010, "12")
    assert (bench.fills, bench.ended) == ([(2, 100, 10_010)], [1])


def test_ioc_ends_with_what_it_could_not_get(bench):
    bench.order(1, "sell", 130, 10_000, "11")
    assert (bench.fills, bench.ended) == ([(1, 100, 10_000)], [1])


def test_waiting_and_sleeping_orders_are_left_alone(bench):
    bench.order(1, "buy", 10, 10_050, waiting=True)
    bench.order(2, "buy", 10, 10_050, "22", asleep=True, stop_price=10_040)
    bench.book.traded(9_900, 1_000)
    assert bench.fills == []
    bench.book.traded(10_040, 1)  # wakes the stop order, which takes the ask
    assert bench.fills == [(2, 10, 10_010)]


def test_no_more_fills_than_a_mishap_allows(bench):
    order = bench.order(1, "buy", 10, 10_010, most=4)
    bench.book.traded(9_000, 1_000)
    assert bench.fills == [(1, 4, 10_010)]
    assert order.remaining == 6


def test_a_price_tells_its_book_only_while_orders_work(bench):
    order = bench.order(1, "buy", 10, 9_000)
    assert bench.price.book is bench.book
    bench.book.remove(order)
    assert bench.price.book is None


def test_orders_do_not_change_the_walk_of_a_price():
    quiet, busy = Bench(), Bench()
    for number in range(200):
        busy.order(number, "buy" if number % 2 else "sell", 50, busy.price.last)
        quiet.price.print("120000")
        busy.price.print("120000")
    assert busy.fills
    assert (quiet.price.last, quiet.price.volume) == (busy.price.last, busy.price.volume)
