"""Korean screens' words for what the ledger stores as codes: states, sides, stops, modes, triggers, changes."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from trading.states import State
from trading.values import Mode, Stop, Trigger

STATE_WORDS: dict[str, Promise] = {
    State.CREATED: pgettext_lazy("order", "to be sent"),
    State.SENDING: pgettext_lazy("order", "being sent"),
    State.UNKNOWN: pgettext_lazy("order", "being looked up"),
    State.ACCEPTED: pgettext_lazy("order", "working"),
    State.PARTIAL: pgettext_lazy("order", "partly filled"),
    State.CANCELLING: pgettext_lazy("order", "being cancelled"),
    State.FILLED: pgettext_lazy("order", "filled"),
    State.CANCELLED: pgettext_lazy("order", "cancelled"),
    State.REJECTED: pgettext_lazy("order", "rejected"),
    State.EXPIRED: pgettext_lazy("order", "expired"),
    State.DENIED: pgettext_lazy("order", "not sent"),
    State.NOT_PLACED: pgettext_lazy("order", "not placed"),
    State.NEEDS_HUMAN: pgettext_lazy("order", "needs a person"),
}
STOP_WORDS: dict[str, Promise] = {
    Stop.NORMAL: pgettext_lazy("stop", "Normal"),
    Stop.NO_NEW: pgettext_lazy("stop", "No new orders"),
    Stop.FULL: pgettext_lazy("stop", "Full stop"),
}
MODE_WORDS: dict[str, Promise] = {Mode.DRY_RUN: _("Dry run"), Mode.MOCK: _("Mock"), Mode.LIVE: _("Live")}
SIDE_WORDS: dict[str, Promise] = {"buy": pgettext_lazy("side", "Buy"), "sell": pgettext_lazy("side", "Sell")}
TRIGGER_WORDS: dict[str, Promise] = {
    Trigger.AT_OR_BELOW: pgettext_lazy("trigger", "{price} or below"),
    Trigger.AT_OR_ABOVE: pgettext_lazy("trigger", "{price} or above"),
    Trigger.TAKE_PROFIT: pgettext_lazy("trigger", "take profit {rate}%"),
    Trigger.STOP_LOSS: pgettext_lazy("trigger", "stop loss {rate}%"),
    Trigger.TRAILING: pgettext_lazy("trigger", "trailing {rate}%"),
}
LIMIT_WORDS: dict[str, Promise] = {
    "max_order_quantity": _("Shares an order"),
    "max_order_amount": _("Value of an order"),
    "max_symbol_amount": _("Value of a symbol a day"),
    "max_day_amount": _("Value of a day"),
    "max_orders_minute": _("Orders a minute"),
    "max_orders_day": _("Orders a day"),
    "max_day_loss": _("Loss of a day"),
}
CHANGE_WORDS: dict[str, Promise] = {
    "kill": _("Kill switch pressed"),
    "lift": _("Kill switch lifted"),
    "stop": _("Stop state"),
    "mode": _("Mode"),
    "arm": _("Live trading armed"),
    "disarm": _("Live trading disarmed"),
    "cancel": _("Cancel asked for"),
    "settle": _("Settled by hand"),
    "device": _("One-time code device"),
    "restore": _("Backup restored"),
    "recovery": _("Recovery codes"),
    **LIMIT_WORDS,
}


def state_words(state: str) -> str:
    """An order's state as the screens say it; one we do not know as it is stored."""
    return str(STATE_WORDS.get(state, state))


def change_words(what: str, value: str) -> str:
    """The value before or after a change, as the screens say it."""
    if what in LIMIT_WORDS:
        return f"{int(value):,}" if value else str(_("no limit"))
    known = {"stop": STOP_WORDS, "mode": MODE_WORDS}.get(what, {})
    first, _space, rest = value.partition(" ")
    if what == "settle" and first in STATE_WORDS:
        return f"{state_words(first)} {rest}".rstrip()
    if what == "arm" and value:
        return value[:16].replace("T", " ")
    return str(known.get(value, value))
