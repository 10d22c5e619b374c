"""The table of order types holds what the form offers and what the broker's client takes."""

from datetime import date

import pytest

from stockdesk.calendar.models import SessionWindow
from stockdesk.kis.messages import OrderRequest
from tests.ground.calendar import at, at_real_broker, told
from trading.columns import PRICINGS
from trading.pricings import ORDER_TYPES, order_type
from trading.surroundings import market_view
from trading.values import Pricing

FRIDAY = date(2026, 11, 20)


def test_every_order_type_that_can_be_chosen_is_in_the_table():
    assert [pricing for pricing, _ in PRICINGS] == [str(pricing) for pricing in ORDER_TYPES] == list(Pricing)


@pytest.mark.parametrize("pricing", list(Pricing))
def test_the_client_sends_the_division_of_every_order_type(pricing):
    known = ORDER_TYPES[pricing]
    request = OrderRequest("005930", "buy", 1, None if known.priced is None else 70_000, known.division)
    assert request.wire_division == known.division


def test_a_word_that_sql_made_up_is_taken_for_the_cautious_one():
    assert order_type("whatever") is ORDER_TYPES[Pricing.STRIKE]


@pytest.mark.django_db
def test_the_calendar_says_which_order_types_are_taken(settings):
    settings.DESK = at_real_broker(settings.DESK)
    told(FRIDAY, "Y")
    market = market_view(FRIDAY)
    assert all(market.takes(at("2026-11-20T10:00"), one.division) for one in ORDER_TYPES.values())
    assert not market.takes(at("2026-11-20T10:00"), "41")
    SessionWindow.objects.filter(code=SessionWindow.Code.REGULAR).update(divisions="00")
    assert not market_view(FRIDAY).takes(at("2026-11-20T10:00"), "01")
