"""The ledger's rules: what an attempt's result means, what may follow, what a condition's past allows.

Pure: an order in, the changed order out. `trading.engine` stores it before anything else happens.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import takewhile
from typing import Any

from stockdesk.kis.errors import NotSent, Refused, TokenRejected
from stockdesk.kis.messages import OrderAck, order_key
from trading.checks import PAUSE
from trading.states import BY_HAND, CANCELLABLE, ENDED, HOLDING, WORKING, ForbiddenMove, State, check_move
from trading.values import (
    ConditionView,
    DeskView,
    Fill,
    History,
    Intent,
    Mode,
    Notice,
    Order,
    Source,
    Stop,
    kst_day,
)

LOOK_UPS = (2, 5, 10, 20, 40, 70)
"""Seconds after sending at which an unknown order is looked up; then every thirty."""
LOOK_UPS_LATER = 30
CLEAN_LOOK_UPS = 3
PROVED_AFTER = timedelta(seconds=60)
ATTEMPTS = 3
MAX_INTENT_AGE = timedelta(seconds=30)
"""An intent that waited longer is denied; its condition decides anew."""
DENIALS_WITHIN = timedelta(minutes=10)
LONGEST_DENIAL_PAUSE = 30
"""Seconds between two intents of a condition whose last ones were all held back right before they left."""
CANCEL_ATTEMPTS = 3
NOT_CANCELLED = "It could not be cancelled."
CANCEL_AGAIN = timedelta(seconds=10)


class Outcome(StrEnum):
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    NOT_SENT = "not_sent"
    TOKEN = "token"  # noqa: S105  (the broker refused our token; not a token)
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of one POST."""

    outcome: Outcome
    code: str = ""
    text: str = ""
    order_no: str = ""
    branch_no: str = ""


def judge(result: OrderAck | BaseException) -> Attempt:
    """An answer, or the exception in its place. Anything nobody foresaw is unknown."""
    if isinstance(result, OrderAck):
        key = order_key(result.order_no)
        if not (key.isascii() and key.isdigit()):
            return Attempt(Outcome.UNKNOWN, text="accepted without an order number")
        return Attempt(Outcome.ACCEPTED, order_no=result.order_no, branch_no=result.branch_no)
    code, text = getattr(result, "code", ""), getattr(result, "text", "") or type(result).__name__
    if isinstance(result, NotSent):
        return Attempt(Outcome.NOT_SENT, code, text)
    if isinstance(result, TokenRejected):
        return Attempt(Outcome.TOKEN, code, text)
    if isinstance(result, Refused):
        return Attempt(Outcome.REJECTED, code, text)
    return Attempt(Outcome.UNKNOWN, code, text)


def moved(order: Order, to: State, now: datetime, **changes: Any) -> Order:
    """The order in another state, by the table of moves and no other way."""
    check_move(order.state, to)
    stamps = {"changed_at": now, "ended_at": now if to in ENDED else None}
    return replace(order, state=to, **{**stamps, **changes})


def new_order(intent: Intent, mode: Mode, now: datetime) -> Order:
    """The row of an intent whose checks passed."""
    return Order(
        intent_key=intent.intent_key,
        source=intent.source,
        symbol=intent.symbol,
        side=intent.side,
        quantity=intent.quantity,
        price=intent.price,
        division=intent.division,
        reserve_price=intent.reserve_price,
        mode=mode,
        created_at=now,
        changed_at=now,
        ordered_on=kst_day(now),
        condition_id=intent.condition_id,
        condition_revision=intent.condition_revision,
        reason=intent.reason,
        quote_price=intent.quote_price,
        quote_at=intent.quote_at,
        assets_at=intent.assets_at,
    )


def sending(order: Order, now: datetime, *, cancel_after: int | None) -> Order:
    """To be committed right before a POST, the first and every other one."""
    changes: dict[str, Any] = {
        "attempts": order.attempts + 1,
        "sent_at": now,
        "changed_at": now,
        "cancel_at": now + timedelta(seconds=cancel_after) if cancel_after else order.cancel_at,
    }
    return replace(order, **changes) if order.state is State.SENDING else moved(order, State.SENDING, now, **changes)


def may_try_again(order: Order, attempt: Attempt) -> bool:
    """NotSent: three attempts in all. A refused token: one more. Nothing else is ever sent twice."""
    if attempt.outcome is Outcome.NOT_SENT:
        return order.attempts - order.token_renewed < ATTEMPTS
    return attempt.outcome is Outcome.TOKEN and not order.token_renewed


def after_attempt(order: Order, attempt: Attempt, now: datetime) -> Order:
    """The order after its last POST; one that may be tried again stays SENDING."""
    words: dict[str, Any] = {"code": attempt.code[:16], "reason": attempt.text[:300]}
    if may_try_again(order, attempt):
        token_renewed = order.token_renewed or attempt.outcome is Outcome.TOKEN
        return replace(order, changed_at=now, token_renewed=token_renewed, **words)
    match attempt.outcome:
        case Outcome.ACCEPTED:
            return moved(
                order, State.ACCEPTED, now,
                order_no=attempt.order_no, branch_no=attempt.branch_no, accepted_at=now,
            )  # fmt: skip
        case Outcome.NOT_SENT:
            return moved(order, State.NOT_PLACED, now, **words)
        case Outcome.REJECTED | Outcome.TOKEN:
            return moved(order, State.REJECTED, now, **words)
    return unknown(order, now, **words)


