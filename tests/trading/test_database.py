"""The ledger in MariaDB: rows there and back, one writer wins, and nobody writes past his lease."""

from dataclasses import fields, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from stockdesk.fence import LeaseLost
from stockdesk.models import Fence
from tests.trading.values import NOW, SYMBOL, ago, an_order
from trading import desk, models
from trading.alarms import switched_off, troubles
from trading.checks import refuse
from trading.database import DatabaseStorage
from trading.ports import Changed, Surroundings
from trading.states import ForbiddenMove, State
from trading.values import ConditionView, DeskView, Fill, Listed, Mode, Order, Setting, Source, Stop, Trigger

pytestmark = pytest.mark.django_db


def condition_row(**changes: Any) -> models.Condition:
    values: dict[str, Any] = {
        "symbol": SYMBOL, "side": "buy", "enabled": True, "trigger": "at_or_below", "strike_price": 70_000,
        "quantity": 10, **changes,
    }  # fmt: skip
    row = models.Condition(**values)
    row.save()
    return row


def stored(**changes: Any) -> Order:
    order = DatabaseStorage().add(an_order(**{"condition_id": None, **changes}))
    assert order is not None
    return order


def test_an_order_comes_back_as_it_was_stored() -> None:
    full = an_order(
        condition_id=None, state=State.CANCELLING, order_no="0000000123", branch_no="06010", attempts=2,
        token_renewed=True, sent_at=ago(30), accepted_at=ago(29), filled_quantity=4, filled_amount=280_000,
        filled_at=ago(9), noticed_quantity=5, noticed_amount=350_000, noticed_at=ago(8), refused_at=ago(7),
        listed_at=ago(6), look_ups=3, clean_look_ups=1, look_up_at=NOW, candidates=2, cleared_at=ago(1),
        cancel_at=ago(5), cancel_sent_at=ago(4), cancel_attempts=1, cancel_answered=True, reason="체결 대기", code="X",
        quote_price=70_000, quote_at=ago(31), assets_at=ago(33), alarm="!",
    )  # fmt: skip
    back = DatabaseStorage().add(full)
    assert back is not None
    assert back == replace(full, id=back.id, version=1)
    assert DatabaseStorage().find(back.id) == back


def test_every_field_of_the_values_has_its_column() -> None:
    columns = {field.attname for field in models.Order._meta.concrete_fields}
    assert {field.name for field in fields(Order)} == columns
    said = {field.attname for field in models.Condition._meta.concrete_fields}
    assert {field.name for field in fields(ConditionView)} - {"history"} <= said
    assert {field.name for field in fields(DeskView)} <= {f.attname for f in models.Desk._meta.concrete_fields}


def test_an_order_made_elsewhere_for_what_the_desk_does_not_trade_has_room_for_its_code() -> None:
    assert stored(source=Source.EXTERNAL, symbol="KR6000000001").symbol == "KR6000000001"
    listed = Listed("1", "06010", "new", "KR6000000001", "buy", 1, 10_000, 0, False, NOW, ours=False)
    DatabaseStorage().note_listed(NOW.date(), [listed], NOW)
    assert models.BrokerOrder.objects.get().symbol == "KR6000000001"


def test_an_intent_has_one_row_whoever_comes_second() -> None:
    first = stored()
    assert DatabaseStorage().add(an_order(quantity=99)) is None
    assert models.Order.objects.get().quantity == first.quantity


def test_whoever_saves_an_older_row_is_told_so_and_writes_nothing() -> None:
    order = stored()
    newer = DatabaseStorage().save(order, replace(order, reason="newer"))
    assert newer.version == order.version + 1
    with pytest.raises(Changed):
        DatabaseStorage().save(order, replace(order, reason="older"))
    assert models.Order.objects.get().reason == "newer"


