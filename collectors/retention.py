"""The job that keeps raw bodies within their age and size (RAW_BODY_DAYS, RAW_BODY_BYTES)."""

from datetime import date

from django.utils import timezone

from collectors import raw


def fetch(day: date, item: str) -> int:
    """Delete the raw bodies that are too old or too many; how many went."""
    return raw.purge(timezone.now())
