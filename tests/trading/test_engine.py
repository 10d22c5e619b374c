"""The steps in a calm world: what each does, in the order in which a daemon calls them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from stockdesk.kis.errors import OutcomeUnknown
from stockdesk.kis.messages import PriceRow, order_key
from tests.trading.model.exchange import CALM
from tests.trading.model.faults import FaultyStorage, StorageFailed
from tests.trading.model.schedule import SETTING, Schedule, drive
from tests.trading.model.tables import MemoryTables
from tests.trading.values import takes_common
from trading import ledger
from trading.alarms import troubles
from trading.engine import Engine
from trading.ports import Surroundings
from trading.states import State
from trading.values import ConditionView, DeskView, MarketView, Mode, Order, Pricing, Sizing, Stop, Trigger

SECOND = timedelta(seconds=1)


class Desk(Schedule):
    """The model's world without its mishaps: one engine, one condition unless told otherwise, every price fresh."""

    def __init__(self, *conditions: ConditionView, **desk: Any) -> None:
        super().__init__(1)
        self.striking = False
        self.exchange.mood = replace(CALM, fill=0.0)
        tables = self.tables
        assert isinstance(tables, MemoryTables)
        self.rows = tables
        tables.conditions = {c.id: replace(c, armed_at=self.now) for c in conditions or [a_buy()]}
        self._change_desk(DeskView(mode=Mode.MOCK, max_order_amount=4_000_000, **desk), "desk")
        self.engine = self.begin()

    def begin(self) -> Engine:
        """A process that has recovered, with assets read since."""
        self.now += SECOND
        self.process = self.start()
        assert drive(self.process.engine.recover())
        self.later(1)
        return self.process.engine

    def later(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        for symbol, price in self.exchange.prices.items():
            self._quote(symbol, price)
        self._read_account()

    def orders(self) -> list[Order]:
        return self.tables.all_orders()

    def order(self) -> Order:
        (order,) = self.orders()
        return order

    def bought(self) -> Order:
        """An order decided and sent."""
        drive(self.engine.decide())
        assert drive(self.engine.send_one()) is not None
        return self.order()

    def codes(self) -> set[str]:
        return {code for _, code, _ in self.rows.refusals}


def a_buy(number: int = 1, symbol: str = "005930", **changes: Any) -> ConditionView:
    fine = ConditionView(
        number, 1, symbol, "buy", True, Trigger.AT_OR_BELOW, strike_price=200_000, sizing=Sizing.QUANTITY, quantity=2,
        pricing=Pricing.TICKS,
    )  # fmt: skip
    return replace(fine, **changes)


def test_a_condition_becomes_a_row_and_then_an_order() -> None:
    desk = Desk()
    (made,) = drive(desk.engine.decide())
    assert (made.state, made.order_no, desk.exchange.posted) == (State.CREATED, "", [])
    sent = drive(desk.engine.send_one())
    assert sent.state is State.ACCEPTED
    assert [post.intent for post in desk.exchange.posted] == ["condition:1:1:1"]
    assert drive(desk.engine.decide()) == []
    assert "working" in desk.codes()


def test_five_conditions_true_in_one_second_leave_a_second_apart_each_once() -> None:
    symbols = ["005930", "000660", "0001A0", "035720", "051910"]
    desk = Desk(*(a_buy(n, symbol) for n, symbol in enumerate(symbols, 1)))
    assert len(drive(desk.engine.decide())) == 5
    for _ in range(40):
        desk.later(0.25)
        drive(desk.engine.send_one())
    times = [post.at for post in desk.exchange.posted]
    assert len(times) == len({post.intent for post in desk.exchange.posted}) == 5
    assert all(later - earlier >= SECOND for earlier, later in pairwise(times))


def test_nothing_is_decided_or_sent_before_the_start_up_look_succeeded() -> None:
    desk = Desk()
    drive(desk.engine.decide())
    desk.exchange.mood = replace(CALM, list_fails=1.0)
    desk.later(3)
    process = desk.start()
    assert not drive(process.engine.recover())
    assert drive(process.engine.decide()) == []
    assert drive(process.engine.send_one()) is None
    assert desk.order().state is State.DENIED, "an old intent is never sent"
    desk.exchange.mood = CALM
    desk.later(2)
    assert drive(process.engine.recover())


def test_after_a_start_assets_must_have_been_read_anew() -> None:
    desk = Desk()
    desk.now += SECOND
    process = desk.start()
    assert drive(process.engine.recover())
    assert drive(process.engine.decide()) == []
    assert "not_recovered" in desk.codes()


def test_a_dry_run_does_everything_but_send() -> None:
    desk = Desk()
    desk._change_desk(replace(desk.desk, mode=Mode.DRY_RUN), "dry run")
    assert drive(desk.engine.decide()) == []
    order = desk.order()
    assert (order.state, order.code, order.mode) == (State.DENIED, "dry_run", Mode.DRY_RUN)
    assert order.quote_price
    drive(desk.engine.send_one())
    drive(desk.engine.decide())
    assert desk.exchange.posted == []
    assert len(desk.orders()) == 1
    assert "done" in desk.codes()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda desk: desk._press_or_lift(), "killed"),
        (lambda desk: desk._change_desk(replace(desk.desk, stop=Stop.NO_NEW), "stop"), "stopped"),
        (lambda desk: desk._change_desk(replace(desk.desk, mode=Mode.LIVE), "live"), "modes_differ"),
        (lambda desk: desk._change_desk(replace(desk.desk, mode=Mode.DRY_RUN), "dry"), "mode_changed"),
        (lambda desk: desk.tables.put_condition(a_buy(revision=2)), "condition_changed"),
        (lambda desk: desk.tables.put_condition(a_buy(enabled=False)), "off"),
        (lambda desk: desk.quotes.clear(), "not_listed"),
        (lambda desk: setattr(desk, "now", desk.now + timedelta(seconds=11)), "old_quote"),
        (lambda desk: desk.later(31), "too_old"),
    ],
)
def test_what_changed_between_the_decision_and_the_post_holds_it_back(
    change: Callable[[Desk], None], code: str
) -> None:
    desk = Desk()
    drive(desk.engine.decide())
    change(desk)
    drive(desk.engine.send_one())
    assert (desk.order().state, desk.order().code) == (State.DENIED, code)
    assert desk.exchange.posted == []


