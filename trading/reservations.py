"""What the ledger's orders hold: cash and shares that the account still shows and that are spoken for."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from trading.prices import cost
from trading.states import HOLDING, UNSETTLED
from trading.values import Order

REFLECTED_AFTER = timedelta(seconds=2)
"""How long the broker may take to show in the account what happened to an order."""


class Unknowable(Exception):
    """An order at work whose worth nobody knows."""


def open_quantity(order: Order, assets_at: datetime | None) -> int:
    """Shares of this order that assets asked for at ``assets_at`` still show as ours to use.

    Its open rest, and what filled too late for those assets to know. While unsettled, all of it.
    """
    if order.state in UNSETTLED:
        return order.quantity * max(1, order.candidates)
    late = assets_at is None or (order.filled_at is not None and order.filled_at + REFLECTED_AFTER >= assets_at)
    rest = order.remaining if order.state in HOLDING else 0
    return rest + (order.filled_quantity if late and order.filled_quantity else 0)


def cash_held(orders: Iterable[Order], assets_at: datetime | None, fee_rate: Decimal) -> int:
    """KRW that buys hold. Raises Unknowable for an open buy without a price (a market order made elsewhere)."""
    total = 0
    for order in orders:
        if order.side != "buy" or not (quantity := open_quantity(order, assets_at)):
            continue
        if order.reserve_price is None:
            raise Unknowable(f"{order.symbol} {order.order_no}")
        total += cost(quantity, order.reserve_price, fee_rate)
    return total


def shares_held(orders: Iterable[Order], symbol: str, assets_at: datetime | None) -> int:
    """Shares of this symbol that sells hold."""
    return sum(open_quantity(o, assets_at) for o in orders if o.side == "sell" and o.symbol == symbol)


def shares_held_unseen(orders: Iterable[Order], symbol: str, assets_at: datetime | None) -> int:
    """The same, of orders that the broker's own orderable quantity may not know of yet."""
    unseen = [
        order
        for order in orders
        if order.state in UNSETTLED
        or assets_at is None
        or order.accepted_at is None
        or order.accepted_at + REFLECTED_AFTER >= assets_at
    ]
    return shares_held(unseen, symbol, assets_at)


def committed(orders: Iterable[Order], *, symbol: str | None = None) -> int:
    """KRW of the desk's own orders today, both sides: what filled, and what is open at its worst."""
    return sum(
        order.filled_amount + (order.remaining * order.reserve_price if order.state in HOLDING else 0)
        for order in orders
        if order.reserve_price is not None and (symbol is None or order.symbol == symbol)
    )
