"""The admin of the overseas indices, for reading."""

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from unfold.decorators import display

from assets.admin import figure, gain
from collectors.overseas.indices import BY_SYMBOL
from collectors.overseas.models import OverseasBar, OverseasQuote
from stockdesk.admin import ReadOnlyAdmin, day, moment


@admin.register(OverseasQuote)
class OverseasQuoteAdmin(ReadOnlyAdmin):
    list_display = ("name", "symbol", "last", "against", "part", "before", "date", "trading", "read")
    exclude = ("place",)
    ordering = ("place",)
    last = figure("price", _("price"))
    against = gain("change", _("change"))
    part = gain("change_rate", _("change rate"), mark="%")
    before = figure("previous_close", _("previous close"))
    date = day("on", _("day there"))
    read = moment("read_at", _("read at"))

    @display(description=_("exchange"), label={"open": "success", "closed": "default"})
    def trading(self, quote: OverseasQuote) -> tuple[str, Any]:
        if quote.is_open:
            return "open", pgettext_lazy("exchange", "trading")
        return "closed", pgettext_lazy("exchange", "closed")


@admin.register(OverseasBar)
class OverseasBarAdmin(ReadOnlyAdmin):
    list_display = ("title", "date", "opened", "high", "low", "close", "final", "fetched")
    list_filter = ("symbol", "final")
    date_hierarchy = "on"
    list_per_page = 50
    opened = figure("open_price", _("open"))
    high = figure("high_price", _("high"))
    low = figure("low_price", _("low"))
    close = figure("close_price", _("close"))
    date = day("on", _("day there"))
    fetched = moment("fetched_at", _("fetched at"))

    @display(description=_("name"), ordering="symbol")
    def title(self, bar: OverseasBar) -> str:
        return BY_SYMBOL[bar.symbol].name if bar.symbol in BY_SYMBOL else bar.symbol
