import time

import pytest
from django.db import DatabaseError, connection, connections

from market.models import Instrument, Quote, WatchRow
from market.watchlist import BAD_CODE, NO_CODE, REPEATED, WatchItem, ensure_quotes, read_watch_list

from .conftest import Board, sql


@pytest.mark.parametrize(("engine", "charset"), [("InnoDB", "utf8mb4"), ("InnoDB", "utf8mb3"), ("MyISAM", "utf8mb3")])
def test_running_rows_come_by_wr_id_each_symbol_once(board: Board, engine, charset):
    board.remake(engine=engine, charset=charset)
    first = board.stock("A005930", "삼성전자")
    board.stock("000660", "꺼진 종목", run="0")
    third = board.stock("0001a0", "새 종목", run="Y")
    board.stock("5930", "삼성 다시")
    watch = read_watch_list()
    assert watch.symbols == [WatchItem(first, "005930", "삼성전자"), WatchItem(third, "0001A0", "새 종목")]
    assert [row.reason for row in watch.rows] == ["", "", "", REPEATED]
    assert [row.running for row in watch.rows] == [True, False, True, True]


def test_a_hole_that_myisam_fills_again_does_not_change_the_order(board: Board):
    board.remake(engine="MyISAM", charset="utf8mb3")
    ids = [board.stock(f"{n:06}") for n in (1, 2, 3)]
    sql(f"DELETE FROM {board.table} WHERE wr_id = %s", ids[0])
    late = board.stock("000004")
    assert [item.wr_id for item in read_watch_list().symbols] == [ids[1], ids[2], late]


def test_comments_and_answers_are_not_watched(board: Board):
    parent = board.stock("005930")
    board.stock("000660", wr_is_comment=1, wr_parent=parent)
    board.stock("035720", wr_reply="A")
    assert [item.symbol for item in read_watch_list().symbols] == ["005930"]
    assert WatchRow.objects.count() == 1


def test_a_running_row_without_a_usable_code_is_reported_and_not_watched(board: Board):
    empty = board.stock("", "코드 없음")
    wrong = board.stock("삼성", "이름을 적음")
    board.stock("", "꺼져 있어 괜찮음", run="")
    watch = read_watch_list()
    assert watch.symbols == []
    assert [(row.wr_id, row.reason) for row in watch.invalid] == [(empty, NO_CODE), (wrong, BAD_CODE)]


def test_zero_dates_do_not_disturb(board: Board):
    board.stock("005930", wr_datetime="0000-00-00 00:00:00")
    assert len(read_watch_list().symbols) == 1
    assert WatchRow.objects.get().wr_datetime is None


@pytest.mark.parametrize(
    ("kind", "on", "off"),
    [
        ("tinyint DEFAULT 1", 1, 0),
        ("enum('Y','N') DEFAULT 'N'", "Y", "N"),
        ("bit(1)", 1, 0),
        ("varchar(9)", "1", None),
    ],
)
def test_the_list_is_the_same_in_every_type_of_run_column(board: Board, kind, on, off):
    board.remake(x2_run=kind)
    board.stock("005930", run=on)
    board.stock("000660", run=off)
    assert [item.symbol for item in read_watch_list().symbols] == ["005930"]


def test_a_missing_table_is_an_error_and_not_an_empty_list(board: Board):
    sql(f"DROP TABLE {board.table}")
    with pytest.raises(DatabaseError):
        read_watch_list()


@pytest.mark.parametrize(("engine", "charset"), [("InnoDB", "utf8mb4"), ("MyISAM", "utf8mb3")])
def test_a_locked_table_gives_an_error_soon_and_not_an_endless_wait(board: Board, engine, charset):
    board.remake(engine=engine, charset=charset)
    board.stock("005930")
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute(f"LOCK TABLES {board.table} WRITE")
            begun = time.monotonic()
            with pytest.raises(DatabaseError):
                read_watch_list()
            assert time.monotonic() - begun < 10
            cursor.execute("UNLOCK TABLES")
        assert len(read_watch_list().symbols) == 1
    finally:
        other.close()


def test_the_limit_ends_with_the_statement(board: Board):
    read_watch_list()
    assert sql("SELECT @@max_statement_time") == [(0,)]


def test_rows_written_by_php_are_seen_at_once(board: Board):
    assert read_watch_list().symbols == []
    board.stock("005930")
    assert len(read_watch_list().symbols) == 1


@pytest.mark.django_db
def test_quotes_are_made_empty_with_the_masters_name_and_never_touched_again():
    Instrument.objects.create(symbol="005930", name="삼성전자", market="KOSPI")
    items = [WatchItem(1, "005930", "내 삼성"), WatchItem(2, "0001A0", "새 종목"), WatchItem(3, "000660", "")]
    assert ensure_quotes(items) == 3
    assert {quote.symbol: quote.name for quote in Quote.objects.all()} == {
        "005930": "삼성전자",
        "0001A0": "새 종목",
        "000660": None,
    }
    quote = Quote.objects.get(pk="005930")
    assert (quote.last_price, quote.source, quote.traded_at) == (None, "", None)

    Quote.objects.filter(pk="005930").update(last_price=71_900, name="삼성전자 보통주")
    assert ensure_quotes(items) == 0
    quote.refresh_from_db()
    assert (quote.last_price, quote.name) == (71_900, "삼성전자 보통주")


@pytest.mark.django_db
def test_a_blank_name_is_filled_when_it_becomes_known_and_the_price_stays():
    Quote.objects.create(symbol="000660", name="", last_price=200_000)
    assert ensure_quotes([WatchItem(1, "000660", "SK하이닉스")]) == 1
    quote = Quote.objects.get(pk="000660")
    assert (quote.name, quote.last_price) == ("SK하이닉스", 200_000)


@pytest.mark.django_db
def test_rows_that_exist_cost_one_read_and_no_write(django_assert_num_queries):
    items = [WatchItem(n, f"{n:06}", f"종목 {n}") for n in range(1, 201)]
    ensure_quotes(items)
    with django_assert_num_queries(1):
        ensure_quotes(items)
    with django_assert_num_queries(0):
        ensure_quotes([])


def test_the_table_is_utf8mb4_whatever_the_database_prefers(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, table_collation FROM information_schema.tables"
            " WHERE table_schema = DATABASE() AND table_name LIKE 'market\\_%%'"
        )
        assert {collation for _, collation in cursor.fetchall()} == {"utf8mb4_unicode_ci"}
