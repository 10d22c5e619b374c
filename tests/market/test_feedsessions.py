from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from market.feedsessions import carried_symbols, write_lamps
from market.models import FeedSession

pytestmark = pytest.mark.django_db


def lamp(number: int, symbols: str, **values: Any) -> FeedSession:
    return FeedSession(number=number, symbols=symbols, **{"state": "live", "updated_at": timezone.now(), **values})


def test_a_symbol_is_carried_while_its_session_is_live_and_looked_after() -> None:
    old = timezone.now() - timedelta(seconds=30)
    write_lamps(
        [
            lamp(1, "000660 005930"),
            lamp(2, "0001A0"),
            lamp(3, ""),
            lamp(4, "035720", state="silent"),
            lamp(5, "035420", updated_at=old),
        ]
    )
    assert carried_symbols(timezone.now()) == {"000660", "005930", "0001A0"}


def test_a_session_that_lost_its_registrations_carries_them_no_more() -> None:
    write_lamps([lamp(1, "000660 005930")])
    write_lamps([lamp(1, "000660")])
    assert carried_symbols(timezone.now()) == {"000660"}
