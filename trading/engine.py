"""The steps of trading, one call each; whoever runs them decides when. Nothing here sleeps.

Between two steps everything that matters is in the storage: a process may end anywhere, and the next one starts
with `recover`. Every POST goes by way of a committed row, and its result is stored before anything else is sent.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from stockdesk.fence import LeaseLost
from stockdesk.kis.errors import KisError, NotSent
from stockdesk.kis.messages import OrderList, OrderRequest, order_key
from trading import checks, ledger
from trading.decisions import MAX_REFUSALS, best_prices, decide
from trading.ledger import Attempt, Outcome
from trading.matching import Findings, LookUp, reconcile
from trading.ports import Broker, Changed, Lease, MarketData, Reader, Storage, Surroundings
from trading.states import HOLDING, WORKING, State
from trading.views import ConditionView, Facts, Intent, Mode, Order, Refusal, Source, Stop, kst_day

log = logging.getLogger(__name__)

ORDERS_APART = timedelta(seconds=1)
WAIT_WORTH_A_CHECK = timedelta(seconds=1)
LOOK_APART = timedelta(seconds=1)
LOOK_WORKING = timedelta(seconds=2)
LOOK_IDLE = timedelta(seconds=10)
"""How soon an order made elsewhere is noticed while nothing of ours works."""
SAY_AGAIN = timedelta(seconds=10)
"""How often the same refusal is counted."""


class Run(Protocol):
    """Calls a plain function where the database is at home."""

    def __call__(self, function: Callable[..., Any], /, *args: Any) -> Awaitable[Any]: ...


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


async def directly(function: Callable[..., Any], /, *args: Any) -> Any:
    return function(*args)


class Engine:
    """One account's trading. ``clock`` gives aware times; ``run`` takes the storage's calls to its thread.

    The steps are called one after the other, never two at once.
    """

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
        self.recovered_at: datetime | None = None
        self._storage = storage
        self._reader = reader
        self._broker = broker
        self._lease = lease
        self._surroundings = surroundings
        self._clock = clock
        self._run = run
        self._swept = False
        self._trying = 0  # the row whose last POST surely never arrived: nobody but this process may send it again
        self._owed: list[Owed] = []
        self._posted_at: datetime | None = None
        self._looked: dict[date, datetime] = {}
        self._said: dict[int, tuple[str, datetime]] = {}

    # -- start ---------------------------------------------------------------------------------------------------

    async def recover(self) -> bool:
        """Take up what an earlier process left. False where the broker did not tell all: call again later.

        Nothing is decided or sent before this has succeeded.
        """
        if not self._swept:
            await self._run(self._sweep)
            self._swept = True
        setting, today = self._surroundings().setting, kst_day(self._clock())
        if setting is None:
            return False
        if setting.mode is not Mode.DRY_RUN:
            last = self._looked.get(today)
            if (last is not None and self._clock() - last < LOOK_APART) or not await self._look(today, setting.mode):
                return False
        self.recovered_at = self._clock()
        return True

    def _sweep(self) -> None:
        now = self._clock()
        for order in self._storage.orders(kst_day(now)):
            self._save(order, ledger.found_at_start(order, now))

    # -- deciding ------------------------------------------------------------------------------------------------

    async def decide(self) -> list[Order]:
        """One round over all conditions; returns the rows it made. They are sent by `send_one`, one a second."""
        if self.recovered_at is None:
            return []
        made: list[Order] = await self._run(self._decide, self._surroundings())
        return made

    def _decide(self, around: Surroundings) -> list[Order]:
        now, desk = self._clock(), self._storage.desk()
        if desk is None or around.setting is None:
            return []
        conditions = self._storage.conditions()
        data = self._reader.market_data(sorted({condition.symbol for condition in conditions}))
        better = {condition.id: condition for condition in best_prices(conditions, data.quotes, now)}
        for condition in better.values():
            self._storage.note_best(condition)
        past = self._storage.orders_of(conditions)
        dry = Mode.DRY_RUN in (desk.mode, around.setting.mode)
        views = {
            condition.id: replace(
                better.get(condition.id, condition), history=ledger.history_of(condition, past, dry=dry)
            )
            for condition in conditions
        }
        orders = self._storage.orders(kst_day(now))
        made: list[Order] = []
        answers = decide(list(views.values()), data.quotes, data.holdings or {}, data.balance, desk, now)
        for answer in answers:
            if isinstance(answer, Intent):
                condition = views[answer.condition_id or 0]
                facts = self._facts(answer.symbol, around, data, [*orders, *made], condition)
                order = self._create(answer, facts)
                made += [order] if order is not None else []
            else:
                self._say(answer, now)
        return made

    def _create(self, intent: Intent, facts: Facts) -> Order | None:
        refusal = checks.first_refusal(intent, facts)
        if refusal is not None:
            self._say(replace(refusal, seen={**refusal.seen, **_seen(intent)}), facts.now)
            return None
        mode = checks.effective_mode(facts)
        assert mode is not None
        order = ledger.new_order(intent, mode, facts.now)
        if mode is not Mode.DRY_RUN:
            return self._storage.add(order)
        # A dry run does everything but this: the row says what would have been sent.
        dry = ledger.moved(order, State.DENIED, facts.now, code="dry_run", reason=f"Dry run: {order.reason}")
        self._storage.add(dry)
        return None

    def _say(self, refusal: Refusal, now: datetime) -> None:
        """Keep why not; the same again is counted now and then, not every second."""
        if refusal.condition_id is None:
            return
        code, at = self._said.get(refusal.condition_id, ("", now))
        if code != refusal.code or now - at >= SAY_AGAIN:
            self._storage.note_refusal(refusal, now)
            self._said[refusal.condition_id] = (refusal.code, now)

    # -- sending -------------------------------------------------------------------------------------------------

    async def send_one(self) -> Order | None:
        """Send the oldest intent, or try again the one that surely did not arrive; at most one POST.

        Returns the row as it is afterwards, None where nothing was due.
        """
        if self.recovered_at is None:
            return None
        await self._pay()
        order: Order | None = await self._run(self._next_to_send)
        if order is None:
            return None
        request = OrderRequest(order.symbol, order.side, order.quantity, order.price, order.division)
        confirmed: Order | None = None

        async def confirm() -> None:
            nonlocal confirmed
            confirmed = await self._confirm(order)

        try:
            result: Any = await self._broker.place(request, confirm=confirm)
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
            if confirmed is None and not isinstance(exc, NotSent):
                raise
            result = exc
        if confirmed is None:
            return None  # no slot, no token: nothing was tried, and the checks will be made anew
        self._posted_at = self._clock()
        return await self._record(confirmed, ledger.judge(result), cancel=False)

    def _next_to_send(self) -> Order | None:
        now = self._clock()
        orders = self._storage.orders(kst_day(now))
        trying = None
        for order in orders:
            if order.state is not State.SENDING:
                continue
            if order.id == self._trying:
                trying = order
            else:
                # Its commit failed and was carried out all the same, or another process left it.
                self._save(order, ledger.unknown(order, now, reason="Nobody knows whether it was sent."))
        if self._too_soon(orders, now):
            return None
        return trying or next((order for order in orders if order.state is State.CREATED), None)

    def _too_soon(self, orders: list[Order], now: datetime) -> bool:
        """Orders leave a second apart, cancels included, and over a restart too."""
        times = [order.sent_at for order in orders] + [order.cancel_sent_at for order in orders]
        times += [self._posted_at, self.recovered_at]
        last = max((at for at in times if at is not None), default=None)
        return last is not None and now < last + ORDERS_APART

    async def _confirm(self, order: Order) -> Order:
        """All checks once more, on what is true now, and then the commit without which nothing leaves."""
        confirmed: Order = await self._run(self._commit_sending, order, self._surroundings())
        assert confirmed.sent_at is not None
        if self._clock() - confirmed.sent_at > WAIT_WORTH_A_CHECK:
            await self._run(self._check_again, confirmed, self._surroundings())
        if not self._lease.held():
            raise LeaseLost("the lease ran out before the order left")
        return confirmed

    def _commit_sending(self, order: Order, around: Surroundings) -> Order:
        order, facts = self._look_again(order, around)
        refusal = checks.first_refusal(order, facts)
        if refusal is None and checks.effective_mode(facts) is not order.mode:
            refusal = Refusal("mode_changed", "The desk's mode was changed.")
        if refusal is None and facts.now - order.created_at > ledger.MAX_INTENT_AGE:
            refusal = Refusal("too_old", "It waited too long to be sent.")
        if refusal is not None:
            raise Withheld(self._deny(order, refusal, facts.now))
        quote, balance = facts.quote, facts.balance
        assert quote is not None
        assert balance is not None
        cancel_after = facts.condition.cancel_after if facts.condition is not None else None
        after = ledger.sending(order, facts.now, cancel_after=cancel_after)
        return self._storage.save(
            order,
            replace(
                after, quote_price=quote.last_price, quote_at=quote.received_at, assets_at=balance.asked_at
            ),
        )  # fmt: skip

    def _check_again(self, order: Order, around: Surroundings) -> None:
        order, facts = self._look_again(order, around)
        refusal = checks.first_refusal(order, facts, checks.CHEAP)
        if refusal is not None:
            raise Withheld(self._deny(order, refusal, facts.now))

    def _look_again(self, order: Order, around: Surroundings) -> tuple[Order, Facts]:
        current = self._storage.find(order.id)
        if current is None or current.version != order.version:
            raise Withheld(current or order)
        data = self._reader.market_data([order.symbol])
        condition = self._storage.condition(order.condition_id) if order.condition_id is not None else None
        orders = self._storage.orders(kst_day(self._clock()))
        return current, self._facts(order.symbol, around, data, orders, condition, order_id=order.id)

    def _deny(self, order: Order, refusal: Refusal, now: datetime) -> Order:
        self._say(refusal, now)
        return self._save(order, ledger.deny(order, now, refusal.code, refusal.text))

    # -- cancelling ----------------------------------------------------------------------------------------------

    async def cancel_one(self) -> Order | None:
        """Ask the broker to cancel the first order that is due for it: its time is over, or somebody said so."""
        await self._pay()
        order: Order | None = await self._run(self._next_to_cancel)
        if order is None:
            return None
        confirmed: Order | None = None

        async def confirm() -> None:
            nonlocal confirmed
            confirmed = await self._run(self._commit_cancelling, order, self._surroundings())
            if not self._lease.held():
                raise LeaseLost("the lease ran out before the cancel left")

        try:
            result: Any = await self._broker.cancel(order.order_no, order.branch_no, confirm=confirm)
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
        self._posted_at = self._clock()
        return await self._record(confirmed, ledger.judge(result), cancel=True)

    def _next_to_cancel(self) -> Order | None:
        now, desk, setting = self._clock(), self._storage.desk(), self._surroundings().setting
        orders = self._storage.orders(kst_day(now))
        if self._too_soon(orders, now) or setting is None:
            return None
        full_stop = desk is not None and desk.stop is Stop.FULL
        for order in orders:
            if order.mode is not setting.mode or order.state not in (State.ACCEPTED, State.PARTIAL):
                continue
            waiting = order.cancel_at is not None and order.cancel_at > now
            swept = full_stop and order.source is not Source.EXTERNAL and not order.cancel_attempts and not waiting
            if order.order_no and (swept or ledger.cancel_is_due(order, now)):
                return order
        return None

    def _commit_cancelling(self, order: Order, around: Surroundings) -> Order:
        current = self._storage.find(order.id)
        if current is None or current.version != order.version:
            raise Withheld(current or order)
        facts = self._facts(order.symbol, around, MarketData(), [], None, order_id=order.id)
        if checks.cancel_refusal(current, facts) is not None:
            raise Withheld(current)
        return self._storage.save(current, ledger.cancelling(current, facts.now))

    # -- results -------------------------------------------------------------------------------------------------

    async def _record(self, order: Order, attempt: Attempt, *, cancel: bool) -> Order | None:
        self._owed.append(Owed(order.id, order.cancel_attempts if cancel else order.attempts, attempt, cancel))
        return await self._pay()

    async def _pay(self) -> Order | None:
        """Store the results that are not stored yet; a database that fails here is owed them until it works."""
        order = None
        while self._owed:
            order = await self._run(self._store_result, self._owed[0])
            self._owed.pop(0)
        return order

    def _store_result(self, owed: Owed) -> Order | None:
        now, order = self._clock(), self._storage.find(owed.order_id)
        if order is None:
            return None
        if owed.cancel:
            if order.state is State.CANCELLING and order.cancel_attempts == owed.attempts:
                return self._save(order, ledger.after_cancel(order, owed.attempt, now))
            return order
        self._trying = 0
        if order.state is not State.SENDING or order.attempts != owed.attempts:
            return order
        after = ledger.after_attempt(order, self._own_number(order, owed.attempt), now)
        after = self._save(order, after)
        if after.state is State.SENDING:
            self._trying = after.id
        return after

    def _own_number(self, order: Order, attempt: Attempt) -> Attempt:
        """An order number that another row has is no answer to this one."""
        key = order_key(attempt.order_no)
        rows = self._storage.orders(order.ordered_on) if key else []
        taken = any(
            order_key(r.order_no) == key and r.ordered_on == order.ordered_on and r.id != order.id for r in rows
        )
        return Attempt(Outcome.UNKNOWN, text="answered with another order's number") if taken else attempt

    # -- looking -------------------------------------------------------------------------------------------------

    async def look_up(self) -> bool | None:
        """One look at the broker's list if one is due; None where none was, False where the list was not complete."""
        await self._pay()
        setting = self._surroundings().setting
        if setting is None or setting.mode is Mode.DRY_RUN:
            return None
        day = await self._run(self._day_to_look_at, setting.mode)
        return None if day is None else await self._look(day, setting.mode)

    def _day_to_look_at(self, mode: Mode) -> date | None:
        now = self._clock()
        today = kst_day(now)
        rows = [order for order in self._storage.orders(today) if order.mode is mode]
        old = sorted({o.ordered_on for o in rows if o.ordered_on < today and o.state in WORKING | {State.UNKNOWN}})
        for day in old:
            if now - self._looked.get(day, datetime.min.replace(tzinfo=now.tzinfo)) >= LOOK_IDLE:
                return day
        last = self._looked.get(today)
        if last is None:
            return today
        since = now - last
        if since < LOOK_APART:
            return None
        due = since >= LOOK_IDLE or any(_wants_a_look(order, since, last, now) for order in rows)
        return today if due else None

    async def _look(self, day: date, mode: Mode) -> bool:
        asked_at = self._clock()
        self._looked[day] = asked_at
        try:
            listing = await self._broker.orders_of(day)
        except KisError as exc:
            log.warning("The day's orders could not be read: %s", exc)
            listing = OrderList((), False, exc.code or type(exc).__name__)
        now, market = self._clock(), self._surroundings().market
        over_at = market.over_at if market is not None and market.day == day else None
        over = day < kst_day(asked_at) or (over_at is not None and asked_at >= over_at)
        look = LookUp(day, mode, listing, asked_at, now, over)
        found: Findings = await self._run(self._reconcile, look)
        return found.complete

    def _reconcile(self, look: LookUp) -> Findings:
        rows = [o for o in self._storage.orders(look.day) if o.ordered_on == look.day and o.mode is look.mode]
        found = reconcile(rows, look)
        fills = {order_key(fill.order_no): fill for fill in found.fills()}
        for before, after in found.changes:
            with self._storage.transaction():
                stored = self._save(before, after)
                fill = fills.get(order_key(after.order_no))
                if fill is not None and stored.filled_quantity == fill.quantity:
                    self._storage.note_fill(fill)
        for order in found.external:
            with self._storage.transaction():
                if self._storage.add(order) is not None and (fill := fills.get(order_key(order.order_no))):
                    self._storage.note_fill(fill)
        return found

    async def apply_notices(self) -> int:
        """Take in the day's execution notices; returns how many rows they changed."""
        await self._pay()
        changed: int = await self._run(self._apply_notices)
        return changed

    def _apply_notices(self) -> int:
        now = self._clock()
        today = kst_day(now)
        rows = [o for o in self._storage.orders(today) if o.ordered_on == today and o.mode is not Mode.DRY_RUN]
        if not rows:
            return 0
        changes = ledger.by_notices(rows, self._reader.notices(today), now)
        for before, after, fill in changes:
            with self._storage.transaction():
                self._save(before, after)
                if fill.quantity:
                    self._storage.note_fill(fill)
        return len(changes)

    async def expire(self) -> int:
        """Deny the intents that waited too long; returns how many. Orders of a day that is over end by look-up."""
        expired: int = await self._run(self._expire)
        return expired

    def _expire(self) -> int:
        now, count = self._clock(), 0
        for order in self._storage.orders(kst_day(now)):
            if order.state is State.CREATED and now - order.created_at > ledger.MAX_INTENT_AGE:
                self._save(order, ledger.deny(order, now, "too_old", "It waited too long to be sent."))
                count += 1
        return count

    # -- shared --------------------------------------------------------------------------------------------------

    def _save(self, before: Order, after: Order) -> Order:
        """Store a changed row. One that somebody else changed meanwhile is left as it is now."""
        if after == before:
            return before
        try:
            with self._storage.transaction():
                stored = self._storage.save(before, after)
                if after.state is State.REJECTED and before.state is not State.REJECTED:
                    self._count_refusals(stored)
                return stored
        except Changed:
            log.warning("Order %s was changed by somebody else", before.id)
            return self._storage.find(before.id) or before

    def _count_refusals(self, order: Order) -> None:
        """After three refusals in a row a condition is off until a person switches it on."""
        condition = self._storage.condition(order.condition_id) if order.condition_id is not None else None
        if condition is None or not condition.enabled:
            return
        history = ledger.history_of(condition, self._storage.orders_of([condition]), dry=False)
        if history.refusals >= MAX_REFUSALS:
            self._storage.switch_off(condition, f"refused {history.refusals} times: {order.reason}", self._clock())

    def _facts(
        self,
        symbol: str,
        around: Surroundings,
        data: MarketData,
        orders: list[Order],
        condition: ConditionView | None,
        *,
        order_id: int = 0,
    ) -> Facts:
        # Rows of another broker (paper, live) say nothing about this one.
        mode = around.setting.mode if around.setting is not None else None
        return Facts(
            now=self._clock(),
            desk=self._storage.desk(),
            lease_held=self._lease.held(),
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


def _wants_a_look(order: Order, since: timedelta, last: datetime, now: datetime) -> bool:
    """Whether this row asks for a look at the broker's list, the last of which was at ``last``."""
    if order.state is State.UNKNOWN:
        return order.look_up_at is None or order.look_up_at <= now
    if order.state in (State.REJECTED, State.NOT_PLACED) and order.cleared_at is None:
        return since >= LOOK_WORKING
    if order.noticed_at is not None and order.noticed_at >= last and order.state in HOLDING:
        return True
    return order.state in WORKING and since >= LOOK_WORKING


def _seen(intent: Intent) -> dict[str, object]:
    return {"quote_price": intent.quote_price, "quote_at": intent.quote_at, "quantity": intent.quantity}
