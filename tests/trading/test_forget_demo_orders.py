"""The demo's ledger goes with its stand-in; any other is kept."""

from dataclasses import replace
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from trading.models import Fill, Order

pytestmark = pytest.mark.django_db
HERE = {"demo": True, "mode": "mock", "kis_rest_url": "http://127.0.0.1:1", "kis_ws_url": "ws://127.0.0.1:1"}


@pytest.fixture
def ledger() -> None:
    now = timezone.now()
    Order.objects.create(
        intent_key="condition:1:1:1", mode="mock", ordered_on=now.date(), symbol="005930", side="buy", quantity=1,
        created_at=now, changed_at=now, order_no="11111", state="filled",
    )  # fmt: skip
    Fill.objects.create(
        traded_on=now.date(), order_no="11111", source="inquiry", quantity=1, amount=70_000, seen_at=now
    )


def test_the_demo_begins_afresh_with_its_stand_in(ledger: None, settings: Any) -> None:
    settings.DESK = replace(settings.DESK, **HERE)
    call_command("forget_demo_orders", verbosity=0)
    assert not Order.objects.exists()
    assert not Fill.objects.exists()


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"demo": False},
        {"mode": "live"},
        {"kis_rest_url": "https://openapivts.koreainvestment.com:29443"},
        {"kis_ws_url": "ws://10.0.0.5:21000"},
    ],
)
def test_a_real_ledger_is_never_emptied(ledger: None, settings: Any, elsewhere: dict[str, Any]) -> None:
    settings.DESK = replace(settings.DESK, **{**HERE, **elsewhere})
    with pytest.raises(CommandError, match="kept"):
        call_command("forget_demo_orders")
    assert Order.objects.count() == Fill.objects.count() == 1
