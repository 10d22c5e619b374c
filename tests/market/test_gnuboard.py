from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market import gnuboard
from market.gnuboard import GnuboardError, clean_symbol, is_on, run_values, typed_number
from market.gnuboard_post import switch
from market.models import WatchRow

from .conftest import Board


@pytest.mark.parametrize(
    "value", ["1", " 1 ", "Y", "y", "yes", "on", "run", "실행", "2", "0.5", 1, True, b"\x01", b"1"]
)
def test_a_run_flag_with_a_value_is_on(value):
    assert is_on(value)


@pytest.mark.parametrize(
    "value",
    [
        *(None, "", " ", "\u3000", "0", "00", "0.0", "-0", "N", "n", "No", "false", "OFF", "stop", "중지", "정지 "),
        *(0, 0.0, False, Decimal("0"), b"", b"\x00", b"0", b"\x00\x00"),
    ],
)
def test_a_run_flag_that_says_nothing_or_stop_is_off(value):
    assert not is_on(value)


@pytest.mark.parametrize(
    ("written", "symbol"),
    [
        ("005930", "005930"),
        (" 005930 ", "005930"),
        ("A005930", "005930"),
        ("a0001a0", "0001A0"),
        ("5930", "005930"),
        (5930, "005930"),
        ("q500001", "Q500001"),
        ("0001A0", "0001A0"),
    ],
)
def test_a_code_is_read_as_people_write_it(written, symbol):
    assert clean_symbol(written) == symbol


@pytest.mark.parametrize(
    "text", [None, "", "0", "삼성전자", "0059301", "A00593", "Q50000", "00-930", "٠٠٥٩٣٠", "005930\n1"]
)
def test_what_is_no_code_is_not_guessed(text):
    assert clean_symbol(text) == ""


@given(st.text(max_size=10))
def test_a_cleaned_code_stays_the_same_when_cleaned_again(text):
    symbol = clean_symbol(text)
    assert clean_symbol(symbol) == symbol


@pytest.mark.parametrize(
    ("typed", "number"),
    [("71900", 71_900), (" 71,900 원", 71_900), ("₩1,234,567", 1_234_567), ("１２，５００", 12_500), ("10주", 10)],
)
def test_a_price_is_read_as_people_type_it(typed, number):
    assert typed_number(typed) == number


@pytest.mark.parametrize(
    "typed",
    ["", None, "0", "-1", "+5", "12,34", "1,2345", "12_300", "12²00", "1e5", "1.5", "NaN", "012", "٣", "시장가"],
)
def test_a_number_that_is_not_clean_is_refused(typed):
    assert typed_number(typed) is None


@pytest.mark.parametrize(
    ("kind", "on", "off"),
    [
        ("varchar(10) NOT NULL DEFAULT ''", "1", ""),
        ("char(1) NOT NULL DEFAULT '0'", "1", ""),
        ("tinyint(4) NOT NULL DEFAULT 1", 1, 0),
        ("int(11) DEFAULT NULL", 1, 0),
        ("enum('Y','N') NOT NULL DEFAULT 'N'", "Y", "N"),
        ("enum('N','Y') NOT NULL DEFAULT 'N'", "Y", "N"),
        ("enum('0','1') NOT NULL DEFAULT '0'", "1", "0"),
        ("enum('run') DEFAULT NULL", "run", None),
        ("bit(1) NOT NULL DEFAULT b'0'", b"\x01", b"\x00"),
    ],
)
def test_switching_writes_what_every_kind_of_run_column_can_hold(board: Board, kind, on, off):
    board.remake(x2_run=kind)
    wr_id = board.add(wr_1="005930")

    assert switch([wr_id], on=True) == 1
    assert board.row(wr_id)["x2_run"] == on
    assert is_on(WatchRow.objects.get(pk=wr_id).run_value)

    assert switch([wr_id], on=False) == 1
    assert board.row(wr_id)["x2_run"] == off
    assert not is_on(WatchRow.objects.get(pk=wr_id).run_value)


def test_a_run_column_that_cannot_say_off_is_refused_in_words(board: Board):
    board.remake(x2_run="enum('run') NOT NULL")
    with pytest.raises(GnuboardError, match="x2_run"):
        run_values(gnuboard.column("x2_run"))


def test_a_missing_column_is_named_together_with_the_setting(board: Board):
    with pytest.raises(GnuboardError, match=r"x9_run.*GNUBOARD_COL_"):
        gnuboard.column("x9_run")


def test_an_emoji_is_refused_only_where_the_column_cannot_store_it(board: Board):
    assert gnuboard.column("wr_subject").refusal("🚀") == ""
    board.remake(charset="utf8mb3")
    assert "🚀" in gnuboard.column("wr_subject").refusal("삼성 🚀")
    assert gnuboard.column("wr_subject").refusal("삼성전자") == ""


def test_a_text_too_long_for_the_column_is_refused_before_the_database_does(board: Board):
    assert "255" in gnuboard.column("wr_subject").refusal("가" * 256)
    assert gnuboard.column("wr_subject").refusal("가" * 255) == ""
