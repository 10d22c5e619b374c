"""The switches a person has: mode, stop states, kill switch, arming of live trading, and a person's own verdicts.

Called by screens, each in a transaction of its own; the engine reads the row before every POST.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction

from trading import ledger, models
from trading.database import DatabaseStorage
from trading.ports import Changed
from trading.states import State
from trading.views import Mode, Order, Stop

LIVE_ARMED_FOR = timedelta(hours=12)
"""A code typed this morning does not trade tomorrow."""


def desk_row() -> models.Desk:
    """The one row, made with its careful defaults (dry run) where there is none."""
    return models.Desk.objects.get_or_create(pk=1)[0]


def kill(who: str, now: datetime) -> None:
    """Press the kill switch: no order leaves from here on, cancels do. The first press keeps its time and name."""
    desk_row()
    models.Desk.objects.filter(pk=1, killed_at__isnull=True).update(killed_at=now, killed_by=who, updated_at=now)


def lift(who: str, now: datetime) -> None:
    """Lift the kill switch. Only a person does; nothing else ever calls this."""
    models.Desk.objects.filter(pk=1).update(killed_at=None, lifted_at=now, lifted_by=who, updated_at=now)


def set_stop(stop: Stop, who: str, now: datetime) -> None:
    """Normal, no new orders, or full stop, which also cancels what works."""
    desk_row()
    models.Desk.objects.filter(pk=1).update(stop=stop.value, stop_by=who, stop_at=now, updated_at=now)


def set_mode(mode: Mode, now: datetime) -> None:
    """Change the mode; whatever was armed is so no more."""
    desk_row()
    models.Desk.objects.filter(pk=1).update(mode=mode.value, live_armed_until=None, live_armed_by="", updated_at=now)


def arm_live(who: str, now: datetime, *, until: datetime | None = None) -> None:
    """Arm live trading, after the caller has seen a fresh code of this person."""
    desk_row()
    until = min(until or now + LIVE_ARMED_FOR, now + LIVE_ARMED_FOR)
    models.Desk.objects.filter(pk=1).update(live_armed_until=until, live_armed_by=who, updated_at=now)


def request_cancel(order_id: int, now: datetime) -> Order:
    """Ask for an order's cancel; the engine sends it with its next step. Changed where it no longer works."""
    storage = DatabaseStorage()
    with transaction.atomic():
        order = storage.find(order_id)
        if order is None or order.state not in (State.ACCEPTED, State.PARTIAL):
            raise Changed(f"order {order_id} does not work")
        return storage.save(order, replace(order, cancel_at=now, cancel_attempts=0))


def settle(order_id: int, to: State, who: str, now: datetime, *, order_no: str = "") -> Order:
    """A person says what became of an order that needs one (`trading.ledger.settle_by_hand`)."""
    storage = DatabaseStorage()
    with transaction.atomic():
        order = storage.find(order_id)
        if order is None:
            raise Changed(f"order {order_id} is gone")
        return storage.save(order, ledger.settle_by_hand(order, to, now, who=who, order_no=order_no))
