"""What is due: the triggers, the prices, the quantities, and every reason why nothing is."""

from dataclasses import replace
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.trading.values import NOW, SYMBOL, a_balance, a_condition, a_desk, a_holding, a_quote, ago
from trading.decisions import best_prices, decide
from trading.values import ConditionView, History, Intent, Pricing, QuoteView, Refusal, Sizing, Trigger


def answer(condition: ConditionView, quote: QuoteView | None = None, **changes: Any) -> Intent | Refusal:
    quotes = {SYMBOL: quote or a_quote()}
    holdings = {SYMBOL: changes["holding"]} if "holding" in changes else {}
    (one,) = decide([condition], quotes, holdings, changes.get("balance", a_balance()), a_desk(), NOW)
    return one


def due(condition: ConditionView, quote: QuoteView | None = None, **changes: Any) -> Intent:
    one = answer(condition, quote, **changes)
    assert isinstance(one, Intent), one
    return one


def refused(condition: ConditionView, quote: QuoteView | None = None, **changes: Any) -> str:
    one = answer(condition, quote, **changes)
    assert isinstance(one, Refusal), one
    assert one.text.endswith(".")
    return one.code


def test_a_strike_price_that_is_reached_gives_an_order() -> None:
    intent = due(a_condition())
    assert (intent.symbol, intent.side, intent.quantity, intent.price) == (SYMBOL, "buy", 10, 70_000)
    assert intent.intent_key == "condition:1:3:1"
    assert (intent.quote_price, intent.quote_at) == (70_000, ago(1))


@pytest.mark.parametrize(
    ("trigger", "last", "fires"),
    [(Trigger.AT_OR_BELOW, 70_000, True), (Trigger.AT_OR_BELOW, 70_100, False),
     (Trigger.AT_OR_ABOVE, 70_000, True), (Trigger.AT_OR_ABOVE, 69_900, False)],
)  # fmt: skip
def test_the_direction_of_a_strike(trigger: Trigger, last: int, fires: bool) -> None:
    assert isinstance(answer(a_condition(trigger=trigger), a_quote(last_price=last)), Intent) == fires


@pytest.mark.parametrize(
    ("trigger", "rate", "last", "fires"),
    [("take_profit", "16.5", 69_900, True), ("take_profit", "16.5", 69_899, False),
     ("stop_loss", "3", 58_200, True), ("stop_loss", "3", 58_201, False)],
)  # fmt: skip
def test_profit_and_loss_go_by_the_average_price(trigger: str, rate: str, last: int, fires: bool) -> None:
    condition = a_condition(side="sell", trigger=Trigger(trigger), rate=Decimal(rate), sizing=Sizing.ALL)
    one = answer(condition, a_quote(last_price=last), holding=a_holding())
    assert isinstance(one, Intent) == fires
    if isinstance(one, Intent):
        assert one.quantity == 30


def test_taking_profit_of_nothing_is_no_order() -> None:
    condition = a_condition(side="sell", trigger=Trigger.TAKE_PROFIT, rate=Decimal(1))
    assert refused(condition) == "no_price"
    assert refused(replace(condition, side="buy"), holding=a_holding()) == "invalid"


@pytest.mark.parametrize(("side", "best", "last", "fires"), [
    ("sell", 72_000, 70_500, True), ("sell", 72_000, 70_600, False),
    ("buy", 68_000, 69_400, True), ("buy", 68_000, 69_300, False),
])  # fmt: skip
def test_trailing_goes_by_the_best_price_since_armed(side: Any, best: int, last: int, fires: bool) -> None:
    condition = a_condition(side=side, trigger=Trigger.TRAILING, rate=Decimal(2), best_price=best)
    one = answer(condition, a_quote(last_price=last), holding=a_holding())
    assert isinstance(one, Intent) == fires


def test_the_best_price_moves_one_way_and_only_with_a_fresh_quote() -> None:
    sell = a_condition(side="sell", trigger=Trigger.TRAILING, rate=Decimal(2), best_price=70_500)
    buy = replace(sell, side="buy")
    assert best_prices([sell], {SYMBOL: a_quote(last_price=70_400)}, NOW) == []
    assert best_prices([sell], {SYMBOL: a_quote(last_price=70_600)}, NOW)[0].best_price == 70_600
    assert best_prices([buy], {SYMBOL: a_quote(last_price=70_400)}, NOW)[0].best_price == 70_400
    assert best_prices([sell], {SYMBOL: a_quote(last_price=80_000, received_at=ago(11))}, NOW) == []
    assert best_prices([sell], {SYMBOL: a_quote(last_price=80_000, covered=None)}, NOW) == []
    assert best_prices([replace(sell, enabled=False)], {SYMBOL: a_quote(last_price=80_000)}, NOW) == []


@pytest.mark.parametrize(
    ("quote", "code"),
    [(a_quote(last_price=None), "no_quote"), (a_quote(last_price=0), "no_quote"),
     (a_quote(received_at=ago(10.1)), "old_quote"), (a_quote(received_at=ago(-0.1)), "old_quote"),
     (a_quote(received_at=None), "old_quote"), (a_quote(instrument=None), "no_price")],
)  # fmt: skip
def test_silence_is_not_a_price(quote: QuoteView, code: str) -> None:
    assert refused(a_condition(), quote) == code


