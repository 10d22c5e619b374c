"""The steps of order prices and the limits of the day (KRX), in whole KRW.

These bind what we send. A trade may print between two ticks (mid-price orders): never judge a received price by them.
"""

# In force since 2023-01-25, KOSPI, KOSDAQ and KONEX alike; ETF and ETN since December of that year.
# (below, tick): a price exactly on a boundary belongs to the higher band.
_STOCK = ((2_000, 1), (5_000, 5), (20_000, 10), (50_000, 50), (200_000, 100), (500_000, 500))
_ABOVE = 1_000
_FUND_BOUNDARY, _FUND_BELOW, _FUND_ABOVE = 2_000, 1, 5


def tick_at(price: int, kind: str) -> int:
    """The tick of an order at this price. An unknown kind is an error: nobody guesses a tick."""
    if kind in ("etf", "etn"):
        return _FUND_BELOW if price < _FUND_BOUNDARY else _FUND_ABOVE
    if kind != "stock":
        raise ValueError("an instrument of unknown kind")
    return next((tick for below, tick in _STOCK if price < below), _ABOVE)


def on_tick(price: int, kind: str) -> bool:
    return price > 0 and price % tick_at(price, kind) == 0


def round_price(price: int, side: str, kind: str) -> int:
    """To the tick, never to a more aggressive price: a buy goes down, a sell up."""
    tick = tick_at(price, kind)
    return price // tick * tick if side == "buy" else -(-price // tick) * tick


def step(price: int, ticks: int, kind: str) -> int:
    """The price so many ticks away, up or down, from a price that is on a tick."""
    for _ in range(abs(ticks)):
        # Downwards the tick is that of the band below: 2,000 less one tick is 1,999.
        price += tick_at(price, kind) if ticks > 0 else -tick_at(price - 1, kind)
    return price


def limits(base: int, kind: str) -> tuple[int, int]:
    """Lower and upper limit of the day, 30 % from the base price (stck_llam, stck_mxpr).

    The quote's own limits win where it has them. Not for a new listing's first day nor for leveraged funds.
    """
    width = base * 3 // 10
    width -= width % tick_at(base, kind)
    upper, lower = base + width, base - width
    upper -= upper % tick_at(upper, kind)
    return -(-lower // tick_at(lower, kind)) * tick_at(lower, kind), upper
