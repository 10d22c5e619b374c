"""What a person wrote, judged while he is still in front of the screen."""

from dataclasses import replace
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import translation

from tests.trading.values import NOW, a_condition
from trading.validation import Complaint, Known, errors, judge, typed_rate, typed_whole
from trading.values import ConditionView, Pricing, Sizing, Trigger

TODAY = NOW.date()


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


def known(**changes: Any) -> Known:
    return replace(
        Known(TODAY, "stock", last_price=70_100, limits=(49_000, 91_000), regular=(time(9), time(15, 20))), **changes
    )


def wrong(condition: ConditionView, **changes: Any) -> dict[str, str]:
    return {complaint.field: complaint.text for complaint in errors(judge(condition, known(**changes)))}


def warned(condition: ConditionView, **changes: Any) -> list[str]:
    return [complaint.text for complaint in judge(condition, known(**changes)) if complaint.warning]


def a_rate(trigger: Trigger, rate: str | None, **changes: Any) -> ConditionView:
    percent = Decimal(rate) if rate is not None else None
    return a_condition(**{"side": "sell", "trigger": trigger, "strike_price": None, "rate": percent, **changes})


def test_a_condition_in_order_is_not_complained_of() -> None:
    assert judge(a_condition(), known()) == []
    assert judge(a_rate(Trigger.TAKE_PROFIT, "3", sizing=Sizing.ALL, quantity=None), known()) == []
    assert judge(a_rate(Trigger.TRAILING, "2"), known()) == []


def test_a_symbol_outside_the_master_is_refused() -> None:
    assert "symbol" in wrong(a_condition(), kind=None)


@pytest.mark.parametrize(
    ("strike", "kind", "below", "above"),
    [
        (70_050, "stock", "70,000", "70,100"),
        (4_999, "stock", "4,995", "5,000"),
        (50_001, "stock", "50,000", "50,100"),
        (2_003, "etf", "2,000", "2,005"),
        (199_999, "stock", "199,900", "200,000"),
    ],
)
def test_a_strike_off_its_tick_names_both_neighbours(strike: int, kind: str, below: str, above: str) -> None:
    text = wrong(a_condition(strike_price=strike), kind=kind, limits=None, last_price=None)["strike_price"]
    assert below in text
    assert above in text


def test_a_strike_outside_todays_limits_names_them_unless_it_is_for_a_later_day() -> None:
    text = wrong(a_condition(strike_price=48_000))["strike_price"]
    assert "49,000" in text
    assert "91,000" in text
    later = a_condition(strike_price=48_000, valid_from=TODAY + timedelta(days=1))
    assert wrong(later) == {}
    assert "49,000" in warned(later)[0]
    assert wrong(a_condition(strike_price=49_000)) == {}


def test_a_rate_that_leads_beyond_the_limits_is_only_said() -> None:
    far = a_rate(Trigger.TAKE_PROFIT, "31")
    assert wrong(far, average_price=Decimal(70_000)) == {}
    assert len(warned(far, average_price=Decimal(70_000))) == 1
    assert warned(far) == []  # nothing is held: nobody knows


@pytest.mark.parametrize("limits", [None, (49_000, 91_000)])
def test_a_price_that_is_there_already_is_said(limits: tuple[int, int] | None) -> None:
    assert len(warned(a_condition(strike_price=70_100), limits=limits)) == 1
    assert warned(a_condition(strike_price=70_000), limits=limits) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"quantity": None}, "quantity"),
        ({"quantity": 0}, "quantity"),
        ({"strike_price": None}, "strike_price"),
        ({"strike_price": 0}, "strike_price"),
        ({"rate": Decimal(3)}, "rate"),
        ({"amount": 100_000}, "amount"),
        ({"ticks": 2}, "ticks"),
        ({"sizing": Sizing.AMOUNT, "quantity": None}, "amount"),
        ({"sizing": Sizing.AMOUNT, "amount": 500_000}, "quantity"),
        ({"sizing": Sizing.ALL, "quantity": None}, "sizing"),
        ({"trigger": Trigger.TAKE_PROFIT, "strike_price": None, "rate": Decimal(3)}, "trigger"),
        ({"trigger": Trigger.STOP_LOSS, "strike_price": None, "rate": Decimal(3)}, "trigger"),
    ],
)
def test_what_a_choice_asks_for_must_be_there_and_nothing_else(changes: dict[str, Any], field: str) -> None:
    assert list(wrong(a_condition(**changes))) == [field]


@pytest.mark.parametrize("trigger", [Trigger.TAKE_PROFIT, Trigger.STOP_LOSS, Trigger.TRAILING])
def test_a_rate_of_nothing_is_refused(trigger: Trigger) -> None:
    assert list(wrong(a_rate(trigger, "0"))) == ["rate"]
    assert list(wrong(a_rate(trigger, None))) == ["rate"]


def test_a_price_cannot_fall_by_all_of_itself() -> None:
    assert list(wrong(a_rate(Trigger.STOP_LOSS, "100"))) == ["rate"]
    assert wrong(a_rate(Trigger.TAKE_PROFIT, "100")) == {}


