"""The exchange: accounts, order numbers, books, and everything that happens to an order."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Literal, NamedTuple

from stockdesk.simulator.account import Account
from stockdesk.simulator.book import Book
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
from stockdesk.simulator.hours import Hours
from stockdesk.simulator.mishaps import Mishaps
from stockdesk.simulator.money import fee, tax
from stockdesk.simulator.options import Options
from stockdesk.simulator.orders import Fill, NewOrder, Order, OrderRefused
from stockdesk.simulator.prices import Price, Prices

FIRST_NUMBER = 11_111

What = Literal["accepted", "filled", "cancelled", "amended", "expired", "rejected"]


class Event(NamedTuple):
    """Something that the customer is told about. ``price`` in KRW; expired means the rest of an IOC or FOK."""

    account_no: str
    what: What
    order: Order
    quantity: int
    price: int
    at: datetime


class Exchange:
    """Books, matches and settles. It has no loop of its own: :meth:`keep_time` is called by whoever has one."""

    def __init__(
        self,
        prices: Prices,
        mishaps: Mishaps,
        options: Options,
        announce: Callable[[Event], None],
        busy_changed: Callable[[], None] = lambda: None,
    ) -> None:
        self.prices = prices
        self.mishaps = mishaps
        self.options = options
        self.hours = Hours(options)
        self.announce = announce
        self.busy_changed = busy_changed  # other symbols have working orders than before
        self.clear()

    def clear(self) -> None:
        """No accounts, no orders; numbers start again."""
        for book in getattr(self, "books", {}).values():
            book.price.book = None
        self.accounts: dict[str, Account] = {}
        self.orders: dict[int, Order] = {}
        self.fills: list[Fill] = []
        self.books: dict[str, Book] = {}

    def account(self, key: str) -> Account:
        """The account of an app key, opened when it is first asked for."""
        account = self.accounts.get(key)
        if account is None:
            account = self.accounts[key] = Account(key, self.options.cash)
        return account

    def symbols_at_work(self) -> Iterable[str]:
        return [symbol for symbol, book in self.books.items() if book.orders]

    # orders

    def place(
        self, key: str, wanted: NewOrder, *, mock: bool = False, manual: bool = False, post: int | None = None
    ) -> Order:
        """Check, book and match a new order; raises OrderRefused."""
        now = self.keep_time()
        price = check_market(wanted, self.prices.get(wanted.symbol), self.hours, now, mock)
        reach = price_of(wanted, price)
        check_means(self.account(key), wanted, reach)
        order = self._book(key, wanted, reach, now)
        order.manual, order.post = manual, post
        self._tell("accepted", order, order.quantity, order.price)
        self._start(order, price)
        return order

    def cancel(
        self,
        key: str,
        number: int,
        quantity: int | None = None,
        *,
        mock: bool = False,
        manual: bool = False,
        post: int | None = None,
    ) -> Order:
        """Take ``quantity`` shares (all that are left) of an order off the book; the cancel is an order of its own."""
        now = self.keep_time()
        original = self._original(key, number, mock, now)
        quantity = self._part(original, quantity)
        cancel = self._follow(original, "cancel", quantity, 0, original.division, now, manual, post)
        cancel.cancelled = quantity
        self._take_off(original, quantity)
        self._tell("cancelled", cancel, quantity, 0)
        return cancel

    def amend(
        self,
        key: str,
        number: int,
        price: int,
        division: str,
        quantity: int | None = None,
        *,
        mock: bool = False,
        manual: bool = False,
        post: int | None = None,
    ) -> Order:
        """Put ``quantity`` shares (all that are left) of an order at another price, at the end of the queue."""
        now = self.keep_time()
        original = self._original(key, number, mock, now)
        quantity = self._part(original, quantity)
        wanted = NewOrder(original.symbol, original.side, quantity, price, division, original.venue)
        market = check_market(wanted, self.prices.get(original.symbol), self.hours, now, mock)
        reach = price_of(wanted, market)
        freed = original.reserve - original.reserve_of(original.remaining - quantity)
        check_means(self.account(key), wanted, reach, freed, quantity)
        order = self._follow(original, "amend", quantity, price, division, now, manual, post)
        order.reach = reach
        self._take_off(original, quantity)
        self._tell("amended", order, quantity, price)
        self._start(order, market)
        return order

    def force_fill(self, number: int, quantity: int | None = None, price: int | None = None) -> Fill:
        """Fill a working order now, whatever the market does; raises ValueError."""
        order = self.orders.get(number)
        if order is None or order.kind == "cancel" or not order.remaining:
            raise ValueError(f"no working order {number}")
        quantity = order.remaining if quantity is None else quantity
        market = self.prices.get(order.symbol)
        if price is None:
            price = market.last if market and order.rules.pricing == "market" else order.reach
        worse = price > order.reach if order.side == "buy" else price < order.reach
        if not 0 < quantity <= order.remaining or price <= 0 or worse:
            raise ValueError("quantity and price must lie within the order")
        return self._fill(order, quantity, price)

    # time

    def keep_time(self) -> datetime:
        """Let the clock have its effects: calls and VI that ended are matched, orders that are over leave."""
        now = self.options.now()
        for account in self.accounts.values():
            for order in list(account.working.values()):
                if now >= order.ends_at:
                    self._end_of_session(order)
                elif order.waiting:
                    self._wait_is_over(order, now)
        return now

    def _wait_is_over(self, order: Order, now: datetime) -> None:
        book = self.books[order.symbol]
        how = self.hours.how(order.venue, order.division, now)
        if how in (None, "call") or book.price.still:
            return
        order.waiting = False
        self._match(order, book, how == "fixed")

    def _end_of_session(self, order: Order) -> None:
        """The closing auction for what waited for it; the rest is cancelled by the exchange, without a notice."""
        price = self.books[order.symbol].price
        within = order.reach >= price.last if order.side == "buy" else order.reach <= price.last
        in_auction = order.venue != "NXT" and order.rules.pricing in ("limit", "market") and order.ends_at.hour == 15
        if in_auction and within and not order.asleep and order.fillable and not price.still:
            self._fill(order, order.fillable, price.last)
        if order.remaining:
            self._take_off(order, order.remaining)

    # one order

    def _book(self, key: str, wanted: NewOrder, reach: int, now: datetime) -> Order:
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
            reach=reach,
            stop_price=wanted.stop_price,
        )
        order.asleep = order.rules.stop
        self.orders[order.number] = order
        return order

    def _follow(
        self,
        original: Order,
        kind: Literal["amend", "cancel"],
        quantity: int,
        price: int,
        division: str,
        now: datetime,
        manual: bool,
        post: int | None,
    ) -> Order:
        wanted = NewOrder(original.symbol, original.side, quantity, price, division, original.venue)
        order = self._book(original.key, wanted, original.reach, now)
        order.kind, order.original, order.asleep = kind, original.number, False
        order.manual, order.post, order.most = manual, post, original.most
        return order

    def _original(self, key: str, number: int, mock: bool, now: datetime) -> Order:
        """The order that a cancel or an amendment is about; raises OrderRefused."""
        order = self.orders.get(number)
        if order is None or order.key != key or order.at.date() != now.date():
            raise OrderRefused(*NO_ORIGINAL)
        if order.kind == "cancel" or not order.remaining:
            raise OrderRefused(*(NOTHING_LEFT_MOCK if mock else NOTHING_LEFT))
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

    def _start(self, order: Order, price: Price) -> None:
        """Let a booked order into the market, unless a mishap keeps it out."""
        if self.mishaps.strikes("order-rejected", order.key):
            order.rejected = order.quantity
            self._tell("rejected", order, order.quantity, order.price)
            return
        if self.mishaps.strikes("no-fill", order.key):
            order.most = 0
        elif switch := self.mishaps.strikes("part-fill", order.key):
            order.most = max(order.quantity * int(switch.value or 50) // 100, 1)
        book = self.books.get(order.symbol)
        if book is None:
            book = self.books[order.symbol] = Book(price, self._fill, self._end)
        self.account(order.key).working[order.number] = order
        book.add(order)
        self.busy_changed()
        how = self.hours.how(order.venue, order.division, self.options.now())
        order.waiting = how == "call" or price.still
        if not order.waiting:
            self._match(order, book, how == "fixed")

    def _match(self, order: Order, book: Book, fixed: bool) -> None:
        if not fixed:
            book.arrive(order)
        elif order.fillable:
            self._fill(order, order.fillable, order.reach)

    def _fill(self, order: Order, quantity: int, price: int) -> Fill:
        amount = quantity * price
        kind = self.books[order.symbol].price.instrument.kind
        now = self.options.now()
        owed = tax(amount, kind) if order.side == "sell" else 0
        fill = Fill(
            len(self.fills) + 1, order.number, order.key, order.symbol, order.side, quantity, price, fee(amount), owed,
            now,
        )  # fmt: skip
        order.filled += quantity
        order.filled_amount += amount
        order.fills.append(fill)
        self.fills.append(fill)
        self.account(order.key).book(fill)
        self._tell("filled", order, quantity, price)
        self._clear_away(order)
        return fill

    def _end(self, order: Order) -> None:
        """The rest of an IOC or FOK."""
        quantity = order.remaining
        self._take_off(order, quantity)
        self._tell("expired", order, quantity, 0)

    def _take_off(self, order: Order, quantity: int) -> None:
        order.cancelled += quantity
        self._clear_away(order)

    def _clear_away(self, order: Order) -> None:
        """An order without a rest leaves the book."""
        working = self.account(order.key).working
        if not order.remaining and order.number in working:
            del working[order.number]
            self.books[order.symbol].remove(order)
            self.busy_changed()

    def _tell(self, what: What, order: Order, quantity: int, price: int) -> None:
        number = self.account(order.key).number
        self.announce(Event(number, what, order, quantity, price, self.options.now()))
