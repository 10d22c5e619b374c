"""The lamps of the live feed: one row per session, written once a second; and which symbols they say they carry."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings

from market.models import FeedSession

_WRITTEN = [field.name for field in FeedSession._meta.concrete_fields if not field.primary_key]
#: A lamp is written with every flush; one that is older than that by so many seconds tells nothing any more.
LAMP_SECONDS = 4.0


def write_lamps(lamps: Sequence[FeedSession]) -> None:
    """Overwrite the row of each session, in one statement."""
    FeedSession.objects.bulk_create(lamps, update_conflicts=True, update_fields=_WRITTEN)


def remove_lamps_beyond(number: int) -> None:
    """Forget sessions that are no longer configured."""
    FeedSession.objects.filter(number__gt=number).delete()


def carried_symbols(now: datetime) -> set[str]:
    """Symbols whose ticks arrive over a session at this moment, as the broker has confirmed them.

    A session that is down carries nothing, whatever it is meant to; nor does one whose lamp is old, for then
    nobody looks after it.
    """
    since = now - timedelta(seconds=LAMP_SECONDS + settings.DESK.flush_seconds)
    live = FeedSession.objects.filter(state=FeedSession.State.LIVE, updated_at__gte=since)
    return {symbol for symbols in live.values_list("symbols", flat=True) for symbol in symbols.split()}
