"""The trading floor: accounts, books, and what happens to an order once it is booked, by market or by time."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Literal, NamedTuple

from stockdesk.simulator.account import Account
from stockdesk.simulator.book import Book
from stockdesk.simulator.hours import Hours
from stockdesk.simulator.mishaps import Mishaps
from stockdesk.simulator.money import fee, tax
from stockdesk.simulator.options import Options
from stockdesk.simulator.orders import Fill, Order
from stockdesk.simulator.prices import Price, Prices

What = Literal["accepted", "filled", "cancelled", "amended", "expired", "rejected"]


class Event(NamedTuple):
    """Something that the customer is told about. ``price`` in KRW; expired means the rest of an IOC or FOK."""

    what: What
    order: Order
    quantity: int
    price: int
    at: datetime


class Floor:
    """Matches and settles. It has no loop of its own: :meth:`keep_time` is called by whoever has one."""

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
        self.books: dict[str, Book] = {}
        self.clear()

    def clear(self) -> None:
        """No accounts, no orders; numbers start again."""
        for book in self.books.values():
            book.price.book = None
        self.accounts: dict[str, Account] = {}
        self.orders: dict[int, Order] = {}
        self.fills: list[Fill] = []
        self.books = {}

    def account(self, key: str) -> Account:
        """The account of an app key, opened when it is first asked for."""
        account = self.accounts.get(key)
        if account is None:
            account = self.accounts[key] = Account(key, self.options.cash)
        return account

    def symbols_at_work(self) -> Iterable[str]:
        return [symbol for symbol, book in self.books.items() if book.orders]

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
        if within and order.in_closing_auction and order.fillable and not price.still:
            self.fill(order, order.fillable, price.last)
        if order.remaining:
            self.take_off(order, order.remaining)

    # one order

    def start(self, order: Order, price: Price) -> None:
        """Let a booked order into the market, unless a mishap keeps it out."""
        if self.mishaps.strikes("order-rejected", order.key):
            order.rejected = order.quantity
            self.tell("rejected", order, order.quantity, order.price)
            return
        if self.mishaps.strikes("no-fill", order.key):
            order.most = 0
        elif switch := self.mishaps.strikes("part-fill", order.key):
            order.most = max(order.quantity * int(switch.value or 50) // 100, 1)
        book = self.books.get(order.symbol)
        if book is None:
            book = self.books[order.symbol] = Book(price, self.fill, self._rest_ends)
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
            self.fill(order, order.fillable, order.reach)

    def fill(self, order: Order, quantity: int, price: int) -> Fill:
        """Shares and cash change hands, and the customer is told."""
        amount = quantity * price
        kind = self.books[order.symbol].price.instrument.kind
        fill = Fill(
            serial=len(self.fills) + 1,
            order=order.number,
            key=order.key,
            symbol=order.symbol,
            side=order.side,
            quantity=quantity,
            price=price,
            fee=fee(amount),
            tax=tax(amount, kind) if order.side == "sell" else 0,
            at=self.options.now(),
        )
        order.filled += quantity
        order.filled_amount += amount
        order.fills.append(fill)
        self.fills.append(fill)
        self.account(order.key).book(fill)
        self.tell("filled", order, quantity, price)
        self._clear_away(order)
        return fill

    def _rest_ends(self, order: Order) -> None:
        """The rest of an IOC or FOK."""
        quantity = order.remaining
        self.take_off(order, quantity)
        self.tell("expired", order, quantity, 0)

    def take_off(self, order: Order, quantity: int) -> None:
        """Shares of an order are cancelled."""
        order.cancelled += quantity
        self._clear_away(order)

    def _clear_away(self, order: Order) -> None:
        """An order without a rest leaves the book."""
        working = self.account(order.key).working
        if not order.remaining and order.number in working:
            del working[order.number]
            self.books[order.symbol].remove(order)
            self.busy_changed()

    def tell(self, what: What, order: Order, quantity: int, price: int) -> None:
        self.announce(Event(what, order, quantity, price, self.options.now()))
