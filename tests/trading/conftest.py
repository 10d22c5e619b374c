"""A listed symbol with a live price, for screens and board."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from assets.accounts import own_account
from assets.models import Account, Holding
from market.models import Instrument, Quote
from trading.models import Condition

SAMSUNG, HYNIX = "005930", "000660"


@pytest.fixture
def listed(db: None) -> None:
    """Two shares, 70,000 and 200,000 KRW at the moment."""
    for symbol, name, last in ((SAMSUNG, "삼성전자", 70_000), (HYNIX, "SK하이닉스", 200_000)):
        Instrument.objects.create(symbol=symbol, name=name, market="KOSPI", base_price=last)
        Quote.objects.create(
            symbol=symbol, last_price=last, change=0, sign="3", base_price=last, received_at=timezone.now(), session=1
        )


@pytest.fixture
def held(listed: None, settings: Any) -> None:
    """Ten shares of Samsung, bought at 65,000."""
    account = Account.objects.create(id=own_account(), updated_at=timezone.now() - timedelta(seconds=1), stale=False)
    Holding.objects.create(
        id=f"{account.pk}:{SAMSUNG}", account=account, symbol=SAMSUNG, quantity=10, orderable_quantity=10,
        average_price=Decimal(65_000),
    )  # fmt: skip


def stored(**changes: Any) -> Condition:
    values: dict[str, Any] = {
        "symbol": SAMSUNG, "side": "buy", "enabled": True, "trigger": "at_or_below", "strike_price": 69_000,
        "quantity": 10, **changes,
    }  # fmt: skip
    row = Condition(**values)
    row.save()
    return row


needs_account = pytest.mark.skipif(not settings.DESK.account, reason="the environment names no account")
