"""The day in one message, after the close of a trading day."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from stockdesk.alerts.catalogue import advice
from stockdesk.alerts.registry import SECTIONS
from stockdesk.calendar.models import MarketDay
from stockdesk.hours import day_of
from stockdesk.models import Event

#: How far the next trading day is looked for, and how many open troubles are named.
AHEAD, MOST_TROUBLES = timedelta(days=30), 8


def is_due(day: date) -> bool:
    """Whether the market was open, as far as anybody knows: on a holiday there is nothing to sum up."""
    return bool(day_of(day).is_open)


def written(day: date, now: datetime) -> tuple[str, str]:
    """Title and text, in the active language: what the apps tell, open troubles, the next trading day."""
    weekdays = (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))
    lines = [
        line for _place, section in sorted(SECTIONS.values(), key=lambda one: one[0]) for line in section(day, now)
    ]
    lines += [*_troubles(), *_next_day(day)]
    title = _("[Daily summary] %(day)s (%(weekday)s)") % {"day": day.isoformat(), "weekday": weekdays[day.weekday()]}
    return title, "\n".join(lines)


def _troubles() -> Iterator[str]:
    rows = list(Event.objects.filter(is_open=True).exclude(level="info").order_by("started_at"))
    if not rows:
        yield _("Open troubles: none")
        return
    yield _("Open troubles: %d") % len(rows)
    for row in rows[:MOST_TROUBLES]:
        yield f"- {advice(row.code)[0] or row.code} {row.subject}".rstrip()


def _next_day(day: date) -> Iterator[str]:
    known = MarketDay.objects.filter(day__gt=day, day__lte=day + AHEAD).order_by("day").values_list("day", flat=True)
    if (coming := next((one for one in known if day_of(one).is_open), None)) is not None:
        yield _("Next trading day: %s") % coming.isoformat()
