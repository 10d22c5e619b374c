"""The hand on the exchange: accounts, orders and fills, as the control API and the tests use them."""

from collections.abc import Iterable
from typing import Any

from stockdesk.simulator.account import Account
from stockdesk.simulator.credentials import Credentials
from stockdesk.simulator.exchange import Exchange, Source
from stockdesk.simulator.orders import NewOrder, OrderRefused, Side
from stockdesk.simulator.posts import Posts
from stockdesk.simulator.thread_hop import InLoop, in_loop

Key = int | str
BY_HAND = Source(manual=True)


class ExchangeControl(InLoop):
    """Looks at and meddles with what the customers own and ordered. Nobody's account number is shown."""

    def __init__(self, exchange: Exchange, posts: Posts, credentials: Credentials) -> None:
        super().__init__()
        self.exchange = exchange
        self.posts = posts
        self.credentials = credentials

    # looking

    @in_loop
    def posts_seen(self, last: int = 1000) -> dict[str, Any]:
        """The last POSTs of orders and what became of them, and per key how close together they came."""
        return {"posts": self.posts.shown(last), "by_key": self.posts.summary()}

    @in_loop
    def orders(self, key: Key | None = None) -> list[dict[str, Any]]:
        """Every order number given so far, cancels and amendments too, with what was filled and cancelled."""
        self.exchange.keep_time()
        return [order.shown() for order in self._of(key, self.exchange.orders.values())]

    @in_loop
    def fills(self, key: Key | None = None) -> list[dict[str, Any]]:
        """Every fill so far, in order, with its fee and tax."""
        return [fill.shown() for fill in self._of(key, self.exchange.fills)]

    @in_loop
    def accounts(self) -> dict[str, dict[str, Any]]:
        """Cash, holdings and working orders by the id of the app key; ``difference`` is 0 as long as all adds up."""
        self.exchange.keep_time()
        return {key: account.shown() for key, account in self.exchange.accounts.items()}

    @in_loop
    def account(self, key: Key = 1) -> dict[str, Any]:
        """The account of one key."""
        return self._account(key).shown()

    # meddling

    @in_loop
    def set_cash(self, cash: int, key: Key = 1) -> None:
        """Let the account of `key` have this much `cash`, KRW; not less than its working buys hold back."""
        account = self._account(key)
        if type(cash) is not int or cash < account.cash - account.orderable_cash:
            raise ValueError("cash is a whole number that covers the working buys")
        account.set_cash(cash)

    @in_loop
    def set_holding(self, symbol: str, quantity: int, price: int | None = None, key: Key = 1) -> None:
        """Let the account hold `quantity` shares of `symbol`, bought at `price` (the last one)."""
        account, market = self._account(key), self.exchange.prices.get(symbol)
        if market is None:
            raise ValueError(f"no symbol {symbol} in this world")
        price = market.last if price is None else price
        if type(quantity) is not int or type(price) is not int or quantity < account.selling(symbol) or price < 0:
            raise ValueError("quantity covers the working sells, price is not below 0")
        account.set_holding(symbol, quantity, quantity * price)

    @in_loop
    def order(
        self, symbol: str, side: Side, quantity: int, price: int = 0, division: str | None = None, key: Key = 1
    ) -> int:
        """An order by hand, as if placed in the HTS; without a `price` at the market. Returns its number."""
        division = division or ("00" if price else "01")
        if side not in ("buy", "sell"):
            raise ValueError("side is buy or sell")
        wanted = NewOrder(symbol, side, int(quantity), int(price), division)
        try:
            return self.exchange.place(self._account(key).key, wanted, BY_HAND).number
        except OrderRefused as exc:
            raise ValueError(str(exc)) from None

    @in_loop
    def cancel(self, order_no: int, quantity: int | None = None) -> int:
        """Cancel an order by hand, all that is left of it or `quantity`. Returns the number of the cancel."""
        order = self.exchange.orders.get(int(order_no))
        if order is None:
            raise ValueError(f"no order {order_no}")
        try:
            return self.exchange.cancel(order.key, order.number, quantity, BY_HAND).number
        except OrderRefused as exc:
            raise ValueError(str(exc)) from None

    @in_loop
    def fill(self, order_no: int, quantity: int | None = None, price: int | None = None) -> int:
        """Fill a working order now, all of it or `quantity`, at its own or a better `price`. Returns what is left."""
        self.exchange.force_fill(int(order_no), quantity, price)
        return self.exchange.orders[int(order_no)].remaining

    def _account(self, key: Key) -> Account:
        return self.exchange.account(self.credentials.find(key))

    def _of(self, key: Key | None, rows: Iterable[Any]) -> list[Any]:
        identity = None if key is None else self.credentials.find(key)
        return [row for row in rows if identity in (None, row.key)]
