"""What screens say of programs: names, states, and why one runs or rests until when."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, gettext_noop, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from stockdesk.manager.watch import DOWN, HUNG
from stockdesk.sheets import say

NAMES: dict[str, Any] = {
    "mariadb": _("Database"),
    "simulator": _("Simulator"),
    "ws_market": _("Live prices"),
    "rest_market": _("Whole market"),
    "assets": _("Assets"),
    "trading": _("Trading"),
    "overseas": _("Overseas indices"),
    "reference": _("Batch jobs"),
    "worker": _("Worker of the jobs"),
    "web": _("Web"),
    "manager": _("Timetable"),
}
STATES: dict[str, Any] = {
    "RUNNING": pgettext_lazy("program", "running"),
    "STARTING": pgettext_lazy("program", "starting"),
    "BACKOFF": pgettext_lazy("program", "fails to start"),
    "STOPPING": pgettext_lazy("program", "stopping"),
    "STOPPED": pgettext_lazy("program", "stopped"),
    "EXITED": pgettext_lazy("program", "ended"),
    "FATAL": pgettext_lazy("program", "given up"),
    "UNKNOWN": pgettext_lazy("program", "unknown"),
}
#: Why a program runs or rests (`plan.Wish.reason`).
REASONS: dict[str, Any] = {
    "always": pgettext_lazy("program", "always on"),
    "nonstop": pgettext_lazy("program", "the demo trades around the clock"),
    "market": pgettext_lazy("program", "market hours"),
    "calendar": pgettext_lazy("program", "asks for the calendar"),
    "abroad": pgettext_lazy("program", "markets abroad"),
    "jobs": pgettext_lazy("program", "hours of the batch jobs"),
    "hours": pgettext_lazy("program", "outside its hours"),
    "weekend": pgettext_lazy("program", "weekend"),
    "holiday": pgettext_lazy("program", "holiday"),
    "start": pgettext_lazy("program", "started by an operator"),
    "stop": pgettext_lazy("program", "stopped by an operator"),
    "hold": pgettext_lazy("program", "held by an operator"),
}
TROUBLES: dict[str, Any] = {
    DOWN: _("A program that should run does not"),
    HUNG: _("A program hangs"),
}


def moment_text(at: datetime, now: datetime) -> str:
    """A moment to come, as short as it may be: the hour, with the day of the week, or with the date."""
    local, today = timezone.localtime(at), timezone.localdate(now)
    if local.date() == today:
        return f"{local:%H:%M}"
    weekday = date_format(local, "D").removesuffix("요일")
    near = local.date() - today < timedelta(days=7)
    return f"{weekday} {local:%H:%M}" if near else f"{local:%m-%d} ({weekday}) {local:%H:%M}"


def standing_text(*, wanted: bool, reason: str, changes_at: datetime | None, now: datetime) -> str:
    """One line such as "stopped until Mon 07:50 (weekend)"."""
    why = str(REASONS.get(reason, reason))
    if changes_at is None:
        text = gettext("runs (%(why)s)") if wanted else gettext("stopped (%(why)s)")
        return text % {"why": why}
    text = gettext("runs until %(until)s (%(why)s)") if wanted else gettext("stopped until %(until)s (%(why)s)")
    return text % {"until": moment_text(changes_at, now), "why": why}


say(
    dict,
    [
        gettext_noop("{1} instead of running"),
        gettext_noop("{1} instead of running: {2}"),
        gettext_noop("fell over {1} times in five minutes: see its log"),
        gettext_noop("runs, but gave no sign of life for {1} s"),
        gettext_noop("supervisord does not answer: {1}. Nothing is started or stopped by the hours."),
    ],
)