def test_orders_of_the_day_and_whatever_has_not_ended() -> None:
    old, today = NOW.date() - timedelta(days=3), NOW.date()
    stored(intent_key="a", ordered_on=old, state=State.FILLED)
    stored(intent_key="b", ordered_on=old, state=State.UNKNOWN)
    stored(intent_key="c", ordered_on=today, state=State.FILLED)
    assert [order.intent_key for order in DatabaseStorage().orders(today)] == ["b", "c"]


def test_what_ended_badly_this_morning_is_told_this_morning_though_it_is_of_an_earlier_day() -> None:
    friday = NOW.date() - timedelta(days=3)
    lost = "The day ended and no list ever showed it."
    stored(intent_key="a", ordered_on=friday, state=State.EXPIRED, ended_at=ago(60), alarm=lost)
    stored(intent_key="b", ordered_on=friday, state=State.EXPIRED, ended_at=ago(60))
    stored(intent_key="c", ordered_on=friday, state=State.EXPIRED, ended_at=ago(86_400), alarm=lost)
    told = DatabaseStorage().ended_with_alarm(NOW.date())
    assert [order.intent_key for order in told] == ["a"]
    setting, market = Setting(Mode.MOCK, "simulator", True), None
    wrong = troubles(told, None, Surroundings(setting, market, 0.0, 0.0), NOW, started_at=ago(90), recovered=True)
    assert set(wrong.values()) == {lost}


def test_orders_of_conditions_since_they_were_armed() -> None:
    row = condition_row()
    models.Condition.objects.filter(pk=row.pk).update(armed_at=ago(60))
    for key, age, state in (("a", 90, State.FILLED), ("b", 90, State.ACCEPTED), ("c", 30, State.DENIED)):
        stored(intent_key=key, condition_id=row.pk, created_at=ago(age), state=state)
    found = DatabaseStorage().orders_of(DatabaseStorage().conditions())
    assert [order.intent_key for order in found] == ["b", "c"]


# -- the lease ---------------------------------------------------------------------------------------------------


def test_a_process_whose_lease_is_past_writes_nothing() -> None:
    Fence.objects.create(name="trading", number=7)
    storage = DatabaseStorage(daemon="trading", fence=7)
    order = storage.add(an_order(condition_id=None))
    assert order is not None
    Fence.objects.update(number=8)
    row = condition_row()
    condition = storage.condition(row.pk)
    assert condition is not None
    refusal = refuse(an_order(condition_id=row.pk), "killed", "The kill switch is on.")
    for write in (
        lambda: storage.save(order, replace(order, reason="late")),
        lambda: storage.add(an_order(intent_key="another", condition_id=None)),
        lambda: storage.note_fill(Fill(NOW.date(), "1", "inquiry", 1, 1, NOW)),
        lambda: storage.note_refusal(refusal, NOW),
        lambda: storage.note_best(replace(condition, best_price=1)),
        lambda: storage.switch_off(condition, "x", NOW),
    ):
        with pytest.raises(LeaseLost):
            write()
    assert models.Order.objects.get().reason == order.reason
    assert not models.Fill.objects.exists()
    assert not models.Refusal.objects.exists()


def test_what_is_written_in_one_transaction_is_there_as_a_whole_or_not_at_all() -> None:
    order, storage = stored(), DatabaseStorage()

    def half() -> None:
        with storage.transaction():
            storage.save(order, replace(order, reason="half"))
            storage.note_fill(Fill(NOW.date(), "1", "inquiry", 1, 1, NOW))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half()
    assert storage.find(order.id) == order
    assert not models.Fill.objects.exists()
    with storage.transaction():
        storage.note_fill(Fill(NOW.date(), "1", "inquiry", 1, 1, NOW))
    assert models.Fill.objects.count() == 1


# -- fills and refusals ------------------------------------------------------------------------------------------


