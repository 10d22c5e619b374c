"""The admin of the market: the watch list to edit (``market.watch_admin``), the rest to read."""

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from unfold.decorators import display

from market import bar_admin  # noqa: F401  (it registers itself)
from market.instrument_admin import InstrumentAdmin
from market.issue_search import IssueSearch
from market.models import ExecutionNotice, FeedSession, Instrument, Quote, WatchRow
from market.watch_admin import WatchRowAdmin
from market.watch_cells import change_cell, price_cell
from stockdesk.admin import ReadOnlyAdmin, Worded, moment
from stockdesk.alerts.words import said

admin.site.register(WatchRow, WatchRowAdmin)
admin.site.register(Instrument, InstrumentAdmin)


#: The bar in the making and the one closed last, as programs hand them to each other.
PARTS = ("open", "high", "low", "close", "volume")
OF_BARS = tuple(f"{bar}_{part}" for bar in ("bar", "closed_bar") for part in PARTS)
WAYS: dict[str, Any] = {
    "ws": pgettext_lazy("quote", "live"),
    "rest": pgettext_lazy("quote", "asked for"),
}


class Ways(Worded):
    title, parameter_name, words = _("source"), "source", WAYS


@admin.register(Quote)
class QuoteAdmin(ReadOnlyAdmin):
    list_display = ("symbol", "name", "price", "against_base", "volume", "traded", "way", "session")
    list_filter = (Ways, "session")
    search_fields = ("symbol", "name")
    search_help_text = _("name or code")
    list_per_page = 50
    exclude = (*OF_BARS, "source")
    readonly_fields = ("way",)
    traded = moment("traded_at", _("traded at"))

    @display(description=_("last price"), ordering="last_price")
    def price(self, quote: Quote) -> str:
        return price_cell(quote)

    @display(description=_("change"), ordering="change_rate")
    def against_base(self, quote: Quote) -> str:
        return change_cell(quote)

    @display(description=_("source"), ordering="source")
    def way(self, quote: Quote) -> str:
        return str(WAYS.get(quote.source, quote.source))

    @display(description=_("volume"), ordering="day_volume")
    def volume(self, quote: Quote) -> str:
        return "-" if quote.day_volume is None else f"{quote.day_volume:,}"


@admin.register(FeedSession)
class FeedSessionAdmin(ReadOnlyAdmin):
    list_display = (
        "number",
        "lamp",
        "registrations",
        "last_frame",
        "connected",
        "connects_today",
        "next_connect",
        "key_id",
        "told",
    )
    last_frame = moment("last_frame_at", _("last frame"))
    connected = moment("connected_at", _("connected at"))
    next_connect = moment("next_connect_at", _("next connect"))

    @display(
        description=_("state"),
        ordering="state",
        label={
            "live": "success",
            "connecting": "info",
            "waiting": "warning",
            "silent": "danger",
            "parked": "danger",
            "closed": "default",
        },
    )
    def lamp(self, session: FeedSession) -> tuple[str, str]:
        return session.state, session.get_state_display()

    @display(description=_("note"), ordering="note", empty_value="")
    def told(self, session: FeedSession) -> str | None:
        return said(session.note) or None

    @display(description=_("registrations"))
    def registrations(self, session: FeedSession) -> str:
        return f"{session.confirmed} / {session.wanted}"


SIDES: dict[str, Any] = {"01": _("sell"), "02": _("buy")}  # as KIS numbers them


class NoticeSide(Worded):
    title, parameter_name, words = _("side"), "side", SIDES


@admin.register(ExecutionNotice)
class ExecutionNoticeAdmin(IssueSearch, ReadOnlyAdmin):
    list_display = ("received", "order_no", "bought", "symbol", "name", "quantity", "price", "outcome")
    list_filter = (NoticeSide, "filled", "refused")
    also_in = ("order_no", "name")
    search_help_text = _("name, code or order no.")
    date_hierarchy = "received_at"
    received = moment("received_at", _("received at"))
    # The account number is stored for matching and is on no page.
    exclude = ("account", "digest")

    @display(description=_("side"), ordering="side", label={"02": "danger", "01": "info"})
    def bought(self, notice: ExecutionNotice) -> tuple[str, str]:
        return notice.side, str(SIDES.get(notice.side, notice.side))

    @display(
        description=_("kind of notice"),
        label={"fill": "success", "refused": "danger", "order": "info"},
        ordering="filled",
    )
    def outcome(self, notice: ExecutionNotice) -> tuple[str, str]:
        if notice.refused:
            return "refused", str(_("refused"))
        return ("fill", str(_("fill"))) if notice.filled else ("order", str(_("order accepted")))
