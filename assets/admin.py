"""The admin of the assets, for reading only: the broker's answers write these rows."""

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


def number_text(value: int | Decimal | None) -> str:
    """Groups of three, and no zeros behind the point; unknown is a dash."""
    if value is None:
        return EMPTY
    return f"{value:,f}".rstrip("0").rstrip(".") if isinstance(value, Decimal) else f"{value:,}"


def figure(field: str, description: Any) -> Any:
    """A column of a number."""

    @display(description=description, ordering=field)
    def column(self: ModelAdmin, row: Any) -> SafeString:
        return format_html('<span class="desk-change">{}</span>', number_text(getattr(row, field)))

    return column


def gain(field: str, description: Any, *, mark: str = "") -> Any:
    """A column of a profit (red) or a loss (blue), with its sign."""

    @display(description=description, ordering=field)
    def column(self: ModelAdmin, row: Any) -> SafeString:
        value: int | Decimal | None = getattr(row, field)
        way = "flat" if not value else "up" if value > 0 else "down"
        text = EMPTY if value is None else f"{value:+,}{mark}" if value else f"0{mark}"
        return format_html('<span class="desk-change desk-{}">{}</span>', way, text)

    return column


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
    rate = gain("profit_rate", _("profit rate"), mark="%")
    updated = moment("updated_at", _("updated at"))