def test_a_stored_total_never_falls_and_is_one_row_whatever_the_zeros() -> None:
    storage = DatabaseStorage()
    for number, quantity in (("0000000123", 4), ("123", 7), ("00123", 5)):
        storage.note_fill(Fill(NOW.date(), number, "inquiry", quantity, quantity * 70_000, NOW))
    storage.note_fill(Fill(NOW.date(), "123", "notice", 3, 210_000, NOW))
    rows = models.Fill.objects.order_by("source").values_list("order_no", "source", "quantity", "amount")
    assert list(rows) == [("123", "inquiry", 7, 490_000), ("123", "notice", 3, 210_000)]
    assert models.Fill.objects.filter(seen_at=NOW).count() == 2


def test_a_refusal_is_one_row_a_day_and_counts() -> None:
    row = condition_row()
    refusal = refuse(
        an_order(condition_id=row.pk),
        "old_quote",
        "The last price is too old.",
        age=10.5,
        at=NOW,
        part=Decimal("1.50"),
    )
    for second in range(3):
        DatabaseStorage().note_refusal(refusal, NOW + timedelta(seconds=second))
    DatabaseStorage().note_refusal(replace(refusal, code="killed"), NOW)
    DatabaseStorage().note_refusal(refusal, NOW + timedelta(days=1))
    first = models.Refusal.objects.get(code="old_quote", refused_on=date(2026, 11, 20))
    assert (first.count, first.first_at, first.last_at) == (3, NOW, NOW + timedelta(seconds=2))
    assert first.seen == {"age": 10.5, "at": "2026-11-20T10:00:00.500000+09:00", "part": "1.5"}
    assert models.Refusal.objects.count() == 3


# -- conditions --------------------------------------------------------------------------------------------------


def test_conditions_come_in_their_order_and_as_they_were_said() -> None:
    second = condition_row(position=2, trigger="trailing", rate=Decimal("1.5"), side="sell", sizing="all")
    first = condition_row(position=1)
    one, two = DatabaseStorage().conditions()
    assert (one.id, two.id) == (first.pk, second.pk)
    assert (two.trigger, two.rate, two.side) == (Trigger.TRAILING, Decimal("1.500"), "sell")


def test_a_row_with_a_word_nobody_knows_never_fires_and_stops_no_other() -> None:
    broken, fine = condition_row(), condition_row()
    models.Condition.objects.filter(pk=broken.pk).update(trigger="whenever")
    one, two = DatabaseStorage().conditions()
    assert one.problem
    assert not two.problem
    assert two.id == fine.pk


def test_a_row_that_php_inserts_with_half_its_columns_is_off_and_readable() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO trading_condition (symbol, side, `trigger`) VALUES ('005930', 'buy', 'at_or_below')"
        )
    (condition,) = DatabaseStorage().conditions()
    assert not condition.enabled
    assert (condition.revision, condition.repeat, condition.problem) == (1, 1, "")


def test_every_change_of_what_it_says_is_a_new_revision() -> None:
    row = condition_row()
    assert row.revision == 1
    row.note = "a word beside it"
    row.save()
    assert row.revision == 1
    for name in models.Condition.SAID:
        before = row.revision
        value = getattr(row, name)
        changed = {"symbol": "000660", "side": "sell", "trigger": "trailing", "sizing": "all", "pricing": "market",
                   "valid_from": NOW.date(), "valid_to": NOW.date(), "hours_from": NOW.time(), "hours_to": NOW.time(),
                   "problem": "?", "rate": Decimal(1)}  # fmt: skip
        setattr(row, name, not value if isinstance(value, bool) else changed.get(name, 7))
        row.save()
        row.refresh_from_db()
        assert row.revision == before + 1, name


def test_switching_on_arms_anew_and_editing_does_not() -> None:
    row = condition_row()
    armed = row.armed_at
    assert armed is not None
    models.Condition.objects.filter(pk=row.pk).update(best_price=71_000)
    row.quantity = 11
    row.save()
    row.refresh_from_db()
    assert (row.armed_at, row.best_price) == (armed, 71_000)
    row.enabled = False
    row.save()
    row.enabled = True
    row.save(update_fields=["enabled"])
    row.refresh_from_db()
    assert row.armed_at is not None
    assert row.armed_at > armed
    assert (row.best_price, row.revision) == (None, 4)


