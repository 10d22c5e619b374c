"""What leaves for the broker: one call at a time, by way of a committed row, its result stored before the next."""

import asyncio
import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from stockdesk.fence import LeaseLost
from stockdesk.kis.errors import KisError, NotSent, Refused
from stockdesk.kis.messages import OrderRequest, PriceRow, order_key
from trading import checks, ledger
from trading.core import Core
from trading.ledger import Attempt, Outcome
from trading.ports import Changed, MarketData, Surroundings
from trading.states import State
from trading.values import Facts, Order, QuoteView, Refusal, kst_day

ORDERS_APART = timedelta(seconds=1)
WAIT_WORTH_A_CHECK = timedelta(seconds=0.2)
"""With what the connection may take after it, no order leaves a second after the kill switch was pressed."""

log = logging.getLogger(__name__)


def inspected(quote: QuoteView, issue: PriceRow | None) -> QuoteView:
    """The quote with what the broker has just said of its issue; what it did not say is not known."""
    if issue is None:
        return replace(quote, single_price=None)
    return replace(
        quote,
        halted=quote.halted or issue.stopped,
        single_price=None if issue.stopped is None else issue.single_price,
        base_price=issue.base_price or quote.base_price,
        upper_limit=issue.upper_limit,
        lower_limit=issue.lower_limit,
    )


class Withheld(Exception):
    """A check said no after all, right before the POST. Nothing was sent; ``order`` is the row as it is now."""

    def __init__(self, order: Order) -> None:
        super().__init__(order.code)
        self.order = order


@dataclass(frozen=True, slots=True)
class Owed:
    """The result of a POST that is not stored yet."""

    order_id: int
    attempts: int
    attempt: Attempt
    cancel: bool


