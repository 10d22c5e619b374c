"""What the admin says of the ground's rows, which programs write for each other: names, states, levels, lanes."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from stockdesk.manager.words import NAMES
from stockdesk.public_sources import PUBLIC_SOURCES

#: Who opens events beside the programs.
SOURCES: dict[str, Any] = {
    **NAMES,
    "governor": _("Connection pace"),
    "budget": _("Call budget"),
    "calendar": _("Calendar"),
    "alerts": _("Alerts"),
    "market": _("Live prices"),
    "desk": _("Desk"),
    "backup": _("Backup"),
    **{source.name: _(source.label) for source in PUBLIC_SOURCES},
}
DAEMON_STATES: dict[str, Any] = {
    "running": pgettext_lazy("daemon", "running"),
    "starting": pgettext_lazy("daemon", "starting"),
    "stopping": pgettext_lazy("daemon", "stopping"),
    "stopped": pgettext_lazy("daemon", "stopped"),
    "failed": pgettext_lazy("daemon", "failed"),
    "error": pgettext_lazy("daemon", "error"),
}
LEVELS: dict[str, Any] = {
    "info": pgettext_lazy("level", "note"),
    "warning": pgettext_lazy("level", "warning"),
    "error": pgettext_lazy("level", "error"),
    "critical": pgettext_lazy("level", "critical"),
}
LANES: dict[str, Any] = {
    "order": pgettext_lazy("lane", "orders"),
    "fill": pgettext_lazy("lane", "fills"),
    "assets": pgettext_lazy("lane", "assets"),
    "spare": pgettext_lazy("lane", "spare"),
    "market": pgettext_lazy("lane", "market"),
    "shared": pgettext_lazy("lane", "all calls"),
}
