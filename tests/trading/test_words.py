"""Every code that trading can give has its words, and a condition says what it means."""

import ast
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from tests.trading.values import a_condition
from trading.values import Pricing, Sizing, Trigger
from trading.words import SWITCHED_OFF, WHY_NOT, says, switched_off_because, why_not

MODULES = ("checks", "decisions", "ledger", "deciding", "sending", "engine", "matching", "looking", "core")
#: Where the code stands in a call: refuse(wanted, CODE ..), _no(condition, CODE ..), deny(order, now, CODE ..).
PLACES = {"refuse": 1, "_no": 1, "Refusal": 0, "deny": 2}


def codes_in(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            place = PLACES.get(name)
            if place is not None and len(node.args) > place:
                yield from constants(node.args[place])
            for keyword in node.keywords:
                if keyword.arg == "code":
                    yield from constants(keyword.value)
        elif isinstance(node, ast.Assign) and any(getattr(target, "id", "") == "code" for target in node.targets):
            yield from constants(node.value)


def constants(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.IfExp):
        yield from constants(node.body)
        yield from constants(node.orelse)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        yield node.value


def test_every_code_of_the_engine_has_its_sentence_and_no_sentence_is_left_over() -> None:
    produced = set()
    for name in MODULES:
        produced |= set(codes_in(Path(settings.BASE_DIR, "trading", f"{name}.py").read_text()))
    assert {"not_reached", "symbol_blocked", "dry_run", "unfit", "found_at_start"} <= produced
    assert produced - set(WHY_NOT) == set(), "without words"
    assert set(WHY_NOT) - produced == set(), "never said"


@pytest.mark.parametrize("table", [WHY_NOT, SWITCHED_OFF])
def test_every_sentence_has_its_korean(table: dict) -> None:
    for text in table.values():
        with translation.override("en"):
            english = str(text)
        with translation.override("ko"):
            assert str(text) != english, english


def test_two_meanings_of_one_code_are_told_apart() -> None:
    assert why_not("halted") == str(WHY_NOT["halted"])
    assert why_not("something new") == "something new"


def test_the_desks_own_reason_for_switching_off_is_translated_around_the_brokers_words() -> None:
    with translation.override("ko"):
        assert switched_off_because("refused 3 times: 잔고 부족") == "3번 거부됨: 잔고 부족"
        assert switched_off_because("board_gone") == "게시글이 없어짐"
        assert switched_off_because("") == ""


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "70,000원 이하이면 10주 지정가 매수"),
        ({"repeat": 3}, "70,000원 이하이면 10주 지정가 매수 · 최대 3회"),
        (
            {"side": "sell", "trigger": Trigger.TAKE_PROFIT, "rate": Decimal("2.500"), "sizing": Sizing.ALL},
            "수익률 +2.5% 이상이면 전량 지정가 매도",
        ),
        (
            {"side": "sell", "trigger": Trigger.STOP_LOSS, "rate": Decimal(3), "pricing": Pricing.MARKET},
            "수익률 -3% 이하이면 10주 시장가 매도",
        ),
        (
            {"trigger": Trigger.TRAILING, "rate": Decimal(1), "sizing": Sizing.AMOUNT, "amount": 500_000},
            "저점 대비 1% 상승 시 500,000원어치 지정가 매수",
        ),
        (
            {"trigger": Trigger.AT_OR_ABOVE, "pricing": Pricing.TICKS, "ticks": -2},
            "70,000원 이상이면 10주 현재가 -2호가 매수",
        ),
        ({"strike_price": None, "quantity": None}, "?원 이하이면 ?주 지정가 매수"),
    ],
)
def test_a_condition_says_what_it_means_in_one_sentence(changes: dict, sentence: str) -> None:
    with translation.override("ko"):
        assert says(a_condition(**changes)) == sentence
