"""Market and account as the engine gets to see them: what is not known stays not known."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from assets.models import Account, Balance, Holding
from market.models import ExecutionNotice, FeedSession, Instrument, Quote
from tests.trading.values import NOW, SYMBOL, ago
from trading.reading import DatabaseReader

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader() -> DatabaseReader:
    return DatabaseReader(account="ours", number="12345678-01", now=lambda: NOW)


def quote(reader: DatabaseReader, **changes: Any) -> Any:
    values = {"symbol": SYMBOL, "last_price": 70_000, "received_at": ago(1), "source": "ws", "session": 2, **changes}
    Quote.objects.create(**values)
    return reader.market_data([SYMBOL]).quotes[SYMBOL]


def live(**changes: Any) -> None:
    values = {"number": 2, "state": "live", "updated_at": ago(1), **changes}
    FeedSession.objects.create(**values)


def test_a_quote_of_a_living_session_is_covered(reader: DatabaseReader) -> None:
    live()
    Instrument.objects.create(symbol=SYMBOL, name="삼성전자", market="KOSPI", base_price=69_500)
    seen = quote(reader, halted="N", traded_at=ago(2))
    assert (seen.last_price, seen.covered, seen.halted, seen.base_price) == (70_000, True, False, 69_500)
    assert seen.instrument.kind == "stock"


@pytest.mark.parametrize(
    "session", [{"state": "silent"}, {"updated_at": ago(11)}, {"number": 3}, {"updated_at": None}]
)
def test_a_quote_of_a_session_that_is_dead_or_silent_is_not(reader: DatabaseReader, session: dict[str, Any]) -> None:
    live(**session)
    seen = quote(reader)
    assert not seen.covered
    assert seen.instrument is None
    assert seen.halted is None


def test_the_base_price_is_the_feeds_own_or_follows_from_the_change(reader: DatabaseReader) -> None:
    assert quote(reader, change=-500).base_price == 70_500


def test_a_symbol_nobody_ever_quoted_is_left_out(reader: DatabaseReader) -> None:
    assert reader.market_data(["000660"]).quotes == {}


def test_an_account_that_was_never_read_is_not_an_empty_one(reader: DatabaseReader) -> None:
    Account.objects.create(id="ours")
    data = reader.market_data([])
    assert (data.balance, data.holdings) == (None, None)


def test_cash_is_what_is_left_after_all_settlements(reader: DatabaseReader) -> None:
    account = Account.objects.create(id="ours", updated_at=ago(4), stale=False)
    other = Account.objects.create(id="other", updated_at=ago(1), stale=False)
    Balance.objects.create(
        account=account, deposit=9, deposit_d2=5_000_000, total_value=7_000_000, previous_total=7_100_000
    )
    for owner in (account, other):
        Holding.objects.create(
            id=f"{owner.id}:{SYMBOL}", account=owner, symbol=SYMBOL, quantity=30, orderable_quantity=20,
            average_price=Decimal("60000.5"),
        )  # fmt: skip
    data = reader.market_data([])
    assert data.balance is not None
    assert data.holdings is not None
    assert (data.balance.cash, data.balance.asked_at, data.balance.day_profit) == (5_000_000, ago(4), -100_000)
    assert (data.holdings[SYMBOL].orderable_quantity, data.holdings[SYMBOL].average_price) == (20, Decimal("60000.5"))


def test_only_notices_of_our_account_and_this_day_are_heard(reader: DatabaseReader) -> None:
    common: dict[str, Any] = {
        "symbol": SYMBOL, "side": "02", "order_no": "0000000123", "quantity": 4, "price": 70_000, "filled": True,
        "received_at": ago(2), "traded_at": ago(3), "own": True,
    }  # fmt: skip
    told: dict[str, dict[str, Any]] = {
        "a": {"account": "1234567801"},
        "b": {"account": "12345678", "side": "01"},
        "c": {"account": "8765432101"},
        "d": {"account": ""},
        "e": {"account": "1234567801", "received_at": NOW - timedelta(days=1)},
        "f": {"account": "1234567801", "order_no": ""},
        "g": {"account": "1234567801", "own": False},
    }
    for digest, changes in told.items():
        ExecutionNotice.objects.create(digest=digest, **{**common, **changes})
    heard = reader.notices(NOW.date())
    assert [(notice.side, notice.quantity, notice.order_no) for notice in heard] == [
        ("buy", 4, "0000000123"),
        ("sell", 4, "0000000123"),
    ]
