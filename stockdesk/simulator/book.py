"""The working orders of one issue, matched with the walking price by price and time. Pure but for its callbacks.

Clients trade with the market and never with each other, and their trades do not move it: the walk of a price stays
the same for a seed whatever is ordered.
"""

from collections.abc import Callable, Iterator

from stockdesk.simulator.orders import Order, Side
from stockdesk.simulator.prices import Price
from stockdesk.simulator.rules import step_down, step_up

DEPTH = 30  # ordinary prints' worth of shares on every level behind the best one

FillIt = Callable[[Order, int, int], object]  # order, quantity, price
EndIt = Callable[[Order], None]


class Book:
    """Orders rest here until the market trades through them; ``fill`` and ``end`` are called for what happens."""

    def __init__(self, price: Price, fill: FillIt, end: EndIt) -> None:
        self.price = price
        self.fill = fill
        self.end = end  # an IOC or FOK whose rest is over
        self.orders: list[Order] = []  # in order of arrival

    # arrival

    def arrive(self, order: Order) -> None:
        """Fill a marketable order at once, level by level; what is left rests, or ends with IOC and FOK."""
        if order.asleep or order.waiting:
            return
        levels = list(self._takes(order))
        life = order.rules.life
        if life == "fok" and sum(quantity for _, quantity in levels) < order.remaining:
            levels = []
        for price, quantity in levels:
            self._eat(order.side, price, quantity)
            self.fill(order, quantity, price)
        if life != "day" and order.remaining:
            self.end(order)

    def _takes(self, order: Order) -> Iterator[tuple[int, int]]:
        """What the market offers this order now: price and quantity, the best first."""
        wanted = order.fillable
        for price, offered in self._levels(order.side, order.reach):
            if wanted <= 0:
                return
            quantity = min(wanted, offered)
            if quantity:
                yield price, quantity
            wanted -= quantity

    def _levels(self, side: Side, limit: int) -> Iterator[tuple[int, int]]:
        price, kind = self.price, self.price.instrument.kind
        behind = price.typical * DEPTH
        if side == "buy":
            level, offered = price.ask, price.ask_rest
            while level and level <= min(limit, price.upper):
                yield level, offered
                level, offered = step_up(level, kind), behind
        else:
            level, offered = price.bid, price.bid_rest
            while level and level >= max(limit, price.lower):
                yield level, offered
                level, offered = step_down(level, kind), behind

    def _eat(self, side: Side, price: int, quantity: int) -> None:
        if side == "buy" and price == self.price.ask:
            self.price.ask_rest -= quantity
        elif side == "sell" and price == self.price.bid:
            self.price.bid_rest -= quantity

    # the market moves

    def traded(self, price: int, volume: int) -> None:
        """The market traded ``volume`` at ``price``: it would have met our better orders first, each at its price."""
        self._wake(price)
        self._share_out("buy", price, volume)
        self._share_out("sell", price, volume)

    def _share_out(self, side: Side, price: int, volume: int) -> None:
        for order in self._queue(side):
            reached = order.reach >= price if side == "buy" else order.reach <= price
            if not reached or volume <= 0:
                return
            quantity = min(order.fillable, volume)
            if quantity:
                # A market order has no price of its own: it waits only where the other side was empty.
                at = price if order.rules.pricing == "market" else order.reach
                self.fill(order, quantity, at)
                volume -= quantity

    def _queue(self, side: Side) -> list[Order]:
        """The resting orders of one side: the better price first, then the earlier one."""
        resting = [o for o in self.orders if o.side == side and not o.asleep and not o.waiting]
        return sorted(resting, key=lambda order: -order.reach if side == "buy" else order.reach)

    def _wake(self, price: int) -> None:
        """Stop orders whose price was reached become limit orders."""
        for order in list(self.orders):
            if order.asleep and (price >= order.stop_price if order.side == "buy" else price <= order.stop_price):
                order.asleep = False
                self.arrive(order)

    # in and out

    def add(self, order: Order) -> None:
        self.orders.append(order)
        self.price.book = self

    def remove(self, order: Order) -> None:
        self.orders = [other for other in self.orders if other is not order]
        if not self.orders:
            self.price.book = None
