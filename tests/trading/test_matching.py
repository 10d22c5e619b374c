"""The broker's list against the ledger: what proves presence, what proves absence, and what proves nothing."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from stockdesk.kis.messages import BrokerOrder
from tests.trading.values import NOW, SYMBOL, a_look, a_row, ago, an_order, an_unknown
from trading.matching import is_candidate, reconcile
from trading.states import State
from trading.values import Order, Source

WORKING = an_order(state=State.ACCEPTED, order_no="123", sent_at=ago(30), accepted_at=ago(29), listed_at=ago(20))


def after(order: Order, *rows: BrokerOrder, **look: Any) -> Order:
    found = reconcile([order], a_look(*rows, **look))
    return found.changes[0][1] if found.changes else order


# -- orders with a number ----------------------------------------------------------------------------------------


def test_fills_come_from_the_list_whatever_the_zeros_before_the_number() -> None:
    order = after(WORKING, a_row(filled_quantity=4, filled_amount=279_600, remaining_quantity=6))
    assert (order.state, order.filled_quantity, order.filled_amount) == (State.PARTIAL, 4, 279_600)
    assert order.filled_at == NOW
    filled = after(order, a_row(filled_quantity=10, filled_amount=699_000, remaining_quantity=0))
    assert (filled.state, filled.ended_at) == (State.FILLED, NOW)


def test_a_late_list_never_lets_fills_fall() -> None:
    order = replace(WORKING, state=State.PARTIAL, filled_quantity=7, filled_amount=490_000, filled_at=ago(5))
    assert after(order, a_row(filled_quantity=4, filled_amount=280_000, remaining_quantity=6)) == order


def test_more_than_ordered_is_an_alarm_and_not_a_fill() -> None:
    order = after(WORKING, a_row(filled_quantity=11, filled_amount=770_000, remaining_quantity=0))
    assert order.filled_quantity == 10
    assert order.alarm


def test_a_fill_that_comes_after_the_end_is_still_counted() -> None:
    ended = replace(WORKING, state=State.CANCELLED, ended_at=ago(9), filled_quantity=3, filled_amount=210_000)
    order = after(ended, a_row(filled_quantity=4, filled_amount=280_000, remaining_quantity=0, cancelled=True))
    assert (order.state, order.filled_quantity) == (State.CANCELLED, 4)


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"cancelled": True}, State.CANCELLED),
        ({"cancelled_quantity": 10}, State.CANCELLED),
        ({"rejected_quantity": 10}, State.REJECTED),
        ({}, State.ACCEPTED),
    ],
)
def test_nothing_left_ends_an_order_only_with_a_reason(changes: dict[str, Any], state: State) -> None:
    assert after(WORKING, a_row(remaining_quantity=0, **changes)).state is state


def test_an_order_that_was_amended_elsewhere_goes_on_under_another_number() -> None:
    amended = a_row(order_no="124", original_order_no="123", kind="amend", price=70_100)
    found = reconcile([WORKING], a_look(a_row(remaining_quantity=0), amended))
    assert found.changes[0][1].state is State.CANCELLED
    assert [(order.order_no, order.source, order.state) for order in found.external] == [
        ("124", Source.EXTERNAL, State.ACCEPTED)
    ]


def test_a_refusal_by_notice_needs_the_lists_consent() -> None:
    told = replace(WORKING, refused_at=ago(2))
    assert after(told, a_row()).state is State.ACCEPTED
    assert after(told, a_row(remaining_quantity=0)).state is State.REJECTED
    never_listed = replace(told, listed_at=None)
    assert after(never_listed).state is State.REJECTED
    assert after(never_listed, complete=False) == never_listed


CANCELLING = replace(WORKING, state=State.CANCELLING, cancel_sent_at=ago(5), cancel_attempts=1)


def test_a_cancel_is_done_when_the_list_says_so() -> None:
    assert after(CANCELLING, a_row(remaining_quantity=0, cancelled=True)).state is State.CANCELLED
    assert after(CANCELLING, a_row(remaining_quantity=0, filled_quantity=10)).state is State.FILLED
    assert after(CANCELLING, a_row()).state is State.CANCELLING


@pytest.mark.parametrize(("answered", "sent", "state"), [
    (False, 11, State.ACCEPTED), (True, 11, State.CANCELLING), (True, 61, State.ACCEPTED),
])  # fmt: skip
def test_a_cancel_that_had_no_effect_is_given_up_in_time(answered: bool, sent: float, state: State) -> None:
    order = replace(CANCELLING, cancel_answered=answered, cancel_sent_at=ago(sent))
    assert after(order, a_row()).state is state


def test_when_the_day_is_over_what_is_left_expires() -> None:
    row = a_row(filled_quantity=4, filled_amount=280_000, remaining_quantity=6)
    assert after(WORKING, row, over=True).state is State.EXPIRED
    assert after(WORKING, row, over=True).filled_quantity == 4
    assert after(CANCELLING, a_row(), over=True).state is State.EXPIRED
    assert after(WORKING, over=True, complete=False) == WORKING
    assert after(WORKING, over=True) == WORKING, "it was listed before: this list cannot be whole"
    assert after(replace(WORKING, listed_at=None), over=True).alarm


def test_another_symbol_under_our_number_changes_nothing_but_the_alarm() -> None:
    order = after(WORKING, a_row(symbol="000660", filled_quantity=10, remaining_quantity=0))
    assert order == replace(WORKING, alarm=order.alarm)
    assert order.alarm


# -- orders whose answer was lost --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "fits"),
    [
        ({}, True),
        ({"symbol": "000660"}, False),
        ({"side": "sell"}, False),
        ({"quantity": 11}, False),
        ({"price": 70_100}, False),
        ({"price": None}, False),
        ({"kind": "cancel"}, False),
        ({"kind": "amend"}, False),
        ({"ordered_at": ago(34).replace(microsecond=0)}, True),
        ({"ordered_at": ago(35).replace(microsecond=0)}, False),
        ({"ordered_at": ago(30).replace(microsecond=0) + timedelta(seconds=120)}, True),
        ({"ordered_at": ago(30).replace(microsecond=0) + timedelta(seconds=121)}, False),
    ],
)
def test_who_is_a_candidate(changes: dict[str, Any], fits: bool) -> None:
    assert is_candidate(an_unknown(), a_row(**changes)) == fits


def test_a_market_order_is_matched_without_a_price() -> None:
    market = an_unknown(price=None, division="01")
    assert is_candidate(market, a_row(price=None))
    assert is_candidate(market, a_row(price=0))
    assert not is_candidate(market, a_row())


@pytest.mark.parametrize(
    ("row", "state"),
    [
        (a_row(), State.ACCEPTED),
        (a_row(filled_quantity=4, filled_amount=280_000, remaining_quantity=6), State.PARTIAL),
        (a_row(filled_quantity=10, filled_amount=700_000, remaining_quantity=0), State.FILLED),
        (a_row(remaining_quantity=0, cancelled=True), State.CANCELLED),
        (a_row(remaining_quantity=0, rejected_quantity=10), State.REJECTED),
    ],
)
def test_the_one_candidate_is_taken_as_it_stands(row: BrokerOrder, state: State) -> None:
    order = after(an_unknown(), row)
    assert (order.state, order.order_no, order.branch_no) == (state, row.order_no, "06010")


def test_several_candidates_need_a_person_and_hold_as_much_as_they_may_cost() -> None:
    found = reconcile([an_unknown()], a_look(a_row(), a_row(order_no="124")))
    order = found.changes[0][1]
    assert (order.state, order.candidates, order.order_no) == (State.NEEDS_HUMAN, 2, "")
    assert found.external == []


def test_an_order_that_another_row_has_is_no_candidate() -> None:
    found = reconcile([an_unknown(), replace(WORKING, id=2)], a_look(a_row()))
    assert found.changes[0][1].state is State.UNKNOWN


def test_part_of_a_list_proves_nothing() -> None:
    order = an_unknown(sent_at=ago(100), clean_look_ups=9)
    assert after(order, complete=False).state is State.UNKNOWN
    assert after(order, a_row(ordered_at=ago(100)), complete=False).state is State.UNKNOWN
    assert after(order, complete=False).clean_look_ups == 9


def test_a_list_without_an_order_it_showed_before_proves_nothing() -> None:
    found = reconcile([an_unknown(sent_at=ago(100), clean_look_ups=9), replace(WORKING, id=2)], a_look())
    assert not found.complete
    assert found.changes[0][1].state is State.UNKNOWN


@pytest.mark.parametrize(
    ("sent", "clean", "noticed", "state"),
    [
        (30, 5, None, State.UNKNOWN),
        (61, 1, None, State.UNKNOWN),
        (61, 2, None, State.NOT_PLACED),
        (61, 2, ago(20), State.UNKNOWN),
        (121, 2, ago(20), State.NEEDS_HUMAN),
    ],
)
def test_what_it_takes_to_be_proved_absent(sent: float, clean: int, noticed: Any, state: State) -> None:
    order = an_unknown(sent_at=ago(sent), clean_look_ups=clean, noticed_at=noticed)
    assert after(order).state is state


def test_a_list_asked_for_before_the_order_left_tells_nothing_of_it() -> None:
    order = an_unknown(sent_at=ago(0.2))
    assert after(order).clean_look_ups == 0


ABSENT = an_order(state=State.NOT_PLACED, attempts=1, sent_at=ago(90), ended_at=ago(20))


def test_one_that_turns_up_late_is_taken_back_with_an_alarm() -> None:
    order = after(ABSENT, a_row(ordered_at=ago(10).replace(microsecond=0)))
    assert (order.state, order.order_no) == (State.ACCEPTED, "0000000123")
    assert "late" in order.alarm


def test_a_whole_list_without_it_ends_the_wait_for_a_failed_order() -> None:
    for state in (State.NOT_PLACED, State.REJECTED):
        failed = replace(ABSENT, state=state)
        assert after(failed).cleared_at == ago(0.5)
        assert after(failed, complete=False).cleared_at is None
        assert after(replace(failed, ended_at=ago(0.3))).cleared_at is None


# -- orders made elsewhere ---------------------------------------------------------------------------------------


def test_an_order_made_elsewhere_gets_a_row_and_is_followed() -> None:
    found = reconcile([], a_look(a_row(filled_quantity=4, filled_amount=280_000, remaining_quantity=6)))
    (order,) = found.external
    assert (order.source, order.state, order.remaining) == (Source.EXTERNAL, State.PARTIAL, 6)
    assert order.intent_key == "external:mock:20261120:123"
    assert [fill.quantity for fill in found.fills()] == [4]


def test_a_cancels_own_row_is_no_order() -> None:
    assert reconcile([], a_look(a_row(kind="cancel", original_order_no="99", price=None))).external == []


@pytest.mark.parametrize("complete", [True, False])
def test_what_may_be_ours_is_not_taken_for_somebody_elses(complete: bool) -> None:
    found = reconcile([an_unknown(state=State.SENDING)], a_look(a_row(), complete=complete))
    assert found.external == []
    part = reconcile([ABSENT], a_look(a_row(ordered_at=ago(80)), complete=False))
    assert part.external == []


def test_a_refused_order_that_stands_all_the_same_is_somebodys() -> None:
    refused = replace(ABSENT, state=State.REJECTED)
    found = reconcile([refused], a_look(a_row(ordered_at=ago(80))))
    assert [order.symbol for order in found.external] == [SYMBOL]
    assert refused.cleared_at is None
    assert found.changes == []
