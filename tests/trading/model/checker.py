"""The invariants of the failure model, asserted from what the broker has and what the tables say.

Nothing here asks the engine or uses its rules: the table of moves is written out once more, and money is counted
from the exchange's own fills.
"""

from datetime import datetime, timedelta

from stockdesk.kis.messages import OrderRequest, order_key
from tests.trading.model.exchange import FEE, Exchange
from tests.trading.model.faults import Violation
from tests.trading.model.tables import Tables
from trading.prices import cost
from trading.values import BalanceView, DeskView, HoldingView, Order

# failure-model, section 3, by name; CREATED is where a row begins.
MOVES = {
    "created": "sending denied",
    "sending": "accepted rejected not_placed unknown",
    "unknown": "accepted partial filled cancelled not_placed needs_human",
    "accepted": "partial filled cancelling cancelled expired rejected",
    "partial": "filled cancelling cancelled expired rejected",
    "cancelling": "cancelled filled partial accepted",
    "not_placed": "accepted",
}
AT_WORK = {"accepted", "partial", "cancelling"}
MAY_STAND = {"created", "sending", "unknown", "needs_human"}
SECOND = timedelta(seconds=1)


def reachable(before: str, after: str, steps: int = 3) -> bool:
    """One write may carry a row over several moves: found, accepted and filled by the same list."""
    if before == after:
        return True
    return steps > 0 and any(reachable(to, after, steps - 1) for to in MOVES.get(before, "").split())