def test_the_engines_own_writes_lose_against_an_edit() -> None:
    row = condition_row()
    seen = DatabaseStorage().condition(row.pk)
    assert seen is not None
    row.quantity = 11
    row.save()
    DatabaseStorage().note_best(replace(seen, best_price=99_000))
    DatabaseStorage().switch_off(seen, "refused 3 times", NOW)
    row.refresh_from_db()
    assert (row.best_price, row.enabled) == (None, True)
    now_seen = DatabaseStorage().condition(row.pk)
    assert now_seen is not None
    DatabaseStorage().switch_off(now_seen, "refused 3 times", NOW)
    row.refresh_from_db()
    assert (row.enabled, row.switched_off_reason, row.revision) == (False, "refused 3 times", 3)


# -- the desk ----------------------------------------------------------------------------------------------------


def test_without_its_row_the_desk_is_unknown_and_a_new_row_is_a_dry_run() -> None:
    models.Desk.objects.all().delete()
    assert DatabaseStorage().desk() is None
    desk.desk_row()
    view = DatabaseStorage().desk()
    assert view == DeskView()
    assert view is not None
    assert view.mode is Mode.DRY_RUN


def test_the_kill_switch_keeps_who_pressed_it_first_until_a_person_lifts_it() -> None:
    desk.kill("kim", NOW)
    desk.kill("lee", NOW + timedelta(seconds=5))
    row = models.Desk.objects.get()
    assert (row.killed_by, row.killed_at) == ("kim", NOW)
    desk.lift("lee", NOW + timedelta(seconds=9))
    row.refresh_from_db()
    assert (row.killed_at, row.lifted_by) == (None, "lee")


def test_a_change_of_mode_disarms_and_arming_ends_by_itself() -> None:
    desk.arm_live("kim", NOW)
    assert models.Desk.objects.get().live_armed_until == NOW + desk.LIVE_ARMED_FOR
    desk.set_mode(Mode.LIVE, "kim", NOW)
    view = DatabaseStorage().desk()
    assert view is not None
    assert (view.mode, view.live_armed_until) == (Mode.LIVE, None)
    desk.set_stop(Stop.FULL, "kim", NOW)
    view = DatabaseStorage().desk()
    assert view is not None
    assert view.stop is Stop.FULL


def test_a_person_asks_for_a_cancel_of_what_works_and_of_nothing_else() -> None:
    order = stored(state=State.ACCEPTED, order_no="123", cancel_attempts=3)
    asked = desk.request_cancel(order.id, "kim", NOW)
    assert (asked.cancel_at, asked.cancel_attempts) == (NOW, 0)
    ended = stored(intent_key="b", state=State.FILLED)
    with pytest.raises(Changed):
        desk.request_cancel(ended.id, "kim", NOW)


def test_a_person_settles_an_order_that_needs_one() -> None:
    order = stored(state=State.NEEDS_HUMAN, source=Source.CONDITION)
    settled = desk.settle(order.id, State.ACCEPTED, "kim", NOW, order_no="0000000123")
    assert (settled.state, settled.order_no) == (State.ACCEPTED, "0000000123")
    with pytest.raises(ForbiddenMove):
        desk.settle(order.id, State.CANCELLED, "kim", NOW)


def test_a_condition_that_refusals_switched_off_is_told_of_until_a_person_puts_it_back() -> None:
    row, storage = condition_row(), DatabaseStorage()
    condition_row(symbol="000660", enabled=False)
    (condition, _) = storage.conditions()
    storage.switch_off(condition, "refused 3 times: 장운영시간이 아닙니다", NOW)
    wrong = switched_off(storage.switched_off(NOW.date()))
    assert wrong == {("condition-off", f"{SYMBOL} #{row.pk}"): "switched off: refused 3 times: 장운영시간이 아닙니다"}
    assert storage.switched_off(NOW.date() + timedelta(days=1)) == []
    row.refresh_from_db()
    row.enabled = True
    row.save()
    assert storage.switched_off(NOW.date()) == []


