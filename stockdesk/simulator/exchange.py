"""What customers ask of the exchange: new orders, cancels and amendments, each with an order number of its own."""

from dataclasses import dataclass
from datetime import datetime

from stockdesk.simulator.checks import (
    CLOSED,
    NO_ORIGINAL,
    NO_QUANTITY,
    NOTHING_LEFT,
    NOTHING_LEFT_MOCK,
    TOO_FEW,
    check_market,
    check_means,
    price_of,
)
from stockdesk.simulator.floor import Floor
from stockdesk.simulator.orders import Fill, Kind, NewOrder, Order, OrderRefused

FIRST_NUMBER = 11_111


@dataclass(frozen=True, slots=True)
class Source:
    """Where a request comes from: over the API, with the serial of its POST, or by hand."""

    mock: bool = False
    manual: bool = False
    post: int | None = None


API = Source()


class Exchange(Floor):
    """Checks, books and numbers what is asked for; raises OrderRefused where it does not book."""

    def place(self, key: str, wanted: NewOrder, source: Source = API) -> Order:
        """Check, book and match a new order."""
        now = self.keep_time()
        price = check_market(wanted, self.prices.get(wanted.symbol), self.hours, now, source.mock)
        reach = price_of(wanted, price)
        check_means(self.account(key), wanted, reach)
        order = self._book(key, wanted, reach, now, source)
        order.asleep = order.rules.stop
        self.tell("accepted", order, order.quantity, order.price)
        self.start(order, price)
        return order

    def cancel(self, key: str, number: int, quantity: int | None = None, source: Source = API) -> Order:
        """Take ``quantity`` shares (all that are left) of an order off the book."""
        now = self.keep_time()
        original = self._original(key, number, source, now)
        quantity = self._part(original, quantity)
        wanted = NewOrder(original.symbol, original.side, quantity, 0, original.division, original.venue)
        cancel = self._book(key, wanted, 0, now, source, "cancel", original)
        cancel.cancelled = quantity
        self.take_off(original, quantity)
        self.tell("cancelled", cancel, quantity, 0)
        return cancel

    def amend(
        self, key: str, number: int, price: int, division: str, quantity: int | None = None, source: Source = API
    ) -> Order:
        """Put ``quantity`` shares (all that are left) of an order at another price, at the end of the queue."""
        now = self.keep_time()
        original = self._original(key, number, source, now)
        quantity = self._part(original, quantity)
        wanted = NewOrder(original.symbol, original.side, quantity, price, division, original.venue)
        market = check_market(wanted, self.prices.get(original.symbol), self.hours, now, source.mock)
        reach = price_of(wanted, market)
        freed = original.reserve - original.reserve_of(original.remaining - quantity)
        check_means(self.account(key), wanted, reach, freed, quantity)
        order = self._book(key, wanted, reach, now, source, "amend", original)
        order.most = original.most
        self.take_off(original, quantity)
        self.tell("amended", order, quantity, price)
        self.start(order, market)
        return order

    def force_fill(self, number: int, quantity: int | None = None, price: int | None = None) -> Fill:
        """Fill a working order now, whatever the market does; raises ValueError."""
        self.keep_time()
        order = self.orders.get(number)
        if order is None or not order.remaining:
            raise ValueError(f"no working order {number}")
        quantity = order.remaining if quantity is None else quantity
        if price is None:
            price = self.books[order.symbol].price.last if order.rules.pricing == "market" else order.reach
        worse = price > order.reach if order.side == "buy" else price < order.reach
        if not 0 < quantity <= order.remaining or price <= 0 or worse:
            raise ValueError("quantity and price must lie within the order")
        return self.fill(order, quantity, price)

    def _book(
        self,
        key: str,
        wanted: NewOrder,
        reach: int,
        now: datetime,
        source: Source,
        kind: Kind = "new",
        original: Order | None = None,
    ) -> Order:
        order = Order(
            number=FIRST_NUMBER + len(self.orders),
            key=key,
            symbol=wanted.symbol,
            side=wanted.side,
            quantity=wanted.quantity,
            price=wanted.price,
            division=wanted.division,
            venue=wanted.venue,
            at=now,
            ends_at=self.hours.ends_at(wanted.venue, wanted.division, now),
            kind=kind,
            original=original.number if original else None,
            reach=reach,
            stop_price=wanted.stop_price,
            manual=source.manual,
            post=source.post,
        )
        self.orders[order.number] = order
        return order

    def _original(self, key: str, number: int, source: Source, now: datetime) -> Order:
        """The order that a cancel or an amendment is about."""
        order = self.orders.get(number)
        if order is None or order.key != key or order.at.date() != now.date():
            raise OrderRefused(*NO_ORIGINAL)
        if not order.remaining:
            raise OrderRefused(*(NOTHING_LEFT_MOCK if source.mock else NOTHING_LEFT))
        if not self.hours.cancellable(order.venue, now):
            raise OrderRefused(*CLOSED)
        return order

    @staticmethod
    def _part(original: Order, quantity: int | None) -> int:
        if quantity is None:
            return original.remaining
        if quantity <= 0:
            raise OrderRefused(*NO_QUANTITY)
        if quantity > original.remaining:
            raise OrderRefused(*TOO_FEW)
        return quantity
