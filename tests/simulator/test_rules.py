"""Order price rules: tick table and daily limits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockdesk.simulator.rules import daily_limits, step_down, step_up, tick_size

PRICES = st.integers(min_value=100, max_value=3_000_000)
KINDS = st.sampled_from(["stock", "etf", "etn"])


@pytest.mark.parametrize(
    ("price", "tick"),
    [(1_999, 1), (2_000, 5), (4_995, 5), (5_000, 10), (20_000, 50), (50_000, 100), (200_000, 500), (500_000, 1_000)],
)
def test_a_price_on_a_boundary_has_the_tick_of_the_higher_band(price, tick):
    assert tick_size(price, "stock") == tick


@pytest.mark.parametrize(("price", "tick"), [(1_999, 1), (2_000, 5), (158_240, 5)])
def test_funds_and_notes_have_their_own_table(price, tick):
    assert tick_size(price, "etf") == tick_size(price, "etn") == tick


@pytest.mark.parametrize(
    ("base", "lower", "upper"),
    [(244_000, 171_000, 317_000), (128_500, 90_000, 167_000), (70_000, 49_000, 91_000), (5_000, 3_500, 6_500)],
)
def test_limits_are_those_that_brokers_have_shown(base, lower, upper):
    assert daily_limits(base, "stock") == (lower, upper)


def test_a_leveraged_fund_may_move_twice_as_far():
    assert daily_limits(10_000, "etf") == (7_000, 13_000)
    assert daily_limits(10_000, "etf", leverage=2) == (4_000, 16_000)


@given(PRICES, KINDS)
def test_limits_lie_on_the_tick_and_within_thirty_per_cent(price, kind):
    base = price - price % tick_size(price, kind)
    lower, upper = daily_limits(base, kind)
    assert lower % tick_size(lower, kind) == 0
    assert upper % tick_size(upper, kind) == 0
    assert base * 7 <= lower * 10
    assert upper * 10 <= base * 13
    assert lower <= base <= upper


@given(PRICES, KINDS)
def test_a_step_up_and_a_step_down_meet_again(price, kind):
    price -= price % tick_size(price, kind)
    assert step_down(step_up(price, kind), kind) == price
