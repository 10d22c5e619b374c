"""What the dashboard hears of the conditions that are on."""

import pytest
from django.utils import timezone

from assets.accounts import own_account
from assets.models import Account, Balance, Holding
from market.models import Instrument, Quote
from trading.condition_screen import CONDITIONS, condition_rows
from trading.models import Condition

pytestmark = pytest.mark.django_db


def row(condition):
    return dict(zip(CONDITIONS, condition_rows()[str(condition.pk)], strict=True))


def test_a_condition_comes_with_its_strike_and_the_price_beside_it():
    now = timezone.now()
    Quote.objects.create(symbol="005930", name="삼성전자", last_price=71_900, sign="5", change=-600, received_at=now)
    on = Condition.objects.create(
        symbol="005930", side="buy", enabled=True, trigger="at_or_below", strike_price=70_000
    )
    Condition.objects.create(symbol="005930", side="buy", trigger="at_or_below", strike_price=60_000)  # switched off
    assert list(condition_rows()) == [str(on.pk)]
    told = row(on)
    assert (told["name"], told["strike"], told["last_price"]) == ("삼성전자", 70_000.0, 71_900)
    assert told["received_at"] == round(now.timestamp() * 1000)


def test_a_rate_is_reckoned_from_the_average_price_of_the_holding():
    Instrument.objects.create(symbol="000660", name="SK하이닉스")
    condition = Condition.objects.create(symbol="000660", side="sell", enabled=True, trigger="take_profit", rate="3")
    assert row(condition)["strike"] is None  # nothing is held: no price can be told
    account = Account.objects.create(id=own_account(), updated_at=timezone.now(), stale=False)
    Balance.objects.create(account=account)
    Holding.objects.create(id="x", account=account, symbol="000660", quantity=1, average_price="200000")
    told = row(condition)
    assert (told["name"], told["strike"], told["last_price"]) == ("SK하이닉스", 206_000.0, None)


def test_one_that_cannot_be_read_is_there_with_its_reason():
    odd = Condition.objects.create(
        symbol="005930", side="buy", enabled=True, trigger="sideways", problem="no such word"
    )
    told = row(odd)
    assert (told["problem"], told["strike"]) == ("no such word", None)
