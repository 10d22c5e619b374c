"""What DART told, to read: filings with their texts, and the figures of the reports."""

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from assets.admin import figure
from collectors.models import Corp, Filing, FilingText, KeyAccount, StatementLine
from market.issue_search import FOUND, IssueSearch
from stockdesk.admin import ReadOnlyAdmin, day, moment


@admin.register(Filing)
class FilingAdmin(ReadOnlyAdmin):
    list_display = ("received", "symbol", "corp_name", "title", "filer", "remarks", "fetched")
    list_filter = ("market",)
    search_fields = ("symbol", "corp_name", "report")
    search_help_text = _("company, code or report")
    list_per_page = 50
    show_full_result_count = False
    date_hierarchy = "received_on"
    fields = ("rcept_no", "received", "symbol", "corp_name", "corp_code", "title", "filer", "remarks", "fetched")
    received = day("received_on", _("received on"))
    fetched = moment("fetched_at", _("fetched at"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Filing]:
        text = FilingText.objects.filter(pk=OuterRef("pk"), body__isnull=False)
        return super().get_queryset(request).annotate(has_text=Exists(text))

    @display(description=_("report"), ordering="report")
    def title(self, filing: Any) -> str | SafeString:
        """The report's name; a link where its text has been fetched."""
        if not filing.has_text:
            return str(filing.report)
        address = reverse("admin:collectors_filingtext_change", args=[filing.pk])
        return format_html('<a class="desk-link" href="{}">{}</a>', address, filing.report)


@admin.register(FilingText)
class FilingTextAdmin(ReadOnlyAdmin):
    list_display = ("received", "symbol", "company", "report", "length", "encoding", "lacking", "fetched")
    search_fields = ("filing__symbol", "filing__corp_name", "filing__report")
    search_help_text = _("company, code or report")
    date_hierarchy = "filing__received_on"
    list_per_page = 50
    show_full_result_count = False
    fields = ("filing", "received", "length", "encoding", "fetched", "plain")
    length = figure("characters", _("characters"))
    fetched = moment("fetched_at", _("fetched at"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[FilingText]:
        return super().get_queryset(request).select_related("filing").defer("body")

    @display(description=_("received on"), ordering="filing__received_on")
    def received(self, text: FilingText) -> str:
        return f"{text.filing.received_on:%Y-%m-%d}"

    @display(description=_("symbol"), ordering="filing__symbol")
    def symbol(self, text: FilingText) -> str:
        return text.filing.symbol

    @display(description=_("company"), ordering="filing__corp_name")
    def company(self, text: FilingText) -> str:
        return text.filing.corp_name

    @display(description=_("report"), ordering="filing__report")
    def report(self, text: FilingText) -> str:
        return text.filing.report

    @display(description=_("missing"), label="warning", empty_value="")
    def lacking(self, text: FilingText) -> Any:
        return None if text.characters is not None or text.missing_at is None else str(_("no text at DART"))

    @display(description=_("text"))
    def plain(self, text: FilingText) -> SafeString:
        """The words alone, escaped: what a filer wrote is never markup here."""
        return format_html('<pre class="desk-text">{}</pre>', text.text)


class FigureAdmin(IssueSearch, ReadOnlyAdmin):
    """Figures of either kind; the company's name is looked up beside them."""

    list_filter = ("year", "report", "basis", "sheet")
    also_in = ("corp_code", "name")
    search_help_text = _("company, code or account")
    list_per_page = 100
    show_full_result_count = False
    exclude = ("id", "year")
    readonly_fields = ("business_year",)
    now = figure("amount", _("this term"))
    to_date = figure("amount_to_date", _("to date"))
    before = figure("previous", _("last term"))
    fetched = moment("fetched_at", _("fetched at"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        name = Corp.objects.filter(pk=OuterRef("corp_code")).values("name")
        return super().get_queryset(request).annotate(corp_name=Subquery(name[:1]))

    def fits_besides(self, word: str) -> Q:
        """A company that is listed nowhere is in no master."""
        named = Corp.objects.filter(name__icontains=word).values_list("pk", flat=True)[:FOUND]
        return Q(corp_code__in=list(named))

    @display(description=_("symbol"))
    def short_code(self, row: Any) -> str:
        return row.symbol

    @display(description=_("company"))
    def company(self, row: Any) -> str:
        return row.corp_name or row.corp_code

    @display(description=_("business year"))
    def business_year(self, row: Any) -> str:
        return str(row.year)

    @display(description=_("term"))
    def term(self, row: Any) -> str:
        return f"{row.year} {row.get_report_display()}"

    @display(description=_("statement and basis"))
    def kind(self, row: Any) -> str:
        """The statement and whose it is; the currency where it is not the won."""
        text = f"{row.get_basis_display()} {row.get_sheet_display()}"
        return text if row.currency in ("KRW", "") else f"{text} ({row.currency})"


@admin.register(KeyAccount)
class KeyAccountAdmin(FigureAdmin):
    list_display = ("short_code", "company", "term", "kind", "name", "now", "to_date", "before", "fetched")


@admin.register(StatementLine)
class StatementLineAdmin(FigureAdmin):
    list_display = ("short_code", "company", "term", "kind", "part", "now", "to_date", "before", "fetched")

    @display(description=_("account name"))
    def part(self, line: StatementLine) -> str:
        """The account, and which part of the equity it is of in the statement of its changes."""
        return line.name if line.detail in ("-", "") else f"{line.name} / {line.detail}"