def test_an_amount_must_buy_a_share_at_the_price_that_is_reserved() -> None:
    amount = a_condition(sizing=Sizing.AMOUNT, quantity=None, amount=70_000)
    assert wrong(amount) == {}
    assert list(wrong(replace(amount, amount=69_999))) == ["amount"]
    assert list(wrong(replace(amount, pricing=Pricing.MARKET, amount=90_999))) == ["amount"]  # the upper limit


def test_what_the_desk_would_refuse_is_said_beforehand() -> None:
    assert len(warned(a_condition(quantity=20), max_amount=1_000_000)) == 1
    assert len(warned(a_condition(quantity=2_000), max_quantity=1_000)) == 1
    assert warned(a_condition(), max_amount=1_000_000, max_quantity=1_000) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"valid_from": TODAY, "valid_to": TODAY - timedelta(days=1)}, "valid_to"),
        ({"valid_to": TODAY - timedelta(days=1)}, "valid_to"),
        ({"hours_from": time(10), "hours_to": time(10)}, "hours_to"),
        ({"hours_from": time(11), "hours_to": time(10)}, "hours_to"),
        ({"hours_to": time(9)}, "hours_to"),
        ({"hours_from": time(15, 20)}, "hours_from"),
        ({"hours_from": time(16), "hours_to": time(18)}, "hours_from"),
    ],
)
def test_days_and_hours_that_never_come_are_refused(changes: dict[str, Any], field: str) -> None:
    assert list(wrong(a_condition(**changes))) == [field]


def test_days_and_hours_that_come_are_fine() -> None:
    fine = a_condition(valid_from=TODAY, valid_to=TODAY, hours_from=time(9), hours_to=time(15, 20))
    assert judge(fine, known()) == []
    assert len(warned(a_condition(hours_from=time(8)))) == 1
    assert wrong(a_condition(enabled=False, valid_to=date(2020, 1, 2))) == {}


@pytest.mark.parametrize(
    ("buy", "sell", "clash"),
    [
        (("at_or_below", 70_000), ("at_or_above", 70_000), True),
        (("at_or_below", 70_000), ("at_or_above", 70_100), False),
        (("at_or_below", 70_000), ("at_or_below", 72_000), True),
        (("at_or_below", 70_000), ("at_or_below", 69_000), False),
        (("at_or_above", 70_000), ("at_or_above", 69_000), True),
        (("at_or_above", 70_000), ("at_or_above", 75_000), False),
        (("at_or_above", 70_000), ("at_or_below", 69_000), False),
    ],
)
def test_a_buy_and_a_sell_that_would_fire_together_are_refused_from_either_side(
    buy: tuple[str, int], sell: tuple[str, int], clash: bool
) -> None:
    first = a_condition(trigger=Trigger(buy[0]), strike_price=buy[1])
    second = a_condition(id=2, side="sell", trigger=Trigger(sell[0]), strike_price=sell[1])
    for one, other in ((first, second), (second, first)):
        assert ("strike_price" in wrong(one, others=(other,))) == clash


def test_those_that_never_meet_do_not_contradict_each_other() -> None:
    buy = a_condition(hours_to=time(11))
    sell = a_condition(id=2, side="sell", trigger=Trigger.AT_OR_ABOVE, hours_from=time(11))
    assert wrong(buy, others=(sell,)) == {}
    assert wrong(buy, others=(replace(sell, hours_from=time(10, 59)),)) != {}


def test_the_same_condition_is_not_switched_on_twice() -> None:
    twin = a_condition(id=2, cool_down=5)
    assert "" in wrong(a_condition(), others=(twin,))
    assert wrong(a_condition(enabled=False), others=(twin,)) == {}
    assert wrong(a_condition(quantity=11), others=(twin,)) == {}


@pytest.mark.parametrize(
    ("text", "rate"), [("3", "3"), (" 2.5 % ", "2.5"), ("０．３％", "0.3"), ("0.125", "0.125"), ("999", "999")]
)
def test_a_typed_rate_is_read(text: str, rate: str) -> None:
    assert typed_rate(text) == Decimal(rate)


@pytest.mark.parametrize(
    "text", ["", "0", "0.000", "-3", "+3", "1e2", "NaN", "3,5", "٣", "1_0", "3.1234", "1000", "삼"]
)
def test_a_rate_that_is_not_clear_is_not_guessed(text: str) -> None:
    with pytest.raises(ValueError, match=r"\."):
        typed_rate(text)


def test_whole_numbers_may_be_nothing_or_less_where_that_means_something() -> None:
    assert [typed_whole(text, -50, 50) for text in ("0", "-3", "+2", "１２")] == [0, -3, 2, 12]
    for text in ("51", "-51", "1.5", "00", "--1", "+-1", "1,0"):
        with pytest.raises(ValueError, match=r"\."):
            typed_whole(text, -50, 50)


def test_every_complaint_is_a_sentence() -> None:
    spoilt = a_condition(strike_price=70_050, quantity=0, hours_to=time(9), valid_to=date(2020, 1, 2))
    texts = [complaint.text for complaint in judge(spoilt, known())]
    assert len(texts) == 4
    assert all(text.endswith(".") for text in texts)
    assert Complaint("quantity", texts[0]) not in judge(a_condition(), known())
