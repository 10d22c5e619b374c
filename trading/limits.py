"""The desk's limits: lowering one is always allowed, raising one asks for a fresh code."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from trading import models
from trading.desk import locked_row, note

LIMITS = (
    "max_order_quantity", "max_order_amount", "max_symbol_amount", "max_day_amount", "max_orders_minute",
    "max_orders_day", "max_day_loss",
)  # fmt: skip
"""Columns of trading_desk; shares, KRW or orders. ``max_day_loss`` alone may be empty, which is no limit."""


class NeedsCode(Exception):
    """A limit would be raised, and no code was seen."""


def raised(now_set: Mapping[str, int | None], wanted: Mapping[str, int | None]) -> list[str]:
    """The limits that ``wanted`` would raise; none at all is the highest there is."""
    return [name for name in LIMITS if _height(wanted[name]) > _height(now_set[name])]


@transaction.atomic
def set_limits(wanted: Mapping[str, int | None], who: str, now: datetime, *, may_raise: bool) -> list[str]:
    """Store them; returns the names of those that changed. NeedsCode where one would rise and may not."""
    row = locked_row()
    before = {name: getattr(row, name) for name in LIMITS}
    # Decided under the row's lock: what somebody lowered meanwhile is not raised again without a code.
    if not may_raise and (up := raised(before, wanted)):
        raise NeedsCode(", ".join(up))
    changed = [name for name in LIMITS if wanted[name] != before[name]]
    if changed:
        values = {name: wanted[name] for name in changed}
        models.Desk.objects.filter(pk=1).update(updated_at=now, **values)
    for name in changed:
        note(who, now, name, _text(before[name]), _text(wanted[name]))
    return changed


def _height(value: int | None) -> float:
    return float("inf") if value is None else value


def _text(value: int | None) -> str:
    return "" if value is None else str(value)
