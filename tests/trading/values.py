"""Values in which everything is in order; a test spoils the one thing it is about."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from stockdesk.kis.messages import KST, BrokerOrder, OrderList
from trading.matching import LookUp
from trading.states import State
from trading.views import (
    BalanceView,
    ConditionView,
    DeskView,
    Facts,
    HoldingView,
    InstrumentView,
    Intent,
    MarketView,
    Mode,
    Order,
    QuoteView,
    Setting,
    Source,
    Trigger,
)

NOW = datetime(2026, 11, 20, 10, 0, 0, 500_000, tzinfo=KST)
SYMBOL = "005930"


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def a_quote(**changes: Any) -> QuoteView:
    fine = QuoteView(
        SYMBOL, 70_000, ago(1), ago(1), 69_500, covered=True, halted=False, single_price=False,
        instrument=InstrumentView("stock", False),
    )  # fmt: skip
    return replace(fine, **changes)


def a_condition(**changes: Any) -> ConditionView:
    fine = ConditionView(
        1, 3, SYMBOL, "buy", True, Trigger.AT_OR_BELOW, strike_price=70_000, quantity=10, armed_at=ago(600)
    )
    return replace(fine, **changes)


def a_desk(**changes: Any) -> DeskView:
    return replace(DeskView(mode=Mode.MOCK), **changes)


def a_balance(**changes: Any) -> BalanceView:
    return replace(BalanceView(5_000_000, ago(4), day_profit=0), **changes)


def a_holding(**changes: Any) -> HoldingView:
    return replace(HoldingView(SYMBOL, 30, 30, Decimal("60000")), **changes)


def a_market(**changes: Any) -> MarketView:
    fine = MarketView(
        NOW.date(), True, True, NOW.replace(hour=9, minute=0), NOW.replace(hour=15, minute=20),
        NOW.replace(hour=15, minute=40), takes_common,
    )  # fmt: skip
    return replace(fine, **changes)


def takes_common(now: datetime, division: str) -> bool:
    """A market that takes limit and market orders whenever it is open."""
    return division in ("00", "01")


def an_intent(**changes: Any) -> Intent:
    fine = Intent(
        "condition:1:3:1", 1, 3, SYMBOL, "buy", 10, 70_000, "00", 70_000, "at_or_below 70000", 70_000, ago(1), ago(4)
    )
    return replace(fine, **changes)


def an_order(**changes: Any) -> Order:
    fine = Order(
        "condition:1:3:1", Source.CONDITION, SYMBOL, "buy", 10, 70_000, "00", 70_000, Mode.MOCK, ago(30), ago(30),
        NOW.date(), id=1, version=1, condition_id=1, condition_revision=3,
    )  # fmt: skip
    return replace(fine, **changes)


def an_unknown(**changes: Any) -> Order:
    return an_order(**{"state": State.UNKNOWN, "attempts": 1, "sent_at": ago(30), **changes})


def facts(**changes: Any) -> Facts:
    fine = Facts(
        now=NOW,
        desk=a_desk(),
        lease_held=True,
        setting=Setting(Mode.MOCK, "simulator", True),
        market=a_market(),
        clock_skew=0.2,
        order_wait=0.0,
        recovered_at=ago(60),
        condition=a_condition(),
        quote=a_quote(),
        balance=a_balance(),
        holding=a_holding(),
        orders=(),
    )
    return replace(fine, **changes)


def a_row(**changes: Any) -> BrokerOrder:
    fine = BrokerOrder(
        "0000000123", "", "06010", SYMBOL, "삼성전자", "buy", 10, 70_000, 0, 0, None, 10, False, 0,
        ago(30).replace(microsecond=0), "00",
    )  # fmt: skip
    return replace(fine, **changes)


def a_look(*rows: BrokerOrder, complete: bool = True, **changes: Any) -> LookUp:
    return replace(LookUp(NOW.date(), Mode.MOCK, OrderList(rows, complete), ago(0.5), NOW), **changes)
