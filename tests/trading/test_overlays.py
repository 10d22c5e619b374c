"""What trading draws over the chart of an issue, and for whom."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.utils import timezone

from market.overlays import Line, Mark, overlays_of
from tests.trading.conftest import stored
from trading.models import Order

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("listed")]
SYMBOL = "005930"


@pytest.fixture
def trader(db: None) -> User:
    user = User.objects.create_user("trader")
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_condition", "view_order"]))
    return user


def fill() -> None:
    now = timezone.now()
    Order.objects.create(
        intent_key="fill", mode="mock", ordered_on=timezone.localdate(now), symbol=SYMBOL, side="sell", quantity=4,
        state="filled", created_at=now, changed_at=now, filled_quantity=4, filled_amount=283_000, filled_at=now,
    )  # fmt: skip


def test_strike_prices_that_are_on_are_lines(trader: User) -> None:
    stored(symbol=SYMBOL, side="buy", strike_price=70_000, enabled=True)
    stored(symbol=SYMBOL, side="sell", strike_price=75_000, enabled=False)
    (line,) = overlays_of(SYMBOL, trader)
    assert isinstance(line, Line)
    assert (line.price, line.side) == (70_000, "buy")
    assert overlays_of("000660", trader) == []


def test_fills_are_marks_at_their_average_price(trader: User) -> None:
    fill()
    (mark,) = overlays_of(SYMBOL, trader)
    assert isinstance(mark, Mark)
    assert (mark.quantity, mark.price, mark.side) == (4, 70_750, "sell")
    Order.objects.update(filled_at=timezone.now() - timedelta(days=40))
    assert overlays_of(SYMBOL, trader) == []


def test_whoever_may_not_see_conditions_and_orders_sees_none(trader: User) -> None:
    stored(symbol=SYMBOL, strike_price=70_000, enabled=True)
    fill()
    assert overlays_of(SYMBOL, User.objects.create_user("guest")) == []
