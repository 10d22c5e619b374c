"""Order price rules of the exchange (호가단위, 가격제한폭), in integers of KRW."""

from bisect import bisect_right

STOCK_BANDS = ((2_000, 5_000, 20_000, 50_000, 200_000, 500_000), (1, 5, 10, 50, 100, 500, 1_000))
FUND_BANDS = ((2_000,), (1, 5))  # ETF and ETN


def tick_size(price: int, kind: str) -> int:
    """The price step at ``price``; a price exactly on a boundary belongs to the higher band."""
    borders, ticks = STOCK_BANDS if kind == "stock" else FUND_BANDS
    return ticks[bisect_right(borders, price)]


def step_up(price: int, kind: str) -> int:
    """The next higher order price."""
    tick = tick_size(price, kind)
    return price - price % tick + tick


def step_down(price: int, kind: str) -> int:
    """The next lower order price; the tick below a boundary is the finer one."""
    tick = tick_size(price - 1, kind)
    return (price - 1) // tick * tick


def daily_limits(base: int, kind: str, leverage: int = 1) -> tuple[int, int]:
    """Lower and upper price limit of the day (하한가, 상한가) around the base price.

    The width is 30 %, times the multiple of a leveraged ETF or ETN, cut to the tick at the base; the limits
    are then cut to the tick of their own band. ``base * 0.7`` alone is wrong where a limit falls into a finer band.
    """
    width = base * 3 * leverage // 10
    width -= width % tick_size(base, kind)
    upper, lower = base + width, base - width
    upper -= upper % tick_size(upper, kind)
    lower += -lower % tick_size(lower, kind)
    return max(lower, 1), upper
