"""The admin's first page: is the desk well, what is open, who runs; below it the sidebar's lines, for phones."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import pgettext

from stockdesk.access import SET_UP
from stockdesk.ground_words import DAEMON_STATES, SOURCES
from stockdesk.health import reasons_not_ready
from stockdesk.lease import EXPIRY
from stockdesk.models import DaemonState, Event

SILENT = timedelta(seconds=EXPIRY)


def overview(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold's DASHBOARD_CALLBACK: what ``admin/index.html`` shows. A database that is away is a reason like any."""
    facts: dict[str, Any] = {"reasons": list(reasons_not_ready()), "may_set_up": request.user.has_perm(SET_UP)}
    try:
        facts["programs"] = list(programs())
        facts["open_events"] = Event.objects.filter(is_open=True).count()
    except DatabaseError:
        facts["programs"] = []
    return {**context, **facts}


def programs() -> Iterator[tuple[str, str, str]]:
    """Name, lamp (good, off, bad) and state of every program that has ever reported."""
    now = timezone.now()
    for row in DaemonState.objects.order_by("name"):
        at, name = row.heartbeat_at, str(SOURCES.get(row.name, row.name))
        if row.state != "stopped" and (at is None or now - at > SILENT):
            yield name, "bad", pgettext("daemon", "no sign of life")
        else:
            lamp = {"running": "good", "failed": "bad", "error": "bad"}.get(row.state, "off")
            yield name, lamp, str(DAEMON_STATES.get(row.state, row.state))