def test_a_commit_that_took_long_is_followed_by_another_look() -> None:
    desk = Desk()
    drive(desk.engine.decide())
    slow = iter([0.0, 2.0])

    def reached(point: str) -> None:
        if point == "after commit of created -> sending":
            desk.now += timedelta(seconds=next(slow, 0.0) or 2.0)
            desk._press_or_lift()

    desk.reached = reached  # type: ignore[method-assign]
    desk.engine = desk.begin()
    drive(desk.engine.decide())
    drive(desk.engine.send_one())
    assert [(order.state, order.code) for order in desk.orders()] == [
        (State.DENIED, "found_at_start"),
        (State.NOT_PLACED, "killed"),
    ]
    assert desk.exchange.posted == []


def test_an_answer_that_could_not_be_stored_is_owed_and_nothing_else_is_sent_before() -> None:
    desk = Desk(a_buy(), a_buy(2, "000660"))
    down = False

    def reached(point: str) -> None:
        if down and "commit" in point:
            raise StorageFailed(point)
        if point == "after post":
            fail()

    def fail() -> None:
        nonlocal down
        down = True

    desk.reached = reached  # type: ignore[method-assign]
    desk.exchange._reached = reached
    desk.engine = desk.begin()
    drive(desk.engine.decide())
    with pytest.raises(StorageFailed):
        drive(desk.engine.send_one())
    desk.later(2)
    with pytest.raises(StorageFailed):
        drive(desk.engine.send_one())
    assert len(desk.exchange.posted) == 1
    down = False
    desk.reached = lambda point: None  # type: ignore[method-assign]
    desk.later(2)
    drive(desk.engine.look_up())
    first = desk.orders()[0]
    assert (first.state, first.order_no != "") == (State.ACCEPTED, True), "the answer was kept, no look-up needed"


def test_an_order_that_our_client_will_not_send_does_not_keep_the_others_waiting() -> None:
    desk = Desk(a_buy(), a_buy(2, "000660"))
    drive(desk.engine.decide())
    first = desk.orders()[0]
    desk.rows.rows[first.id] = replace(first, division="22")
    drive(desk.engine.send_one())
    assert (desk.orders()[0].state, desk.orders()[0].code) == (State.DENIED, "unfit")
    assert drive(desk.engine.send_one()).state is State.ACCEPTED


