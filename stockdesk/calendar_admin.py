"""The calendar in the admin: what each source says of a day, a person's override, the hours of the sessions."""

from datetime import date, time
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from stockdesk.admin import ReadOnlyAdmin, moment
from stockdesk.calendar_doubts import tell_doubts
from stockdesk.calendar_forms import OverrideForm
from stockdesk.calendar_models import MarketDay, SessionWindow, Source

MOST_DAYS = 100  # of one override


def _said(field: str, description: Any) -> Any:
    """A column of one source's word."""

    @display(description=description, empty_value="–")
    def column(self: ModelAdmin, row: MarketDay) -> str | None:
        word = getattr(row, field)
        return None if word is None else gettext("open") if word else gettext("closed")

    return column


@admin.register(MarketDay)
class MarketDayAdmin(ReadOnlyAdmin):
    """A month at a time. A day's page shows every source; what a person says is written through the action."""

    list_display = ("date", "market", "name", "timetable_used", "state", "source", "by_broker", "answered", "person")
    list_display_links = ("date",)
    date_hierarchy = "day"
    list_per_page = 100
    ordering = ("day",)
    actions = ("override_days",)
    actions_detail = ("override_day",)
    fieldsets = (
        (None, {"fields": ("day", "name", "market", "timetable_used", "state", "source")}),
        (_("KIS"), {"fields": ("open_flag", "business_flag", "trading_flag", "settlement_flag", "answered",
                               "answered_by", "asks")}),
        (_("Lists"), {"fields": ("by_list", "by_law")}),
        (_("Override"), {"fields": ("by_person", "override_timetable", "override_reason", "overridden_by",
                                    "overridden")}),
    )  # fmt: skip
    answered = moment("answered_at", _("confirmed by KIS at"))
    overridden = moment("overridden_at", _("overridden at"))
    by_list = _said("listed_open", _("KRX list"))
    by_law = _said("computed_open", _("by law"))
    by_person = _said("override_open", _("person"))

    @display(description=_("date"), ordering="day")
    def date(self, row: MarketDay) -> str:
        return date_format(row.day, "Y-m-d (D)")

    @display(description=_("market"), label={"open": "success", "closed": "default", "unknown": "warning"})
    def market(self, row: MarketDay) -> tuple[str, Any]:
        is_open = row.verdict(settings.DESK.broker).is_open
        if is_open is None:
            return "unknown", _("unknown")
        return ("open", _("open")) if is_open else ("closed", _("closed"))

    @display(description=_("state"), label={"confirmed": "success", "disputed": "danger", "unconfirmed": "warning"})
    def state(self, row: MarketDay) -> tuple[str, Any]:
        verdict = row.verdict(settings.DESK.broker)
        if verdict.disputed:
            return "disputed", _("sources disagree")
        return ("confirmed", _("confirmed")) if verdict.confirmed else ("unconfirmed", _("unconfirmed"))

    @display(description=_("decided by"), empty_value="–")
    def source(self, row: MarketDay) -> Any:
        source = row.verdict(settings.DESK.broker).source
        return Source(source).label if source else None

    @display(description=_("hours"), empty_value="–")
    def timetable_used(self, row: MarketDay) -> str | None:
        if not row.verdict(settings.DESK.broker).is_open:
            return None
        return row.get_override_timetable_display() or row.get_timetable_display()

    @display(description=_("KIS"), empty_value="–")
    def by_broker(self, row: MarketDay) -> str | None:
        told = row.broker_open(settings.DESK.broker)
        return None if told is None else gettext("open") if told else gettext("closed")

    @display(description=_("override"), empty_value="–")
    def person(self, row: MarketDay) -> str | None:
        return f"{row.overridden_by}: {row.override_reason}" if row.override_open is not None else None

    def get_readonly_fields(self, request: HttpRequest, obj: MarketDay | None = None) -> tuple[str, ...]:
        return tuple(name for _title, fieldset in self.fieldsets for name in fieldset["fields"])

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """This month's days, unless others are asked for."""
        if request.method == "GET" and not request.GET:
            today = timezone.localdate()
            return HttpResponseRedirect(f"{request.path}?day__year={today.year}&day__month={today.month}")
        if settings.DESK.around_the_clock:
            messages.info(request, _("The demo trades around the clock and does not go by this calendar."))
        return super().changelist_view(request, extra_context)

    # The override. The rows stay read-only otherwise: no form may write what a source has said.

    def has_override_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return request.user.has_perm("stockdesk.change_marketday")

    def get_urls(self) -> list:
        view = self.admin_site.admin_view(self.override_view)
        return [path("override/", view, name="stockdesk_marketday_override"), *super().get_urls()]

    @admin.action(description=_("Override or confirm by hand"), permissions=["override"])
    def override_days(self, request: HttpRequest, queryset: QuerySet[MarketDay]) -> HttpResponse:
        days = ",".join(f"{day}" for day in queryset.order_by("day").values_list("day", flat=True)[:MOST_DAYS])
        return HttpResponseRedirect(f"{reverse('admin:stockdesk_marketday_override')}?days={days}")

    @action(description=_("Override or confirm by hand"), permissions=["override"])
    def override_day(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return HttpResponseRedirect(f"{reverse('admin:stockdesk_marketday_override')}?days={object_id}")

    def override_view(self, request: HttpRequest) -> HttpResponse:
        """The form for the days in ``?days=2026-12-30,2026-12-31``."""
        if not self.has_override_permission(request):
            raise Http404
        days = _days_of(request.GET.get("days", ""))
        form = OverrideForm(request.POST or None, days=days)
        if request.method == "POST" and form.is_valid():
            with transaction.atomic():
                form.save(request.user.get_username())
                LogEntry.objects.log_actions(str(request.user.pk), days, CHANGE, form.log_text)
            tell_doubts(timezone.now())
            text = ngettext("%(count)d day was set.", "%(count)d days were set.", len(days)) % {"count": len(days)}
            messages.success(request, text)
            first = days[0].day
            months = f"day__year={first.year}&day__month={first.month}"
            return HttpResponseRedirect(f"{reverse('admin:stockdesk_marketday_changelist')}?{months}")
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Override or confirm by hand"),
            "opts": self.opts,
            "form": form,
            "lines": [(self.date(day), self.market(day)[1], self.state(day)[1], day.name) for day in days],
        }
        return TemplateResponse(request, "admin/stockdesk/marketday/override.html", context)


