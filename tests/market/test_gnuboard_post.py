from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError, connection, transaction

from market import gnuboard_post
from market.gnuboard_post import RowGone, edit, post, switch
from market.models import WatchRow

from .conftest import COLUMNS, Board, sql

KINDS = [("InnoDB", "utf8mb4"), ("InnoDB", "utf8mb3"), ("MyISAM", "utf8mb3")]


@pytest.mark.parametrize(("engine", "charset"), KINDS)
def test_a_posted_row_is_complete_as_gnuboard_wants_it(board: Board, site, engine, charset):
    board.remake(engine=engine, charset=charset)
    first = post(symbol="005930", name="삼성전자", running=True)
    second = post(symbol="0001A0", name="새 종목", running=False, ip="10.0.0.7")

    row = board.row(first)
    assert (row["wr_num"], board.row(second)["wr_num"]) == (-1, -2)
    assert row["wr_parent"] == first
    assert (row["wr_reply"], row["wr_is_comment"], row["wr_option"]) == ("", 0, "")
    assert (row["wr_subject"], row["wr_1"], row["x2_run"]) == ("삼성전자", "005930", "1")
    assert row["wr_content"] == "삼성전자 (005930)"
    assert (row["mb_id"], row["wr_name"]) == ("boss", "주인")
    assert row["wr_last"] == f"{row['wr_datetime']:%Y-%m-%d %H:%M:%S}"
    assert (board.row(second)["x2_run"], board.row(second)["wr_ip"]) == ("", "10.0.0.7")
    assert site() == [("daemon_kind_stock", first, first, "boss"), ("daemon_kind_stock", second, second, "boss")]
    assert sql("SELECT bo_count_write FROM g5_board") == [(9,)]


def test_without_a_site_around_it_a_row_is_posted_as_a_guest(board: Board):
    row = board.row(post(symbol="005930", name="", running=True))
    assert (row["mb_id"], row["wr_name"], row["wr_subject"], row["wr_content"]) == (
        "",
        "stockdesk",
        "005930",
        "005930",
    )


def test_columns_the_owner_added_without_a_default_are_filled(board: Board):
    board.remake(
        x2_memo="text NOT NULL",
        x2_rank="int NOT NULL",
        x2_kind="enum('buy','sell') NOT NULL",
        x2_since="datetime NOT NULL",
        x2_twice="int AS (wr_id * 2) VIRTUAL",
    )
    row = board.row(post(symbol="005930", name="삼성전자", running=True))
    assert (row["x2_memo"], row["x2_rank"], row["x2_kind"]) == ("", 0, "buy")
    assert row["x2_since"] == row["wr_datetime"]


@pytest.mark.parametrize(("engine", "charset"), KINDS)
def test_rows_posted_at_the_same_time_get_numbers_of_their_own(board: Board, site, engine, charset):
    board.remake(engine=engine, charset=charset)

    def several(start: int) -> None:
        try:
            for n in range(start, start + 10):
                post(symbol=f"{n:06}", name="", running=True)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(several, start) for start in (100, 200, 300, 400)]:
            done.result()
    assert sorted(sql(f"SELECT wr_num FROM {board.table}")) == [(n,) for n in range(-40, 0)]
    assert sql("SELECT bo_count_write FROM g5_board") == [(47,)]


@pytest.mark.parametrize(("engine", "rows"), [("InnoDB", 1), ("MyISAM", 1)])
def test_a_deadlock_after_the_insert_leaves_one_row_and_not_two(board: Board, site, monkeypatch, engine, rows):
    board.remake(engine=engine, charset="utf8mb3")
    failures = iter([OperationalError(1213, "Deadlock found"), OperationalError(1205, "Lock wait timeout")])

    def fail_late(execute, statement, params, many, context):
        if "g5_board_new" in statement and statement.startswith("INSERT") and (failure := next(failures, None)):
            raise failure
        return execute(statement, params, many, context)

    with connection.execute_wrapper(fail_late):
        wr_id = post(symbol="005930", name="삼성전자", running=True)
    assert sql(f"SELECT wr_id, wr_parent FROM {board.table}") == [(wr_id, wr_id)]
    assert len(site()) == rows
    assert sql("SELECT bo_count_write FROM g5_board") == [(8,)]


def test_posting_inside_a_transaction_is_refused_for_the_lock_would_end_before_it(board: Board):
    with pytest.raises(RuntimeError), transaction.atomic():
        post(symbol="005930", name="삼성전자", running=True)
    assert sql(f"SELECT COUNT(*) FROM {board.table}") == [(0,)]


def test_the_named_lock_is_given_back_after_a_failure(board: Board, monkeypatch):
    monkeypatch.setattr(gnuboard_post, "_insert", lambda *args: (_ for _ in ()).throw(OperationalError(1054, "x")))
    with pytest.raises(OperationalError):
        post(symbol="005930", name="", running=True)
    database = connection.settings_dict["NAME"]
    assert sql("SELECT IS_FREE_LOCK(%s)", f"{database}:{board.table}") == [(1,)]


def test_an_edit_changes_its_own_columns_and_no_counter_that_php_moved_meanwhile(board: Board):
    wr_id = board.stock("005930", "삼성전자", wr_content="본문", wr_2="70,000")
    before = board.row(wr_id)
    WatchRow.objects.get(pk=wr_id)
    sql(f"UPDATE {board.table} SET wr_hit = wr_hit + 1, wr_comment = 3 WHERE wr_id = %s", wr_id)

    edit(wr_id, name_value="삼성전자우")
    switch([wr_id], on=False)

    assert board.row(wr_id) == {**before, "wr_subject": "삼성전자우", "x2_run": "", "wr_hit": 1, "wr_comment": 3}


def test_editing_a_row_with_a_zero_date_leaves_the_date_alone(board: Board):
    wr_id = board.stock("005930", "삼성전자", wr_datetime="0000-00-00 00:00:00")
    assert WatchRow.objects.get(pk=wr_id).wr_datetime is None
    edit(wr_id, code_value="000660")
    assert sql(f"SELECT CAST(wr_datetime AS CHAR), wr_1 FROM {board.table}") == [("0000-00-00 00:00:00", "000660")]


def test_editing_a_row_that_php_deleted_says_so(board: Board):
    with pytest.raises(RowGone):
        edit(4711, name_value="사라진 종목")


def test_switching_leaves_comments_and_answers_alone(board: Board):
    parent = board.stock("005930", run="1")
    comment = board.stock("005930", run="1", wr_is_comment=1, wr_parent=parent)
    answer = board.stock("005930", run="1", wr_reply="A")
    assert switch([parent, comment, answer], on=False) == 1
    assert [board.row(n)["x2_run"] for n in (parent, comment, answer)] == ["", "1", "1"]


def test_a_fresh_table_has_every_column_of_gnuboard_in_its_order(board: Board):
    found = sql(
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_schema = DATABASE() AND table_name = %s ORDER BY ordinal_position",
        board.table,
    )
    assert [name for (name,) in found] == [*COLUMNS, "x2_run"]
