"""The admin of the ground: what the daemons, sessions and call lanes are doing, for reading only.

Tokens have no page here, not even a masked one.
"""

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from unfold.admin import ModelAdmin
from unfold.decorators import display

from stockdesk.manager.words import DAEMON_STATES, NAMES
from stockdesk.models import Connection, DaemonState, Event, Lane

admin.site.site_title = "stockdesk"
admin.site.site_header = "stockdesk"
admin.site.index_title = _("Overview")


class ReadOnlyAdmin(ModelAdmin):
    """Rows that programs write and people read."""

    list_filter_sheet = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


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
    list_display = ("program", "condition", "heartbeat", "started", "last_step", "last_error", "version")
    list_filter = ("state",)
    ordering = ("name",)
    heartbeat = moment("heartbeat_at", _("heartbeat at"))
    started = moment("started_at", _("started at"))
    last_step = moment("last_step_at", _("last step at"))

    @display(description=_("program"), ordering="name")
    def program(self, daemon: DaemonState) -> str:
        return str(NAMES.get(daemon.name, daemon.name))

    @display(description=_("state"), ordering="state")
    def condition(self, daemon: DaemonState) -> str:
        return str(DAEMON_STATES.get(daemon.state, daemon.state))


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ("started", "severity", "source", "code", "subject", "text", "count", "last", "ended")
    list_filter = ("is_open", "level", "source")
    search_fields = ("code", "subject", "text")
    when_empty = _("Nothing has been wrong so far.")
    ordering = ("-started_at",)
    started = moment("started_at", _("started at"))
    last = moment("last_at", _("last seen at"))
    ended = moment("ended_at", _("ended at"))

    @display(
        description=_("level"),
        ordering="level",
        label={"error": "danger", "critical": "danger", "warning": "warning", "info": "info"},
    )
    def severity(self, event: Event) -> str:
        return event.level


@admin.register(Lane)
class LaneAdmin(ReadOnlyAdmin):
    list_display = ("lane", "key_id", "calls_a_second", "slow_factor", "calls_today", "calls_on")
    ordering = ("key_id", "lane")

    @display(description=_("calls a second"))
    def calls_a_second(self, lane: Lane) -> str:
        return f"{1_000_000 / lane.spacing_us:.1f}" if lane.spacing_us else "-"


@admin.register(Connection)
class ConnectionAdmin(ReadOnlyAdmin):
    list_display = ("permitted", "session", "key_id", "proved", "ended", "outcome")
    list_filter = ("session",)
    ordering = ("-at",)
    permitted = moment("at", _("permitted at"))
    proved = moment("proved_at", _("proved at"))
    ended = moment("ended_at", _("ended at"))


# Each person enrols a device of their own: here somebody else's could be made, and its secret read.
admin.site.unregister(TOTPDevice)
admin.site.unregister(StaticDevice)
admin.site.unregister(User)
# Roles are made from `stockdesk.access`: a change here would last until the next migration.
admin.site.unregister(Group)


from stockdesk import alert_admin, calendar_admin, people_admin  # noqa: E402, F401  (they register themselves)
from stockdesk.manager import admin as manager_admin  # noqa: E402, F401  (likewise)
