"""Programs in the admin: how each stands and why, and an operator's word about them, which is kept."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from stockdesk.admin import ReadOnlyAdmin, moment
from stockdesk.manager.forms import ReasonForm
from stockdesk.manager.models import ProgramOverride, ProgramState
from stockdesk.manager.overrides import ORDERED, in_force, say
from stockdesk.manager.states import UP, manager_lives
from stockdesk.manager.words import NAMES, STATES, TROUBLES, moment_text, standing_text

MAY_OPERATE = "stockdesk.add_programoverride"
LAMPS = {"up": "success", "moving": "info", "rests": "default", "down": "danger", "extra": "warning"}
WISHES = ProgramOverride.Wish
LIST = "admin:stockdesk_programstate_changelist"


def name_of(program: str) -> str:
    return str(NAMES.get(program, program))


def lamp_of(row: ProgramState) -> str:
    """How a program stands against what it should: one word of `LAMPS`."""
    if row.trouble or (row.wanted and row.state in ("FATAL", "EXITED", "UNKNOWN", "BACKOFF")):
        return "down"
    if row.state in UP:
        return "up" if row.wanted and row.state == "RUNNING" else "moving" if row.wanted else "extra"
    return "moving" if row.wanted or row.state == "STOPPING" else "rests"


class WithWords(ChangeList):
    """Reads the operators' words that count now, once for all rows."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        words = in_force(timezone.now())
        for row in self.result_list:
            row.override = words.get(row.name)


