"""The admin of the ground: what the daemons, sessions and call lanes are doing, for reading only.

Tokens have no page here, not even a masked one.
"""

from typing import Any, Self

from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from unfold.admin import ModelAdmin
from unfold.decorators import display

from stockdesk.alerts.catalogue import CATALOGUE, entry_of
from stockdesk.alerts.words import said
from stockdesk.ground_words import DAEMON_STATES, LANES, LEVELS, SOURCES
from stockdesk.models import Connection, DaemonState, Event, Lane

admin.site.site_title = "stockdesk"
admin.site.site_header = "stockdesk"
admin.site.index_title = _("Overview")


class Lamp(tuple[str, str]):
    """The kind and the word of a coloured label; on the page of one row, which has no labels, the word."""

    __slots__ = ()

    def __new__(cls, kind: str, word: Any) -> Self:
        return super().__new__(cls, (kind, str(word)))

    def __str__(self) -> str:
        return self[1]


class ReadOnlyAdmin(ModelAdmin):
    """Rows that programs write and people read."""

    list_filter_sheet = False

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Help texts that are not translated are notes for whoever reads the model."""
        notes = {field.name: "" for field in self.model._meta.fields if isinstance(field.help_text, str)}
        return super().get_form(request, obj, change, help_texts=notes, **kwargs)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class Worded(admin.SimpleListFilter):
    """A filter by what stands in a column, in words."""

    words: dict[str, Any]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        there = model_admin.model.objects.values_list(self.parameter_name, flat=True).distinct()
        return [(value, str(self.words.get(value, value))) for value in sorted(there)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**{str(self.parameter_name): self.value()}) if self.value() else queryset


def moment(field: str, description: Any) -> Any:
    """A column of a time in Seoul to the second, which the language's own format leaves out."""

    @display(description=description, ordering=field, empty_value="–")
    def column(self: ModelAdmin, row: Any) -> str | None:
        at = getattr(row, field)
        return None if at is None else f"{timezone.localtime(at):%Y-%m-%d %H:%M:%S}"

    return column


def day(field: str, description: Any) -> Any:
    """A column of a date, short enough for one line."""

    @display(description=description, ordering=field, empty_value="–")
    def column(self: ModelAdmin, row: Any) -> SafeString | None:
        on = getattr(row, field)
        return None if on is None else format_html('<span class="desk-time">{}</span>', f"{on:%Y-%m-%d}")

    return column


@admin.register(DaemonState)
class DaemonStateAdmin(ReadOnlyAdmin):
    list_display = ("title", "state_word", "heartbeat", "started", "last_step", "error", "version")
    ordering = ("name",)
    fields = readonly_fields = (*list_display, "error_at")
    heartbeat = moment("heartbeat_at", _("heartbeat at"))
    started = moment("started_at", _("started at"))
    last_step = moment("last_step_at", _("last step at"))
    error_at = moment("last_error_at", _("last error at"))

    @display(description=_("program"), ordering="name")
    def title(self, daemon: DaemonState) -> SafeString:
        return format_html(
            '<span class="desk-name">{}</span> <span class="desk-code">{}</span>',
            SOURCES.get(daemon.name, daemon.name), daemon.name,
        )  # fmt: skip

    @display(description=_("state"), ordering="state")
    def state_word(self, daemon: DaemonState) -> str:
        return str(DAEMON_STATES.get(daemon.state, daemon.state))

    @display(description=_("last error"), ordering="last_error", empty_value="–")
    def error(self, daemon: DaemonState) -> str | None:
        return said(daemon.last_error) or None


class Levels(Worded):
    title, parameter_name, words = _("level"), "level", LEVELS


class Sources(Worded):
    title, parameter_name, words = _("program"), "source", SOURCES


class Open(admin.SimpleListFilter):
    title, parameter_name = _("state"), "is_open__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("1", pgettext_lazy("event", "open")), ("0", pgettext_lazy("event", "over"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        match self.value():
            case "1":
                return queryset.filter(is_open=True)
            case "0":
                return queryset.filter(is_open=None)
        return queryset


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ("started", "severity", "program", "what", "subject", "told", "count", "last", "ended")
    list_filter = (Open, Levels, Sources)
    search_fields = ("code", "subject", "text")
    search_help_text = _("what happened, or what it is about")
    date_hierarchy = "started_at"
    when_empty = _("Nothing has been wrong so far.")
    ordering = ("-started_at",)
    fields = readonly_fields = list_display
    started = moment("started_at", _("started at"))
    last = moment("last_at", _("last seen at"))
    ended = moment("ended_at", _("ended at"))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Event], search_term: str
    ) -> tuple[QuerySet[Event], bool]:
        """By the words of the page as well: what is stored of an event is English."""
        found, twice = super().get_search_results(request, queryset, search_term)
        word = search_term.strip().lower()
        if not word:
            return found, twice
        codes = [code for code, entry in CATALOGUE.items() if word in gettext(entry.sentence).lower()]
        return found | queryset.filter(code__in=codes), twice

    @display(
        description=_("level"),
        ordering="level",
        label={"error": "danger", "critical": "danger", "warning": "warning", "info": "info"},
    )
    def severity(self, event: Event) -> Lamp:
        return Lamp(event.level, LEVELS.get(event.level, event.level))

    @display(description=_("program"), ordering="source")
    def program(self, event: Event) -> str:
        return str(SOURCES.get(event.source, event.source))

    @display(description=_("what"), ordering="code")
    def what(self, event: Event) -> str:
        return gettext(entry_of(event.code).sentence)

    @display(description=_("text"), ordering="text")
    def told(self, event: Event) -> str:
        return said(event.text)


@admin.register(Lane)
class LaneAdmin(ReadOnlyAdmin):
    list_display = ("title", "key_id", "calls_a_second", "slow_factor", "calls_today", "calls_on")
    ordering = ("key_id", "lane")
    fields = readonly_fields = list_display

    @display(description=_("lane"), ordering="lane")
    def title(self, lane: Lane) -> str:
        return str(LANES.get(lane.lane, lane.lane))

    @display(description=_("calls a second"))
    def calls_a_second(self, lane: Lane) -> str:
        return f"{1_000_000 / lane.spacing_us:.1f}" if lane.spacing_us else "-"


@admin.register(Connection)
class ConnectionAdmin(ReadOnlyAdmin):
    list_display = ("permitted", "session", "key_id", "proved", "ended", "end")
    list_filter = ("session",)
    date_hierarchy = "at"
    ordering = ("-at",)
    fields = readonly_fields = list_display
    permitted = moment("at", _("permitted at"))
    proved = moment("proved_at", _("proved at"))
    ended = moment("ended_at", _("ended at"))

    @display(description=_("outcome"), ordering="outcome")
    def end(self, connection: Connection) -> str:
        return said(connection.outcome)


# Each person enrols a device of their own: here somebody else's could be made, and its secret read.
admin.site.unregister(TOTPDevice)
admin.site.unregister(StaticDevice)
admin.site.unregister(User)
# Roles are made from `stockdesk.access`: a change here would last until the next migration.
admin.site.unregister(Group)


from stockdesk import alert_admin, people_admin  # noqa: E402, F401  (they register themselves)
from stockdesk.calendar import admin as calendar_admin  # noqa: E402, F401
from stockdesk.manager import admin as manager_admin  # noqa: E402, F401  (likewise)
