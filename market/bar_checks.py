"""Whether closed minutes become bars: said by ``manage.py check``, ``doctor`` and ``/readyz``, with the way out."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core import checks
from django.db import DatabaseError, connections
from django.db.models import Min
from django.utils import timezone
from django.utils.translation import gettext as _

from market import bars
from market.bar_models import BarState, ClosedBar
from stockdesk.health import Reason, ready_check

#: A minute that nobody has fetched for so long: three runs of the EVENT have gone by.
LATE = timedelta(minutes=4)


@checks.register(checks.Tags.database)
def check_bars(
    app_configs: Any = None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[checks.CheckMessage]:
    """Silent before the first migration has made the tables."""
    found: list[checks.CheckMessage] = []
    for alias in databases or ():
        connection = connections[alias]
        try:
            if "market_barstate" in connection.introspection.table_names():
                found += [checks.Warning(text, hint=hint, id="market.W002") for text, hint in problems(connection)]
        except DatabaseError as exc:
            number = exc.args[0] if exc.args else "?"
            text = _("Whether minutes become bars cannot be told: database error %(n)s.") % {"n": number}
            found.append(checks.Warning(text, id="market.W002"))
    return found


def problems(connection: Any) -> Iterator[tuple[str, str]]:
    """What is wrong and what mends it. That the scheduler is off the ground's own check tells."""
    found, mark = bars.standing(connection), bars.mark_of(settings.BAR_EVENT_SECONDS)
    if not found.procedure or not found.event:
        yield _("Closed minutes are not copied into bars: the EVENT is missing."), bars.grant_hint(connection)
    elif {found.procedure, found.event} != {mark}:
        yield _("The EVENT of the bars is of another version of the desk."), "./desk manage migrate"
    elif found.status != "ENABLED" and settings.BAR_EVENT_SECONDS:
        hint = f"ALTER EVENT {bars.EVENT} ENABLE;"
        yield _("Closed minutes are not copied into bars: the EVENT is switched off."), hint
    state = BarState.objects.using(connection.alias).first()
    if state is not None and state.last_error:
        yield _("The last run of the EVENT of the bars failed: %s") % state.last_error, "./desk logs mariadb"


@ready_check
def bars_are_made() -> Iterator[Reason]:
    """Asked of the rows alone: whatever the cause, a closed minute must not wait."""
    oldest = ClosedBar.objects.aggregate(oldest=Min("starts_at"))["oldest"]
    if oldest is not None and is_late(oldest, timezone.now()):
        yield Reason("bars_waiting", _("Minutes since %s are not bars yet: see ./desk doctor.") % _clock(oldest))


def is_late(starts_at: datetime, now: datetime) -> bool:
    return now - starts_at > LATE


def _clock(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%m-%d %H:%M}"