def test_a_symbol_without_a_quote_gives_no_order() -> None:
    (one,) = decide([a_condition()], {}, {}, a_balance(), a_desk(), NOW)
    assert isinstance(one, Refusal)
    assert one.code == "no_quote"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"enabled": False}, "off"),
        ({"problem": "the price is no number"}, "invalid"),
        ({"valid_from": date(2026, 11, 21)}, "not_today"),
        ({"valid_to": date(2026, 11, 19)}, "not_today"),
        ({"hours_from": time(10, 1)}, "not_now"),
        ({"hours_to": time(10, 0)}, "not_now"),
        ({"history": History(working=True)}, "working"),
        ({"history": History(made=1, fired=1)}, "done"),
        ({"history": History(refusals=3)}, "refused_often"),
        ({"history": History(pause_until=NOW + timedelta(seconds=1))}, "pause"),
        ({"history": History(awaits_look_up=True)}, "awaits_look_up"),
        ({"repeat": 2, "cool_down": 60, "history": History(fired=1, last_fired_at=ago(59))}, "cool_down"),
        ({"quantity": 0}, "nothing_to_order"),
        ({"quantity": None}, "nothing_to_order"),
        ({"strike_price": None}, "no_price"),
        ({"sizing": Sizing.AMOUNT, "amount": 69_999}, "nothing_to_order"),
    ],
)
def test_every_reason_why_not_has_its_code(changes: dict[str, Any], code: str) -> None:
    assert refused(a_condition(**changes)) == code


def test_a_condition_may_fire_again_after_its_cool_down_under_another_key() -> None:
    history = History(made=4, fired=1, last_fired_at=ago(60), pause_until=ago(0))
    assert due(a_condition(repeat=2, cool_down=60, history=history)).intent_key == "condition:1:3:5"


@pytest.mark.parametrize(
    ("changes", "last", "price"),
    [
        ({"strike_price": 70_050}, 70_000, 70_000),
        ({"strike_price": 69_950, "side": "sell", "trigger": Trigger.AT_OR_ABOVE}, 70_000, 70_000),
        ({"pricing": Pricing.TICKS, "ticks": 2}, 69_950, 70_100),
        ({"pricing": Pricing.TICKS, "ticks": -1}, 70_000, 69_900),
        ({"pricing": Pricing.TICKS, "ticks": 2, "side": "sell", "trigger": Trigger.AT_OR_ABOVE}, 70_050, 69_900),
        ({"pricing": Pricing.TICKS, "ticks": 9, "strike_price": 90_000}, 90_000, 90_300),
        ({"pricing": Pricing.MARKET}, 70_000, None),
    ],
)
def test_the_price_of_the_order(changes: dict[str, Any], last: int, price: int | None) -> None:
    intent = due(a_condition(**changes), a_quote(last_price=last), holding=a_holding())
    assert intent.price == price
    assert intent.division == ("01" if price is None else "00")


def test_a_market_order_is_reckoned_at_the_upper_limit() -> None:
    intent = due(a_condition(pricing=Pricing.MARKET, sizing=Sizing.AMOUNT, amount=1_000_000))
    assert intent.reserve_price == 90_300
    assert intent.quantity == 11


def test_buying_for_all_the_cash_leaves_room_for_the_fee() -> None:
    exactly = 10 * 70_000
    condition = a_condition(sizing=Sizing.ALL)
    assert due(condition, balance=a_balance(cash=exactly)).quantity == 9
    assert due(condition, balance=a_balance(cash=exactly + 105)).quantity == 10
    assert refused(condition, balance=a_balance(cash=-5)) == "nothing_to_order"
    assert refused(condition, balance=None) == "no_cash_known"


def test_selling_all_of_an_account_that_was_not_read_is_not_told_as_nothing_to_sell() -> None:
    condition = a_condition(side="sell", sizing=Sizing.ALL)
    assert refused(condition, holding=None, balance=None) == "no_assets"
    assert refused(condition, holding=None) == "nothing_to_order"


def test_a_condition_that_cannot_be_reckoned_does_not_stop_the_others() -> None:
    broken = a_condition(id=1, trigger=Trigger.TRAILING, rate="x", best_price=70_000)
    fine = a_condition(id=2)
    first, second = decide([broken, fine], {SYMBOL: a_quote()}, {}, a_balance(), a_desk(), NOW)
    assert isinstance(first, Refusal)
    assert first.code == "cannot_compute"
    assert isinstance(second, Intent)


def test_answers_come_in_the_order_of_the_conditions() -> None:
    conditions = [a_condition(id=number, enabled=number % 2 == 0) for number in (5, 2, 9, 4)]
    answers = decide(conditions, {SYMBOL: a_quote()}, {}, a_balance(), a_desk(), NOW)
    assert [one.condition_id for one in answers] == [5, 2, 9, 4]
