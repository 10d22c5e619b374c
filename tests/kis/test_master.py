"""The lists of issues: read from the simulator's files, from single lines laid out by the document, from damage."""

import io
import zipfile
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from stockdesk.kis.master import LAYOUTS, Market, MasterError, listed_from, parse_master, unzipped
from stockdesk.simulator.master import FILES, line_of, zipped
from stockdesk.simulator.world import World

WORLD = World(seed=1, count=2500)
# Offsets in the tail as the document's table has them.
KOSPI_TAIL, KOSDAQ_TAIL = 227, 221
KOSPI = {"group": 0, "overheated": 32, "base": 41, "halted": 60, "liquidating": 61, "administrative": 62, "alert": 63,
         "listed": 105}  # fmt: skip
KOSDAQ = {"group": 0, "overheated": 27, "base": 36, "halted": 55, "liquidating": 56, "administrative": 57,
          "alert": 58, "listed": 100}  # fmt: skip
QUIET = {"group": "ST", "overheated": "0", "base": "000071900", "halted": "N", "liquidating": "N",
         "administrative": "N", "alert": "00", "listed": "19750611"}  # fmt: skip

MARKS = ("halted", "liquidating", "administrative")


def line(offsets: dict[str, int], width: int, values: dict[str, str] | None = None, name: str = "삼성전자") -> bytes:
    tail = bytearray(b"0" * width)
    for column, text in {**QUIET, **(values or {})}.items():
        tail[offsets[column] : offsets[column] + len(text)] = text.encode()
    return b"005930   KR7005930003" + name.encode("cp949").ljust(40) + bytes(tail)


def packed(lines: list[bytes], file: str = "kospi_code.mst", end: bytes = b"\n") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(file, b"".join(one + end for one in lines))
    return packed.getvalue()


def of_world(market: str) -> list[bytes]:
    return [line_of(listed, halted=False) for listed in WORLD if listed.market == market]


@pytest.mark.parametrize("file", ["kospi_code.mst", "kosdaq_code.mst"])
def test_the_lists_of_a_world_are_read_as_it_was_made(file: str) -> None:
    market = FILES[file]
    there = [listed for listed in WORLD if listed.market == market]
    halted = {there[3].symbol, there[-1].symbol}
    read = parse_master(zipped(file, WORLD, halted), market)  # type: ignore[arg-type]
    assert read.bad == 0
    groups = {"stock": "ST", "etf": "EF", "etn": "EN"}
    assert [(row.symbol, row.name, row.base_price, row.group, row.halted) for row in read.listed] == [
        (one.symbol, one.name, one.base_price, groups[one.kind], one.symbol in halted) for one in there
    ]
    assert {"0001A0", "Q500001"} & {row.symbol for row in read.listed}
    assert {row.alert for row in read.listed} > {0}
    assert any(row.administrative for row in read.listed)


def test_the_standard_code_has_its_check_digit() -> None:
    read = parse_master(zipped("kospi_code.mst", WORLD, ()), "KOSPI")
    assert {row.symbol: row.isin for row in read.listed}["005930"] == "KR7005930003"


@pytest.mark.parametrize(
    ("market", "offsets", "width"), [("KOSPI", KOSPI, KOSPI_TAIL), ("KOSDAQ", KOSDAQ, KOSDAQ_TAIL)]
)
def test_each_mark_is_found_in_its_place(market: Market, offsets: dict[str, int], width: int) -> None:
    layout = LAYOUTS[market]
    quiet = listed_from(line(offsets, width), layout)
    assert (quiet.symbol, quiet.isin, quiet.name, quiet.group) == ("005930", "KR7005930003", "삼성전자", "ST")
    assert (quiet.base_price, quiet.listed_on) == (71_900, date(1975, 6, 11))
    assert {getattr(quiet, mark) for mark in (*MARKS, "overheated")} == {False}
    assert quiet.alert == 0
    for mark in MARKS:
        values: dict[str, Any] = {mark: True}
        assert listed_from(line(offsets, width, {mark: "Y"}), layout) == replace(quiet, **values)
    assert listed_from(line(offsets, width, {"alert": "03"}), layout) == replace(quiet, alert=3)
    assert listed_from(line(offsets, width, {"overheated": "2"}), layout) == replace(quiet, overheated=True)
    assert listed_from(line(offsets, width, {"overheated": "1"}), layout) == quiet  # 예고 only