def _days_of(text: str) -> list[MarketDay]:
    """The rows of these dates, or a page that is not there."""
    try:
        dates = [date.fromisoformat(part) for part in text.split(",")[:MOST_DAYS]]
    except ValueError:
        raise Http404 from None
    rows = list(MarketDay.objects.filter(day__in=dates))
    if not rows:
        raise Http404
    return rows


@admin.register(SessionWindow)
class SessionWindowAdmin(ModelAdmin):
    """New hours are a new row, and the old one ends: what was in force stays readable."""

    list_display = (
        "session", "timetable", "venue", "begins", "ends", "divisions", "effective_from", "effective_to", "note",
    )  # fmt: skip
    list_filter = ("timetable", "venue")
    list_filter_sheet = False
    fields = (
        "timetable", "venue", "code", "hours_from", "hours_to", "divisions", "effective_from", "effective_to", "note",
    )  # fmt: skip

    @display(description=_("market session"), ordering="code")
    def session(self, window: SessionWindow) -> str:
        return window.get_code_display()

    @display(description=_("from"), ordering="hours_from")
    def begins(self, window: SessionWindow) -> str:
        return _clock(window.hours_from)

    @display(description=_("to"), ordering="hours_to")
    def ends(self, window: SessionWindow) -> str:
        return _clock(window.hours_to)

    def get_readonly_fields(self, request: HttpRequest, obj: SessionWindow | None = None) -> tuple[str, ...]:
        """What tells a row from the others stays; the calendar would make the missing one anew."""
        return () if obj is None else ("timetable", "venue", "code", "effective_from")

    def has_delete_permission(self, request: HttpRequest, obj: SessionWindow | None = None) -> bool:
        """Never: end it by its last day."""
        return False


def _clock(moment: time) -> str:
    return f"{moment:%H:%M:%S}" if moment.second else f"{moment:%H:%M}"
