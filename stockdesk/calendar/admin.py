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
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext, pgettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from stockdesk.admin import ReadOnlyAdmin, moment
from stockdesk.calendar.doubts import tell_doubts
from stockdesk.calendar.forms import OverrideForm, SessionWindowForm
from stockdesk.calendar.models import MarketDay, SessionWindow, Source, Timetable

MOST_DAYS = 100  # of one override


def _line(text: str) -> SafeString:
    """Text that is not to be broken into lines."""
    return format_html('<span class="desk-time">{}</span>', text)


def _word(is_open: bool | None) -> str:
    if is_open is None:
        return pgettext("market day", "unknown")
    return pgettext("market day", "open") if is_open else pgettext("market day", "closed")


def _said(field: str, description: Any) -> Any:
    """A column of one source's word."""

    @display(description=description, empty_value="–")
    def column(self: ModelAdmin, row: MarketDay) -> str | None:
        word = getattr(row, field)
        return None if word is None else _word(word)

    return column


@admin.register(MarketDay)
class MarketDayAdmin(ReadOnlyAdmin):
    """A month at a time. A day's page shows every source; what a person says is written through the action."""

    list_display = ("on", "market", "name", "timetable_used", "state", "source", "by_broker", "answered", "person")
    list_display_links = ("on",)
    list_before_template = "admin/stockdesk/marketday/months.html"
    list_per_page = 100
    ordering = ("day",)
    actions = ("override_days",)
    actions_detail = ("override_day",)
    fieldsets = (
        (None, {"fields": ("on", "name", "market_text", "timetable_used", "state_text", "source")}),
        (_("KIS"), {"fields": ("open_flag", "business_flag", "trading_flag", "settlement_flag", "answered_second",
                               "answered_by", "asks")}),
        (_("Lists"), {"fields": ("by_list", "by_law")}),
        (_("Override"), {"fields": ("by_person", "override_timetable", "override_reason", "overridden_by",
                                    "overridden")}),
    )  # fmt: skip
    answered_second = moment("answered_at", _("confirmed by KIS at"))
    overridden = moment("overridden_at", _("overridden at"))
    by_list = _said("listed_open", _("KRX list"))
    by_law = _said("computed_open", _("by law"))
    by_person = _said("override_open", _("override"))

    @display(description=_("date"), ordering="day")
    def on(self, row: MarketDay) -> SafeString:
        return _line(_date_text(row))

    @display(description=_("market"), label={"open": "success", "closed": "default", "unknown": "warning"})
    def market(self, row: MarketDay) -> tuple[str, Any]:
        is_open = row.verdict(settings.DESK.broker).is_open
        return {None: "unknown", True: "open", False: "closed"}[is_open], _word(is_open)

    @display(description=_("market"))
    def market_text(self, row: MarketDay) -> str:
        return self.market(row)[1]

    @display(
        description=_("state"),
        label={"confirmed": "success", "disputed": "danger", "due": "warning", "unconfirmed": "default"},
    )
    def state(self, row: MarketDay) -> tuple[str, Any]:
        verdict = row.verdict(settings.DESK.broker)
        if verdict.disputed:
            return "disputed", _("sources disagree")
        if verdict.confirmed:
            return "confirmed", _("confirmed")
        # Nobody misses the word about a day that is over, or far away.
        return "due" if row.day == timezone.localdate() else "unconfirmed", _("unconfirmed")

    @display(description=_("state"))
    def state_text(self, row: MarketDay) -> str:
        return str(self.state(row)[1])

    @display(description=_("decided by"), empty_value="–")
    def source(self, row: MarketDay) -> SafeString | None:
        source = row.verdict(settings.DESK.broker).source
        return _line(str(Source(source).label)) if source else None

    @display(description=_("hours"), empty_value="–")
    def timetable_used(self, row: MarketDay) -> SafeString | None:
        is_open = row.verdict(settings.DESK.broker).is_open
        return _line(str(Timetable(row.hours).label)) if is_open else None

    @display(description=_("KIS"), empty_value="–")
    def by_broker(self, row: MarketDay) -> SafeString | None:
        told = row.broker_open(settings.DESK.broker)
        return None if told is None else _line(_word(told))

    @display(description=_("confirmed by KIS at"), ordering="answered_at", empty_value="–")
    def answered(self, row: MarketDay) -> SafeString | None:
        return _line(f"{timezone.localtime(row.answered_at):%m-%d %H:%M}") if row.answered_at else None

    @display(description=_("override"), empty_value="–")
    def person(self, row: MarketDay) -> str | None:
        return f"{row.overridden_by}: {row.override_reason}" if row.override_open is not None else None

    def get_readonly_fields(self, request: HttpRequest, obj: MarketDay | None = None) -> tuple[str, ...]:
        return tuple(name for _title, fieldset in self.fieldsets for name in fieldset["fields"])

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """This month's days, unless others are asked for."""
        today = timezone.localdate()
        if request.method == "GET" and not request.GET:
            return HttpResponseRedirect(f"{request.path}?{_month(today.year, today.month)}")
        if settings.DESK.around_the_clock:
            messages.info(request, _("The demo trades around the clock and does not go by this calendar."))
        year, month = (request.GET.get(f"day__{part}", "") for part in ("year", "month"))
        shown = [*map(int, (year, month))] if year.isdecimal() and month.isdecimal() else [today.year, today.month]
        return super().changelist_view(request, {**(extra_context or {}), "months": _months_around(*shown)})

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
        month = _month(days[0].day.year, days[0].day.month)
        back = f"{reverse('admin:stockdesk_marketday_changelist')}?{month}"
        if request.method == "POST" and form.is_valid():
            with transaction.atomic():
                form.save(request.user.get_username())
                LogEntry.objects.log_actions(str(request.user.pk), days, CHANGE, form.log_text)
            tell_doubts(timezone.now())
            text = ngettext("%(count)d day was set.", "%(count)d days were set.", len(days)) % {"count": len(days)}
            messages.success(request, text)
            return HttpResponseRedirect(back)
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Override or confirm by hand"),
            "opts": self.opts,
            "form": form,
            "back": back,
            "lines": [(_date_text(day), self.market_text(day), self.state_text(day), day.name) for day in days],
        }
        return TemplateResponse(request, "admin/stockdesk/marketday/override.html", context)


