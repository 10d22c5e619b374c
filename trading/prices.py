"""Where a condition fires, which price its order carries, and what that may cost at worst."""

from decimal import ROUND_CEILING, Decimal
from typing import Any

from trading.pricings import order_type
from trading.ticks import limits, on_tick
from trading.values import ConditionView, HoldingView, QuoteView, Trigger


class Unpriced(Exception):
    """No price can be told: the text says why."""


def day_limits(quote: QuoteView) -> tuple[int, int]:
    """Lower and upper limit of the day (KRW), the broker's or else reckoned from the base price. Raises Unpriced."""
    if quote.lower_limit and quote.upper_limit:
        return quote.lower_limit, quote.upper_limit
    if not quote.base_price or quote.instrument is None:
        raise Unpriced("the limits of the day are not known")
    return limits(quote.base_price, quote.instrument.kind)


def strike_price(condition: ConditionView, holding: HoldingView | None) -> Decimal:
    """The price (KRW) at which the condition fires, not rounded to anything. Raises Unpriced."""
    match condition.trigger:
        case Trigger.AT_OR_BELOW | Trigger.AT_OR_ABOVE:
            if not condition.strike_price:
                raise Unpriced("the condition has no strike price")
            return Decimal(condition.strike_price)
        case Trigger.TRAILING:
            if not condition.best_price or condition.rate is None:
                raise Unpriced("no best price has been seen yet")
            part = condition.rate if condition.side == "buy" else -condition.rate
            return condition.best_price * (100 + part) / 100
    average = holding.average_price if holding is not None else None
    if not average or condition.rate is None:
        raise Unpriced("the average price of the holding is not known")
    part = condition.rate if condition.trigger is Trigger.TAKE_PROFIT else -condition.rate
    return average * (100 + part) / 100


def reached(condition: Any, price: int | Decimal, strike: Decimal) -> bool:
    """Whether a condition, a `ConditionView` or as a person has written it, fires at this price (KRW)."""
    below = condition.trigger in (Trigger.AT_OR_BELOW, Trigger.STOP_LOSS) or (
        condition.trigger == Trigger.TRAILING and condition.side == "sell"
    )
    return price <= strike if below else price >= strike


def order_price(condition: ConditionView, quote: QuoteView, strike: Decimal) -> int | None:
    """The price of the order in KRW, on its tick and inside the day's limits; None where its type carries none.

    A price is only ever moved to the less aggressive side: a buy down, a sell up. Raises Unpriced.
    """
    priced = order_type(condition.pricing).priced
    if priced is None:
        return None
    if quote.instrument is None or not quote.last_price:
        raise Unpriced("the instrument is not in the master")
    kind = quote.instrument.kind
    price = priced(condition, quote.last_price, strike, kind)
    lower, upper = day_limits(quote)
    price = min(price, upper) if condition.side == "buy" else max(price, lower)
    if price <= 0 or not on_tick(price, kind):
        raise Unpriced("no valid order price comes out")
    return price


def worst_price(price: int | None, quote: QuoteView) -> int:
    """KRW that one share may cost: KIS reserves a market order at the upper limit. Raises Unpriced."""
    return price if price is not None else day_limits(quote)[1]


def cost(quantity: int, price: int, fee_rate: Decimal) -> int:
    """KRW that a buy takes, fee included, rounded up."""
    return int((quantity * price * (1 + fee_rate)).to_integral_value(ROUND_CEILING))
