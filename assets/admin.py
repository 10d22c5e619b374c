"""The admin of the assets, for reading only: the broker's answers write these rows."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display

from assets.models import Account, Balance, Holding
from stockdesk.admin import Lamp, ReadOnlyAdmin, moment
from stockdesk.alerts.words import said

EMPTY = "–"


def grouped(value: int | Decimal) -> str:
    """Groups of three, and no zeros behind the point."""
    text = f"{value:,f}" if isinstance(value, Decimal) else f"{value:,}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def figure(field: str, description: Any, write: Callable[[Any], str] = grouped) -> Any:
    """A column of a number as ``write`` puts it; unknown is a dash."""

    @display(description=description, ordering=field)
    def column(self: ModelAdmin, row: Any) -> SafeString:
        value = getattr(row, field)
        return format_html('<span class="desk-change">{}</span>', EMPTY if value is None else write(value))

    return column


def gain(field: str, description: Any, write: Callable[[Any], str] = "{:+,}".format, nothing: str = "0") -> Any:
    """A column of a profit or a rise (red), a loss or a fall (blue), with its sign; ``nothing`` is neither."""

    @display(description=description, ordering=field)
    def column(self: ModelAdmin, row: Any) -> SafeString:
        value: int | Decimal | None = getattr(row, field)
        way = "flat" if not value else "up" if value > 0 else "down"
        text = EMPTY if value is None else write(value) if value else nothing
        return format_html('<span class="desk-change desk-{}">{}</span>', way, text)

    return column


def percent_gain(field: str, description: Any) -> Any:
    """The same of a rate, in percent as it is stored."""
    return gain(field, description, "{:+,}%".format, "0%")


@admin.register(Account)
class AccountAdmin(ReadOnlyAdmin):
    list_display = ("number", "mark", "updated", "error", "failed")
    list_filter = ("stale",)
    fields = ("number", "updated", "mark", "since", "error", "failed")
    updated = moment("updated_at", _("updated at"))
    since = moment("stale_since", _("stale since"))
    failed = moment("last_error_at", _("last error at"))

    @display(description=_("last error"), ordering="last_error", empty_value=EMPTY)
    def error(self, account: Account) -> str | None:
        return said(account.last_error) or None

    @display(description=_("state"), ordering="stale", label={"stale": "danger", "fresh": "success"})
    def mark(self, account: Account) -> Lamp:
        return Lamp("stale", _("stale")) if account.stale else Lamp("fresh", _("renewed"))


@admin.register(Balance)
class BalanceAdmin(ReadOnlyAdmin):
    list_display = ("account", "cash", "total", "bought", "worth", "result", "realised", "updated")
    list_select_related = ("account",)
    cash = figure("deposit_d2", _("deposit D+2"))
    total = figure("total_value", _("total value"))
    bought = figure("purchase_amount", _("purchase amount"))
    worth = figure("evaluation_amount", _("evaluation"))
    result = gain("profit_loss", _("profit and loss"))
    realised = gain("realised_profit", _("realised today"))
    updated = moment("updated_at", _("updated at"))


@admin.register(Holding)
class HoldingAdmin(ReadOnlyAdmin):
    list_display = ("symbol", "name", "held", "free", "average", "price", "worth", "result", "rate", "updated")
    list_filter = ("account",)
    list_select_related = ("account",)
    search_fields = ("symbol", "name")
    search_help_text = _("name or code")
    exclude = ("id",)
    held = figure("quantity", _("quantity"))
    free = figure("orderable_quantity", _("orderable"))
    average = figure("average_price", _("average price"))
    price = figure("last_price", _("last price"))
    worth = figure("evaluation_amount", _("evaluation"))
    result = gain("profit_loss", _("profit and loss"))
    rate = percent_gain("profit_rate", _("profit rate"))
    updated = moment("updated_at", _("updated at"))