def unknown(order: Order, now: datetime, **changes: Any) -> Order:
    """Whatever was sent may stand: from here on only looking helps."""
    order = moved(order, State.UNKNOWN, now, **changes)
    return replace(order, look_up_at=next_look_up(order, now))


def next_look_up(order: Order, now: datetime) -> datetime:
    """When an unknown order is looked up next."""
    sent = order.sent_at or order.created_at
    times = (sent + timedelta(seconds=seconds) for seconds in LOOK_UPS)
    return next((at for at in times if at > now), now + timedelta(seconds=LOOK_UPS_LATER))


def found_at_start(order: Order, now: datetime) -> Order:
    """A row the last process left in mid-work: an old intent is never sent, a sent one never again."""
    if order.state is State.CREATED:
        return moved(order, State.DENIED, now, code="found_at_start", reason="An intent of an earlier process.")
    if order.state is State.SENDING:
        # Due at once: nobody can say how long ago the process died.
        return replace(unknown(order, now, reason="The process ended while it was being sent."), look_up_at=now)
    return order


def deny(order: Order, now: datetime, code: str, text: str) -> Order:
    """A check said no before the POST. What was tried and never left is not placed."""
    if order.state is State.CREATED:
        return moved(order, State.DENIED, now, code=code, reason=text)
    to = State.REJECTED if order.token_renewed else State.NOT_PLACED
    return moved(order, to, now, code=code, reason=text)


def is_swept(order: Order, desk: DeskView | None, now: datetime) -> bool:
    """Whether a full stop has yet to take this order back, whatever became of cancels before the stop.

    Tries after the first go by the order's own ``cancel_at``, as those of any cancel do. The stop's time is another
    machine's clock: where it lies ahead, a cancel is tried again no sooner than any other.
    """
    if desk is None or desk.stop is not Stop.FULL or order.source is Source.EXTERNAL or order.state not in CANCELLABLE:
        return False
    sent = order.cancel_sent_at
    if sent is None:
        return True
    just_tried = timedelta(0) <= now - sent < CANCEL_AGAIN
    return desk.stop_at is not None and sent < desk.stop_at and not just_tried


def cancel_anew(order: Order) -> Order:
    """The order with all tries of a cancel before it; what tells that earlier ones were in vain is over."""
    return replace(order, cancel_attempts=0, alarm="" if order.alarm == NOT_CANCELLED else order.alarm)


def next_to_cancel(orders: Sequence[Order], desk: DeskView | None, now: datetime) -> Order | None:
    """Of those whose cancel is due the one whose last try is the longest ago: none stands in the way of the others."""
    due = [order for order in orders if cancel_is_due(order, now) or is_swept(order, desk, now)]
    return min(
        due, key=lambda order: (order.cancel_sent_at is not None, order.cancel_sent_at or now, order.id), default=None
    )


def cancelling(order: Order, now: datetime) -> Order:
    """To be committed right before the cancel is sent."""
    return moved(
        order, State.CANCELLING, now,
        cancel_sent_at=now, cancel_attempts=order.cancel_attempts + 1, cancel_answered=False,
    )  # fmt: skip


def after_cancel(order: Order, attempt: Attempt, now: datetime) -> Order:
    """A cancel taken in is not a cancel done, and a lost answer tells nothing: both wait for the look-up."""
    match attempt.outcome:
        case Outcome.ACCEPTED:
            return replace(order, changed_at=now, cancel_answered=True)
        case Outcome.UNKNOWN:
            return replace(order, changed_at=now)
    return back_to_work(order, now, code=attempt.code[:16])


def back_to_work(order: Order, now: datetime, **changes: Any) -> Order:
    """The cancel did not happen; it is tried again a few times, in case the order still stands."""
    again = order.cancel_attempts < CANCEL_ATTEMPTS
    changes = {"cancel_at": now + CANCEL_AGAIN if again else None, **changes}
    if not again:
        changes["alarm"] = NOT_CANCELLED
    return moved(order, State.PARTIAL if _has_fills(order) else State.ACCEPTED, now, **changes)


def cancel_is_due(order: Order, now: datetime) -> bool:
    """Whether the order works and its time is over, or a person has asked for its cancel."""
    return order.state in CANCELLABLE and order.cancel_at is not None and order.cancel_at <= now


def settle_by_hand(order: Order, to: State, now: datetime, *, who: str, order_no: str = "") -> Order:
    """A person says which order of the broker it is, or that it was not placed. Raises ForbiddenMove."""
    if order.state is not State.NEEDS_HUMAN or to not in BY_HAND:
        raise ForbiddenMove(f"{order.state} -> {to} by hand")
    key = order_key(order_no)
    if to in WORKING and not (key.isascii() and key.isdigit()):
        raise ForbiddenMove(f"{to} needs the broker's order number")
    return replace(
        order, state=to, changed_at=now, ended_at=now if to in ENDED else None, order_no=order_no or order.order_no,
        reason=f"settled by {who}"[:300], alarm="", look_up_at=None,
    )  # fmt: skip


