"""An account's rows as the daemon writes them, and balances as the broker tells them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from assets.accounts import account_id, masked
from assets.balances import AccountRows
from stockdesk.kis.messages import KST, Balance, HoldingRow
from stockdesk.models import Fence

NUMBER = "50123456-01"
DAEMON = "assets"
FENCE = 7
ASKED_AT = datetime(2026, 11, 20, 10, 0, tzinfo=KST)

EMPTY = Balance(
    deposit=0, deposit_d1=0, deposit_d2=0, purchase_amount=0, evaluation_amount=0, profit_loss=0, securities_value=0,
    total_value=0, net_assets=0, holdings=(),
)  # fmt: skip


def held(symbol: str, quantity: int = 10, price: int | None = 71_000, **changes: Any) -> HoldingRow:
    bought_at, worth = 69_500, price or 0
    row = HoldingRow(
        symbol=symbol,
        name=f"name of {symbol}",
        quantity=quantity,
        orderable_quantity=quantity,
        average_price=Decimal(bought_at),
        last_price=price,
        purchase_amount=bought_at * quantity,
        evaluation_amount=worth * quantity,
        profit_loss=(worth - bought_at) * quantity,
        profit_rate=Decimal("2.16"),
    )
    return replace(row, **changes)


def balance(*holdings: HoldingRow, cash: int = 1_000_000, **changes: Any) -> Balance:
    worth, cost = sum(h.evaluation_amount for h in holdings), sum(h.purchase_amount for h in holdings)
    totals = replace(
        EMPTY,
        deposit=cash,
        deposit_d1=cash,
        deposit_d2=cash,
        purchase_amount=cost,
        evaluation_amount=worth,
        profit_loss=worth - cost,
        securities_value=worth,
        total_value=worth + cash,
        net_assets=worth + cash,
        holdings=holdings,
    )
    return replace(totals, **changes)


@pytest.fixture
def rows(db: None) -> AccountRows:
    """The rows of an account that was just opened, under a lease that is held."""
    Fence.objects.create(name=DAEMON, number=FENCE)
    rows = AccountRows(account_id(NUMBER), masked(NUMBER), daemon=DAEMON, fence=FENCE)
    rows.open()
    return rows


@pytest.fixture
def table() -> Callable[[], dict[str, list[tuple[Any, ...]]]]:
    """Everything that balance and holdings say, to compare before with after."""

    def read() -> dict[str, list[tuple[Any, ...]]]:
        found = {}
        with connection.cursor() as cursor:
            for name in ("assets_balance", "assets_holding"):
                cursor.execute(f"SELECT * FROM {name} ORDER BY 1")
                found[name] = list(cursor.fetchall())
        return found

    return read
