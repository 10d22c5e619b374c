"""The admin of the reference data, for reading; each page says when it was fetched and what comes next."""

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display

from assets.admin import EMPTY, figure, gain
from collectors.job_admin import label_of, minute, next_text
from collectors.job_models import JobDay, JobItem
from collectors.reference.models import (
    CreditBalance,
    DailyBar,
    Dividend,
    InvestorFlow,
    MarketFlow,
    Ranking,
    ShortSale,
)
from market.issue_search import IssueSearch
from market.models import Quote
from stockdesk.admin import ReadOnlyAdmin, day


def percent(field: str, description: Any) -> Any:
    """A column of a share in percent, which is neither gain nor loss."""
    return figure(field, description, "{:.2f}%".format)


def when(field: str, description: Any) -> Any:
    """A column of a moment to the minute, in one line."""

    @display(description=description, ordering=field)
    def column(self: ModelAdmin, row: Any) -> SafeString:
        return format_html('<span class="desk-time">{}</span>', minute(getattr(row, field)))

    return column


def worth(field: str, description: Any) -> Any:
    """A column of KRW in 억원, as Korean screens have it."""
    return figure(field, description, lambda won: f"{won / 10**8:,.1f}")


def hundred_millions(field: str, description: Any) -> Any:
    """The same of net purchases: bought red, sold blue."""
    return gain(field, description, lambda won: f"{won / 10**8:+,.1f}")


class FetchedAdmin(ReadOnlyAdmin):
    """A table that batch jobs fill."""

    jobs: tuple[str, ...]
    list_per_page = 50
    list_before_template = "collectors/fetched.html"
    fetched = when("fetched_at", _("fetched at"))
    date = day("on", _("day"))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        facts = {"fetched": [fetched_facts(job) for job in self.jobs]}
        return super().changelist_view(request, extra_context={**(extra_context or {}), **facts})


def fetched_facts(job: str) -> dict[str, Any]:
    """How far the newest day of a job is, when it was last worked on, and when the next one is due."""
    row = JobDay.objects.filter(job=job).order_by("-day").first()
    facts: dict[str, Any] = {"job": label_of(job), "next": next_text(job), "day": None}
    if row is not None:
        items = JobItem.objects.filter(job=job, day=row.day)
        facts |= {
            "day": row.day,
            "at": minute(row.worked_at),
            "total": items.count(),
            "done": items.filter(state=JobItem.State.DONE).count(),
            "failed": items.filter(state=JobItem.State.FAILED).count(),
        }
    return facts


class SymbolAdmin(IssueSearch, FetchedAdmin):
    """One row per symbol and day; looked up by code or name."""

    date_hierarchy: str | None = "on"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        name = Quote.objects.filter(pk=OuterRef("symbol")).values("name")[:1]
        return super().get_queryset(request).annotate(name=Subquery(name))

    @display(description=_("name"), ordering="name")
    def title(self, row: Any) -> str:
        return row.name or EMPTY


@admin.register(DailyBar)
class DailyBarAdmin(SymbolAdmin):
    jobs = ("daily-bars",)
    list_display = (
        "symbol", "title", "date", "opened", "high", "low", "close", "at_1530", "traded", "value",
    )  # fmt: skip
    opened = figure("open_price", _("open"))
    high = figure("high_price", _("high"))
    low = figure("low_price", _("low"))
    close = figure("close_price", _("close"))
    at_1530 = figure("regular_close", _("regular close"))
    traded = figure("volume", _("volume"))
    value = worth("amount", _("amount (KRW 100m)"))


@admin.register(InvestorFlow)
class InvestorFlowAdmin(SymbolAdmin):
    jobs = ("investor-flows",)
    list_display = (
        "symbol", "title", "date", "person", "foreign", "institution", "foreign_shares", "institution_shares",
        "pension", "fetched",
    )  # fmt: skip
    person = hundred_millions("person_amount", _("individuals (KRW 100m)"))
    foreign = hundred_millions("foreign_amount", _("foreigners (KRW 100m)"))
    institution = hundred_millions("institution_amount", _("institutions (KRW 100m)"))
    foreign_shares = gain("foreign_quantity", _("foreigners, shares"))
    institution_shares = gain("institution_quantity", _("institutions, shares"))
    pension = gain("pension_quantity", _("pension funds"))


@admin.register(MarketFlow)
class MarketFlowAdmin(FetchedAdmin):
    jobs = ("market-flows",)
    list_display = ("market", "date", "level", "person", "foreign", "institution", "fetched")
    list_filter = ("market",)
    date_hierarchy = "on"
    level = figure("index", _("index"))
    person = hundred_millions("person_amount", _("individuals (KRW 100m)"))
    foreign = hundred_millions("foreign_amount", _("foreigners (KRW 100m)"))
    institution = hundred_millions("institution_amount", _("institutions (KRW 100m)"))


@admin.register(ShortSale)
class ShortSaleAdmin(SymbolAdmin):
    jobs = ("short-sales",)
    list_display = ("symbol", "title", "date", "sold", "part", "value", "value_part", "average", "fetched")
    sold = figure("quantity", _("short sold, shares"))
    part = percent("volume_rate", _("part of volume"))
    value = worth("amount", _("short sold (KRW 100m)"))
    value_part = percent("amount_rate", _("part of amount"))
    average = figure("average_price", _("average price"))


@admin.register(CreditBalance)
class CreditBalanceAdmin(SymbolAdmin):
    jobs = ("credit",)
    list_display = (
        "symbol", "title", "date", "balance", "owed", "part", "new", "repaid", "lent", "lent_part",
    )  # fmt: skip
    balance = figure("loan_balance", _("credit balance, shares"))
    owed = worth("loan_amount", _("credit balance (KRW 100m)"))
    part = percent("loan_rate", _("credit rate"))
    new = figure("loan_new", _("new credit, shares"))
    repaid = figure("loan_repaid", _("repaid credit, shares"))
    lent = figure("lending_balance", _("stock loan balance, shares"))
    lent_part = percent("lending_rate", _("stock loan rate"))


@admin.register(Dividend)
class DividendAdmin(IssueSearch, FetchedAdmin):
    jobs = ("dividends",)
    list_display = ("symbol", "name", "recorded", "kind", "stock_kind", "cash", "part", "paid", "fetched")
    list_filter = ("kind", "stock_kind")
    also_in = ("name",)
    date_hierarchy = "record_on"
    recorded = day("record_on", _("record date"))
    paid = day("paid_on", _("paid on"))
    cash = figure("amount", _("a share (KRW)"))
    part = percent("rate", _("cash rate"))


@admin.register(Ranking)
class RankingAdmin(IssueSearch, FetchedAdmin):
    jobs = ("rankings", "buyers")
    list_display = (
        "place", "by", "date", "symbol", "name", "last", "against", "part", "traded", "net", "fetched",
    )  # fmt: skip
    list_filter = ("by",)
    also_in = ("name",)
    date_hierarchy = "on"
    ordering = ("-on", "by", "place")
    last = figure("price", _("price"))
    against = gain("change", _("change"))
    part = gain("change_rate", _("change rate"), "{:+.2f}%".format, "0.00%")
    traded = figure("volume", _("volume"))
    net = hundred_millions("net_amount", _("net (KRW 100m)"))
