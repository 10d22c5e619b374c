"""What the engine is given: a place for its rows, a view of the market, a broker. Tests give it others."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from stockdesk.kis.messages import OrderAck, OrderList, OrderRequest, PriceRow
from trading.values import (
    BalanceView,
    ConditionView,
    DeskView,
    Fill,
    HoldingView,
    Listed,
    MarketView,
    Notice,
    Order,
    QuoteView,
    Refusal,
    Setting,
)

Confirm = Callable[[], Awaitable[object]]


class Changed(Exception):
    """The row is no longer as it was read; nothing was written."""


class Storage(Protocol):
    """The ledger's rows. Every write is a short transaction of its own, or part of an open ``transaction()``.

    A process whose lease is past writes nothing: `stockdesk.fence.LeaseLost`.
    """

    def transaction(self) -> AbstractContextManager[None]:
        """What is written inside is there as a whole or not at all; left without an exception, it is committed."""

    def desk(self) -> DeskView | None: ...

    def conditions(self) -> list[ConditionView]:
        """Every condition, in the order in which they are to be decided, without their history."""

    def condition(self, condition_id: int) -> ConditionView | None: ...

    def orders(self, day: date) -> list[Order]:
        """The rows of that day and every row that has not ended, oldest first."""

    def orders_of(self, conditions: Sequence[ConditionView]) -> list[Order]:
        """The rows of these conditions since each was armed, and those not ended, oldest first."""

    def find(self, order_id: int) -> Order | None: ...

    def add(self, order: Order) -> Order | None:
        """Store a new row; None where its intent key is there already."""

    def save(self, before: Order, after: Order) -> Order:
        """Replace ``before`` by ``after``; Changed where the row is not as ``before`` any more."""

    def note_fill(self, fill: Fill) -> None:
        """Store a total; one that is stored never falls."""

    def note_listed(self, day: date, orders: Sequence[Listed], now: datetime) -> None:
        """Keep the broker's complete list of a day in place of the one before."""

    def note_refusal(self, refusal: Refusal, now: datetime) -> None:
        """One row for a condition, a code and a day, counted."""

    def note_best(self, condition: ConditionView) -> None:
        """Keep the best price, unless the condition was changed meanwhile."""

    def switch_off(self, condition: ConditionView, reason: str, now: datetime) -> None:
        """Switch the condition off until a person switches it on, unless it was changed meanwhile."""


@dataclass(frozen=True, slots=True)
class MarketData:
    """Prices and the account, read together. ``holdings`` is None where they are not known: that is not "none"."""

    quotes: Mapping[str, QuoteView] = field(default_factory=dict)
    holdings: Mapping[str, HoldingView] | None = None
    balance: BalanceView | None = None


class Reader(Protocol):
    """Reads what others keep; it never writes."""

    def market_data(self, symbols: Sequence[str]) -> MarketData: ...

    def notices(self, day: date) -> list[Notice]:
        """The day's execution notices of our own account, in the order they came."""


class Broker(Protocol):
    """`stockdesk.kis.orders.OrderClient`, as far as the engine asks.

    ``confirm`` is awaited when token and slot are at hand, right before the POST leaves; what it raises comes out
    as it is, and nothing was sent.
    """

    async def place(self, order: OrderRequest, *, confirm: Confirm | None = None) -> OrderAck: ...

    async def cancel(
        self, order_no: str, branch_no: str, *, division: str = "00", confirm: Confirm | None = None
    ) -> OrderAck: ...

    async def orders_of(self, day: date) -> OrderList: ...

    async def inspect(self, symbol: str) -> PriceRow: ...


class Lease(Protocol):
    def held(self) -> bool:
        """True while no other copy can have taken over, by this machine's own clock."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the daemon knows and no table of ours tells."""

    setting: Setting | None
    market: MarketView | None
    clock_skew: float | None
    order_wait: float | None