def _month(year: int, month: int) -> str:
    """The query of a month's list."""
    return f"day__year={year}&day__month={month}"


def _months_around(year: int, month: int) -> list[tuple[str, str, bool]]:
    """The month shown and some beside it: query, text, and whether it is the one."""
    found = []
    for step in range(-2, 4):
        years, index = divmod(year * 12 + month - 1 + step, 12)
        found.append((_month(years, index + 1), f"{years}-{index + 1:02d}", step == 0))
    return found


def _date_text(row: MarketDay) -> str:
    """With the day of the week; Django's short Korean names are the long ones."""
    return f"{row.day} ({date_format(row.day, 'D').removesuffix('요일')})"


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

    form = SessionWindowForm
    list_display = (
        "kind", "timetable", "venue", "begins", "ends", "divisions", "since", "until", "note",
    )  # fmt: skip
    list_filter = ("timetable", "venue")
    list_filter_sheet = False

    @display(description=_("market session"), ordering="code")
    def kind(self, window: SessionWindow) -> SafeString:
        return _line(window.get_code_display())

    @display(description=_("in force from"), ordering="effective_from")
    def since(self, window: SessionWindow) -> SafeString:
        return _line(window.effective_from.isoformat())

    @display(description=_("in force until"), ordering="effective_to", empty_value="–")
    def until(self, window: SessionWindow) -> SafeString | None:
        return _line(window.effective_to.isoformat()) if window.effective_to else None

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
