from dataclasses import replace

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.db import connection

from market import gnuboard_post
from market.gnuboard_table import create_if_absent
from market.models import Instrument, Quote, WatchRow
from market.watchlist import read_watch_list

from .conftest import Board, sql


@pytest.fixture
def demo(settings):
    settings.DESK = replace(settings.DESK, demo=True)


def seed(*args: str) -> None:
    call_command("seed_demo", "--rows", "20", "--symbols", "300", *args, verbosity=0)


def test_the_demo_is_filled_and_filling_it_again_changes_nothing(board: Board, demo):
    seed()
    watch = read_watch_list()
    assert len(watch.symbols) == 20
    assert [row.reason for row in watch.invalid] == ["no-code"]
    assert len(watch.rows) > 21
    assert Instrument.objects.count() == 300
    assert Quote.objects.count() == 20
    assert sql(f"SELECT COUNT(*) FROM {board.table} WHERE wr_is_comment = 1 OR wr_reply <> ''") == [(2,)]
    assert any(item.symbol.startswith("Q") for item in watch.symbols)

    gnuboard_post.switch([watch.symbols[0].wr_id], on=False)
    Quote.objects.filter(pk=watch.symbols[0].symbol).update(last_price=1_000)
    rows = sql(f"SELECT * FROM {board.table} ORDER BY wr_id")
    seed()
    assert sql(f"SELECT * FROM {board.table} ORDER BY wr_id") == rows
    assert Quote.objects.get(pk=watch.symbols[0].symbol).last_price == 1_000


def test_a_desk_that_is_no_demo_is_not_filled_unless_forced(board: Board, settings):
    settings.DESK = replace(settings.DESK, demo=False)
    with pytest.raises(CommandError, match="DESK_DEMO"):
        seed()
    assert WatchRow.objects.count() == 0
    seed("--force")
    assert WatchRow.objects.count() > 20


def test_a_fitting_board_is_reported_with_types_and_newest_rows(board: Board, capsys):
    board.stock("A005930", "삼성전자")
    board.stock("", "코드 없음")
    call_command("gnuboard_check")
    text = capsys.readouterr().out
    assert "varchar(10)" in text
    assert "'A005930' -> 005930" in text
    assert "코드 없음" in text


def test_a_mapped_column_that_is_missing_is_named_with_its_setting(board: Board):
    sql(f"ALTER TABLE {board.table} DROP COLUMN x2_run")
    with pytest.raises(CommandError, match=r"GNUBOARD_COL_RUN.*x2_run.*g5_write_daemon_kind_stock"):
        call_command("gnuboard_check")
    found = [message for message in run_checks(databases=["default"]) if message.id == "market.E001"]
    assert len(found) == 1
    assert "x2_run" in found[0].msg


def test_two_settings_that_name_one_column_are_refused(board: Board, settings):
    settings.DESK = replace(settings.DESK, gnuboard=replace(settings.DESK.gnuboard, col_price="wr_1"))
    with pytest.raises(CommandError, match=r"GNUBOARD_COL_CODE, GNUBOARD_COL_PRICE.*wr_1"):
        call_command("gnuboard_check")


def test_values_for_on_and_off_that_mean_the_opposite_are_refused(board: Board, settings):
    settings.DESK = replace(settings.DESK, gnuboard=replace(settings.DESK.gnuboard, run_on="N", run_off="2"))
    with pytest.raises(CommandError, match=r"(?s)GNUBOARD_RUN_ON.*GNUBOARD_RUN_OFF"):
        call_command("gnuboard_check")


def test_a_code_column_that_loses_letters_is_pointed_out(board: Board, capsys):
    board.remake(wr_1="int NOT NULL DEFAULT 0")
    call_command("gnuboard_check")
    assert "0001A0" in capsys.readouterr().out


def test_a_table_that_is_there_is_left_as_it_is(board: Board):
    board.remake(engine="MyISAM", charset="utf8mb3")
    wr_id = board.stock("005930")
    assert create_if_absent(connection) is False
    assert board.row(wr_id)["wr_1"] == "005930"
    sql(f"DROP TABLE {board.table}")
    assert create_if_absent(connection) is True
    assert WatchRow.objects.count() == 0


def test_going_back_and_forth_through_the_migrations_keeps_the_board(board: Board):
    wr_id = board.stock("005930", "삼성전자")
    call_command("migrate", "market", "0001", verbosity=0)
    call_command("migrate", "market", verbosity=0)
    assert board.row(wr_id)["wr_subject"] == "삼성전자"


def test_the_models_and_the_migrations_agree(db):
    call_command("makemigrations", "market", check=True, dry_run=True, verbosity=0)
