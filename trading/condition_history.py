"""What changed in a condition, as people read it: the fields' own words, their choices, KRW with separators."""

from dataclasses import replace
from datetime import time
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from simple_history.template_utils import HistoricalRecordContextHelper

from trading.models import Condition
from trading.words import switched_off_because

UNTOLD = ("revision",)


class Changes(HistoricalRecordContextHelper):
    """The changes of one history row."""

    def context_for_delta_changes(self, delta: Any) -> list[dict[str, Any]]:
        told = [change for change in delta.changes if change.field not in UNTOLD]
        changes: list[dict[str, Any]] = super().context_for_delta_changes(replace(delta, changes=told))
        return changes

    def prepare_delta_change_value(self, change: Any, value: Any) -> str:
        return value_in_words(change.field, value)


def value_in_words(name: str, value: Any) -> str:
    field = Condition._meta.get_field(name)
    if name == "switched_off_reason":
        value = switched_off_because(value)
    if choices := getattr(field, "flatchoices", None):
        value = dict(choices).get(value, value)
    match value:
        case None | "":
            return _("none")
        case bool():
            return _("on") if value else _("off")
        case Decimal():
            return f"{value.normalize():f}"
        case int():
            return f"{value:,}"
        case time():
            return f"{value:%H:%M}"
    return str(value)