def test_a_symbol_that_our_client_does_not_take_is_denied_and_stops_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = Desk(a_buy(), a_buy(2, "000660"))
    look = desk.exchange.inspect

    async def inspect(symbol: str) -> PriceRow:
        if symbol == "005930":
            raise ValueError("not a symbol")
        return await look(symbol)

    monkeypatch.setattr(desk.exchange, "inspect", inspect)
    drive(desk.engine.decide())
    drive(desk.engine.send_one())
    assert desk.orders()[0].state is State.DENIED
    assert drive(desk.engine.send_one()).state is State.ACCEPTED


def test_what_is_denied_again_and_again_is_tried_less_and_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()

    async def inspect(symbol: str) -> PriceRow:
        raise OutcomeUnknown("no answer")

    with monkeypatch.context() as broken:
        broken.setattr(desk.exchange, "inspect", inspect)
        for _ in range(600):
            desk.later(1)
            drive(desk.engine.decide())
            drive(desk.engine.send_one())
    assert {order.code for order in desk.orders()} == {"cannot_compute"}
    assert 20 <= len(desk.orders()) <= 30
    for _ in range(31):
        desk.later(1)
        drive(desk.engine.decide())
        drive(desk.engine.send_one())
    assert desk.orders()[-1].state is State.ACCEPTED


def test_an_intent_of_the_last_second_of_a_day_is_decided_anew_on_the_next() -> None:
    """The broker books by its own date: under yesterday's no list would ever show it."""
    desk = Desk()
    midnight = desk.now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    desk.now = midnight - 3 * SECOND
    desk.day = MarketView(desk.now.date(), True, True, desk.now - timedelta(hours=9), midnight, midnight, takes_common)
    desk.later(2.5)
    (made,) = drive(desk.engine.decide())
    desk.day = MarketView(midnight.date(), True, True, midnight, midnight + timedelta(days=1), midnight, takes_common)
    desk.later(1)
    assert drive(desk.engine.send_one()).state is State.DENIED
    (anew,) = drive(desk.engine.decide())
    assert (made.ordered_on, anew.ordered_on) == (midnight.date() - timedelta(days=1), midnight.date())
    assert drive(desk.engine.send_one()).state is State.ACCEPTED


def lose_answers(desk: Desk, *, booked: bool) -> None:
    desk.exchange._verdict = lambda: (  # type: ignore[method-assign]
        OutcomeUnknown("no answer within 10 s"), "booked" if booked else "absent",
    )  # fmt: skip


def test_a_lost_answer_of_a_booked_order_is_found_and_taken() -> None:
    desk = Desk()
    lose_answers(desk, booked=True)
    assert desk.bought().state is State.UNKNOWN
    desk.later(3)
    assert drive(desk.engine.look_up())
    assert desk.order().state is State.ACCEPTED
    assert len(desk.exchange.posted) == 1


def test_a_lost_answer_of_an_order_never_booked_is_proved_before_anything_else() -> None:
    desk = Desk()
    lose_answers(desk, booked=False)
    desk.bought()
    began = desk.now
    while desk.order().state is State.UNKNOWN:
        desk.later(1)
        drive(desk.engine.look_up())
        drive(desk.engine.decide())
        drive(desk.engine.send_one())
    assert desk.order().state is State.NOT_PLACED
    assert desk.now - began > timedelta(seconds=50)
    assert desk.order().clean_look_ups >= 3
    ended = desk.now
    while len(desk.orders()) == 1:
        desk.later(1)
        drive(desk.engine.look_up())
        drive(desk.engine.decide())
    assert desk.now - ended >= timedelta(seconds=60)
    assert {"working", "pause"} <= desk.codes()


def test_unfilled_orders_are_cancelled_when_their_time_is_over() -> None:
    desk = Desk(a_buy(cancel_after=5))
    desk.bought()
    desk.later(4)
    assert drive(desk.engine.cancel_one()) is None
    desk.later(2)
    assert drive(desk.engine.cancel_one()).state is State.CANCELLING
    desk.later(2)
    drive(desk.engine.look_up())
    assert desk.order().state is State.CANCELLED
    assert desk.exchange.booked["1001"].cancelled


def test_a_cancel_button_pressed_while_the_desk_cancels_by_itself_stops_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = Desk()
    desk.bought()
    save = FaultyStorage.save

    def pressed_meanwhile(storage: FaultyStorage, before: Order, after: Order) -> Order:
        monkeypatch.undo()
        desk.rows.rows[before.id] = replace(before, version=before.version + 1, cancel_at=desk.now)
        return save(storage, before, after)

    desk._change_desk(replace(desk.desk, stop=Stop.FULL), "full stop")
    desk.later(2)
    monkeypatch.setattr(FaultyStorage, "save", pressed_meanwhile)
    assert drive(desk.engine.cancel_one()).state is State.ACCEPTED
    assert drive(desk.engine.cancel_one()).state is State.CANCELLING


