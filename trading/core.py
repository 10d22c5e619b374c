"""What the steps of trading share: the ports they work through, the facts they read, the one way to change a row."""

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Protocol

from trading import ledger
from trading.decisions import MAX_REFUSALS
from trading.ports import Broker, Changed, Lease, MarketData, Reader, Storage, Surroundings
from trading.states import State
from trading.values import ConditionView, Facts, Mode, Order, Refusal, kst_day

log = logging.getLogger(__name__)

SAY_AGAIN = timedelta(seconds=10)
"""How often the same refusal is counted."""


class Run(Protocol):
    """Calls a plain function where the database is at home."""

    def __call__(self, function: Callable[..., Any], /, *args: Any) -> Awaitable[Any]: ...


async def directly(function: Callable[..., Any], /, *args: Any) -> Any:
    return function(*args)


class Core:
    """One process's hold on the ledger of one account."""

    def __init__(
        self,
        *,
        storage: Storage,
        reader: Reader,
        broker: Broker,
        lease: Lease,
        surroundings: Callable[[], Surroundings],
        clock: Callable[[], datetime],
        run: Run = directly,
    ) -> None:
        self.storage = storage
        self.reader = reader
        self.broker = broker
        self.lease = lease
        self.surroundings = surroundings
        self.clock = clock
        self.run = run
        self.recovered_at: datetime | None = None
        self._said: dict[int, tuple[str, datetime]] = {}

    def save(self, before: Order, after: Order) -> Order:
        """Store a changed row. One that somebody else changed meanwhile is left as it is now."""
        if after == before:
            return before
        try:
            with self.storage.transaction():
                stored = self.storage.save(before, after)
                if after.state is State.REJECTED and before.state is not State.REJECTED:
                    self._count_refusals(stored)
                return stored
        except Changed:
            log.warning("Order %s was changed by somebody else", before.id)
            return self.storage.find(before.id) or before

    def _count_refusals(self, order: Order) -> None:
        """After three refusals in a row a condition is off until a person switches it on."""
        condition = self.storage.condition(order.condition_id) if order.condition_id is not None else None
        if condition is None or not condition.enabled:
            return
        past = self.storage.orders_of([condition])
        history = ledger.history_of(condition, past, today=kst_day(self.clock()), dry=False)
        if history.refusals >= MAX_REFUSALS:
            self.storage.switch_off(condition, f"refused {history.refusals} times: {order.reason}", self.clock())

    def facts(
        self,
        symbol: str,
        around: Surroundings,
        data: MarketData,
        orders: list[Order],
        condition: ConditionView | None,
        *,
        order_id: int = 0,
    ) -> Facts:
        """What the checks of one order look at; ``order_id`` is its row, where it has one already."""
        # Rows of another broker (paper, live) say nothing about this one.
        mode = around.setting.mode if around.setting is not None else None
        return Facts(
            now=self.clock(),
            desk=self.storage.desk(),
            lease_held=self.lease.held(),
            setting=around.setting,
            market=around.market,
            clock_skew=around.clock_skew,
            order_wait=around.order_wait,
            recovered_at=self.recovered_at,
            condition=condition,
            quote=data.quotes.get(symbol),
            balance=data.balance,
            holding=(data.holdings or {}).get(symbol),
            orders=tuple(order for order in orders if order.mode in (mode, Mode.DRY_RUN)),
            order_id=order_id,
            holdings_known=data.holdings is not None,
        )

    def say(self, refusal: Refusal, now: datetime) -> None:
        """Keep why not; the same again is counted now and then, not every second."""
        if refusal.condition_id is None:
            return
        code, at = self._said.get(refusal.condition_id, ("", now))
        if code != refusal.code or now - at >= SAY_AGAIN:
            self.storage.note_refusal(refusal, now)
            self._said[refusal.condition_id] = (refusal.code, now)
