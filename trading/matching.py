"""The broker's list of orders against the ledger: the look-up is the truth.

Pure. What a list shows is believed even where it is incomplete; what it does not show is believed only where it
is complete, and a list that lacks an order it showed before is not complete, whatever it says of itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from stockdesk.kis.messages import BrokerOrder, OrderList, order_key
from trading.ledger import CLEAN_LOOK_UPS, PROVED_AFTER, back_to_work, moved, next_look_up
from trading.states import UNSETTLED, WORKING, State
from trading.values import Fill, Mode, Order, Source

BEFORE_SENDING = timedelta(seconds=4)
"""Our clock may be two seconds off, the measure of that another one, and the order's time has whole seconds."""
AFTER_SENDING = timedelta(seconds=120)
CANCEL_LOST = timedelta(seconds=10)
CANCEL_IGNORED = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Findings:
    """What a look-up changes: rows as they were and as they are, and orders made elsewhere."""

    changes: list[tuple[Order, Order]] = field(default_factory=list)
    external: list[Order] = field(default_factory=list)
    complete: bool = False

    def fills(self) -> list[Fill]:
        """The totals of every order that has any, as the inquiry tells them."""
        orders = [after for _, after in self.changes] + self.external
        return [
            Fill(o.ordered_on, o.order_no, "inquiry", o.filled_quantity, o.filled_amount, o.filled_at)
            for o in orders
            if o.filled_quantity and o.order_no and o.filled_at is not None
        ]


@dataclass(frozen=True, slots=True)
class LookUp:
    """One list of one day: when it was asked for, and whether that day is over."""

    day: date
    mode: Mode
    listing: OrderList
    asked_at: datetime
    now: datetime
    over: bool = False


def reconcile(orders: Sequence[Order], look: LookUp) -> Findings:
    """Settle the day's rows by the broker's list. ``orders`` are all rows of that day and mode."""
    rows = {row.key: row for row in look.listing.orders}
    amended = {order_key(row.original_order_no) for row in look.listing.orders if row.kind == "amend"}
    owned = {order_key(order.order_no) for order in orders if order.order_no}
    complete = look.listing.complete and all(
        order_key(order.order_no) in rows for order in orders if order.order_no and order.listed_at is not None
    )
    free = [row for row in look.listing.orders if row.key not in owned and row.kind != "cancel"]
    claims = {order.id: [row for row in free if is_candidate(order, row)] for order in orders}
    claimed = [row.key for order in orders if order.state in _MAY_CLAIM for row in claims[order.id]]
    found = Findings(complete=complete)
    adopted = set()
    for order in orders:
        if order.order_no:
            row = rows.get(order_key(order.order_no))
            after = _known(order, row, look, complete, amended)
        else:
            candidates = claims[order.id]
            contested = any(claimed.count(row.key) > 1 for row in candidates)
            after = _unnumbered(order, candidates, contested, look, complete)
            if after.order_no:
                adopted.add(order_key(after.order_no))
                after = _known(after, rows[order_key(after.order_no)], look, complete, amended)
        if after != order:
            found.changes.append((order, after))
    # In part of a list a late one may have a double that is not shown: it is nobody's until the whole list is there.
    undecided = UNSETTLED if complete else UNSETTLED | {State.NOT_PLACED}
    waiting = {row.key for order in orders if order.state in undecided for row in claims[order.id]}
    for row in free:
        if row.key not in adopted | waiting:
            found.external.append(_known(_external(row, look), row, look, complete, amended))
    return found


def is_candidate(order: Order, row: BrokerOrder) -> bool:
    """Whether this order of the broker may be the one whose answer was lost."""
    if order.order_no or order.sent_at is None or row.kind != "new":
        return False
    return (
        row.symbol == order.symbol
        and row.side == order.side
        and row.quantity == order.quantity
        and (row.price or None) == order.price
        and in_time(order.sent_at, row.ordered_at)
    )


def in_time(sent_at: datetime, ordered_at: datetime) -> bool:
    """Whether an order that the broker booked then may be the one that we sent."""
    # The broker tells whole seconds: cut ours to the second too, or the allowance is partly used up by that.
    return sent_at.replace(microsecond=0) - BEFORE_SENDING <= ordered_at <= sent_at + AFTER_SENDING


_MAY_CLAIM = frozenset({State.UNKNOWN, State.NOT_PLACED, State.SENDING, State.NEEDS_HUMAN})


def _known(order: Order, row: BrokerOrder | None, look: LookUp, complete: bool, amended: set[str]) -> Order:
    """An order with a number, and the broker's row of it if the list has one."""
    if row is not None and (row.symbol != order.symbol or row.side != order.side):
        return replace(order, alarm="The broker has another order under this number.")
    if row is not None:
        order = _follow(order, row, look, amended)
    elif complete and order.state in WORKING and order.refused_at is not None and look.asked_at > order.refused_at:
        return _end(order, State.REJECTED, look.now, code="refused", reason="The exchange refused it.")
    if look.over and complete and order.state in WORKING:
        unseen = {} if row is not None else {"alarm": "The day ended and no list ever showed it."}
        return _end(order, State.EXPIRED, look.now, **unseen)
    return order


