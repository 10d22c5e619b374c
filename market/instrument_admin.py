"""The whole market in the admin: every issue with its price, the age of it and its marks; to read and search."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from market.models import Instrument, Quote
from market.watch_cells import age_text, change_cell, is_old, issue_link, price_cell
from stockdesk.admin import ReadOnlyAdmin


class WithQuotes(ChangeList):
    """Reads the quotes of the page's issues at once; an issue that has none yet is shown without a price."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        read_at = timezone.now()
        quotes = Quote.objects.of(instrument.symbol for instrument in self.result_list)
        for instrument in self.result_list:
            instrument.quote = quotes.get(instrument.symbol)
            instrument.read_at = read_at


class ListingFilter(admin.SimpleListFilter):
    title = _("listing")
    parameter_name = "listing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("listed", _("listed")), ("delisted", _("delisted"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        wanted = {"listed": True, "delisted": False}.get(self.value() or "")
        return queryset if wanted is None else queryset.filter(delisted_at__isnull=wanted)


class InstrumentAdmin(ReadOnlyAdmin):
    list_display = ("symbol", "page", "market", "kind", "price", "against_base", "volume", "seen", "warnings")
    list_filter = (ListingFilter, "market", "kind", "halted", "administrative", "alert_level", "liquidating")
    search_fields = ("symbol", "name", "isin")
    search_help_text = _("name, code or ISIN")
    list_per_page = 50

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return WithQuotes

    @display(description=_("name"), ordering="name")
    def page(self, instrument: Instrument) -> SafeString:
        """The name, leading to all that is known of the issue."""
        return issue_link(instrument.symbol, instrument.name)

    @display(description=_("last price"))
    def price(self, instrument: Any) -> str:
        return price_cell(instrument.quote)

    @display(description=_("change"))
    def against_base(self, instrument: Any) -> str:
        return change_cell(instrument.quote)

    @display(description=_("volume"))
    def volume(self, instrument: Any) -> str:
        quote = instrument.quote
        return "" if quote is None or quote.day_volume is None else f"{quote.day_volume:,}"

    @display(description=_("last seen"))
    def seen(self, instrument: Any) -> str:
        return seen_cell(instrument.quote, instrument.read_at)

    @display(description=_("warnings"))
    def warnings(self, instrument: Instrument) -> SafeString:
        return format_html_join(" ", '<span class="desk-mark">{}</span>', ((mark,) for mark in marks(instrument)))


def seen_cell(quote: Quote | None, now: datetime) -> SafeString:
    return format_html('<span class="desk-time {}">{}</span>', "desk-old" * is_old(quote, now), age_text(quote, now))


def marks(instrument: Instrument) -> list[str]:
    """What keeps people from trading an issue, or should; one that is gone has no other mark."""
    if instrument.delisted_at is not None:
        return [str(_("delisted"))]
    flags = ("halted", "liquidating", "administrative", "overheated")
    found = [
        str(instrument._meta.get_field(flag).verbose_name)  # type: ignore[union-attr]
        for flag in flags
        if getattr(instrument, flag)
    ]
    return [*found, instrument.get_alert_level_display()] if instrument.alert_level else found