def test_a_full_stop_takes_back_what_works_even_with_the_kill_switch_on() -> None:
    desk = Desk()
    desk.bought()
    desk._press_or_lift()
    desk._change_desk(replace(desk.desk, stop=Stop.FULL), "full stop")
    desk.later(2)
    assert drive(desk.engine.cancel_one()).state is State.CANCELLING


def test_a_full_stop_tries_what_could_not_be_cancelled_before_it_once_more() -> None:
    desk = Desk()
    desk.bought()
    given_up = replace(desk.order(), cancel_attempts=3, cancel_sent_at=desk.now, alarm="It could not be cancelled.")
    desk.rows.rows[given_up.id] = given_up
    desk.later(20)
    assert drive(desk.engine.cancel_one()) is None
    desk._change_desk(replace(desk.desk, stop=Stop.FULL, stop_at=desk.now), "full stop")
    desk.later(2)
    cancelled = drive(desk.engine.cancel_one())
    assert (cancelled.state, cancelled.cancel_attempts) == (State.CANCELLING, 1)
    assert cancelled.alarm == "", "that it was in vain is over"
    # Given up a second time, it is left alone: one stop does not press a refused cancel for ever.
    desk.rows.rows[given_up.id] = replace(cancelled, state=State.ACCEPTED, cancel_attempts=3, cancel_at=None)
    desk.later(2)
    assert drive(desk.engine.cancel_one()) is None


def test_a_stop_from_a_clock_ahead_of_ours_neither_hammers_nor_holds_up_the_others() -> None:
    desk = Desk()
    desk.bought()
    first = replace(desk.order(), cancel_sent_at=desk.now, cancel_attempts=3, alarm="turned up late")
    stop = replace(desk.desk, stop=Stop.FULL, stop_at=desk.now + timedelta(minutes=10))
    second = replace(first, id=first.id + 1, cancel_sent_at=None, cancel_attempts=0)

    def next_after(seconds: int, *orders: Order) -> Order | None:
        return ledger.next_to_cancel(orders, stop, desk.now + timedelta(seconds=seconds))

    assert next_after(9, first) is None
    assert next_after(10, first) == first
    assert next_after(-60, first) == first, "a clock set back holds up no cancel"
    assert next_after(10, first, second) == second
    assert ledger.cancel_anew(first).alarm == "turned up late"


def test_a_full_stop_does_not_wait_until_an_order_is_due_to_be_cancelled_anyway() -> None:
    desk = Desk(a_buy(cancel_after=3_600))
    desk.bought()
    desk._change_desk(replace(desk.desk, stop=Stop.FULL), "full stop")
    desk.later(2)
    cancelled = drive(desk.engine.cancel_one())
    assert cancelled is not None
    assert cancelled.state is State.CANCELLING


def test_a_clock_that_was_set_back_holds_up_neither_cancels_nor_look_ups() -> None:
    desk = Desk()
    desk.bought()
    desk.later(2)
    assert drive(desk.engine.look_up())
    desk.later(-600)
    for told in (desk.exchange.booked["1001"], desk.exchange.posted[0]):
        told.at = desk.now - 2 * SECOND  # the broker's clock was right all along
    desk.exchange._fill(desk.exchange.booked["1001"])
    assert drive(desk.engine.look_up())
    assert desk.order().filled_quantity == desk.exchange.booked["1001"].filled > 0
    desk._change_desk(replace(desk.desk, stop=Stop.FULL), "full stop")
    cancelled = drive(desk.engine.cancel_one())
    assert cancelled is not None
    assert cancelled.state is State.CANCELLING


def test_a_look_that_failed_is_made_again_soon_even_where_nothing_works() -> None:
    desk = Desk()
    desk.exchange.mood = replace(CALM, list_fails=1.0)
    for seconds, looked in ((11, False), (1.5, None), (1, False), (2.5, False)):
        desk.later(seconds)
        assert drive(desk.engine.look_up()) is looked
    desk.exchange.mood = CALM
    for seconds, looked in ((2.5, True), (2.5, None), (8, True)):
        desk.later(seconds)
        assert drive(desk.engine.look_up()) is looked


