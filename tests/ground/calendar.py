"""Days of the calendar for tests: whose word a row holds."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from stockdesk.calendar_models import MarketDay
from stockdesk.env import Environment
from stockdesk.kis.messages import KST

BROKER = "openapi.koreainvestment.com:9443"


def at_real_broker(desk: Environment) -> Environment:
    """The desk at the real broker, whose calendar counts: the demo's rule is out of the way."""
    rest, socket = f"https://{BROKER}", "ws://ops.koreainvestment.com:21000"
    return replace(desk, demo=False, mode="dry-run", kis_rest_url=rest, kis_ws_url=socket)


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
