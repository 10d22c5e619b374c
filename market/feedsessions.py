"""The lamps of the live feed: one row per session, written once a second."""

from collections.abc import Sequence

from market.models import FeedSession

_WRITTEN = [field.name for field in FeedSession._meta.concrete_fields if not field.primary_key]


def write_lamps(lamps: Sequence[FeedSession]) -> None:
    """Overwrite the row of each session, in one statement."""
    FeedSession.objects.bulk_create(lamps, update_conflicts=True, update_fields=_WRITTEN)


def remove_lamps_beyond(number: int) -> None:
    """Forget sessions that are no longer configured."""
    FeedSession.objects.filter(number__gt=number).delete()
