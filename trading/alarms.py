"""What a person has to know of the ledger at once: open events, for as long as they are true."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from stockdesk.events import Trouble
from trading import checks
from trading.ports import Surroundings
from trading.states import State
from trading.values import DeskView, Mode, Order, Stop

CODES = (
    "order-unknown", "order-needs-human", "order-alarm", "orders-halted", "lock-closed", "clock-off", "not-recovered",
    "look-ups-fail", "killed", "desk-stopped", "condition-off",
)  # fmt: skip
SLOW_RECOVERY = timedelta(seconds=10)
BLIND = timedelta(seconds=7)  # alarms are reckoned every two, and a look takes a while: ten until it is told


def troubles(
    orders: Iterable[Order],
    desk: DeskView | None,
    around: Surroundings,
    now: datetime,
    *,
    started_at: datetime,
    recovered: bool,
    blind_since: datetime | None = None,
) -> dict[Trouble, str]:
    """What is wrong now, by code and subject; the text is English, one sentence."""
    found: dict[Trouble, str] = {}
    unknown = []
    for order in orders:
        subject = f"{order.symbol} #{order.id}"
        if order.state is State.UNKNOWN:
            unknown.append(order)
            found["order-unknown", subject] = f"{order.side} {order.quantity}: it may stand at the broker"
        elif order.state is State.NEEDS_HUMAN:
            found["order-needs-human", subject] = f"{order.side} {order.quantity}: {order.reason}"
        if order.alarm:
            found["order-alarm", subject] = order.alarm
    old = [o for o in unknown if o.sent_at is None or (now - o.sent_at).total_seconds() > checks.MAX_UNKNOWN_AGE]
    if len(unknown) > checks.MAX_UNKNOWN or old:
        found["orders-halted", ""] = f"{len(unknown)} orders are unknown: nothing new is ordered"
    found |= _stopped(desk)
    if desk is not None and around.setting is not None:
        closed = checks.closed_lock(desk, around.setting, now)
        if closed is not None:
            found["lock-closed", closed.code] = closed.text
    if around.clock_skew is not None and abs(around.clock_skew) > checks.MAX_CLOCK_SKEW:
        found["clock-off", ""] = f"the broker's clock is {around.clock_skew:+.1f} s from ours: nothing is ordered"
    sends = around.setting is not None and around.setting.mode is not Mode.DRY_RUN
    if sends and not recovered and now - started_at > SLOW_RECOVERY:
        found["not-recovered", ""] = "the day's orders could not be read since the start: nothing is decided"
    if recovered and blind_since is not None and now - blind_since > BLIND:
        found["look-ups-fail", ""] = f"since {blind_since:%H:%M:%S} the broker's list could not be read whole"
    return found


def _stopped(desk: DeskView | None) -> dict[Trouble, str]:
    """What a person has stopped, and who."""
    found: dict[Trouble, str] = {}
    if desk is not None and desk.killed_at is not None:
        found["killed", ""] = f"the kill switch was pressed by {desk.killed_by or '-'}: nothing new is ordered"
    if desk is not None and desk.stop is not Stop.NORMAL:
        what = "new orders were stopped" if desk.stop is Stop.NO_NEW else "everything was stopped"
        found["desk-stopped", desk.stop.value] = f"{what} by {desk.stop_by or '-'}"
    return found


def switched_off(conditions: Iterable[tuple[str, int, str]]) -> dict[Trouble, str]:
    """Conditions that the desk took out by itself: whoever counts on a stop-loss has to know that it is gone."""
    return {("condition-off", f"{symbol} #{number}"): f"switched off: {why}" for symbol, number, why in conditions}