def history_of(condition: ConditionView, orders: Iterable[Order], *, today: date, dry: bool) -> History:
    """What the ledger's rows, oldest first, say of a condition since it was armed.

    A dry run counts its own firings only; the number of an intent counts every row there is.
    """
    mine = [
        order
        for order in orders
        if order.condition_id == condition.id
        and (condition.armed_at is None or order.created_at >= condition.armed_at or order.state in HOLDING)
    ]
    counted = [order for order in mine if (order.mode is Mode.DRY_RUN) == dry]
    fired = [order for order in counted if has_fired(order)]
    failed = [order for order in counted if order.state in (State.REJECTED, State.NOT_PLACED)]
    refusals = 0
    for order in reversed(counted):
        if order.state is State.REJECTED:
            refusals += 1
        elif order.state not in (State.DENIED, State.NOT_PLACED):
            break
    pauses = [order.ended_at + PAUSE for order in failed if order.ended_at]
    if denied_until := _pause_after_denials(counted):
        pauses.append(denied_until)
    return History(
        made=sum(order.condition_revision == condition.revision for order in mine),
        fired=len(fired),
        last_fired_at=max((order.created_at for order in fired), default=None),
        working=any(order.state in HOLDING for order in counted),
        refusals=refusals,
        pause_until=max(pauses, default=None),
        # An order of an earlier day cannot turn up any more.
        awaits_look_up=any(order.cleared_at is None and order.ordered_on == today for order in failed),
    )


def _pause_after_denials(orders: list[Order]) -> datetime | None:
    """What keeps denying it will not change within a second, and every try is a row that is read for the whole day."""
    denied = list(takewhile(lambda order: order.state is State.DENIED and not has_fired(order), reversed(orders)))
    ended = [order.ended_at for order in denied if order.ended_at is not None]
    lately = sum(ended[0] - at < DENIALS_WITHIN for at in ended)
    if lately < 2:
        return None
    return ended[0] + timedelta(seconds=min(2 ** (lately - 2), LONGEST_DENIAL_PAUSE))


def has_fired(order: Order) -> bool:
    """Whether the order uses up one of its condition's times: all but those the market never saw."""
    if order.state is State.DENIED:
        return order.code == "dry_run"
    return order.state not in (State.REJECTED, State.NOT_PLACED)


def by_notices(orders: Iterable[Order], notices: Iterable[Notice], now: datetime) -> list[tuple[Order, Order, Fill]]:
    """What notices change: (before, after, provisional total) of each order they speak of.

    Notices may be lost, doubled or invented, so they only raise a lower bound and call for a look-up; equal ones
    count once. Nothing that the inquiry said is changed by them.
    """
    changes = []
    heard: dict[str, list[Notice]] = {}
    for notice in dict.fromkeys(notices):
        heard.setdefault(order_key(notice.order_no), []).append(notice)
    owned = {order_key(order.order_no) for order in orders if order.order_no}
    for order in orders:
        if order.order_no:
            mine = [n for n in heard.get(order_key(order.order_no), ()) if _is_of(n, order)]
            after = _told(order, mine, now)
        elif order.state is State.UNKNOWN and order.noticed_at is None:
            strangers = [n for key, found in heard.items() if key not in owned for n in found]
            mine = [n for n in strangers if _is_of(n, order) and _may_be_its(n, order)]
            after = replace(order, noticed_at=now, look_up_at=now) if mine else order
        else:
            continue
        if after != order:
            fill = Fill(order.ordered_on, after.order_no, "notice", after.noticed_quantity, after.noticed_amount, now)
            changes.append((order, after, fill))
    return changes


def _told(order: Order, notices: list[Notice], now: datetime) -> Order:
    filled = [notice for notice in notices if notice.filled]
    quantity = min(sum(notice.quantity for notice in filled), order.quantity)
    if quantity > order.noticed_quantity:
        amount = sum(notice.quantity * notice.price for notice in filled)
        order = replace(order, noticed_quantity=quantity, noticed_amount=amount, noticed_at=now, changed_at=now)
        if order.state is State.ACCEPTED:
            order = moved(order, State.PARTIAL, now)
    if order.refused_at is None and order.state in WORKING and any(notice.refused for notice in notices):
        order = replace(order, refused_at=now, changed_at=now)
    return order


def _is_of(notice: Notice, order: Order) -> bool:
    return notice.symbol == order.symbol and notice.side == order.side and not order_key(notice.original_order_no)


def _may_be_its(notice: Notice, order: Order) -> bool:
    """A notice under an unknown number that may belong to an order whose answer was lost."""
    sent = order.sent_at or order.created_at
    return notice.order_quantity in (None, order.quantity) and notice.traded_at >= sent - timedelta(seconds=3)


def _has_fills(order: Order) -> bool:
    return max(order.filled_quantity, order.noticed_quantity) > 0
