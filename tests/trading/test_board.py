"""The board's posts as conditions: they follow the board, and nothing of it is guessed."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, connections
from django.utils import timezone, translation

from market.models import Quote
from stockdesk.fence import LeaseLost
from stockdesk.models import Event, Fence
from tests.market.conftest import Board, sql
from tests.trading.conftest import HYNIX, SAMSUNG
from trading import board as board_module
from trading.board import Counts, board_number, board_side, mirror_board
from trading.database import DatabaseStorage, condition_view
from trading.models import Condition


@pytest.fixture
def board(transactional_db: None, listed: None) -> Iterator[Board]:
    board = Board()
    board.remake()
    yield board
    board.remake()


def post(
    board: Board, code: str = SAMSUNG, price: Any = "69,000원", side: Any = "매수", quantity: Any = "10", **more: Any
) -> int:
    return board.stock(code, wr_2=price, wr_3=side, wr_4=quantity, **more)


def mirror(**more: Any) -> Counts:
    return mirror_board(using="default", now=timezone.now(), **more)


def only() -> Condition:
    return Condition.objects.get()


def test_a_post_becomes_a_condition(board: Board) -> None:
    wr_id = post(board)
    assert mirror() == Counts(made=1)
    condition = only()
    assert (condition.source, condition.wr_id, condition.position) == ("board", wr_id, wr_id)
    assert (condition.symbol, condition.side, condition.trigger) == (SAMSUNG, "buy", "at_or_below")
    assert (condition.strike_price, condition.quantity, condition.sizing) == (69_000, 10, "quantity")
    assert (condition.enabled, condition.problem) == (True, "")


def test_a_sell_waits_above(board: Board) -> None:
    post(board, price="71000", side="매도")
    mirror()
    assert (only().side, only().trigger) == ("sell", "at_or_above")


def test_a_second_look_saves_nothing(board: Board) -> None:
    post(board)
    post(board, HYNIX, price="두 배")
    mirror()
    before = list(Condition.objects.values())
    history = Condition.history.count()
    assert mirror() == Counts(unchanged=2, problems=1)
    assert list(Condition.objects.values()) == before
    assert Condition.history.count() == history


@pytest.mark.parametrize("types", [{}, {"wr_2": "int(11) NOT NULL DEFAULT 0", "wr_4": "int(11) NOT NULL DEFAULT 0"}])
def test_columns_of_any_type_are_read(board: Board, types: dict[str, str]) -> None:
    board.remake(**types)
    post(board, price=69_000, quantity=10)
    mirror()
    assert (only().strike_price, only().quantity, only().problem) == (69_000, 10, "")


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ({"price": "12,34"}, "타격가"),
        ({"price": ""}, "타격가"),
        ({"price": "0"}, "타격가"),
        ({"price": "-69000"}, "타격가"),
        ({"price": "육만구천"}, "타격가"),
        ({"price": "6.9e4"}, "타격가"),
        ({"quantity": ""}, "수량"),
        ({"quantity": "전량"}, "수량"),
        ({"side": ""}, "매매구분"),
        ({"side": "1"}, "매매구분"),
        ({"code": "삼성"}, "종목코드"),
        ({"code": "999999"}, "종목 마스터"),
        ({"price": "69,050"}, "호가 단위"),
        ({"price": "690,000"}, "30%"),
        ({"price": "48900"}, "30%"),
    ],
)
def test_what_cannot_be_read_is_a_problem_in_words_and_never_a_guess(
    board: Board, words: dict[str, str], named: str
) -> None:
    post(board, **words)
    assert mirror().problems == 1
    assert named in only().problem
    assert DatabaseStorage().conditions()[0].problem  # so it never fires
    assert mirror() == Counts(unchanged=1, problems=1)


def test_numbers_that_are_zero_or_less_are_a_problem_in_number_columns_too(board: Board) -> None:
    board.remake(wr_2="int(11) NOT NULL DEFAULT 0", wr_4="int(11) NOT NULL DEFAULT 0")
    post(board, price=-5, quantity=10)
    post(board, HYNIX, price=200_000, quantity=0)
    assert mirror().problems == 2


def test_problems_are_kept_in_the_desks_language_whoever_looks(board: Board) -> None:
    post(board, price="x")
    mirror()
    with translation.override("en"):
        assert mirror() == Counts(unchanged=1, problems=1)


def test_the_distance_is_measured_from_the_last_price_and_its_words_stay_the_same(board: Board) -> None:
    post(board, price="48,900")
    mirror()
    revision = only().revision
    Quote.objects.filter(pk=SAMSUNG).update(last_price=72_000)
    mirror()
    assert (only().revision, bool(only().problem)) == (revision, True)
    Quote.objects.filter(pk=SAMSUNG).update(last_price=50_000)
    mirror()
    assert only().problem == ""


def test_a_post_that_names_nothing_is_only_watched(board: Board) -> None:
    post(board, price="", side="", quantity="")
    assert mirror() == Counts()
    assert not Condition.objects.exists()


def test_a_post_that_never_ran_is_no_condition_yet(board: Board) -> None:
    post(board, run="")
    assert mirror() == Counts()


def test_comments_and_answers_are_no_conditions(board: Board) -> None:
    post(board, wr_is_comment=1)
    post(board, wr_reply="A")
    assert mirror() == Counts()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("UPDATE {} SET x2_run = ''", "board_off"),
        ("DELETE FROM {}", "board_gone"),
        ("UPDATE {} SET wr_2 = '', wr_3 = '', wr_4 = ''", "board_blank"),
    ],
)
def test_a_post_that_stops_running_or_vanishes_switches_its_condition_off(
    board: Board, change: str, reason: str
) -> None:
    post(board)
    mirror()
    sql(change.format(board.table))
    mirror()
    condition = only()
    assert (condition.enabled, condition.switched_off_reason) == (False, reason)
    assert condition.switched_off_at is not None
    assert Condition.history.first().history_change_reason == reason
    assert mirror().unchanged == 1
    assert Condition.history.count() == 2


def test_a_post_that_runs_again_is_armed_anew(board: Board) -> None:
    wr_id = post(board)
    mirror()
    armed = only().armed_at
    sql(f"UPDATE {board.table} SET x2_run = '' WHERE wr_id = %s", wr_id)
    mirror()
    sql(f"UPDATE {board.table} SET x2_run = '1' WHERE wr_id = %s", wr_id)
    mirror()
    condition = only()
    assert (condition.enabled, condition.switched_off_reason) == (True, "")
    assert condition.armed_at != armed


def test_what_the_desk_switched_off_stays_off_until_a_person_changes_the_post(board: Board) -> None:
    wr_id = post(board)
    mirror()
    storage = DatabaseStorage()
    storage.switch_off(storage.conditions()[0], "refused 3 times: 잔고 부족", timezone.now())
    mirror()
    assert not only().enabled
    sql(f"UPDATE {board.table} SET wr_4 = '5' WHERE wr_id = %s", wr_id)
    mirror()
    assert (only().enabled, only().quantity) == (True, 5)


def test_a_price_that_runs_away_and_comes_back_does_not_switch_on_what_the_desk_switched_off(board: Board) -> None:
    post(board)
    mirror()
    storage = DatabaseStorage()
    storage.switch_off(storage.conditions()[0], "refused 3 times: 잔고 부족", timezone.now())
    for last, is_doubtful in ((30_000, True), (70_000, False)):
        Quote.objects.filter(pk=SAMSUNG).update(last_price=last)
        mirror()
        assert (only().enabled, bool(only().problem)) == (False, is_doubtful)
    assert only().switched_off_reason == "refused 3 times: 잔고 부족"


def test_what_the_desk_switches_off_while_the_board_is_looked_at_stays_off(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    post(board)
    mirror()
    take, reason = board_module._take, "refused 3 times: 장운영시간이 아닙니다"

    def meanwhile(row: Condition, *rest: Any) -> bool:
        DatabaseStorage().switch_off(condition_view(only()), reason, timezone.now())
        return take(row, *rest)

    monkeypatch.setattr(board_module, "_take", meanwhile)
    Quote.objects.filter(pk=SAMSUNG).update(last_price=690_000)
    mirror()
    assert (only().enabled, only().switched_off_reason) == (False, reason)


def test_a_changed_post_is_another_revision(board: Board) -> None:
    wr_id = post(board)
    mirror()
    sql(f"UPDATE {board.table} SET wr_2 = '68,000' WHERE wr_id = %s", wr_id)
    assert mirror() == Counts(changed=1)
    assert (only().strike_price, only().revision) == (68_000, 2)


def test_a_copied_post_does_not_order_a_second_time(board: Board) -> None:
    first, second = post(board), post(board)
    assert mirror() == Counts(made=2, problems=1)
    assert Condition.objects.get(wr_id=first).problem == ""
    assert str(first) in Condition.objects.get(wr_id=second).problem


def test_a_condition_of_the_admin_is_left_alone(board: Board) -> None:
    Condition(symbol=SAMSUNG, side="buy", trigger="at_or_below", strike_price=69_000, quantity=1, enabled=True).save()
    assert mirror() == Counts()
    assert only().enabled


@pytest.mark.parametrize("column", ["col_price", "col_qty", "col_side"])
def test_without_its_columns_the_board_has_no_conditions(board: Board, settings: Any, column: str) -> None:
    post(board)
    mirror()
    settings.DESK = replace(settings.DESK, gnuboard=replace(settings.DESK.gnuboard, **{column: ""}))
    assert mirror().switched_off == 1
    assert (only().enabled, only().switched_off_reason) == (False, "board_unmapped")
    assert mirror() == Counts(unchanged=1)


def test_an_unreadable_board_changes_nothing_and_says_so_until_it_is_back(board: Board) -> None:
    post(board)
    mirror()
    before = list(Condition.objects.values())
    sql(f"RENAME TABLE {board.table} TO hidden_board")
    try:
        counts = mirror()
    finally:
        sql(f"RENAME TABLE hidden_board TO {board.table}")
    assert counts == Counts(stale="1146")
    assert list(Condition.objects.values()) == before
    assert Event.objects.filter(source="trading", code="board-unreadable", is_open=True).count() == 1
    mirror()
    assert not Event.objects.filter(code="board-unreadable", is_open=True).exists()


def test_a_locked_board_costs_two_seconds_and_changes_nothing(board: Board) -> None:
    board.remake(engine="MyISAM")
    post(board)
    mirror()
    locked, release = threading.Event(), threading.Event()

    def hold() -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLES {board.table} WRITE")
            locked.set()
            release.wait(60)
            cursor.execute("UNLOCK TABLES")
        connections.close_all()

    writer = threading.Thread(target=hold)
    writer.start()
    try:
        assert locked.wait(30)
        before = time.monotonic()
        counts = mirror()
        took = time.monotonic() - before
    finally:
        release.set()
        writer.join()
    assert counts.stale in ("1205", "1969")
    assert took < 10  # two, and what a loaded machine adds; without a limit it would be sixty
    assert only().enabled


def test_whoever_lost_the_lease_writes_nothing(board: Board) -> None:
    Fence.objects.create(name="trading", number=4)
    post(board)
    with pytest.raises(LeaseLost):
        mirror(daemon="trading", fence=3)
    assert not Condition.objects.exists()
    assert mirror(daemon="trading", fence=4).made == 1


@pytest.mark.parametrize("value", [69_000, "69,000", b"69000", Decimal("69000.00"), 69_000.0, "６９，０００원"])
def test_a_number_is_read_from_whatever_the_driver_gives(value: Any) -> None:
    assert board_number(value, 10**8) == 69_000


@pytest.mark.parametrize("value", [None, "", 0, -1, Decimal("1.5"), 1.5, "1.5", b"\xff", 10**8, "nan"])
def test_what_is_no_price_raises(value: Any) -> None:
    with pytest.raises(ValueError, match=r"\."):
        board_number(value, 10**8)


def test_sides_are_words_and_never_numbers() -> None:
    assert [board_side(word) for word in ("매수", " BUY ", "b", b"buy")] == ["buy"] * 4
    assert [board_side(word) for word in ("매도", "Sell", "s")] == ["sell"] * 3
    assert [board_side(word) for word in (1, "1", "01", "02", "", None, "매수매도", "살까")] == [""] * 8