@admin.register(ProgramState)
class ProgramStateAdmin(ReadOnlyAdmin):
    """Rows are the manager's; an operator's word is a row of its own, and the manager goes by it within seconds."""

    list_display = ("title", "lamp", "since", "process", "standing", "next_change", "ordered")
    list_display_links = None
    ordering = ("priority",)
    actions = ("start", "stop", "hold", "automatic")
    actions_row = ("start_row", "stop_row", "hold_row", "automatic_row")
    list_per_page = 50

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return WithWords

    @display(description=_("program"), ordering="priority")
    def title(self, row: ProgramState) -> SafeString:
        return format_html(
            '<span class="desk-name">{}</span> <span class="desk-code">{}</span>', name_of(row.name), row.name
        )

    @display(description=_("state"), label=LAMPS)
    def lamp(self, row: ProgramState) -> tuple[str, str]:
        return lamp_of(row), str(TROUBLES.get(row.trouble) or STATES.get(row.state, row.state))

    @display(description=pgettext_lazy("program", "running since"), ordering="started_at", empty_value="–")
    def since(self, row: ProgramState) -> SafeString | None:
        if row.started_at is None:
            return None
        return format_html('<span class="desk-time">{}</span>', f"{timezone.localtime(row.started_at):%m-%d %H:%M:%S}")

    @display(description=_("process"), empty_value="–")
    def process(self, row: ProgramState) -> str | None:
        return str(row.pid) if row.pid else None

    @display(description=pgettext_lazy("program", "by plan"))
    def standing(self, row: ProgramState) -> str:
        """Without the moment, which has a column of its own."""
        return standing_text(wanted=row.wanted, reason=row.reason, changes_at=None, now=timezone.now())

    @display(description=_("next change"), empty_value="")
    def next_change(self, row: ProgramState) -> SafeString | None:
        if row.changes_at is None:
            return None
        word = gettext("stops at %(at)s") if row.wanted else gettext("starts at %(at)s")
        return format_html(
            '<span class="desk-time">{}</span>', word % {"at": moment_text(row.changes_at, timezone.now())}
        )

    @display(description=_("operator's word"), empty_value="")
    def ordered(self, row: ProgramState) -> str | None:
        if (override := row.override) is None:  # type: ignore[attr-defined]
            return None
        return f"{WISHES(override.wish).label} · {override.by}: {override.why}"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not manager_lives(timezone.now()):
            messages.warning(request, _("The manager gives no sign of life; programs keep to no hours."))
        return super().changelist_view(request, extra_context)

    # The word of an operator.

    def has_operate_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return request.user.has_perm(MAY_OPERATE)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_view_permission(request, obj) or self.has_operate_permission(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return super().has_module_permission(request) or self.has_operate_permission(request)

    def get_urls(self) -> list:
        view = self.admin_site.admin_view(self.order_view)
        return [path("order/<str:wish>/", view, name="stockdesk_program_order"), *super().get_urls()]

    @admin.action(description=pgettext_lazy("program", "start"), permissions=["operate"])
    def start(self, request: HttpRequest, rows: QuerySet[ProgramState]) -> HttpResponse:
        return _ask(WISHES.START, rows.values_list("name", flat=True))

    @admin.action(description=pgettext_lazy("program", "stop"), permissions=["operate"])
    def stop(self, request: HttpRequest, rows: QuerySet[ProgramState]) -> HttpResponse:
        return _ask(WISHES.STOP, rows.values_list("name", flat=True))

    @admin.action(description=pgettext_lazy("program", "hold until tomorrow"), permissions=["operate"])
    def hold(self, request: HttpRequest, rows: QuerySet[ProgramState]) -> HttpResponse:
        return _ask(WISHES.HOLD, rows.values_list("name", flat=True))

    @admin.action(description=pgettext_lazy("program", "back to automatic"), permissions=["operate"])
    def automatic(self, request: HttpRequest, rows: QuerySet[ProgramState]) -> HttpResponse:
        return _ask(WISHES.AUTOMATIC, rows.values_list("name", flat=True))

    @action(description=pgettext_lazy("program", "start"), permissions=["operate"], url_path="start")
    def start_row(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return _ask(WISHES.START, [object_id])

    @action(description=pgettext_lazy("program", "stop"), permissions=["operate"], url_path="stop")
    def stop_row(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return _ask(WISHES.STOP, [object_id])

    @action(description=pgettext_lazy("program", "hold until tomorrow"), permissions=["operate"], url_path="hold")
    def hold_row(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return _ask(WISHES.HOLD, [object_id])

    @action(description=pgettext_lazy("program", "back to automatic"), permissions=["operate"], url_path="automatic")
    def automatic_row(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return _ask(WISHES.AUTOMATIC, [object_id])

    def order_view(self, request: HttpRequest, wish: str) -> HttpResponse:
        """The form for the programs in ``?programs=assets,trading``."""
        if not self.has_operate_permission(request) or wish not in WISHES.values:
            raise Http404
        named = request.GET.get("programs", "").split(",")
        rows = list(ProgramState.objects.filter(name__in=ORDERED.intersection(named)))
        if not rows:
            messages.warning(request, _("None of these programs can be ordered about: the desk stands on them."))
            return HttpResponseRedirect(reverse(LIST))
        form = ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            _store(request, rows, wish, form.cleaned_data["why"])
            return HttpResponseRedirect(reverse(LIST))
        context = {
            **self.admin_site.each_context(request),
            "title": WISHES(wish).label,
            "opts": self.opts,
            "form": form,
            "note": _note(wish, rows),
            "back": reverse(LIST),
            "lines": [(name_of(row.name), row.name, self.lamp(row)[1], _plan_of(row)) for row in rows],
        }
        return TemplateResponse(request, "admin/stockdesk/program/order.html", context)


def _plan_of(row: ProgramState) -> str:
    return standing_text(wanted=row.wanted, reason=row.reason, changes_at=row.changes_at, now=timezone.now())


def _ask(wish: str, programs: Any) -> HttpResponse:
    address = reverse("admin:stockdesk_program_order", args=[str(wish)])
    return HttpResponseRedirect(f"{address}?programs={','.join(programs)}")


def _store(request: HttpRequest, rows: list[ProgramState], wish: str, why: str) -> None:
    names = [row.name for row in rows]
    meant = say(names, wish, who=request.user.get_username(), why=why, now=timezone.now())
    text = ngettext("%(count)d program: %(wish)s.", "%(count)d programs: %(wish)s.", len(meant))
    messages.success(request, text % {"count": len(meant), "wish": WISHES(wish).label})


def _note(wish: str, rows: list[ProgramState]) -> str:
    """What the word means, and for how long."""
    if wish == WISHES.HOLD:
        return gettext("They stop now and go by the hours again at 05:00, when the next day of the desk begins.")
    if wish == WISHES.AUTOMATIC:
        return gettext("They go by the hours again.")
    if wish == WISHES.START:
        return gettext("They run, at any hour, until you give them back to the hours.")
    text = gettext("They stop and stay stopped until you give them back to the hours.")
    if any(row.name == "trading" for row in rows):
        text += " " + gettext("An order under way is finished first; orders at the exchange stay there.")
    return text


@admin.register(ProgramOverride)
class ProgramOverrideAdmin(ReadOnlyAdmin):
    """Every word that was ever said, the newest first."""

    list_display = ("made", "title", "order", "expires", "who", "why")
    list_filter = ("program", "wish")
    search_fields = ("why", "who")
    search_help_text = _("reason or person")
    date_hierarchy = "made_at"
    ordering = ("-pk",)
    made = moment("made_at", _("said at"))

    @display(description=_("program"), ordering="program")
    def title(self, row: ProgramOverride) -> str:
        return name_of(row.program)

    @display(description=pgettext_lazy("program", "order"), ordering="wish", label={
        WISHES.START: "success", WISHES.STOP: "danger", WISHES.HOLD: "warning", WISHES.AUTOMATIC: "info",
    })  # fmt: skip
    def order(self, row: ProgramOverride) -> tuple[str, str]:
        return row.wish, row.get_wish_display()

    @display(description=_("until"), ordering="until", empty_value="–")
    def expires(self, row: ProgramOverride) -> str | None:
        return f"{timezone.localtime(row.until):%m-%d %H:%M}" if row.until else None
