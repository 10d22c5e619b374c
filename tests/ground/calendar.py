"""Days of the calendar for tests: whose word a row holds."""

from datetime import date, datetime
from typing import Any

from django.utils import timezone

from stockdesk.calendar_models import MarketDay
from stockdesk.kis.messages import KST

BROKER = "openapi.koreainvestment.com:9443"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=KST)


def told(on: date, flag: str, by: str = BROKER) -> MarketDay:
    """The broker has answered for this date."""
    return changed(on, open_flag=flag, answered_at=timezone.now(), answered_by=by)


def ruled(on: date, is_open: bool, **more: Any) -> MarketDay:
    """A person has overridden this date."""
    words = {"override_reason": "notice of KRX", "overridden_by": "kim", "overridden_at": timezone.now()}
    return changed(on, override_open=is_open, **words, **more)


def changed(on: date, **values: Any) -> MarketDay:
    MarketDay.objects.filter(pk=on).update(**values)
    return MarketDay.objects.get(pk=on)
