"""Whether closed minutes become bars: said by ``manage.py check`` and ``doctor``, with the way out."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings
from django.core import checks
from django.db import DatabaseError, connections
from django.utils.translation import gettext as _

from market import bars
from market.bar_models import BarState


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
