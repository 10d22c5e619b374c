"""The demo's conditions: made once, near the price, and only in a demo."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from market.models import Instrument, Quote
from tests.trading.conftest import stored
from trading.apps import make_desk
from trading.database import DatabaseStorage
from trading.decisions import decide
from trading.demo import make_conditions
from trading.known import known_of
from trading.models import Condition, Desk
from trading.reading import DatabaseReader
from trading.validation import errors, judge
from trading.values import Intent

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _demo(settings: Any) -> None:
    here = {"kis_rest_url": "http://127.0.0.1:1", "kis_ws_url": "ws://127.0.0.1:1"}
    settings.DESK = replace(settings.DESK, demo=True, mode="mock", **here)


@pytest.fixture
def traded() -> Callable[..., None]:
    def trade(count: int, *, seconds_ago: float = 1) -> None:
        for number in range(count):
            symbol, last = f"{number + 1:06}", 10_050 + number * 7_350
            Instrument.objects.get_or_create(symbol=symbol, name=symbol, market="KOSPI", base_price=last)
            Quote.objects.update_or_create(
                symbol=symbol,
                defaults={
                    "last_price": last, "base_price": last, "day_volume": 100 - number, "session": 1,
                    "received_at": timezone.now() - timedelta(seconds=seconds_ago),
                },
            )  # fmt: skip

    return trade


def test_it_waits_until_the_prices_are_there(traded: Callable[..., None]) -> None:
    assert not make_conditions()
    traded(3)
    assert not make_conditions()
    traded(5, seconds_ago=60)
    assert not make_conditions()
    assert not Condition.objects.exists()
    traded(5)
    assert make_conditions()
    assert Condition.objects.exists()


def test_they_are_in_order_and_some_of_them_fire_at_once(traded: Callable[..., None]) -> None:
    traded(5)
    make_conditions()
    rows = list(Condition.objects.all())
    assert {row.trigger for row in rows} == {"at_or_below", "at_or_above", "take_profit", "trailing"}
    assert [text for row in rows for text in errors(judge(row, known_of(row, timezone.now())))] == []
    views, desk = DatabaseStorage().conditions(), DatabaseStorage().desk()
    assert desk is not None
    data = DatabaseReader(account="", number="").market_data([row.symbol for row in rows])
    answers = decide(views, data.quotes, {}, None, desk, timezone.now())
    due = [answer for answer in answers if isinstance(answer, Intent)]
    assert [intent.side for intent in due] == ["buy"] * 3
    assert all(intent.quantity * intent.reserve_price <= desk.max_order_amount for intent in due)
    assert sum(row.repeat > 1 for row in rows if row.trigger == "take_profit") == 1


def test_the_demos_desk_begins_in_mock_trading_and_no_other_does(settings: Any) -> None:
    Desk.objects.all().delete()
    make_desk(using="default")
    assert Desk.objects.get().mode == "mock"
    Desk.objects.all().delete()
    settings.DESK = replace(settings.DESK, demo=False)
    make_desk(using="default")
    assert Desk.objects.get().mode == "dry-run"


def test_they_are_made_once_and_what_a_person_chose_stays(traded: Callable[..., None]) -> None:
    traded(5)
    make_conditions()
    Condition.objects.exclude(pk=Condition.objects.first().pk).delete()  # type: ignore[union-attr]
    Desk.objects.update(mode="dry-run")
    assert make_conditions()
    assert Condition.objects.count() == 1
    assert Desk.objects.get().mode == "dry-run"


@pytest.mark.parametrize(
    "change",
    [
        {"demo": False},
        {"kis_rest_url": "https://openapivts.koreainvestment.com:29443"},
        {"kis_ws_url": "ws://10.0.0.5:18081"},
    ],
)
def test_nowhere_but_in_a_demo_on_this_machine(
    traded: Callable[..., None], settings: Any, change: dict[str, Any]
) -> None:
    settings.DESK = replace(settings.DESK, **change)
    traded(5)
    assert make_conditions()
    assert not Condition.objects.exists()


def test_a_desk_that_has_conditions_gets_none(traded: Callable[..., None]) -> None:
    traded(5)
    stored()
    assert make_conditions()
    assert Condition.objects.count() == 1
