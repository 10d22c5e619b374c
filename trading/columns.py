"""The words and columns that trading's tables share. Collation is binary wherever a symbol or a key is compared."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from trading.pricings import ORDER_TYPES
from trading.states import State
from trading.views import Mode, Sizing, Source, Stop, Trigger

BINARY = "utf8mb4_bin"
SIDES = [("buy", _("buy")), ("sell", _("sell"))]
MODES = [
    (Mode.DRY_RUN.value, _("dry run")),
    (Mode.MOCK.value, _("mock trading")),
    (Mode.LIVE.value, _("live trading")),
]
STATES = [
    (State.CREATED.value, _("to be sent")),
    (State.SENDING.value, _("being sent")),
    (State.UNKNOWN.value, _("unknown")),
    (State.ACCEPTED.value, _("accepted")),
    (State.PARTIAL.value, _("partly filled")),
    (State.CANCELLING.value, _("being cancelled")),
    (State.FILLED.value, _("filled")),
    (State.CANCELLED.value, _("cancelled")),
    (State.REJECTED.value, _("rejected")),
    (State.EXPIRED.value, _("expired")),
    (State.DENIED.value, _("denied")),
    (State.NOT_PLACED.value, _("not placed")),
    (State.NEEDS_HUMAN.value, _("needs a person")),
]
TRIGGERS = [
    (Trigger.AT_OR_BELOW.value, _("price at or below")),
    (Trigger.AT_OR_ABOVE.value, _("price at or above")),
    (Trigger.TAKE_PROFIT.value, _("take profit")),
    (Trigger.STOP_LOSS.value, _("stop loss")),
    (Trigger.TRAILING.value, _("trailing")),
]
SIZINGS = [
    (Sizing.QUANTITY.value, _("quantity")),
    (Sizing.AMOUNT.value, _("order amount")),
    (Sizing.ALL.value, _("all")),
]
PRICINGS = [(str(pricing), order_type.label) for pricing, order_type in ORDER_TYPES.items()]
STOPS = [
    (Stop.NORMAL.value, _("normal")),
    (Stop.NO_NEW.value, _("no new orders")),
    (Stop.FULL.value, _("full stop")),
]
SOURCES = [
    (Source.CONDITION.value, _("condition")),
    (Source.MANUAL.value, _("typed by hand")),
    (Source.EXTERNAL.value, _("made elsewhere")),
]


ANY_PRODUCT = 12
"""What an account may trade elsewhere has longer codes than what the desk trades (`stockdesk.kis.booked.product`)."""


def symbol_field(max_length: int = 9, **options: Any) -> "models.CharField[str, str]":
    return models.CharField(_("symbol"), max_length=max_length, db_collation=BINARY, **options)
