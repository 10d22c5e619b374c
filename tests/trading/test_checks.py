"""The fourteen checks: each one's No, their order, and that what cannot be computed is a No."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.trading.values import (
    NOW,
    SYMBOL,
    a_balance,
    a_condition,
    a_desk,
    a_holding,
    a_market,
    a_quote,
    ago,
    an_intent,
    an_order,
    an_unknown,
    facts,
)  # fmt: skip
from trading import checks
from trading.checks import CHECKS, cancel_refusal, first_refusal
from trading.states import State
from trading.values import InstrumentView, Mode, Setting, Source, Stop

SELL = {"side": "sell", "quantity": 10}


def code(wanted: dict[str, Any] | None = None, **changes: Any) -> str | None:
    refusal = first_refusal(an_intent(**(wanted or {})), facts(**changes))
    assert refusal is None or refusal.text.endswith(".")
    return None if refusal is None else refusal.code


def test_an_order_with_everything_in_order_passes() -> None:
    assert code() is None
    assert code(SELL) is None
    assert code({"price": None, "division": "01", "reserve_price": 90_300}) is None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"desk": None}, "no_desk"),
        ({"desk": a_desk(killed_at=ago(1))}, "killed"),
        ({"desk": a_desk(stop=Stop.NO_NEW)}, "stopped"),
        ({"desk": a_desk(stop=Stop.FULL)}, "stopped"),
        ({"lease_held": False}, "no_lease"),
        ({"setting": Setting(Mode.LIVE, "live", True)}, "modes_differ"),
        ({"setting": Setting(Mode.MOCK, "simulator", False)}, "no_account"),
        ({"setting": Setting(Mode.MOCK, "live", True)}, "host_is_live"),
        ({"market": None}, "day_unconfirmed"),
        ({"market": a_market(confirmed=False)}, "day_unconfirmed"),
        ({"market": a_market(is_open=None)}, "day_unconfirmed"),
        ({"market": a_market(day=NOW.date() - timedelta(days=1))}, "day_unconfirmed"),
        ({"market": a_market(is_open=False)}, "closed_today"),
        ({"market": a_market(regular_to=None)}, "no_hours"),
        ({"market": a_market(takes=lambda now, division: False)}, "no_hours"),
        ({"market": a_market(regular_to=NOW)}, "outside_hours"),
        ({"market": a_market(regular_from=NOW + timedelta(seconds=1))}, "outside_hours"),
        ({"clock_skew": None}, "clock_off"),
        ({"clock_skew": -2.1}, "clock_off"),
        ({"condition": None}, "condition_gone"),
        ({"condition": a_condition(revision=4)}, "condition_changed"),
        ({"condition": a_condition(enabled=False)}, "off"),
        ({"condition": a_condition(problem="garbage")}, "invalid"),
        ({"condition": a_condition(hours_to=NOW.time())}, "not_now"),
        ({"condition": a_condition(valid_to=NOW.date() - timedelta(days=1))}, "not_today"),
        ({"quote": None}, "not_listed"),
        ({"quote": a_quote(instrument=None)}, "not_listed"),
        ({"quote": a_quote(halted=True)}, "halted"),
        ({"quote": a_quote(instrument=InstrumentView("stock", True))}, "halted"),
        ({"quote": a_quote(instrument=InstrumentView("stock", False, administrative=True))}, "barred"),
        ({"quote": a_quote(instrument=InstrumentView("stock", False, overheated=True))}, "barred"),
        ({"quote": a_quote(single_price=True)}, "single_price"),
        ({"quote": a_quote(single_price=None)}, "cannot_compute"),
        ({"quote": a_quote(last_price=None)}, "no_quote"),
        ({"quote": a_quote(covered=None)}, "not_covered"),
        ({"quote": a_quote(received_at=ago(10.1))}, "old_quote"),
        ({"quote": a_quote(received_at=ago(-0.1))}, "old_quote"),
        ({"quote": a_quote(traded_at=ago(10.1))}, "no_recent_trade"),
        ({"quote": a_quote(traded_at=ago(-2.1))}, "no_recent_trade"),
        ({"balance": None}, "no_assets"),
        ({"balance": a_balance(asked_at=None)}, "no_assets"),
        ({"balance": a_balance(asked_at=ago(30.1))}, "old_assets"),
        ({"balance": a_balance(asked_at=ago(-1))}, "old_assets"),
        ({"recovered_at": None}, "not_recovered"),
        ({"recovered_at": ago(3)}, "not_recovered"),
        ({"quote": a_quote(base_price=None)}, "cannot_compute"),
        ({"quote": a_quote(last_price=77_800)}, "too_far"),
        ({"quote": a_quote(lower_limit=70_100, upper_limit=90_000)}, "outside_limits"),
        ({"desk": a_desk(max_order_quantity=9)}, "quantity_limit"),
        ({"desk": a_desk(max_order_amount=699_999)}, "order_limit"),
        ({"desk": a_desk(max_symbol_amount=699_999)}, "symbol_limit"),
        ({"desk": a_desk(max_day_amount=699_999)}, "day_limit"),
        ({"desk": a_desk(max_day_loss=100), "balance": a_balance(day_profit=-100)}, "loss_limit"),
        ({"desk": a_desk(max_day_loss=100), "balance": a_balance(day_profit=None)}, "cannot_compute"),
        ({"balance": a_balance(cash=700_104)}, "no_cash"),
        ({"balance": a_balance(cash=None)}, "cannot_compute"),
        ({"order_wait": None}, "no_budget"),
        ({"order_wait": 2.6}, "no_budget"),
    ],
)
def test_each_check_says_no_with_its_own_code(changes: dict[str, Any], expected: str) -> None:
    assert code(**changes) == expected


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"division": "41"}, "no_hours"),
        ({"price": 70_050, "reserve_price": 70_050}, "off_tick"),
        ({"price": None, "division": "01", "reserve_price": 70_000}, "bad_price"),
        ({"quantity": 0}, "quantity_limit"),
        ({"reserve_price": None}, "cannot_compute"),
        ({"side": "sell", "quantity": 14, "price": 70_000}, None),
        ({"side": "sell", "quantity": 31, "price": 30_000, "reserve_price": 30_000}, "outside_limits"),
    ],
)
def test_the_order_itself_is_looked_at(wanted: dict[str, Any], expected: str | None) -> None:
    assert code(wanted) == expected


def test_live_trading_needs_all_three_locks() -> None:
    setting, desk = Setting(Mode.LIVE, "live", True), a_desk(mode=Mode.LIVE)
    armed = replace(desk, live_armed_until=NOW + timedelta(hours=1))
    assert code(setting=setting, desk=armed) is None
    assert code(setting=setting, desk=desk) == "live_not_armed"
    assert code(setting=setting, desk=replace(armed, live_armed_until=NOW)) == "live_not_armed"
    assert code(setting=Setting(Mode.LIVE, "mock", True), desk=armed) == "host_is_not_live"
    assert code(setting=Setting(Mode.MOCK, "mock", True), desk=armed) == "modes_differ"


def test_a_dry_run_is_what_either_side_alone_makes_of_it() -> None:
    for setting, desk in ((Mode.DRY_RUN, Mode.LIVE), (Mode.LIVE, Mode.DRY_RUN)):
        found = facts(setting=Setting(setting, "live", True), desk=a_desk(mode=desk))
        assert checks.effective_mode(found) is Mode.DRY_RUN
        assert first_refusal(an_intent(), found) is None


@pytest.mark.parametrize("state", [State.CREATED, State.SENDING, State.UNKNOWN, State.NEEDS_HUMAN])
def test_an_unsettled_order_counts_in_full_and_blocks_its_symbol(state: State) -> None:
    other = an_order(id=2, state=state, sent_at=ago(5), symbol="000660")
    assert code(orders=(other,), balance=a_balance(cash=1_400_000)) == "no_cash"
    assert code(orders=(replace(other, symbol=SYMBOL),)) == "symbol_blocked"
    assert code(SELL, orders=(replace(other, symbol=SYMBOL),)) == "symbol_blocked"


@pytest.mark.parametrize("source", list(Source))
def test_a_working_order_holds_what_is_left_of_it_wherever_it_was_made(source: Source) -> None:
    other = an_order(id=2, state=State.PARTIAL, symbol="000660", source=source, filled_quantity=4, filled_at=ago(20))
    needed = 700_105
    assert code(orders=(other,), balance=a_balance(cash=needed + 420_063)) is None
    assert code(orders=(other,), balance=a_balance(cash=needed + 420_062)) == "no_cash"
    assert code(orders=(replace(other, symbol=SYMBOL),)) == "symbol_working"


def test_what_filled_after_the_account_was_read_is_not_counted_as_free_again() -> None:
    filled = an_order(id=2, state=State.FILLED, symbol="000660", filled_quantity=10, filled_at=ago(3))
    assert code(orders=(filled,), balance=a_balance(cash=1_400_000)) == "no_cash"
    assert code(orders=(replace(filled, filled_at=ago(10)),), balance=a_balance(cash=1_400_000)) is None


def test_an_open_buy_of_unknown_price_stops_buys_and_no_sells() -> None:
    other = an_order(
        id=2, state=State.ACCEPTED, symbol="000660", source=Source.EXTERNAL, price=None, reserve_price=None
    )
    assert code(orders=(other,)) == "cannot_compute"
    assert code(SELL, orders=(other,)) is None


def test_shares_that_sells_hold_are_not_sold_twice() -> None:
    assert code(SELL, holding=None) == "no_shares"
    assert code(SELL, holding=a_holding(quantity=9)) == "no_shares"
    assert code(SELL, holding=a_holding(orderable_quantity=9)) == "no_shares"
    assert code(SELL, holdings_known=False) == "cannot_compute"
    sold = an_order(id=2, side="sell", state=State.FILLED, quantity=25, filled_quantity=25, filled_at=ago(1),
                    accepted_at=ago(2))  # fmt: skip
    assert code(SELL, orders=(sold,)) == "no_shares"
    assert code(SELL, orders=(replace(sold, filled_at=ago(60), accepted_at=ago(60)),)) is None


def test_two_unknown_orders_or_an_old_one_stop_everything() -> None:
    one = an_unknown(id=2, symbol="000660")
    assert code(orders=(one,)) is None
    assert code(orders=(one, replace(one, id=3, symbol="035720"))) == "orders_halted"
    assert code(orders=(replace(one, sent_at=ago(121)),)) == "orders_halted"


@pytest.mark.parametrize("state", [State.REJECTED, State.NOT_PLACED])
def test_the_pause_lasts_a_minute_and_until_a_clean_look_up(state: State) -> None:
    failed = an_order(id=2, state=state, ended_at=ago(59), cleared_at=ago(50))
    assert code(orders=(failed,)) == "pause"
    assert code(orders=(replace(failed, ended_at=ago(61), cleared_at=None),)) == "awaits_look_up"
    assert code(orders=(replace(failed, ended_at=ago(61)),)) is None


def test_an_order_thought_absent_keeps_its_symbol_and_a_refused_one_does_not() -> None:
    other = an_order(id=2, condition_id=7, ended_at=ago(5))
    assert code(orders=(replace(other, state=State.NOT_PLACED),)) == "pause"
    assert code(orders=(replace(other, state=State.REJECTED),)) is None


def test_orders_a_minute_and_a_day() -> None:
    sent = tuple(an_order(id=n + 2, symbol="000660", state=State.CANCELLED, sent_at=ago(50 + n)) for n in range(20))
    assert code(orders=sent, desk=a_desk(max_orders_minute=11)) is None
    assert code(orders=sent, desk=a_desk(max_orders_minute=10)) == "orders_a_minute"
    assert code(orders=sent, desk=a_desk(max_orders_day=20, max_orders_minute=99)) == "orders_a_day"
    yesterday = tuple(replace(order, ordered_on=NOW.date() - timedelta(days=1)) for order in sent)
    assert code(orders=yesterday, desk=a_desk(max_orders_day=20, max_orders_minute=99)) is None


def test_the_value_of_the_day_counts_what_filled_and_what_is_open() -> None:
    filled = an_order(id=2, symbol="000660", state=State.FILLED, filled_quantity=10, filled_amount=690_000,
                      filled_at=ago(60))  # fmt: skip
    assert code(orders=(filled,), desk=a_desk(max_day_amount=1_390_000)) is None
    assert code(orders=(filled,), desk=a_desk(max_day_amount=1_389_999)) == "day_limit"


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_check_that_cannot_be_computed_is_a_no(check: checks.Check) -> None:
    broken = facts(
        desk=object(), lease_held=False, setting=object(), market=object(), condition=object(),
        quote=object(), balance=object(), holding=object(), orders=(object(),), order_wait="soon",
    )  # fmt: skip
    assert first_refusal(an_intent(), broken, [check]) is not None


def test_the_checks_come_in_the_order_of_the_failure_model() -> None:
    everything_wrong = facts(
        desk=a_desk(killed_at=ago(1), max_order_quantity=1, max_orders_day=0), lease_held=False,
        setting=Setting(Mode.LIVE, "live", True), market=None, condition=None, quote=None, balance=None,
        order_wait=None, orders=(an_unknown(id=2),),
    )  # fmt: skip
    wanted = an_intent()
    codes = [refusal.code for check in CHECKS if (refusal := first_refusal(wanted, everything_wrong, [check]))]
    assert codes == [
        "killed", "no_lease", "modes_differ", "day_unconfirmed", "condition_gone", "not_listed", "no_quote",
        "no_assets", "no_quote", "quantity_limit", "orders_a_day", "cannot_compute", "symbol_blocked", "no_budget",
    ]  # fmt: skip
    refusal = first_refusal(wanted, everything_wrong)
    assert refusal is not None
    assert refusal.code == "killed"


def test_a_cancel_passes_kill_switch_hours_and_prices() -> None:
    order = an_order(state=State.ACCEPTED)
    everything_shut = facts(
        desk=a_desk(killed_at=ago(1), stop=Stop.FULL), market=None, condition=None, quote=None, balance=None
    )
    assert cancel_refusal(order, everything_shut) is None
    refused = [
        cancel_refusal(order, replace(everything_shut, lease_held=False)),
        cancel_refusal(order, replace(everything_shut, order_wait=None)),
        cancel_refusal(order, replace(everything_shut, setting=Setting(Mode.LIVE, "live", True))),
    ]
    assert [refusal.code for refusal in refused if refusal] == ["no_lease", "no_budget", "other_broker"]
