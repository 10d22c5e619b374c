"""The ledger in the admin, to read, search and export: orders, the reasons why not, who changed what on the desk."""

from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from import_export import resources
from import_export.admin import ExportMixin
from import_export.fields import Field
from unfold.decorators import display

from market.issue_search import IssueSearch
from market.models import Instrument
from market.watch_cells import issue_link
from stockdesk.admin import Lamp, ReadOnlyAdmin, Worded, moment
from stockdesk.alerts.words import said
from stockdesk.spreadsheet_forms import ExportForm
from stockdesk.spreadsheets import Csv, GivesTables, Xlsx
from trading.models import Order, Refusal
from trading.state_words import CHANGE_WORDS, change_words, state_words
from trading.states import State
from trading.words import WHY_NOT, says, why_not

WENT_WRONG = {State.REJECTED, State.DENIED, State.NOT_PLACED, State.NEEDS_HUMAN, State.UNKNOWN}
LAMPS = {
    State.FILLED: "success", State.PARTIAL: "info", State.ACCEPTED: "info", State.UNKNOWN: "warning",
    State.CANCELLING: "warning", State.NEEDS_HUMAN: "danger", State.REJECTED: "danger", State.NOT_PLACED: "danger",
    State.CREATED: "default", State.SENDING: "info", State.CANCELLED: "default", State.EXPIRED: "default",
    State.DENIED: "danger",
}  # fmt: skip


class OrderResource(resources.ModelResource):
    """An order as a spreadsheet has it, without what the program keeps for itself."""

    created_at = Field("created_at", _("created at"))
    symbol = Field("symbol", _("symbol"))
    side = Field("get_side_display", _("side"))
    quantity = Field("quantity", _("quantity"))
    price = Field("price", _("price"))
    filled_quantity = Field("filled_quantity", _("filled"))
    filled_amount = Field("filled_amount", _("filled amount"))
    state = Field("get_state_display", _("state"))
    order_no = Field("order_no", _("order no."))
    mode = Field("get_mode_display", _("mode"))
    reason = Field("reason", _("reason"))

    class Meta:
        model = Order
        fields = (
            "created_at", "symbol", "side", "quantity", "price", "filled_quantity", "filled_amount", "state",
            "order_no", "mode", "reason",
        )  # fmt: skip


class OfIssues(IssueSearch, ReadOnlyAdmin):
    """Rows of an issue: found by its code or its name, and leading to its page."""

    list_per_page = 50

    @display(description=_("name"), ordering="symbol")
    def issue(self, row: Any) -> SafeString:
        return format_html(
            '{} <span class="desk-code">{}</span>', issue_link(row.symbol, row.issue_name or row.symbol), row.symbol
        )

    @display(description=_("side"), ordering="side")
    def side_word(self, row: Any) -> SafeString:
        colour = "up" if row.side == "buy" else "down"
        return format_html('<b class="desk-side desk-{}">{}</b>', colour, row.get_side_display())

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        name = Instrument.objects.filter(pk=OuterRef("symbol")).values("name")
        return super().get_queryset(request).annotate(issue_name=Subquery(name))


class OrderAdmin(GivesTables, ExportMixin, OfIssues):
    list_display = ("created", "issue", "side_word", "asked", "filled", "lamp", "order_no", "mode", "why")
    list_display_links = ("created",)
    list_filter = ("state", "side", "mode", "source")
    list_select_related = ("condition",)
    also_in = ("order_no",)
    search_help_text = _("name, code or order no.")
    date_hierarchy = "ordered_on"
    resource_classes = (OrderResource,)
    export_form_class = ExportForm
    formats = (Csv, Xlsx)
    created = moment("created_at", _("created at"))
    sent = moment("sent_at", _("sent at"))
    filled_on = moment("filled_at", _("last fill learnt at"))
    fields = readonly_fields = (*list_display, "source", "sent", "filled_on")

    def get_export_formats(self) -> list[Any]:
        return list(self.formats)

    def has_export_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    @display(description=_("order"))
    def asked(self, order: Order) -> SafeString:
        price = _("market") if order.price is None else f"{order.price:,}"
        return format_html("{} × {}", price, f"{order.quantity:,}")

    @display(description=_("filled"), ordering="filled_quantity", empty_value="")
    def filled(self, order: Order) -> str | None:
        if not order.filled_quantity:
            return None
        return f"{order.filled_amount // order.filled_quantity:,} × {order.filled_quantity:,}"

    @display(description=_("state"), ordering="state", label=LAMPS)
    def lamp(self, order: Order) -> Lamp:
        return Lamp(order.state, state_words(order.state))

    @display(description=_("reason"), empty_value="")
    def why(self, order: Order) -> str | None:
        """What went wrong, or else the condition that wanted it."""
        if order.alarm or order.state in WENT_WRONG:
            told = why_not(order.code) if order.code in WHY_NOT else order.reason
            return said(order.alarm or told) or None
        return says(order.condition) if order.condition else None


class RefusalAdmin(OfIssues):
    list_display = ("last", "issue", "side_word", "why", "count", "first")
    list_filter = ("side",)
    date_hierarchy = "refused_on"
    last = moment("last_at", _("last at"))
    first = moment("first_at", _("first at"))
    fields = readonly_fields = list_display

    @display(description=_("reason"), ordering="code")
    def why(self, refusal: Refusal) -> str:
        return why_not(refusal.code)


class Changes(Worded):
    title, parameter_name, words = _("what"), "what", CHANGE_WORDS


class DeskChangeAdmin(ReadOnlyAdmin):
    list_display = ("when", "who", "what_word", "before_word", "after_word")
    list_filter = ("who", Changes)
    fields = readonly_fields = list_display
    date_hierarchy = "at"
    when = moment("at", _("at"))

    @display(description=_("what"), ordering="what")
    def what_word(self, change: Any) -> Any:
        return CHANGE_WORDS.get(change.what, change.what)

    @display(description=_("before"))
    def before_word(self, change: Any) -> str:
        return str(change_words(change.what, change.before))

    @display(description=_("after"))
    def after_word(self, change: Any) -> str:
        return str(change_words(change.what, change.after))