class Sender:
    """Sends orders and cancels. What it owes the ledger is paid before anything else leaves."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._trying = 0  # the row whose last POST surely never arrived: nobody but this process may send it again
        self._owed: list[Owed] = []
        self._posted_at: datetime | None = None
        self.waiting = False
        """Whether the last round had an order to send, sent or kept back for its second."""

    async def send_one(self) -> Order | None:
        """Send the oldest intent, or try again the one that surely did not arrive; at most one POST.

        Returns the row as it is afterwards, None where nothing was due.
        """
        if self._core.recovered_at is None:
            return None
        await self.pay()
        order: Order | None = await self._core.run(self._next_to_send)
        if order is None:
            return None
        confirmed: Order | None = None
        issue = await self._inspected(order.symbol)

        async def confirm() -> None:
            nonlocal confirmed
            confirmed = await self._confirm(order, issue)

        try:
            request = OrderRequest(order.symbol, order.side, order.quantity, order.price, order.division)
            result: Any = await self._core.broker.place(request, confirm=confirm)
        except Withheld as withheld:
            self._trying = 0
            return withheld.order
        except LeaseLost:
            raise
        except asyncio.CancelledError as exc:
            if confirmed is not None:
                await self._record(confirmed, ledger.judge(exc), cancel=False)
            raise
        except Exception as exc:
            if confirmed is None and isinstance(exc, ValueError | Refused):
                return await self._core.run(self._deny_unfit, order, exc)
            if confirmed is None and not isinstance(exc, NotSent):
                raise
            result = exc
        if confirmed is None:
            return None  # no slot, no token: nothing was tried, and the checks will be made anew
        self._posted_at = self._core.clock()
        return await self._record(confirmed, ledger.judge(result), cancel=False)

    def _deny_unfit(self, order: Order, exc: Exception) -> Order:
        """Our own client will not send it, now or ever: it must not keep the others waiting."""
        return self._deny(order, Refusal("unfit", f"It cannot be sent: {exc}"[:200]), self._core.clock())

    def _next_to_send(self) -> Order | None:
        now = self._core.clock()
        orders = self._core.storage.orders(kst_day(now))
        trying = None
        for order in orders:
            if order.state is not State.SENDING:
                continue
            if order.id == self._trying:
                trying = order
            else:
                # Its commit failed and was carried out all the same, or another process left it.
                self._core.save(order, ledger.unknown(order, now, reason="Nobody knows whether it was sent."))
        due = trying or next((order for order in orders if order.state is State.CREATED), None)
        self.waiting = due is not None
        return None if self._too_soon(orders, now) else due

    def _too_soon(self, orders: list[Order], now: datetime) -> bool:
        """Orders leave a second apart, cancels included, and over a restart too."""
        times = [order.sent_at for order in orders] + [order.cancel_sent_at for order in orders]
        times += [self._posted_at, self._core.recovered_at]
        # A time that has not come yet is from before the clock was set back: it would hold up cancels until then.
        return any(at is not None and timedelta(0) <= now - at < ORDERS_APART for at in times)

    async def _inspected(self, symbol: str) -> PriceRow | None:
        """What the broker says of the issue right before an order for it; None where it does not tell in time.

        No stream of ours carries VI, and a tick says nothing of a halt that began after it.
        """
        try:
            return await self._core.broker.inspect(symbol)
        except (KisError, ValueError) as exc:  # or what our client takes for no symbol
            log.warning("%s could not be looked at before its order: %s", symbol, exc)
            return None

    async def _confirm(self, order: Order, issue: PriceRow | None) -> Order:
        """All checks once more, on what is true now, and then the commit without which nothing leaves."""
        confirmed: Order = await self._core.run(self._commit_sending, order, issue, self._core.surroundings())
        assert confirmed.sent_at is not None
        if self._core.clock() - confirmed.sent_at > WAIT_WORTH_A_CHECK:
            await self._core.run(self._check_again, confirmed, issue, self._core.surroundings())
        if not self._core.lease.held():
            raise LeaseLost("the lease ran out before the order left")
        return confirmed

    def _commit_sending(self, order: Order, issue: PriceRow | None, around: Surroundings) -> Order:
        order, facts = self._look_again(order, issue, around)
        refusal = checks.first_refusal(order, facts)
        if refusal is None and checks.effective_mode(facts) is not order.mode:
            refusal = Refusal("mode_changed", "The desk's mode was changed.")
        if refusal is None and (
            facts.now - order.created_at > ledger.MAX_INTENT_AGE
            # The broker books it under its own date, and no list of the row's day would ever show it.
            or order.ordered_on != kst_day(facts.now)
        ):
            refusal = Refusal("too_old", "It waited too long to be sent.")
        if refusal is not None:
            raise Withheld(self._deny(order, refusal, facts.now))
        quote, balance = facts.quote, facts.balance
        assert quote is not None
        assert balance is not None
        cancel_after = facts.condition.cancel_after if facts.condition is not None else None
        after = ledger.sending(order, facts.now, cancel_after=cancel_after)
        return self._core.storage.save(
            order,
            replace(after, quote_price=quote.last_price, quote_at=quote.received_at, assets_at=balance.asked_at),
        )

    def _check_again(self, order: Order, issue: PriceRow | None, around: Surroundings) -> None:
        order, facts = self._look_again(order, issue, around)
        refusal = checks.first_refusal(order, facts, checks.CHEAP)
        if refusal is not None:
            raise Withheld(self._deny(order, refusal, facts.now))

    def _look_again(self, order: Order, issue: PriceRow | None, around: Surroundings) -> tuple[Order, Facts]:
        current = self._core.storage.find(order.id)
        if current is None or current.version != order.version:
            raise Withheld(current or order)
        data = self._core.reader.market_data([order.symbol])
        data = replace(data, quotes={symbol: inspected(quote, issue) for symbol, quote in data.quotes.items()})
        condition = self._core.storage.condition(order.condition_id) if order.condition_id is not None else None
        orders = self._core.storage.orders(kst_day(self._core.clock()))
        return current, self._core.facts(order.symbol, around, data, orders, condition, order_id=order.id)

    def _deny(self, order: Order, refusal: Refusal, now: datetime) -> Order:
        self._core.say(refusal, now)
        return self._core.save(order, ledger.deny(order, now, refusal.code, refusal.text))

    async def cancel_one(self) -> Order | None:
        """Ask the broker to cancel the first order that is due for it: its time is over, or somebody said so."""
        await self.pay()
        order: Order | None = await self._core.run(self._next_to_cancel)
        if order is None:
            return None
        confirmed: Order | None = None

        async def confirm() -> None:
            nonlocal confirmed
            confirmed = await self._core.run(self._commit_cancelling, order, self._core.surroundings())
            if not self._core.lease.held():
                raise LeaseLost("the lease ran out before the cancel left")

        try:
            result: Any = await self._core.broker.cancel(
                order.order_no, order.branch_no, division=order.division, confirm=confirm
            )
        except Withheld as withheld:
            return withheld.order
        except LeaseLost:
            raise
        except asyncio.CancelledError as exc:
            if confirmed is not None:
                await self._record(confirmed, ledger.judge(exc), cancel=True)
            raise
        except Exception as exc:
            if confirmed is None and not isinstance(exc, NotSent):
                raise
            result = exc
        if confirmed is None:
            return None
        self._posted_at = self._core.clock()
        return await self._record(confirmed, ledger.judge(result), cancel=True)

    def _next_to_cancel(self) -> Order | None:
        now, desk, setting = self._core.clock(), self._core.storage.desk(), self._core.surroundings().setting
        orders = self._core.storage.orders(kst_day(now))
        if self._too_soon(orders, now) or setting is None:
            return None
        ours = [order for order in orders if order.mode is setting.mode and order.order_no]
        return ledger.next_to_cancel(ours, desk, now)

    def _commit_cancelling(self, order: Order, around: Surroundings) -> Order:
        current = self._core.storage.find(order.id)
        if current is None or current.version != order.version:
            raise Withheld(current or order)
        facts = self._core.facts(order.symbol, around, MarketData(), [], None, order_id=order.id)
        if checks.cancel_refusal(current, facts) is not None:
            raise Withheld(current)
        swept = ledger.is_swept(current, facts.desk, facts.now)
        # A full stop has its own tries, however many a cancel before it has used up.
        fresh = ledger.cancel_anew(current) if swept else current
        try:
            return self._core.storage.save(current, ledger.cancelling(fresh, facts.now))
        except Changed:
            raise Withheld(current) from None  # somebody pressed the button at this moment: the next step sees it

    async def _record(self, order: Order, attempt: Attempt, *, cancel: bool) -> Order | None:
        self._owed.append(Owed(order.id, order.cancel_attempts if cancel else order.attempts, attempt, cancel))
        return await self.pay()

    async def pay(self) -> Order | None:
        """Store the results that are not stored yet; a database that fails here is owed them until it works."""
        order = None
        while self._owed:
            order = await self._core.run(self._store_result, self._owed[0])
            self._owed.pop(0)
        return order

    def _store_result(self, owed: Owed) -> Order | None:
        now, order = self._core.clock(), self._core.storage.find(owed.order_id)
        if order is None:
            return None
        if owed.cancel:
            if order.state is State.CANCELLING and order.cancel_attempts == owed.attempts:
                return self._core.save(order, ledger.after_cancel(order, owed.attempt, now))
            return order
        self._trying = 0
        if order.state is not State.SENDING or order.attempts != owed.attempts:
            return order
        after = ledger.after_attempt(order, self._own_number(order, owed.attempt), now)
        after = self._core.save(order, after)
        if after.state is State.SENDING:
            self._trying = after.id
        return after

    def _own_number(self, order: Order, attempt: Attempt) -> Attempt:
        """An order number that another row has is no answer to this one."""
        key = order_key(attempt.order_no)
        rows = self._core.storage.orders(order.ordered_on) if key else []
        taken = any(
            order_key(r.order_no) == key and r.ordered_on == order.ordered_on and r.id != order.id for r in rows
        )
        return Attempt(Outcome.UNKNOWN, text="answered with another order's number") if taken else attempt