def _follow(order: Order, row: BrokerOrder, look: LookUp, amended: set[str]) -> Order:
    now, before = look.now, order
    if order.listed_at is None:
        order = replace(order, listed_at=look.asked_at)
    if row.filled_quantity > order.quantity:
        order = replace(order, alarm="The broker says more was filled than ordered.")
    filled = raised(order.filled_quantity, row.filled_quantity, order.quantity)
    if filled != order.filled_quantity:
        amount = max(order.filled_amount, row.filled_amount)
        order = replace(order, filled_quantity=filled, filled_amount=amount, filled_at=now, changed_at=now)
    if order.state not in WORKING:
        return order
    if order.filled_quantity >= order.quantity:
        return moved(order, State.FILLED, now)
    if row.remaining_quantity == 0:
        if row.rejected_quantity or (order.refused_at is not None and look.asked_at > order.refused_at):
            return _end(order, State.REJECTED, now, code="refused", reason="The exchange refused it.")
        if row.key in amended:
            return _end(order, State.CANCELLED, now, reason="It was amended elsewhere and has another number now.")
        if row.cancelled or row.cancelled_quantity or order.state is State.CANCELLING:
            return _end(order, State.CANCELLED, now)
        return order
    if order.state is State.CANCELLING:
        sent, patience = order.cancel_sent_at, CANCEL_IGNORED if order.cancel_answered else CANCEL_LOST
        return back_to_work(order, now) if sent is None or look.asked_at >= sent + patience else order
    if order.state is State.ACCEPTED and order.filled_quantity > before.filled_quantity:
        return moved(order, State.PARTIAL, now)
    return order


def raised(known: int, told: int, ordered: int) -> int:
    """Fills never fall, whatever a late list says, and never exceed the order."""
    return max(known, min(told, ordered))


def _end(order: Order, to: State, now: datetime, **changes: str) -> Order:
    """End a working order; one whose cancel is out goes by the state it would have without."""
    if order.state is State.CANCELLING and to not in (State.CANCELLED, State.FILLED):
        order = moved(order, State.PARTIAL if order.filled_quantity else State.ACCEPTED, now)
    return moved(order, to, now, **changes)


def _unnumbered(order: Order, candidates: list[BrokerOrder], contested: bool, look: LookUp, complete: bool) -> Order:
    now = look.now
    if order.state is State.UNKNOWN:
        order = replace(order, look_ups=order.look_ups + 1, look_up_at=next_look_up(order, now))
        if order.sent_at is None or not complete or look.asked_at <= order.sent_at:
            return order
        if len(candidates) == 1 and not contested:
            return _adopt(order, candidates[0], now)
        if candidates:
            text = f"{len(candidates)} orders at the broker may be this one."
            return moved(order, State.NEEDS_HUMAN, now, candidates=len(candidates), alarm=text)
        return _not_there(replace(order, clean_look_ups=order.clean_look_ups + 1), look)
    if order.state not in (State.NOT_PLACED, State.REJECTED) or not complete:
        return order
    if order.state is State.NOT_PLACED and len(candidates) == 1 and not contested:
        return replace(_adopt(order, candidates[0], now), alarm="It was thought absent and turned up late.")
    if not candidates and order.cleared_at is None and order.ended_at is not None and look.asked_at > order.ended_at:
        return replace(order, cleared_at=look.asked_at)
    return order


def _adopt(order: Order, row: BrokerOrder, now: datetime) -> Order:
    return moved(
        order, State.ACCEPTED, now,
        order_no=row.order_no, branch_no=row.branch_no, accepted_at=now, look_up_at=None, cleared_at=None,
    )  # fmt: skip


def _not_there(order: Order, look: LookUp) -> Order:
    """Three complete look-ups without it, the last late enough, and no notice: then it was never placed."""
    assert order.sent_at is not None
    if order.clean_look_ups < CLEAN_LOOK_UPS or look.asked_at < order.sent_at + PROVED_AFTER:
        return order
    if order.noticed_at is None:
        return moved(order, State.NOT_PLACED, look.now, reason="Three complete look-ups did not show it.")
    if look.asked_at >= order.sent_at + AFTER_SENDING:
        text = "A notice speaks of it, and no look-up shows it."
        return moved(order, State.NEEDS_HUMAN, look.now, alarm=text)
    return order


def _external(row: BrokerOrder, look: LookUp) -> Order:
    """An order made elsewhere: it counts in what is held, and its symbol is left alone while it works."""
    return Order(
        intent_key=f"external:{look.mode}:{look.day:%Y%m%d}:{row.key}",
        source=Source.EXTERNAL,
        symbol=row.symbol,
        side=row.side,
        quantity=row.quantity,
        price=row.price or None,
        division=row.division,
        reserve_price=row.price or None,
        mode=look.mode,
        created_at=look.now,
        changed_at=look.now,
        ordered_on=look.day,
        state=State.ACCEPTED,
        order_no=row.order_no,
        branch_no=row.branch_no,
        sent_at=None,
        accepted_at=look.now,
        reason="made elsewhere",
    )