def test_a_line_of_konex_has_a_tail_of_its_own() -> None:
    tail = "ST" + "000012350" + "00001" * 2 + "YNY" + "01" + "0" * 40 + "20240131" + "0" * 110
    read = listed_from(
        b"112190   KR7112190004" + "케이씨산업".encode("cp949").ljust(40) + tail.encode(), LAYOUTS["KONEX"]
    )
    assert (read.base_price, read.halted, read.liquidating, read.administrative) == (12_350, True, False, True)
    assert (read.alert, read.listed_on) == (1, date(2024, 1, 31))


@pytest.mark.parametrize("name", ["가" * 20, "KODEX 200선물인버스2X", "LS  네트웍스"])
def test_korean_names_take_two_bytes_a_syllable_and_shift_nothing(name: str) -> None:
    read = listed_from(line(KOSPI, KOSPI_TAIL, name=name), LAYOUTS["KOSPI"])
    assert (read.name, read.base_price) == (name, 71_900)


@pytest.mark.parametrize("width", [0, 44])
def test_the_name_may_be_narrower_or_wider_than_it_is_today(width: int) -> None:
    whole = line(KOSPI, KOSPI_TAIL)
    other = whole[:21] + "삼성전자".encode("cp949").ljust(width) + whole[61:]
    assert listed_from(other, LAYOUTS["KOSPI"]) == listed_from(whole, LAYOUTS["KOSPI"])


@pytest.mark.parametrize("text", ["000000000", "         "])
def test_no_base_price_is_no_price_and_not_zero(text: str) -> None:
    assert listed_from(line(KOSPI, KOSPI_TAIL, {"base": text}), LAYOUTS["KOSPI"]).base_price is None


def test_a_price_padded_with_blanks_is_a_price() -> None:
    assert listed_from(line(KOSPI, KOSPI_TAIL, {"base": "    71900"}), LAYOUTS["KOSPI"]).base_price == 71_900


@pytest.mark.parametrize(
    ("values", "named"),
    [({"halted": " "}, "trht_yn"), ({"alert": "04"}, "mrkt_alrm"), ({"base": "00007190A"}, "stck_sdpr"),
     ({"group": "00"}, "scrt_grp"), ({"administrative": "1"}, "mang_issu")],
)  # fmt: skip
def test_a_column_that_makes_no_sense_is_named(values: dict[str, str], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        listed_from(line(KOSPI, KOSPI_TAIL, values), LAYOUTS["KOSPI"])


@pytest.mark.parametrize("content", [b"", b"<!DOCTYPE html><html></html>", b"PK\x03\x04", b"\x00" * 100])
def test_what_is_no_zip_is_no_list(content: bytes) -> None:
    with pytest.raises(MasterError):
        parse_master(content, "KOSPI")


def test_a_zip_that_was_cut_anywhere_is_no_list() -> None:
    whole = zipped("kospi_code.mst", WORLD, ())
    for length in range(0, len(whole), 97):
        with pytest.raises(MasterError):
            unzipped(whole[:length], "kospi_code.mst")
    with pytest.raises(MasterError):
        unzipped(whole[:-1], "kospi_code.mst")


def test_a_flipped_byte_is_seen_by_the_checksum() -> None:
    whole = bytearray(zipped("kospi_code.mst", WORLD, ()))
    whole[len(whole) // 2] ^= 0xFF
    with pytest.raises(MasterError):
        parse_master(bytes(whole), "KOSPI")


def test_another_markets_file_is_not_taken_for_this_one() -> None:
    with pytest.raises(MasterError, match="not in the zip"):
        parse_master(zipped("kosdaq_code.mst", WORLD, ()), "KOSPI")
    with pytest.raises(MasterError, match="make no sense"):
        parse_master(packed(of_world("KOSDAQ")), "KOSPI")


@pytest.mark.parametrize("added", [b"N", b"0000"])
def test_a_layout_with_further_columns_is_refused_whole(added: bytes) -> None:
    with pytest.raises(MasterError, match="make no sense"):
        parse_master(packed([one + added for one in of_world("KOSPI")]), "KOSPI")


def test_one_odd_line_costs_that_issue_alone() -> None:
    lines = of_world("KOSPI")
    lines[5] = lines[5][:150]
    read = parse_master(packed(lines), "KOSPI")
    assert (len(read.listed), read.bad) == (len(lines) - 1, 1)


def test_an_issue_that_is_listed_twice_keeps_its_first_line() -> None:
    lines = of_world("KOSPI")
    read = parse_master(packed([*lines, line(KOSPI, KOSPI_TAIL, {"halted": "Y"})]), "KOSPI")
    assert (len(read.listed), read.bad) == (len(lines), 1)
    assert not next(row for row in read.listed if row.symbol == "005930").halted


def test_lines_may_end_as_on_windows() -> None:
    assert parse_master(packed(of_world("KOSPI"), end=b"\r\n"), "KOSPI").bad == 0
