"""The watch list in the admin: the board's edit screen, with live prices and a switch in every line."""

from dataclasses import replace
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import ModelAdmin as DjangoModelAdmin
from django.contrib.admin.models import CHANGE, LogEntry
from django.db import DatabaseError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.views import ChangeList

from market import gnuboard_post
from market.gnuboard import GnuboardError
from market.models import BOARD, Quote, WatchRow
from market.watch_cells import age_text, cells, change_cell, is_old, issue_link, price_cell, state_of, time_text
from market.watch_filters import MarketFilter, RunFilter, rows_where, watch_list_of
from market.watch_forms import MAPPED, WatchRowForm
from market.watchlist import WatchState, ensure_quotes, judge
from stockdesk.confirmation import Deed, Line, ask, is_confirmed

LIVE_ROWS = 500  # lines of one page that may ask for live prices
MAKES_CONDITIONS = "trading.change_condition"
OF_CONDITIONS = ("price", "quantity", "side")


class WatchChangeList(ChangeList):
    """Lines of the page with their judged state and quote: two queries for all of them, and no join."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)  # type: ignore[has-type]
        states = {state.wr_id: state for state in watch_list_of(request).rows}
        quotes = Quote.objects.of(state.symbol for row in self.result_list if (state := states.get(row.pk)))
        for row in self.result_list:
            row.state = states.get(row.pk)
            row.quote = quotes.get(row.state.symbol) if row.state else None


class _OwnTransactions(DjangoModelAdmin):
    """The admin's own transaction around a form is left out: ``gnuboard_post`` opens the one it needs.

    Inside an outer transaction the board's named lock would end before the commit and two posts would get the
    same number; and around a MyISAM table a transaction protects nothing anyway.
    """

    @method_decorator(csrf_protect)
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._changeform_view(request, *args, **kwargs)  # type: ignore[attr-defined]


class WatchRowAdmin(ModelAdmin, _OwnTransactions):
    form = WatchRowForm
    list_display = ("title", "code", "run_switch", "price", "against_base", "traded", "session", "state")
    list_display_links = ("title",)
    list_filter = (RunFilter, MarketFilter)
    list_filter_sheet = False
    list_per_page = 100
    show_facets = admin.ShowFacets.NEVER  # the filters count for themselves
    list_fullwidth = True
    ordering = ("-wr_id",)
    search_fields = ("wr_id",)  # shows the box; the search itself is below
    search_help_text = _("name or code")
    actions = ("switch_on", "switch_off")
    warn_unsaved_form = True

    class Media:
        js = ["desk_admin/live_list.js", "desk_admin/watch.js"]

    # Columns

    @display(description=_("name"), ordering="name_value")
    def title(self, row: WatchRow) -> str:
        state = self._state(row)
        return state.name or state.symbol or f"#{row.pk}"

    @display(description=_("symbol"), ordering="code_value")
    def code(self, row: WatchRow) -> str:
        state = self._state(row)
        text = issue_link(state.symbol, state.symbol) if state.symbol else state.code or "–"
        return format_html('<span class="desk-code">{}</span>', text)

    @display(description=_("run"))
    def run_switch(self, row: WatchRow) -> str:
        running = self._state(row).running
        return format_html(
            '<button type="submit" class="desk-switch" role="switch" aria-checked="{}" aria-label="{}"'
            ' formaction="{}" name="run" value="{}" data-row="{}"><span></span></button>',
            "true" if running else "false",
            gettext("Run %(name)s") % {"name": self.title(row)},
            reverse("admin:market_watchrow_switch", args=[row.pk]),
            "off" if running else "on",
            row.pk,
        )

    @display(description=_("last price"))
    def price(self, row: WatchRow) -> str:
        return price_cell(self._quote(row))

    @display(description=_("change"))
    def against_base(self, row: WatchRow) -> str:
        return change_cell(self._quote(row))

    @display(description=_("traded at"))
    def traded(self, row: WatchRow) -> str:
        quote, now = self._quote(row), timezone.now()
        return format_html(
            '<span class="desk-time{}"><time>{}</time> <small>{}</small></span>',
            " desk-old" if is_old(quote, now) else "",
            time_text(quote),
            age_text(quote, now),
        )

    @display(description=_("session"))
    def session(self, row: WatchRow) -> str:
        quote = self._quote(row)
        return format_html('<span class="desk-session">{}</span>', quote.session or "" if quote else "")

    @display(description=_("state"))
    def state(self, row: WatchRow) -> str:
        kind, text = state_of(self._state(row), self._quote(row))
        return format_html('<span class="desk-state desk-is-{}">{}</span>', kind, text)

    def _state(self, row: WatchRow) -> WatchState:
        state = getattr(row, "state", None)
        if state is None:
            name = getattr(row, "name_value", "")
            state = judge([(row.pk, row.run_value, row.code_value, name)]).rows[0]
        return state

    def _quote(self, row: WatchRow) -> Quote | None:
        return getattr(row, "quote", None)

    # Lists

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return WatchChangeList

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, or a page that says the board cannot be read: never an empty list in its place."""
        try:
            watch_list_of(request)
        except DatabaseError as exc:
            context = {
                **self.admin_site.each_context(request),
                "title": self.opts.verbose_name_plural,
                "opts": self.opts,
                "error_number": str(exc.args[0]) if exc.args else "?",
                "table": self.opts.db_table,
            }
            return TemplateResponse(request, "admin/market/watchrow/unreadable.html", context, status=503)
        return super().changelist_view(request, extra_context)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[WatchRow], search_term: str
    ) -> tuple[QuerySet[WatchRow], bool]:
        """Every word in the name or the code, however the board spells it: 5930 finds A005930."""
        words = search_term.lower().split()
        if not words:
            return queryset, False

        def found(state: WatchState) -> bool:
            text = f"{state.name} {state.code} {state.symbol}".lower()
            return all(word in text for word in words)

        return rows_where(request, queryset, found), False

    # Switching

    def get_urls(self) -> list:
        wrap = self.admin_site.admin_view
        return [
            path("live/", wrap(never_cache(self.live_view)), name="market_watchrow_live"),
            path("<int:wr_id>/switch/", wrap(require_POST(self.switch_view)), name="market_watchrow_switch"),
            *super().get_urls(),
        ]

    def live_view(self, request: HttpRequest) -> HttpResponse:
        """What changed by itself in the lines of a page, as JSON: ``?rows=12,15``."""
        if not self.has_view_permission(request):
            return JsonResponse({}, status=403)
        wanted = {int(n) for n in request.GET.get("rows", "").split(",")[:LIVE_ROWS] if n.isascii() and n.isdigit()}
        try:
            states = [state for state in watch_list_of(request).rows if state.wr_id in wanted]
            quotes = Quote.objects.of(state.symbol for state in states)
        except DatabaseError:
            return JsonResponse({}, status=503)
        now = timezone.now()
        rows = {state.wr_id: cells(state, quotes.get(state.symbol), now) for state in states}
        return JsonResponse({"rows": rows})

    def switch_view(self, request: HttpRequest, wr_id: int) -> HttpResponse:
        """One line's switch: ``run=on`` or ``run=off``, so that a second click on a stale page does no harm."""
        row = get_object_or_404(WatchRow, pk=wr_id)
        if not self.has_change_permission(request, row):
            return JsonResponse({}, status=403)
        on = request.POST.get("run") == "on"
        quiet = request.headers.get("Accept") == "application/json"
        try:
            gnuboard_post.switch([wr_id], on=on)
        except (GnuboardError, DatabaseError) as exc:
            if quiet:
                return JsonResponse({"error": _explain(exc)}, status=409)
            messages.error(request, _explain(exc))
        else:
            self.log_change(request, row, "run=on" if on else "run=off")
            self._make_quotes(request)
            if quiet:
                return JsonResponse({"running": on})
            text = gettext("%(name)s is running.") if on else gettext("%(name)s is switched off.")
            messages.success(request, text % {"name": self.title(row)})
        return HttpResponseRedirect(reverse("admin:market_watchrow_changelist"))

    @admin.action(description=_("Switch the run flag on"), permissions=["change"])
    def switch_on(self, request: HttpRequest, queryset: QuerySet[WatchRow]) -> HttpResponse | None:
        return self._switch_many(request, queryset, on=True)

    @admin.action(description=_("Switch the run flag off"), permissions=["change"])
    def switch_off(self, request: HttpRequest, queryset: QuerySet[WatchRow]) -> HttpResponse | None:
        return self._switch_many(request, queryset, on=False)

    def _switching(self, request: HttpRequest, queryset: QuerySet[WatchRow], *, on: bool) -> Deed:
        """Which rows would be switched, and which stay and why."""
        rows, left = [], []
        for row in queryset:
            state = self._state(row)
            line = Line(row.pk, self.title(row), state.symbol or state.code)
            if not self.has_change_permission(request, row):
                text = gettext("A row with price, quantity or side is a strike condition: a trader's.")
                left.append(replace(line, text=text))
            elif state.running == on:
                left.append(replace(line, text=gettext("on already") if on else gettext("off already")))
            else:
                rows.append(line)

        def question(count: int) -> str:
            if on:
                text = ngettext("Switch %(n)d row on?", "Switch %(n)d rows on?", count)
            else:
                text = ngettext("Switch %(n)d row off?", "Switch %(n)d rows off?", count)
            return text % {"n": count}

        note = gettext("Their prices come live within seconds.") if on else gettext("Their prices come live no more.")
        return Deed(
            action="switch_on" if on else "switch_off",
            title=gettext("Switch the run flag on") if on else gettext("Switch the run flag off"),
            question=question,
            rows=rows,
            left=left,
            note=note,
        )

    def _switch_many(self, request: HttpRequest, queryset: QuerySet[WatchRow], *, on: bool) -> HttpResponse | None:
        deed = self._switching(request, queryset, on=on)
        if not is_confirmed(request, deed):
            return ask(self, request, deed)
        rows = WatchRow.objects.filter(pk__in=[line.pk for line in deed.rows])
        try:
            count = gnuboard_post.switch([line.pk for line in deed.rows], on=on)
        except (GnuboardError, DatabaseError) as exc:
            messages.error(request, _explain(exc))
            return None
        LogEntry.objects.log_actions(str(request.user.pk), rows, CHANGE, "run=on" if on else "run=off")
        if on:
            self._make_quotes(request)
            text = ngettext("%(count)d row is running now.", "%(count)d rows are running now.", count)
        else:
            text = ngettext("%(count)d row was switched off.", "%(count)d rows were switched off.", count)
        messages.success(request, text % {"count": count})
        return None

    def _make_quotes(self, request: HttpRequest) -> None:
        """Empty quote rows for what runs now; the collector does the same seconds later, should this fail."""
        request.__dict__.pop("_watch_list", None)
        try:
            ensure_quotes(watch_list_of(request).symbols)
        except DatabaseError:
            messages.warning(request, _("The price row will be made by the market daemon."))

    # Forms

    def get_form(self, request: HttpRequest, obj: WatchRow | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        if not request.user.has_perm(MAKES_CONDITIONS):
            for name in OF_CONDITIONS:
                form.base_fields.pop(name, None)
        return form

    def has_change_permission(self, request: HttpRequest, obj: WatchRow | None = None) -> bool:
        """A row that says at what price to buy is a strike condition, and those are a trader's."""
        ours = obj is None or not orders(obj) or request.user.has_perm(MAKES_CONDITIONS)
        return ours and super().has_change_permission(request, obj)

    def get_fieldsets(self, request: HttpRequest, obj: WatchRow | None = None) -> list:
        declared = list(self.form(instance=obj).fields)
        may = request.user.has_perm(MAKES_CONDITIONS)
        conditions = tuple(name for name in OF_CONDITIONS if may and name in declared)
        sets: list = [(None, {"fields": tuple(name for name in ("symbol", "name", "running") if name in declared)})]
        if conditions:
            sets.append((_("Columns of the board"), {"fields": conditions}))
        if obj is not None:
            sets.append((_("Row"), {"fields": ("wr_id", "wr_datetime", "state")}))
        return sets

    def get_readonly_fields(self, request: HttpRequest, obj: WatchRow | None = None) -> tuple[str, ...]:
        return () if obj is None else ("wr_id", "wr_datetime", "state")

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except (GnuboardError, DatabaseError) as exc:
            if request.method != "POST":
                raise
            messages.error(request, _explain(exc))
            return HttpResponseRedirect(reverse("admin:market_watchrow_changelist"))

    def save_model(self, request: HttpRequest, obj: WatchRow, form: WatchRowForm, change: bool) -> None:
        if change:
            gnuboard_post.edit(obj.pk, **form.changes())
        else:
            data = form.cleaned_data
            obj.code_value = data["symbol"]
            if "name" in data:
                obj.name_value = data["name"]
            obj.pk = gnuboard_post.post(
                symbol=data["symbol"],
                name=data.get("name", ""),
                running=data["running"],
                more=form.more(),
                ip=request.META.get("REMOTE_ADDR") or "127.0.0.1",
            )
        self._make_quotes(request)

    def has_delete_permission(self, request: HttpRequest, obj: WatchRow | None = None) -> bool:
        """Never: switch the row off. Deleting would leave Gnuboard's counters, files and answers behind."""
        return False


def orders(row: WatchRow) -> bool:
    """Whether the board's row carries anything of a strike condition."""
    if not (BOARD.col_price and BOARD.col_qty and BOARD.col_side):
        return False
    values = (getattr(row, MAPPED[name][0], None) for name in OF_CONDITIONS)
    return any(str(value).strip() not in ("", "0") for value in values if value is not None)


def _explain(exc: Exception) -> str:
    """A sentence for the screen; a database error by its number only, for its text may quote the data."""
    if isinstance(exc, GnuboardError):
        return str(exc)
    return gettext("The board did not take the change (database error %(number)s).") % {
        "number": exc.args[0] if exc.args else "?"
    }
