"""The switches a person has: mode, stop states, kill switch, arming of live trading, and a person's own verdicts.

Called by screens, each in a transaction of its own, with who did it; the engine reads the row before every POST.
Every change leaves a line in `trading_deskchange`, written in the same transaction.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction

from stockdesk.kis.messages import order_key
from trading import ledger, models
from trading.database import DatabaseStorage
from trading.ports import Changed
from trading.states import CANCELLABLE, State
from trading.values import Mode, Order, Stop

LIVE_ARMED_FOR = timedelta(hours=12)
"""A code typed this morning does not trade tomorrow."""


def desk_row() -> models.Desk:
    """The one row, made with its careful defaults (dry run) where there is none."""
    return models.Desk.objects.get_or_create(pk=1)[0]


def locked_row() -> models.Desk:
    """The same, held until the open transaction ends: what is noted as "before" is what was there."""
    desk_row()
    return models.Desk.objects.select_for_update().get(pk=1)


def note(who: str, now: datetime, what: str, before: object = "", after: object = "") -> None:
    """One line of who changed what; call it inside the transaction of the change."""
    models.DeskChange.objects.create(
        at=now, who=who[:150], what=what[:32], before=str(before)[:120], after=str(after)[:120]
    )


@transaction.atomic
def kill(who: str, now: datetime) -> None:
    """Press the kill switch: no order leaves from here on, cancels do. The first press keeps its time and name."""
    if locked_row().killed_at is None:
        models.Desk.objects.filter(pk=1).update(killed_at=now, killed_by=who, updated_at=now)
        note(who, now, "kill")


@transaction.atomic
def lift(who: str, now: datetime) -> None:
    """Lift the kill switch, after the caller has seen a fresh code. Only a person does; nothing else calls this."""
    if locked_row().killed_at is not None:
        models.Desk.objects.filter(pk=1).update(killed_at=None, lifted_at=now, lifted_by=who, updated_at=now)
        note(who, now, "lift")


class Looser(Exception):
    """The stop state would become looser, and whoever asked may only make it stricter."""


#: From the loosest to the strictest.
STRICTNESS = (Stop.NORMAL.value, Stop.NO_NEW.value, Stop.FULL.value)


@transaction.atomic
def set_stop(stop: Stop, who: str, now: datetime, *, may_loosen: bool = True) -> None:
    """Normal, no new orders, or full stop, which also cancels what works. Who set the state first stays its author.

    Raises Looser where the state may not become so; decided under the row's lock, against what somebody else set
    meanwhile.
    """
    row = locked_row()
    if not may_loosen and STRICTNESS.index(stop.value) < STRICTNESS.index(row.stop):
        raise Looser
    if row.stop != stop.value:
        models.Desk.objects.filter(pk=1).update(stop=stop.value, stop_by=who, stop_at=now, updated_at=now)
        note(who, now, "stop", row.stop, stop.value)


@transaction.atomic
def set_mode(mode: Mode, who: str, now: datetime) -> None:
    """Change the mode; whatever was armed is so no more. The caller has seen a fresh code where it is live."""
    row = locked_row()
    models.Desk.objects.filter(pk=1).update(mode=mode.value, live_armed_until=None, live_armed_by="", updated_at=now)
    if row.mode != mode.value:
        note(who, now, "mode", row.mode, mode.value)


@transaction.atomic
def arm_live(who: str, now: datetime) -> None:
    """Arm live trading for twelve hours, after the caller has seen a fresh code of this person."""
    locked_row()
    until = now + LIVE_ARMED_FOR
    models.Desk.objects.filter(pk=1).update(live_armed_until=until, live_armed_by=who, updated_at=now)
    note(who, now, "arm", after=until.isoformat(timespec="seconds"))


@transaction.atomic
def disarm(who: str, now: datetime) -> None:
    """Take back the arming: no live order leaves from here on."""
    if locked_row().live_armed_until is not None:
        models.Desk.objects.filter(pk=1).update(live_armed_until=None, live_armed_by="", updated_at=now)
        note(who, now, "disarm")


@transaction.atomic
def request_cancel(order_id: int, who: str, now: datetime) -> Order:
    """Ask for an order's cancel; the engine sends it with its next step. Changed where it no longer works."""
    # Held until it is stored: a fill that comes in at this moment must not cost the person a second press.
    models.Order.objects.select_for_update().filter(pk=order_id).first()
    storage = DatabaseStorage()
    order = storage.find(order_id)
    if order is None or order.state not in CANCELLABLE:
        raise Changed(f"order {order_id} does not work")
    note(who, now, "cancel", after=f"{order.symbol} {order.order_no}")
    return storage.save(order, replace(ledger.cancel_anew(order), cancel_at=now))


@transaction.atomic
def settle(order_id: int, to: State, who: str, now: datetime, *, order_no: str = "", branch_no: str = "") -> Order:
    """A person says what became of an order that needs one (`trading.ledger.settle_by_hand`).

    ``branch_no`` comes with the order's number from the broker's list: without it a cancel finds no order. Raises
    Changed where the order is gone or another has the number, ForbiddenMove where it waits for nobody's word.
    """
    locked_row()  # one after the other: two orders with one number would count its fills twice
    storage = DatabaseStorage()
    order = storage.find(order_id)
    if order is None:
        raise Changed(f"order {order_id} is gone")
    if order_no and _is_taken(order_no, order):
        raise Changed(f"another order has number {order_no}")
    settled = ledger.settle_by_hand(order, to, now, who=who, order_no=order_no)
    note(who, now, "settle", order.state, f"{to} {order.symbol} {order_no}".strip())
    return storage.save(order, replace(settled, branch_no=branch_no or settled.branch_no))


def _is_taken(order_no: str, order: Order) -> bool:
    others = models.Order.objects.filter(ordered_on=order.ordered_on).exclude(pk=order.id)
    return order_key(order_no) in {order_key(number) for number in others.values_list("order_no", flat=True)}
