"""The admin of the overseas indices, for reading."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from unfold.decorators import display

from assets.admin import figure, gain, percent_gain
from collectors.overseas.indices import BY_SYMBOL
from collectors.overseas.models import OverseasBar, OverseasQuote
from stockdesk.admin import ReadOnlyAdmin, Worded, day, moment


def points(field: str, description: Any) -> Any:
    """A column of index points or a rate, to the hundredth."""
    return figure(field, description, "{:,.2f}".format)


@admin.register(OverseasQuote)
class OverseasQuoteAdmin(ReadOnlyAdmin):
    list_display = ("name", "symbol", "last", "against", "part", "before", "date", "trading", "read")
    exclude = ("place",)
    ordering = ("place",)
    search_fields = ("symbol", "name")
    search_help_text = _("name or code")
    last = points("price", _("price"))
    against = gain("change", _("change"), "{:+,.2f}".format, "0.00")
    part = percent_gain("change_rate", _("change rate"))
    before = points("previous_close", _("previous close"))
    date = day("on", _("day there"))
    read = moment("read_at", _("read at"))

    @display(description=_("exchange"), label={"open": "success", "closed": "default"})
    def trading(self, quote: OverseasQuote) -> tuple[str, Any]:
        if quote.is_open:
            return "open", pgettext_lazy("exchange", "trading")
        return "closed", pgettext_lazy("exchange", "closed")


class Indices(Worded):
    title, parameter_name = _("name"), "symbol"
    words = {symbol: index.name for symbol, index in BY_SYMBOL.items()}


@admin.register(OverseasBar)
class OverseasBarAdmin(ReadOnlyAdmin):
    list_display = ("title", "date", "opened", "high", "low", "close", "final", "fetched")
    list_filter = (Indices, "final")
    search_fields = ("symbol",)
    search_help_text = _("name or code")
    date_hierarchy = "on"
    list_per_page = 50
    opened = points("open_price", _("open"))
    high = points("high_price", _("high"))
    low = points("low_price", _("low"))
    close = points("close_price", _("close"))
    date = day("on", _("day there"))
    fetched = moment("fetched_at", _("fetched at"))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[OverseasBar], search_term: str
    ) -> tuple[QuerySet[OverseasBar], bool]:
        """By the names of the indices, which this table does not keep."""
        typed = search_term.strip().upper()
        if not typed:
            return queryset, False
        fit = [symbol for symbol, index in BY_SYMBOL.items() if typed in index.name.upper() or typed in symbol.upper()]
        return queryset.filter(symbol__in=fit), False

    @display(description=_("name"), ordering="symbol")
    def title(self, bar: OverseasBar) -> str:
        return BY_SYMBOL[bar.symbol].name if bar.symbol in BY_SYMBOL else bar.symbol
