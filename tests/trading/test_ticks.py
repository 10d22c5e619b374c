"""Order prices: KRX's own table, and limits as brokers' quotes showed them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.ticks import limits, on_tick, round_price, step, tick_at

prices = st.integers(min_value=10, max_value=3_000_000)
kinds = st.sampled_from(["stock", "etf", "etn"])


@pytest.mark.parametrize(
    ("price", "tick"),
    [(1_999, 1), (2_000, 5), (4_995, 5), (5_000, 10), (19_990, 10), (20_000, 50), (49_950, 50), (50_000, 100),
     (199_900, 100), (200_000, 500), (499_500, 500), (500_000, 1_000), (1_200_000, 1_000)],
)  # fmt: skip
def test_a_price_on_a_boundary_belongs_to_the_higher_band(price: int, tick: int) -> None:
    assert tick_at(price, "stock") == tick


@pytest.mark.parametrize(("price", "tick"), [(1_999, 1), (2_000, 5), (70_000, 5)])
def test_funds_have_a_table_of_their_own(price: int, tick: int) -> None:
    assert tick_at(price, "etf") == tick_at(price, "etn") == tick


def test_nobody_guesses_the_tick_of_an_unknown_kind() -> None:
    with pytest.raises(ValueError, match="unknown kind"):
        tick_at(10_000, "elw")


@given(prices, st.sampled_from(["buy", "sell"]), kinds)
def test_rounding_never_makes_an_order_more_aggressive(price: int, side: str, kind: str) -> None:
    rounded = round_price(price, side, kind)
    assert on_tick(rounded, kind)
    assert rounded <= price if side == "buy" else rounded >= price
    assert abs(rounded - price) < tick_at(price, kind)


@pytest.mark.parametrize(
    ("base", "lower", "upper"),
    # Recorded with brokers' quotes; the first two lower limits fall into a finer band than their base.
    [(244_000, 171_000, 317_000), (128_500, 90_000, 167_000), (70_000, 49_000, 91_000), (1_000, 700, 1_300)],
)
def test_the_limits_of_the_day(base: int, lower: int, upper: int) -> None:
    assert limits(base, "stock") == (lower, upper)


@given(st.integers(min_value=100, max_value=2_000_000), kinds)
def test_limits_are_on_their_ticks_and_within_thirty_percent(base: int, kind: str) -> None:
    lower, upper = limits(round_price(base, "buy", kind), kind)
    assert on_tick(lower, kind)
    assert on_tick(upper, kind)
    assert lower * 10 >= base * 7 - 10 * tick_at(base, kind)
    assert upper * 10 <= base * 13


@pytest.mark.parametrize(
    ("price", "ticks", "there"), [(2_000, -1, 1_999), (1_999, 1, 2_000), (49_950, 2, 50_100), (50_000, -2, 49_900)]
)
def test_steps_change_their_width_at_a_boundary(price: int, ticks: int, there: int) -> None:
    assert step(price, ticks, "stock") == there


@given(prices, st.integers(min_value=-20, max_value=20), kinds)
def test_a_step_ends_on_a_tick_and_leads_back(price: int, ticks: int, kind: str) -> None:
    start = round_price(price + 100, "buy", kind)
    there = step(start, ticks, kind)
    assert on_tick(there, kind)
    assert step(there, -ticks, kind) == start