def test_a_persons_cancel_holds_the_row_until_it_is_stored() -> None:
    order = stored(state=State.ACCEPTED, order_no="0000000123")
    with CaptureQueriesContext(connection) as queries:
        desk.request_cancel(order.id, "kim", NOW)
    asked = [query["sql"] for query in queries if "trading_order" in query["sql"]]
    assert asked[0].endswith("FOR UPDATE")


def test_two_orders_are_not_settled_with_one_number() -> None:
    first, second = (stored(intent_key=key, state=State.NEEDS_HUMAN) for key in "ab")
    desk.settle(first.id, State.ACCEPTED, "kim", NOW, order_no="0000000123")
    with pytest.raises(Changed):
        desk.settle(second.id, State.ACCEPTED, "lee", NOW, order_no="123")
    assert [row.state for row in models.Order.objects.order_by("id")] == [State.ACCEPTED, State.NEEDS_HUMAN]


def test_the_condition_of_an_order_may_be_deleted_and_the_order_stays() -> None:
    row = condition_row()
    stored(condition_id=row.pk)
    row.delete()
    assert DatabaseStorage().conditions() == []
    assert DatabaseStorage().orders(NOW.date())[0].condition_id is not None


# -- the broker's list -------------------------------------------------------------------------------------------


def a_listed(order_no: str = "0000000123", **changes: Any) -> Listed:
    fine = Listed(order_no, "06010", "new", SYMBOL, "buy", 10, 70_000, 0, False, ago(30), False)
    return replace(fine, **changes)


def listed_rows() -> dict[str, tuple[int, Any]]:
    rows = models.BrokerOrder.objects.values_list("order_no", "filled_quantity", "seen_at")
    return {number: (filled, seen) for number, filled, seen in rows}


def test_a_list_takes_the_place_of_the_one_before() -> None:
    storage, later = DatabaseStorage(), NOW + timedelta(seconds=2)
    storage.note_listed(NOW.date(), [a_listed("1"), a_listed("2")], NOW)
    storage.note_listed(NOW.date(), [a_listed("2", filled_quantity=4), a_listed("3")], later)
    assert listed_rows() == {"2": (4, later), "3": (0, later)}
    storage.note_listed(NOW.date(), [], later)
    assert listed_rows() == {}


def test_a_list_leaves_other_days_alone_and_forgets_them_after_a_month() -> None:
    storage, day = DatabaseStorage(), NOW.date()
    storage.note_listed(day - timedelta(days=31), [a_listed("1")], NOW)
    storage.note_listed(day - timedelta(days=3), [a_listed("2")], NOW)
    storage.note_listed(day, [a_listed("2", price=None)], NOW)
    days = models.BrokerOrder.objects.order_by("listed_on").values_list("listed_on", flat=True)
    assert list(days) == [day - timedelta(days=3), day]


def test_a_list_that_says_the_same_again_is_only_seen_again(django_assert_num_queries: Any) -> None:
    storage = DatabaseStorage()
    storage.note_listed(NOW.date(), [a_listed("1"), a_listed("2")], NOW)
    with django_assert_num_queries(4):  # one read, one stamp, and the savepoint around them
        storage.note_listed(NOW.date(), [a_listed("1"), a_listed("2")], NOW + timedelta(seconds=2))
    assert {seen for _, seen in listed_rows().values()} == {NOW + timedelta(seconds=2)}


def test_a_list_of_a_process_whose_lease_is_past_is_not_kept() -> None:
    Fence.objects.create(name="trading", number=7)
    with pytest.raises(LeaseLost):
        DatabaseStorage(daemon="trading", fence=6).note_listed(NOW.date(), [a_listed()], NOW)
    assert listed_rows() == {}
