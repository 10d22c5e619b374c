"""Strike conditions in the admin: the screen on which the trader says when the desk is to order."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from import_export.admin import ImportExportModelAdmin
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.views import ChangeList

from market.issue_search import IssueSearch
from market.models import Instrument
from market.watch_cells import EMPTY, price_cell
from stockdesk.confirmation import ask, is_confirmed
from stockdesk.spreadsheet_forms import ExportForm, ImportForm
from stockdesk.spreadsheets import Csv, GivesTables, Xlsx
from trading.condition_file import ConditionResource
from trading.condition_filters import StateFilter
from trading.condition_form import ConditionForm
from trading.condition_history import Changes
from trading.condition_lines import Line, lines_of
from trading.condition_switch import NotSwitched, plan, switch, switching
from trading.models import Condition
from trading.words import says, switched_off_because

LIVE_ROWS = 500  # lines of one page that may ask for live cells
OFFERED = 8


class ConditionChangeList(ChangeList):
    """Lines of the page with what the tables say beside them: as many queries for all of them as for one."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)  # type: ignore[has-type]
        lines = lines_of(self.result_list, timezone.now())
        for condition in self.result_list:
            condition.line = lines[condition.pk]


class ConditionAdmin(GivesTables, IssueSearch, SimpleHistoryAdmin, ModelAdmin, ImportExportModelAdmin):
    form = ConditionForm
    list_display = ("title", "side_word", "sentence", "switch", "price", "distance", "state", "why")
    list_display_links = ("title",)
    list_filter = (StateFilter, "side", "trigger", "source")
    list_filter_sheet = False
    list_per_page = 100
    list_fullwidth = True
    show_facets = admin.ShowFacets.NEVER
    also_in = ("note",)
    search_help_text = _("name, code or note")
    actions = ("switch_on", "switch_off")
    warn_unsaved_form = True
    # import and export
    resource_classes = (ConditionResource,)
    import_formats = export_formats = (Csv, Xlsx)
    import_form_class = ImportForm
    export_form_class = ExportForm
    # history
    object_history_list_template = "admin/trading/condition/history_list.html"

    class Media:
        js = ["desk_admin/live_list.js", "desk_admin/conditions.js", "desk_admin/condition_form.js"]

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        if not (object_id.isascii() and object_id.isdecimal()):
            raise Http404
        return super().history_view(request, object_id, extra_context)

    # Columns

    @display(description=_("name"), ordering="symbol")
    def title(self, condition: Condition) -> str:
        name = self._line(condition).name
        return format_html(
            '<span class="desk-name">{}</span> <span class="desk-code">{}</span>', name, condition.symbol
        )

    @display(description=_("side"), ordering="side")
    def side_word(self, condition: Condition) -> str:
        return format_html(
            '<b class="desk-side desk-{}">{}</b>',
            "up" if condition.side == "buy" else "down",
            condition.get_side_display(),
        )

    @display(description=_("condition"), ordering="trigger")
    def sentence(self, condition: Condition) -> str:
        return says(condition)

    @display(description=_("on"), ordering="enabled")
    def switch(self, condition: Condition) -> str:
        board = condition.source == Condition.Origin.BOARD
        return format_html(
            '<button type="submit" class="desk-switch" role="switch" aria-checked="{}" aria-label="{}"'
            ' formaction="{}" name="enabled" value="{}" data-row="{}"{}><span></span></button>',
            "true" if condition.enabled else "false",
            gettext("Switch %(name)s") % {"name": condition},
            reverse("admin:trading_condition_switch", args=[condition.pk]),
            "off" if condition.enabled else "on",
            condition.pk,
            format_html(' aria-disabled="true" title="{}"', gettext("switched by its board row")) if board else "",
        )

    @display(description=_("last price"))
    def price(self, condition: Condition) -> str:
        return price_cell(self._line(condition).quote)

    @display(description=_("to the strike"))
    def distance(self, condition: Condition) -> str:
        line = self._line(condition)
        return format_html(
            '<span class="desk-distance">{}</span> <small class="desk-strike">{}</small>',
            line.distance or EMPTY,
            line.strike,
        )

    @display(description=_("state"))
    def state(self, condition: Condition) -> str:
        line = self._line(condition)
        return format_html('<span class="desk-state desk-is-{}">{}</span>', line.kind, line.state)

    @display(description=_("why not"))
    def why(self, condition: Condition) -> str:
        line = self._line(condition)
        return format_html(
            '<span class="desk-why{}"><span>{}</span> <time>{}</time></span>',
            " desk-old" if line.old_why else "",
            line.why,
            line.why_at,
        )

    def _line(self, condition: Condition) -> Line:
        line: Line | None = getattr(condition, "line", None)
        return line if line is not None else lines_of([condition], timezone.now())[condition.pk]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ConditionChangeList

    # Live cells and switches

    def get_urls(self) -> list:
        wrap = self.admin_site.admin_view
        return [
            path("live/", wrap(never_cache(self.live_view)), name="trading_condition_live"),
            path("symbols/", wrap(never_cache(self.symbols_view)), name="trading_condition_symbols"),
            path("<int:pk>/switch/", wrap(require_POST(self.switch_view)), name="trading_condition_switch"),
            *super().get_urls(),
        ]

    def live_view(self, request: HttpRequest) -> HttpResponse:
        """What changed by itself in the lines of a page, as JSON: ``?rows=12,15``."""
        if not self.has_view_permission(request):
            return JsonResponse({}, status=403)
        wanted = {int(n) for n in request.GET.get("rows", "").split(",")[:LIVE_ROWS] if n.isascii() and n.isdigit()}
        conditions = list(Condition.objects.filter(pk__in=wanted))
        now = timezone.now()
        lines = lines_of(conditions, now)
        rows = {row.pk: {"enabled": row.enabled, **lines[row.pk].cells(now)} for row in conditions}
        return JsonResponse({"rows": rows})

    def symbols_view(self, request: HttpRequest) -> HttpResponse:
        """Instruments whose code or name begins with or holds what was typed: ``?q=삼성``."""
        if not self.has_view_permission(request):
            return JsonResponse({}, status=403)
        typed = request.GET.get("q", "").strip()[:40]
        found = (
            Instrument.objects.filter(Q(symbol__startswith=typed.upper()) | Q(name__icontains=typed)) if typed else ()
        )
        names = [{"symbol": row.symbol, "name": row.name} for row in found[:OFFERED]]
        return JsonResponse({"found": names})

    def switch_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """One line's switch: ``enabled=on`` or ``enabled=off``; a second click on a stale page does no harm."""
        condition = get_object_or_404(Condition, pk=pk)
        if not super().has_change_permission(request, condition):
            return JsonResponse({}, status=403)
        on = request.POST.get("enabled") == "on"
        quiet = request.headers.get("Accept") == "application/json"
        try:
            condition, warnings = switch(pk, on=on, who=request.user, now=timezone.now())
        except NotSwitched as exc:
            if quiet:
                return JsonResponse({"error": str(exc)}, status=409)
            messages.error(request, str(exc))
        else:
            self.log_change(request, condition, "enabled=on" if on else "enabled=off")
            if quiet:
                return JsonResponse({"enabled": on, "warning": " ".join(warnings)})
            for text in warnings:
                messages.warning(request, text)
        return HttpResponseRedirect(reverse("admin:trading_condition_changelist"))

    @admin.action(description=_("Switch on"), permissions=["change"])
    def switch_on(self, request: HttpRequest, queryset: QuerySet[Condition]) -> HttpResponse | None:
        return self._switch_many(request, queryset, on=True)

    @admin.action(description=_("Switch off"), permissions=["change"])
    def switch_off(self, request: HttpRequest, queryset: QuerySet[Condition]) -> HttpResponse | None:
        return self._switch_many(request, queryset, on=False)

    def _switch_many(self, request: HttpRequest, queryset: QuerySet[Condition], *, on: bool) -> HttpResponse | None:
        """Ask first, with what each of them says; then switch one by one, each as if alone."""
        deed = switching(plan(queryset, on=on, now=timezone.now()), on=on)
        if not is_confirmed(request, deed):
            return ask(self, request, deed)
        changed = []
        for row in deed.rows:
            try:
                changed.append(switch(row.pk, on=on, who=request.user, now=timezone.now())[0])
            except (NotSwitched, Condition.DoesNotExist) as exc:
                messages.warning(request, str(exc))
        LogEntry.objects.log_actions(str(request.user.pk), changed, CHANGE, "enabled=on" if on else "enabled=off")
        if on:
            text = ngettext("%(count)d condition is on.", "%(count)d conditions are on.", len(changed))
        else:
            text = ngettext("%(count)d condition is off.", "%(count)d conditions are off.", len(changed))
        messages.success(request, text % {"count": len(changed)})
        return None

    # Forms

    def get_fieldsets(self, request: HttpRequest, obj: Condition | None = None) -> list:
        sets: list = [
            (None, {"fields": (("symbol", "side"), "enabled")}),
            (_("When"), {"fields": ("trigger", ("strike_price", "rate"))}),
            (_("How much, at what price"), {"fields": ("sizing", ("quantity", "amount"), "pricing", "ticks")}),
            (_("Days and hours"), {"fields": (("valid_from", "valid_to"), ("hours_from", "hours_to"))}),
            (_("How often"), {"fields": (("repeat", "cool_down"), "cancel_after")}),
            (_("Other"), {"fields": (("note", "position"),)}),
        ]
        if obj is not None:
            told = ("line_state", "board_row") if obj.source == Condition.Origin.BOARD else ("line_state",)
            if self.has_change_permission(request, obj):
                told = (*told, "seen_revision")
            sets.insert(0, (None, {"fields": told}))
        return sets

    def get_readonly_fields(self, request: HttpRequest, obj: Condition | None = None) -> tuple[str, ...]:
        return () if obj is None else ("line_state", "board_row")

    @display(description=_("state"))
    def line_state(self, condition: Condition) -> str:
        return self.state(condition)

    @display(description=_("board"))
    def board_row(self, condition: Condition) -> str:
        """Where a condition of the board is changed."""
        return format_html(
            '{} <a class="desk-link" href="{}">{}</a>',
            gettext("It is read from the board and changed there:"),
            reverse("admin:market_watchrow_change", args=[condition.wr_id]),
            gettext("row %(number)s of the watch list") % {"number": condition.wr_id},
        )

    def has_change_permission(self, request: HttpRequest, obj: Condition | None = None) -> bool:
        of_the_board = obj is not None and obj.source == Condition.Origin.BOARD
        return not of_the_board and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Condition | None = None) -> bool:
        of_the_board = obj is not None and obj.source == Condition.Origin.BOARD
        return not of_the_board and super().has_delete_permission(request, obj)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[list, dict, set, list]:
        """Reasons why not go with their condition; nobody needs a right of its own for them. Orders stay."""
        board = [row for row in objs if row.source == Condition.Origin.BOARD]
        shown = [format_html("{} {}", row, says(row)) for row in objs]
        return shown, {self.opts.verbose_name_plural: len(shown)}, set(), [str(row) for row in board]

    def save_model(self, request: HttpRequest, obj: Condition, form: ConditionForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        for complaint in form.warnings:
            messages.warning(request, complaint.text)

    # History

    def get_historical_record_context_helper(self, request: HttpRequest, historical_record: Any) -> Changes:
        return Changes(self.model, historical_record)

    def set_history_delta_changes(self, request: HttpRequest, historical_records: Any, **kwargs: Any) -> None:
        super().set_history_delta_changes(request, historical_records, **kwargs)
        for record in historical_records:
            record.reason = switched_off_because(record.history_change_reason or "")
            record.said = says(record)

    def history_form_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """An old version is nothing to save: what it was is in the list."""
        return HttpResponseRedirect(reverse("admin:trading_condition_history", args=[object_id]))

    # Import

    def has_import_permission(self, request: HttpRequest) -> bool:
        return self.has_add_permission(request) and super().has_change_permission(request)

    def has_export_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_import_data_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """A row with an error takes the whole file with it."""
        return {**super().get_import_data_kwargs(**kwargs), "rollback_on_validation_errors": True}

    def process_result(self, result: Any, request: HttpRequest) -> HttpResponse:
        """Between preview and confirmation the world may have changed: then nothing was imported, and that is said."""
        if result.has_errors() or result.has_validation_errors():
            messages.error(request, gettext("Nothing was imported: a row is not right any more. Upload it again."))
            return HttpResponseRedirect(reverse("admin:trading_condition_import"))
        return super().process_result(result, request)