def test_a_list_that_cannot_be_read_is_told_of_within_ten_seconds_and_until_it_can() -> None:
    desk = Desk()
    desk.bought()

    def told() -> set[tuple[str, str]]:
        around = Surroundings(SETTING, None, 0.0, 0.0)
        blind = desk.engine.blind_since
        return set(troubles([], None, around, desk.now, started_at=desk.now, recovered=True, blind_since=blind))

    desk.exchange.mood = replace(CALM, list_fails=1.0)
    for seconds, is_told in ((3, False), (3, False), (2.5, False), (2.6, True)):  # and two until alarms are reckoned
        desk.later(seconds)
        assert drive(desk.engine.look_up()) is False
        assert (("look-ups-fail", "") in told()) == is_told
    desk.exchange.mood = CALM
    desk.later(3)
    assert drive(desk.engine.look_up())
    assert told() == set()


def test_no_new_orders_leaves_what_works_alone() -> None:
    desk = Desk()
    desk.bought()
    desk._change_desk(replace(desk.desk, stop=Stop.NO_NEW), "no new")
    desk.later(2)
    assert drive(desk.engine.cancel_one()) is None


def test_a_notice_speeds_the_look_up_that_settles_the_fill() -> None:
    desk = Desk()
    desk.bought()
    desk.later(2)
    assert drive(desk.engine.look_up())
    desk.exchange._fill(desk.exchange.booked["1001"])
    desk.later(1.1)
    assert drive(desk.engine.look_up()) is None, "no look is due yet"
    assert drive(desk.engine.apply_notices()) == 1
    assert desk.order().state is State.PARTIAL
    assert desk.order().filled_quantity == 0
    assert drive(desk.engine.look_up())
    assert desk.order().filled_quantity == desk.exchange.booked["1001"].filled > 0
    told = {source: fill.quantity for (_, _, source), fill in desk.rows.fills.items()}
    assert told["notice"] == told["inquiry"] == desk.order().filled_quantity


def test_an_order_made_elsewhere_is_noticed_and_its_symbol_left_alone() -> None:
    desk = Desk()
    desk.exchange.by_hand("005930", "sell", 3, 80_000)
    desk.later(10)
    assert drive(desk.engine.look_up())
    assert [order.source for order in desk.orders()] == ["external"]
    assert drive(desk.engine.decide()) == []
    assert "symbol_working" in desk.codes()


def test_three_refusals_switch_a_condition_off() -> None:
    desk = Desk(a_buy(repeat=9))
    desk.exchange.mood = replace(CALM, fill=0.0, refuse=1.0)
    for _ in range(400):
        desk.later(1)
        for step in (desk.engine.decide, desk.engine.send_one, desk.engine.look_up):
            drive(step())
    assert len(desk.exchange.posted) == 3
    assert not desk.rows.conditions[1].enabled
    assert "off" in desk.codes()


def test_an_intent_that_waits_too_long_expires() -> None:
    desk = Desk()
    drive(desk.engine.decide())
    desk.later(31)
    assert drive(desk.engine.expire()) == 1
    assert (desk.order().state, desk.order().code) == (State.DENIED, "too_old")


def test_the_same_refusal_is_not_written_every_second() -> None:
    desk = Desk(a_buy(strike_price=1_000))
    for _ in range(25):
        desk.later(1)
        drive(desk.engine.decide())
    assert {key[1]: count for key, count in desk.rows.refusals.items()} == {"not_reached": 3}


def test_a_whole_list_is_kept_with_whose_each_order_is_and_part_of_one_is_not() -> None:
    desk = Desk()
    order = desk.bought()
    desk.later(3)
    assert drive(desk.engine.look_up())
    (listed,) = desk.rows.listed[order.ordered_on].values()
    assert (order_key(listed.order_no), listed.ours, listed.quantity) == (order.order_no, True, order.quantity)
    desk.exchange.by_hand("000660", "sell", 1, 80_000)
    desk.exchange.mood = replace(CALM, fill=0.0, list_cut=1.0)
    desk.later(10)
    assert drive(desk.engine.look_up()) is False
    assert list(desk.rows.listed[order.ordered_on].values()) == [listed]
    desk.exchange.mood = replace(CALM, fill=0.0)
    desk.later(10)
    assert drive(desk.engine.look_up())
    told = {listed.symbol: listed.ours for listed in desk.rows.listed[order.ordered_on].values()}
    assert told == {order.symbol: True, "000660": False}
