"""What an attempt's result means, what may follow, and what a condition's past allows."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from stockdesk.kis.errors import (
    KisError,
    NotOnMock,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    Refused,
    TokenRejected,
)  # fmt: skip
from stockdesk.kis.messages import OrderAck
from tests.trading.model.checker import MOVES as MOVES_OF_THE_FAILURE_MODEL
from tests.trading.values import NOW, SYMBOL, a_condition, ago, an_intent, an_order, an_unknown
from trading import ledger
from trading.ledger import Attempt, Outcome, by_notices, history_of, judge
from trading.states import ENDED, MOVES, ForbiddenMove, State
from trading.values import Mode, Notice, Order

SENDING = an_order(state=State.SENDING, attempts=1, sent_at=ago(1))


def test_the_table_of_moves_is_the_failure_models() -> None:
    written = {state.value: " ".join(sorted(to.value for to in after)) for state, after in MOVES.items() if after}
    assert written == {state: " ".join(sorted(after.split())) for state, after in MOVES_OF_THE_FAILURE_MODEL.items()}


def test_an_ended_order_goes_nowhere_but_a_late_one() -> None:
    assert {state for state in ENDED if MOVES[state]} == {State.NOT_PLACED}
    with pytest.raises(ForbiddenMove, match="filled -> accepted"):
        ledger.moved(an_order(state=State.FILLED), State.ACCEPTED, NOW)


@pytest.mark.parametrize(
    ("result", "outcome"),
    [
        (OrderAck("0000000123", "06010", NOW), Outcome.ACCEPTED),
        (OrderAck("", "06010", NOW), Outcome.UNKNOWN),
        (OrderAck("000", "06010", NOW), Outcome.UNKNOWN),
        (NotSent("refused"), Outcome.NOT_SENT),
        (Refused("주문가능금액을 초과했습니다", "APBK0986"), Outcome.REJECTED),
        (RateLimited("초당 거래건수", "EGW00201"), Outcome.REJECTED),
        (NotOnMock("no such call"), Outcome.REJECTED),
        (TokenRejected("기간이 만료된 token", "EGW00123"), Outcome.TOKEN),
        (OutcomeUnknown("no answer within 10 s"), Outcome.UNKNOWN),
        (KisError("what is this"), Outcome.UNKNOWN),
        (TimeoutError(), Outcome.UNKNOWN),
        (ValueError("x"), Outcome.UNKNOWN),
        (asyncio.CancelledError(), Outcome.UNKNOWN),
    ],
)
def test_how_an_attempt_is_judged(result: OrderAck | BaseException, outcome: Outcome) -> None:
    assert judge(result).outcome is outcome


def test_what_never_left_is_tried_three_times_and_then_not_placed() -> None:
    order = ledger.sending(an_order(), NOW, cancel_after=None)
    for _ in range(2):
        order = ledger.after_attempt(order, Attempt(Outcome.NOT_SENT), NOW)
        assert order.state is State.SENDING
        order = ledger.sending(order, NOW, cancel_after=None)
    assert order.attempts == 3
    assert ledger.after_attempt(order, Attempt(Outcome.NOT_SENT), NOW).state is State.NOT_PLACED


def test_a_refused_token_is_renewed_once() -> None:
    again = ledger.after_attempt(SENDING, Attempt(Outcome.TOKEN), NOW)
    assert (again.state, again.token_renewed) == (State.SENDING, True)
    assert ledger.after_attempt(again, Attempt(Outcome.TOKEN), NOW).state is State.REJECTED


@pytest.mark.parametrize("attempts", [1, 2, 3])
def test_an_unknown_outcome_is_never_tried_again(attempts: int) -> None:
    order = ledger.after_attempt(replace(SENDING, attempts=attempts), Attempt(Outcome.UNKNOWN), NOW)
    assert order.state is State.UNKNOWN
    assert order.look_up_at == ago(1) + timedelta(seconds=2)


def test_look_ups_come_at_their_times_and_then_every_half_minute() -> None:
    order = an_unknown(sent_at=NOW)
    at, times = NOW, []
    for _ in range(8):
        at = ledger.next_look_up(order, at)
        times.append((at - NOW).total_seconds())
    assert times == [2, 5, 10, 20, 40, 70, 100, 130]


def test_a_start_sends_nothing_that_an_earlier_process_meant_to() -> None:
    assert ledger.found_at_start(an_order(), NOW).state is State.DENIED
    left = ledger.found_at_start(SENDING, NOW)
    assert (left.state, left.look_up_at) == (State.UNKNOWN, NOW)
    for state in set(State) - {State.CREATED, State.SENDING}:
        order = an_order(state=state)
        assert ledger.found_at_start(order, NOW) == order


def test_a_check_that_says_no_before_the_post() -> None:
    assert ledger.deny(an_order(), NOW, "killed", "x").state is State.DENIED
    assert ledger.deny(SENDING, NOW, "killed", "x").state is State.NOT_PLACED
    assert ledger.deny(replace(SENDING, token_renewed=True), NOW, "killed", "x").state is State.REJECTED


def test_a_cancel_taken_in_is_not_a_cancel_done() -> None:
    sent = ledger.cancelling(an_order(state=State.PARTIAL, filled_quantity=2, cancel_at=ago(1)), NOW)
    answered = ledger.after_cancel(sent, Attempt(Outcome.ACCEPTED), NOW)
    assert (answered.state, answered.cancel_answered) == (State.CANCELLING, True)
    lost = ledger.after_cancel(sent, Attempt(Outcome.UNKNOWN), NOW)
    assert (lost.state, lost.cancel_answered) == (State.CANCELLING, False)
    refused = ledger.after_cancel(sent, Attempt(Outcome.REJECTED), NOW)
    assert (refused.state, refused.cancel_at) == (State.PARTIAL, NOW + ledger.CANCEL_AGAIN)


def test_a_cancel_is_tried_three_times_and_then_a_person_is_told() -> None:
    order = ledger.cancelling(an_order(state=State.ACCEPTED, cancel_attempts=2), NOW)
    refused = ledger.after_cancel(order, Attempt(Outcome.REJECTED), NOW)
    assert (refused.state, refused.cancel_at) == (State.ACCEPTED, None)
    assert refused.alarm


def test_a_person_settles_what_cannot_settle_itself_and_nothing_else() -> None:
    order = an_order(state=State.NEEDS_HUMAN, sent_at=ago(300), alarm="two candidates")
    settled = ledger.settle_by_hand(order, State.ACCEPTED, NOW, who="kim", order_no="0000000123")
    assert (settled.state, settled.order_no, settled.alarm) == (State.ACCEPTED, "0000000123", "")
    assert "kim" in settled.reason
    assert ledger.settle_by_hand(order, State.NOT_PLACED, NOW, who="kim").ended_at == NOW
    with pytest.raises(ForbiddenMove, match="order number"):
        ledger.settle_by_hand(order, State.ACCEPTED, NOW, who="kim")
    with pytest.raises(ForbiddenMove):
        ledger.settle_by_hand(order, State.CREATED, NOW, who="kim")
    with pytest.raises(ForbiddenMove):
        ledger.settle_by_hand(an_unknown(), State.NOT_PLACED, NOW, who="kim")


# -- a condition's past ------------------------------------------------------------------------------------------


def past(*orders: Order, dry: bool = False) -> ledger.History:
    return history_of(a_condition(), orders, today=NOW.date(), dry=dry)


def test_what_counts_as_a_firing() -> None:
    counted = {state: past(an_order(state=state, ended_at=ago(1), cleared_at=ago(0))).fired for state in State}
    assert {state for state, fired in counted.items() if not fired} == {
        State.DENIED, State.REJECTED, State.NOT_PLACED,
    }  # fmt: skip


def test_a_dry_run_counts_its_own_firings_only() -> None:
    dry = an_order(state=State.DENIED, code="dry_run", mode=Mode.DRY_RUN)
    assert (past(dry).fired, past(dry, dry=True).fired) == (0, 1)
    assert past(dry).made == past(dry, dry=True).made == 1
    assert past(an_order(state=State.FILLED), dry=True).fired == 0


def test_orders_from_before_the_arming_are_forgotten_unless_they_stand() -> None:
    assert past(an_order(state=State.FILLED, created_at=ago(700))).fired == 0
    assert past(an_order(state=State.ACCEPTED, created_at=ago(700))).working


def test_refusals_count_in_a_row_and_the_pause_is_the_latest() -> None:
    refused = [an_order(id=n, state=State.REJECTED, ended_at=ago(300 - 100 * n), cleared_at=ago(1)) for n in range(3)]
    history = past(*refused)
    assert (history.refusals, history.pause_until) == (3, ago(40))
    assert past(*refused[:2], an_order(id=9, state=State.FILLED)).refusals == 0
    assert past(*refused, an_order(id=9, state=State.NOT_PLACED, ended_at=ago(9), cleared_at=ago(1))).refusals == 3


def test_a_failed_order_awaits_its_look_up_on_its_own_day() -> None:
    failed = an_order(state=State.NOT_PLACED, ended_at=ago(100))
    assert past(failed).awaits_look_up
    assert not past(replace(failed, cleared_at=ago(1))).awaits_look_up
    assert not past(replace(failed, ordered_on=NOW.date() - timedelta(days=1))).awaits_look_up


def test_an_intents_number_counts_every_row_of_its_revision() -> None:
    rows = [an_order(id=1, state=State.DENIED), an_order(id=2, condition_revision=2, state=State.FILLED)]
    assert past(*rows).made == 1


# -- notices -----------------------------------------------------------------------------------------------------

WORKING = an_order(state=State.ACCEPTED, order_no="0000000123", sent_at=ago(20), accepted_at=ago(20))


FIVE_AGO = ago(5)


def a_notice(quantity: int = 4, at: datetime = FIVE_AGO, **changes: Any) -> Notice:
    fine = Notice("123", SYMBOL, "buy", quantity, 70_000, True, False, at, order_quantity=10)
    return replace(fine, **changes)


def test_a_notice_is_a_provisional_total_and_no_fill() -> None:
    ((_, after, fill),) = by_notices([WORKING], [a_notice(4), a_notice(3, ago(4))], NOW)
    assert (after.state, after.noticed_quantity, after.noticed_amount) == (State.PARTIAL, 7, 490_000)
    assert (after.filled_quantity, after.noticed_at) == (0, NOW)
    assert (fill.source, fill.quantity, fill.order_no) == ("notice", 7, "0000000123")


def test_a_doubled_notice_counts_once_and_no_notice_exceeds_the_order() -> None:
    ((_, after, _),) = by_notices([WORKING], [a_notice(4), a_notice(4)], NOW)
    assert after.noticed_quantity == 4
    ((_, after, _),) = by_notices([WORKING], [a_notice(9), a_notice(8)], NOW)
    assert after.noticed_quantity == 10


@pytest.mark.parametrize(
    "changes", [{"symbol": "000660"}, {"side": "sell"}, {"order_no": "124"}, {"original_order_no": "0000000099"}]
)
def test_a_notice_that_does_not_fit_is_none_of_ours(changes: dict[str, Any]) -> None:
    assert by_notices([WORKING], [a_notice(**changes)], NOW) == []


def test_a_notice_heard_before_changes_nothing() -> None:
    heard = replace(WORKING, state=State.PARTIAL, noticed_quantity=4, noticed_amount=280_000, noticed_at=ago(3))
    assert by_notices([heard], [a_notice(4)], NOW) == []


def test_a_notice_of_a_refusal_is_a_hint() -> None:
    ((_, after, _),) = by_notices([WORKING], [a_notice(filled=False, refused=True)], NOW)
    assert (after.state, after.refused_at) == (State.ACCEPTED, NOW)


def test_a_strangers_notice_that_may_be_an_unknown_orders_calls_for_a_look() -> None:
    unknown = an_unknown(look_up_at=NOW + timedelta(seconds=20))
    ((_, after, _),) = by_notices([unknown], [a_notice()], NOW)
    assert (after.state, after.noticed_at, after.look_up_at) == (State.UNKNOWN, NOW, NOW)
    assert by_notices([unknown], [a_notice(order_quantity=11)], NOW) == []
    assert by_notices([unknown], [a_notice(at=ago(40))], NOW) == []
    owner = replace(WORKING, id=2, symbol="000660")
    assert by_notices([unknown, owner], [a_notice()], NOW) == []


def test_the_row_of_an_intent_keeps_what_was_seen() -> None:
    order = ledger.new_order(an_intent(), Mode.MOCK, NOW)
    assert (order.quote_price, order.quote_at, order.assets_at) == (70_000, ago(1), ago(4))
    assert (order.state, order.ordered_on, order.intent_key) == (State.CREATED, NOW.date(), "condition:1:3:1")
