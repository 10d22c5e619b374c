"""The walk of one price through the day."""

from hypothesis import given, settings
from hypothesis import strategies as st

from stockdesk.simulator.prices import Price, Prices
from stockdesk.simulator.rules import tick_size
from stockdesk.simulator.world import World

WORLD = World(seed=1, count=2500)


def price_of(symbol: str) -> Price:
    return Price(WORLD.by_symbol[symbol], seed=WORLD.seed)


INSTRUMENTS = st.sampled_from(WORLD.instruments)


@settings(max_examples=60, deadline=None)
@given(INSTRUMENTS, st.integers(0, 1000))
def test_prices_stay_on_their_tick_and_inside_the_limits_and_totals_never_fall(instrument, seed):
    price = Price(instrument, seed)
    for _ in range(500):
        before, volume = price.last, price.volume
        price.print("100000")
        assert price.lower <= price.last <= price.upper
        assert price.last % tick_size(price.last, instrument.kind) == 0
        assert price.low <= price.last <= price.high
        assert price.low <= price.open <= price.high
        assert price.volume == volume + price.last_volume > volume
        assert abs(price.last - before) <= 3 * tick_size(max(price.last, before), instrument.kind)
        assert price.ask == 0 or price.bid == 0 or price.bid < price.ask


def test_a_symbols_walk_does_not_depend_on_what_else_trades():
    alone, busy, other = price_of("005930"), price_of("005930"), price_of("000660")
    for _ in range(200):
        alone.print("100000")
        other.print("100000")
        busy.print("100000")
    assert (alone.last, alone.volume) == (busy.last, busy.volume)


def test_an_issue_at_its_upper_limit_has_buyers_and_no_sellers():
    price = price_of("005930")
    price.move(10**9, "100000")
    assert price.last == price.upper
    assert (price.ask, price.bid) == (0, price.upper)


def test_a_moved_price_stays_around_its_new_level():
    price = price_of("005930")
    level = price.instrument.base_price * 8 // 10
    price.move(level, "100000")
    for _ in range(2000):
        price.print("100001")
    assert abs(price.last - level) < level * 0.06


def test_a_symbol_that_nobody_streams_has_traded_when_it_is_read_again():
    prices = Prices(WORLD)
    price = prices.read("000270", 100.0, "100000")
    assert price is not None
    first = price.prints
    prices.read("000270", 101.0, "100001")
    assert price.prints == first
    prices.read("000270", 110.0, "100010")
    assert price.prints == first + 10
    price.halted = True
    prices.read("000270", 200.0, "100140")
    assert price.prints == first + 10