class Checker:
    def __init__(self, tables: Tables, exchange: Exchange) -> None:
        self.tables = tables
        self.exchange = exchange
        self.killed_at: datetime | None = None
        self.desk = DeskView()
        self.balance: BalanceView | None = None
        self.holdings: dict[str, HoldingView] = {}
        self._rows: dict[int, Order] = {}
        self._fills: dict[object, int] = {}
        self._looked = 0

    # -- at a POST -----------------------------------------------------------------------------------------------

    def intent_of(self, request: OrderRequest) -> str:
        """The one row committed as SENDING for this very request (I2)."""
        rows = [
            row
            for row in self.tables.all_orders()
            if row.state == "sending"
            and (row.symbol, row.side, row.quantity, row.price)
            == (request.symbol, request.side, request.quantity, request.price)
        ]
        if len(rows) != 1:
            raise Violation(f"I2: a POST with {len(rows)} rows committed as SENDING: {request}")
        return rows[0].intent_key

    def order_leaves(self, request: OrderRequest, now: datetime, *, fence: int, quote_at: datetime | None) -> None:
        rows = self.tables.all_orders()
        key = self.intent_of(request)
        row = next(row for row in rows if row.intent_key == key)
        self._alone(fence)
        self._apart(now)
        self._once(key)
        if self.killed_at is not None and now > self.killed_at + SECOND:
            raise Violation(f"I11: a POST {now - self.killed_at} after the kill switch")
        if quote_at is None or not timedelta(0) <= now - quote_at <= timedelta(seconds=11.5):
            raise Violation(f"I3: a quote of {quote_at} used at {now}")
        asked_at = self.balance.asked_at if self.balance is not None else None
        if asked_at is None or not timedelta(0) <= now - asked_at <= timedelta(seconds=31.5):
            raise Violation(f"I3: assets of {asked_at} used at {now}")
        if not row.reason or row.quote_price is None or row.quote_at is None:
            raise Violation("I19: a POST without its reason or the quote it saw")
        self._paused(row, rows, now)
        self._halted(row, rows, now)
        self._reserved(row, rows)

    def cancel_leaves(self, order_no: str, now: datetime, *, fence: int) -> None:
        self._alone(fence)
        self._apart(now)
        rows = [row for row in self.tables.all_orders() if order_key(row.order_no) == order_key(order_no)]
        if len(rows) != 1 or rows[0].state != "cancelling":
            raise Violation(f"I2: a cancel of {order_no} without its row committed as CANCELLING")

    def _alone(self, fence: int) -> None:
        if fence != self.tables.fence:
            raise Violation(f"I10: process {fence} sent, the lease is with {self.tables.fence}")

    def _apart(self, now: datetime) -> None:
        if self.exchange.posted and now - self.exchange.posted[-1].at < SECOND:
            raise Violation(f"I4: two order calls {now - self.exchange.posted[-1].at} apart")

    def _once(self, key: str) -> None:
        before = [post.verdict for post in self.exchange.posted if post.intent == key and not post.cancel]
        if before not in ([], ["token"]):
            raise Violation(f"I1: {key} is sent again after {before}")

    def _paused(self, row: Order, rows: list[Order], now: datetime) -> None:
        mine = [o for o in rows if o.condition_id == row.condition_id and o.id < row.id]
        for failed in mine:
            if failed.state in ("rejected", "not_placed") and failed.ended_at is not None:
                if now < failed.ended_at + timedelta(seconds=60):
                    raise Violation(f"pause: {row.intent_key} {now - failed.ended_at} after {failed.intent_key}")
                if not any(whole and at > failed.ended_at for at, whole in self.exchange.lists):
                    raise Violation(f"pause: {row.intent_key} without a clean look-up after {failed.intent_key}")
        condition = next(c for c in self.tables.all_conditions() if c.id == row.condition_id)
        ends = [o.state for o in mine if condition.armed_at is None or o.created_at >= condition.armed_at]
        ends = [state for state in ends if state not in ("denied", "not_placed")]
        if ends[-3:] == ["rejected"] * 3:
            raise Violation(f"three refusals: {row.intent_key} is sent all the same")

    def _halted(self, row: Order, rows: list[Order], now: datetime) -> None:
        unknown = [o for o in rows if o.state == "unknown"]
        if len(unknown) > 1 or any(o.sent_at and now - o.sent_at > timedelta(seconds=121) for o in unknown):
            raise Violation(f"halt: {row.intent_key} sent while {len(unknown)} orders are unknown")

    def _reserved(self, row: Order, rows: list[Order]) -> None:
        """I18, from the account as the engine saw it and what the exchange really did with the desk's orders."""
        assert self.balance is not None
        assert self.balance.cash is not None
        assert self.balance.asked_at is not None
        others = [o for o in rows if o.id != row.id]
        for other in others:
            if other.symbol == row.symbol and (other.state in MAY_STAND or self._rest(other)):
                raise Violation(f"I18: {row.intent_key} while {other.intent_key} is {other.state}")
        if row.side == "buy":
            free = self.balance.cash
            for other in others:
                if other.side == "buy" and other.reserve_price is not None:
                    taken = self._open(other) + self._filled_since(other, self.balance.asked_at)
                    free -= cost(taken, other.reserve_price, FEE)
            assert row.reserve_price is not None
            if cost(row.quantity, row.reserve_price, FEE) > free:
                raise Violation(f"I18: {row.intent_key} wants more than the {free} won that are free")
            return
        held = self.holdings[row.symbol].quantity if row.symbol in self.holdings else 0
        for other in others:
            if other.side == "sell" and other.symbol == row.symbol:
                held -= self._open(other) + self._filled_since(other, self.balance.asked_at)
        if row.quantity > held:
            raise Violation(f"I18: {row.intent_key} wants more than the {held} shares that are free")

    def _rest(self, row: Order) -> int:
        """What the exchange still works of an order that the ledger knows."""
        booked = self.exchange.booked.get(order_key(row.order_no)) if row.order_no else None
        return booked.rest if booked is not None and row.state in AT_WORK else 0

    def _open(self, row: Order) -> int:
        return row.quantity if row.state in MAY_STAND else self._rest(row)

    def _filled_since(self, row: Order, at: datetime) -> int:
        booked = self.exchange.booked.get(order_key(row.order_no)) if row.order_no else None
        return sum(part for when, part, _ in booked.fills if when > at) if booked is not None else 0

    # -- after every step ----------------------------------------------------------------------------------------

    def look(self) -> None:
        rows = self.tables.all_orders()
        for row in rows:
            before = self._rows.get(row.id)
            if before is row:
                continue
            self._row(before, row)
            self._rows[row.id] = row
        if len(rows) != len(self._rows):
            raise Violation("I8: a row of the ledger is gone")
        for key, fill in self.tables.all_fills().items():
            if fill.quantity < self._fills.get(key, 0):
                raise Violation(f"I8: the fill {key} fell to {fill.quantity}")
            self._fills[key] = fill.quantity
        intents = [order.intent for order in self.exchange.booked.values() if order.intent]
        if len(intents) != len(set(intents)):
            raise Violation("I1: an intent was booked twice")

    def _row(self, before: Order | None, row: Order) -> None:
        state = before.state if before is not None else "accepted" if row.source == "external" else "created"
        if not reachable(state, row.state):
            raise Violation(f"{row.intent_key} went from {state} to {row.state}")
        known = before.filled_quantity if before is not None else 0
        if not known <= row.filled_quantity <= row.quantity:
            raise Violation(f"I7: {row.intent_key} filled {known}, then {row.filled_quantity} of {row.quantity}")
        booked = self.exchange.booked.get(order_key(row.order_no)) if row.order_no else None
        if booked is not None:
            if row.filled_quantity > booked.filled:
                raise Violation(f"I7: {row.intent_key} filled {row.filled_quantity}, the broker says {booked.filled}")
            if booked.intent and booked.intent != row.intent_key and not self._was_doubled(booked.intent):
                raise Violation(f"{row.intent_key} took the order of {booked.intent}")
            if not booked.intent and row.source != "external" and before is not None and not before.order_no:
                self._not_guessed(row)
        if row.state == "not_placed" and state != "not_placed":
            self._proved_absent(row)
        if row.state == "denied" and not row.code:
            raise Violation("I19: an intent denied without a reason")
        stands = any(order.intent == row.intent_key for order in self.exchange.booked.values())
        if row.state in ("denied", "rejected") and stands and not row.order_no:
            raise Violation(f"{row.intent_key} is {row.state} and stands at the broker")

    def _not_guessed(self, row: Order) -> None:
        """It took an order made by hand: right only while its own one was not in the list beside it."""
        own = [order for order in self.exchange.booked.values() if order.intent == row.intent_key]
        if any(order.at < row.changed_at - timedelta(seconds=3) for order in own):
            raise Violation(f"{row.intent_key} guessed among several orders of its kind")

    def _was_doubled(self, intent: str) -> bool:
        """Whether this intent took an order made by hand for its own, or one that this left over.

        Nobody can tell two of a kind apart. The first wrong one of such a row must have been made by hand.
        """
        row = next(row for row in self.tables.all_orders() if row.intent_key == intent)
        booked = self.exchange.booked.get(order_key(row.order_no)) if row.order_no else None
        return row.state == "needs_human" or (booked is not None and booked.intent != intent)

    def _proved_absent(self, row: Order) -> None:
        """Not placed is either never sent, or shown by three whole lists, the last a minute after sending."""
        posts = [post for post in self.exchange.posted if post.intent == row.intent_key and not post.cancel]
        if not posts or row.sent_at is None or posts[-1].at < row.sent_at:
            return
        whole = [at for at, complete in self.exchange.lists if complete and at > posts[-1].at]
        if len(whole) < 3 or whole[-1] < row.sent_at + timedelta(seconds=60):
            raise Violation(f"{row.intent_key} is taken for absent after {len(whole)} look-ups")

    # -- when all faults are over --------------------------------------------------------------------------------

    def settled(self) -> None:
        """Contact is back for long enough: the ledger and the broker agree to the share."""
        rows = self.tables.all_orders()
        for row in rows:
            if row.state in ("created", "sending", "unknown"):
                raise Violation(f"{row.intent_key} is {row.state} long after the faults ended")
        owned = {order_key(row.order_no): row for row in rows if row.order_no}
        human = [row for row in rows if row.state == "needs_human"]
        for key, booked in self.exchange.booked.items():
            if key not in owned:
                if any((h.symbol, h.side, h.quantity) == (booked.symbol, booked.side, booked.quantity) for h in human):
                    continue
                raise Violation(f"nobody knows the order {booked.order_no} of {booked.intent or 'a person'}")
            row = owned[key]
            if row.filled_quantity != booked.filled or row.filled_amount != booked.amount:
                raise Violation(
                    f"I7: {row.intent_key} filled {row.filled_quantity} ({row.filled_amount} won), "
                    f"the broker says {booked.filled} ({booked.amount})"
                )
            if (booked.rest > 0) != (row.state in AT_WORK) and row.state != "expired":
                raise Violation(f"{row.intent_key} is {row.state}, the broker works {booked.rest}")
        silent = {c.id for c in self.tables.all_conditions()} - self.tables.refused_conditions()
        silent -= {row.condition_id for row in rows}
        if silent:
            raise Violation(f"I19: nothing was ever said of the conditions {silent}")
