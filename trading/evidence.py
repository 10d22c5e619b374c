"""Beside an order that nobody can place: which of the broker's orders may be the one."""

from collections.abc import Iterator

from stockdesk.kis.messages import order_key
from trading.matching import in_time
from trading.models import BrokerOrder, Order
from trading.states import State

LOOKED_FOR = (State.UNKNOWN.value, State.NEEDS_HUMAN.value)


def all_candidates() -> Iterator[tuple[Order, BrokerOrder]]:
    """Every order that is looked for with each of its candidates."""
    for order in Order.objects.filter(state__in=LOOKED_FOR).order_by("id"):
        for row in candidates_of(order):
            yield order, row


def candidates_of(order: Order) -> list[BrokerOrder]:
    """The broker's new orders of the same day, symbol and side that no row of the ledger has, best fit first."""
    rows = BrokerOrder.objects.filter(listed_on=order.ordered_on, symbol=order.symbol, side=order.side, kind="new")
    numbers = Order.objects.filter(ordered_on=order.ordered_on).exclude(order_no="").values_list("order_no", flat=True)
    # One made elsewhere has a row of its own: a second row of one number would count it twice.
    taken = {order_key(number) for number in numbers}
    free = [row for row in rows if order_key(row.order_no) not in taken]
    return sorted(free, key=lambda row: (not fits(order, row), row.ordered_at))


def fits(order: Order, row: BrokerOrder) -> bool:
    """Quantity, price and time agree as well, by the rule of `trading.matching.is_candidate`."""
    if order.sent_at is None or row.quantity != order.quantity or row.price != order.price:
        return False
    return in_time(order.sent_at, row.ordered_at)
