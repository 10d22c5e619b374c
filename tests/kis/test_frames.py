"""Data frames: wire text -> records -> ticks."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stockdesk.kis import fields
from stockdesk.kis.errors import FrameError, UnknownStream
from stockdesk.kis.frames import (
    is_symbol,
    parse_ticks,
    records,
    split_frame,
    tick_from,
    tick_with_gaps,
)
from stockdesk.kis.messages import KST, Tick
from tests.kis.records import INDEX, MARKET_STATUS, OPENING_PRINT, OVERSEAS, TICK, TICK_DOWN, frame, tick_record


def test_a_tick_is_read_in_full():
    assert parse_ticks(split_frame(frame(TICK))) == [
        Tick(
            symbol="010101",
            price=71_000,
            volume=12,
            traded_at=datetime(2026, 11, 18, 14, 30, 5, tzinfo=KST),
            business_date=date(2026, 11, 18),
            change=1000,
            sign="2",
            change_rate=Decimal("1.43"),
            open_price=70_200,
            high_price=71_500,
            low_price=69_900,
            ask_price=71_100,
            bid_price=71_000,
            day_volume=8_123_456,
            day_amount=574_884_262_000,
            strength=Decimal("112.34"),
            halted=False,
            market_phase="2",
        )
    ]


def test_the_time_of_a_tick_is_korean():
    (tick,) = parse_ticks(split_frame(frame(TICK)))
    assert tick.traded_at.utcoffset() == timedelta(hours=9)


def test_several_trades_of_one_frame_come_in_order():
    later = tick_record(f2="70900", f12="3", f13="8123459")
    ticks = parse_ticks(split_frame(frame(TICK, later, TICK_DOWN)))
    assert [(t.symbol, t.price, t.volume) for t in ticks] == [
        ("010101", 71_000, 12),
        ("010101", 70_900, 3),
        ("020202", 24_350, 40),
    ]


def test_a_fall_has_a_negative_change_and_rate():
    (tick,) = parse_ticks(split_frame(frame(TICK_DOWN)))
    assert (tick.change, tick.sign, tick.change_rate) == (-650, "5", Decimal("-2.60"))


def test_the_opening_print_has_an_empty_field_in_the_middle():
    (tick,) = parse_ticks(split_frame(frame(OPENING_PRINT)))
    assert (tick.price, tick.volume, tick.traded_at.hour) == (70_200, 51_234, 9)


def test_frames_from_before_the_47th_column_tell_no_phase():
    parsed = split_frame(frame(tick_record(46)))
    (tick,) = parse_ticks(parsed)
    assert tick.price == 71_000
    assert tick.market_phase is None


def test_columns_that_kis_will_append_change_nothing():
    parsed = split_frame(frame(tick_record(50), tick_record(50)))
    assert parse_ticks(parsed) == parse_ticks(split_frame(frame(TICK, TICK)))


def test_a_shorter_record_is_refused_with_the_counts():
    with pytest.raises(FrameError, match=r"H0STCNT0: 45 fields for 1 records"):
        records(split_frame(frame(tick_record(45))))


def test_fields_that_do_not_divide_by_the_records_are_refused():
    with pytest.raises(FrameError, match=r"95 fields for 2 records"):
        records(split_frame(frame(TICK, TICK) + "^"))


@pytest.mark.parametrize("count", ["000", "0", "00a", "", "-01", "1.0", "²", "٣", "9999", " 1"])
def test_a_record_count_that_is_none_is_refused(count):
    with pytest.raises(FrameError):
        split_frame(f"0|H0STCNT0|{count}|{TICK}")


@pytest.mark.parametrize("text", ["", "0", "0|H0STCNT0|001", "2|H0STCNT0|001|x", "{}", "0||001|x", "0|<html>|001|x"])
def test_what_is_no_data_frame_is_refused(text):
    with pytest.raises(FrameError):
        split_frame(text)


def test_a_stream_without_a_column_table_has_its_own_error():
    with pytest.raises(UnknownStream) as caught:
        split_frame("0|H0STANC0|001|010101^1")
    assert caught.value.tr_id == "H0STANC0"


def test_only_the_first_three_bars_separate():
    assert split_frame("0|H0STMKO0|001|010101^N^a|b^112^^^^55^N^N").body == "010101^N^a|b^112^^^^55^N^N"


def test_other_streams_are_cut_into_records_too():
    assert records(split_frame(MARKET_STATUS)) == [["010101", "N", "(null)", "112", "", "", "", "55", "N", "N"]]
    assert records(split_frame(INDEX))[0][2] == "4012.34"
    assert records(split_frame(OVERSEAS))[0][11] == "102.0000"
    with pytest.raises(FrameError, match="carries no ticks"):
        parse_ticks(split_frame(INDEX))


def test_an_encrypted_frame_has_no_records_and_keeps_its_body_to_itself():
    encrypted = split_frame("1|H0STCNI0|001|c2VjcmV0c2VjcmV0")
    assert encrypted.encrypted
    assert "c2VjcmV0" not in repr(encrypted)
    with pytest.raises(FrameError) as caught:
        records(encrypted)
    assert "c2VjcmV0" not in str(caught.value)


def test_an_odd_flag_costs_the_flag_and_not_the_price():
    values = TICK.split("^")
    values[fields.H0STCNT0.index("TRHT_YN")], values[fields.H0STCNT0.index("CTTR")] = "X", "much"
    tick, odd = tick_with_gaps(values)
    assert sorted(odd) == ["CTTR", "TRHT_YN"]
    assert (tick.price, tick.halted, tick.strength) == (71_000, None, None)
    assert values[fields.H0STCNT0.index("TRHT_YN")] == "X"  # what came is left as it came


@pytest.mark.parametrize("name", ["MKSC_SHRN_ISCD", "STCK_PRPR", "BSOP_DATE", "STCK_CNTG_HOUR"])
def test_a_record_without_symbol_price_or_time_is_no_tick(name):
    values = TICK.split("^")
    values[fields.H0STCNT0.index(name)] = "(null)"
    with pytest.raises(FrameError, match=name):
        tick_with_gaps(values)


def test_one_bad_record_does_not_stop_the_others():
    refused: list[FrameError] = []
    ticks = parse_ticks(split_frame(frame(TICK, tick_record(f2=""), tick_record(f1="256000"), TICK_DOWN)), refused)
    assert [tick.symbol for tick in ticks] == ["010101", "020202"]
    assert [str(error) for error in refused] == [
        "H0STCNT0: STCK_PRPR is wrong or missing",
        "H0STCNT0: STCK_CNTG_HOUR is wrong or missing",
    ]


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("MKSC_SHRN_ISCD", ["", "5930", "A05930", "0059300", "00593a", "Q50000", "../..", "(null)", "005930\n"]),
        ("STCK_PRPR", ["", "0", "(null)", "-71000", "71,000", "71000.5", "7e4", "NaN", "100000001", "７１０００"]),
        ("STCK_CNTG_HOUR", ["", "240000", "096000", "090060", "93005", "9:30:05", "(null)", "0930055"]),
        ("BSOP_DATE", ["", "20261131", "20260230", "2026111", "00000000", "(null)", "19991231"]),
        ("PRDY_VRSS", ["abc", "100000001", "-100000001"]),
        ("PRDY_CTRT", ["x", "-100.01", "1000.01"]),
        ("STCK_OPRC", ["-1", "x"]),
        ("STCK_HGPR", ["100000001"]),
        ("STCK_LWPR", ["1.5"]),
        ("ASKP1", ["-71100"]),
        ("BIDP1", ["1_000"]),
        ("CNTG_VOL", ["-1", "2000000001"]),
        ("ACML_VOL", ["-1", "x"]),
        ("ACML_TR_PBMN", ["-1", "9" * 30]),
        ("CTTR", ["-0.01", "1e9", "inf"]),
        ("TRHT_YN", ["1", "YES"]),
        ("MARKET_CLS_CODE", ["22", "?"]),
    ],
)
def test_a_wrong_field_is_named_and_the_record_not_shown(field, values):
    for value in values:
        position = fields.H0STCNT0.index(field)
        with pytest.raises(FrameError) as caught:
            tick_from(tick_record(**{f"f{position}": value}).split("^"))
        assert str(caught.value) == f"H0STCNT0: {field} is wrong or missing"


@pytest.mark.parametrize("empty", ["", "   ", "(null)"])
def test_an_empty_optional_field_is_no_value(empty):
    optional = (3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 18, 35, 46)
    tick = tick_from(tick_record(**{f"f{position}": empty for position in optional}).split("^"))
    assert (tick.symbol, tick.price, tick.traded_at.minute) == ("010101", 71_000, 30)
    others = {name: getattr(tick, name) for name in Tick.__slots__}
    for known in ("symbol", "price", "traded_at", "business_date"):
        del others[known]
    assert set(others.values()) == {None}


def test_zeros_that_stand_for_no_value_do_not_come_through_but_an_unchanged_price_does():
    zeros = tick_from(tick_record(f4="0", f5="0.00", f7="0", f10="0", f12="0", f13="0", f14="0").split("^"))
    assert (zeros.open_price, zeros.ask_price, zeros.volume, zeros.day_volume, zeros.day_amount) == (None,) * 5
    assert (zeros.change, zeros.sign, zeros.change_rate) == (0, "3", Decimal(0))


def test_a_halt_and_a_phase_are_told():
    tick = tick_from(tick_record(f35="Y", f46="3").split("^"))
    assert (tick.halted, tick.market_phase) == (True, "3")


def test_codes_with_letters_and_etns_are_symbols():
    for symbol in ("005930", "0001A0", "Q500001"):
        assert tick_from(tick_record(f0=symbol).split("^")).symbol == symbol
    assert not is_symbol("q500001")


pieces = st.one_of(
    st.text(),
    st.sampled_from(["0", "1", "|", "^", "H0STCNT0", "H0STCNI0", "001", "019", "(null)", TICK, TICK_DOWN, "^" * 46]),
)


@given(st.lists(pieces, max_size=12).map("".join))
@example("0|H0STCNT0|001|" + "^" * 46)
@example("0|H0STCNT0|999|" + "^" * 45954)
def test_any_text_gives_ticks_or_a_frame_error(text):
    refused: list[FrameError] = []
    try:
        ticks = parse_ticks(split_frame(text), refused)
    except FrameError:
        return
    assert len(ticks) + len(refused) >= 1


@given(st.lists(st.text(max_size=12), min_size=46, max_size=50))
def test_any_record_gives_a_tick_or_a_frame_error(values):
    try:
        tick = tick_from(values)
    except FrameError:
        return
    assert tick.price > 0


@given(st.integers(0, 46), st.text(max_size=8).filter(lambda text: "^" not in text))
def test_any_single_field_gone_wrong_gives_a_tick_or_a_frame_error(position, text):
    values = TICK.split("^")
    values[position] = text
    try:
        tick = tick_from(values)
    except FrameError:
        return
    assert tick.traded_at.tzinfo is KST


prints = st.tuples(
    st.from_regex(r"[0-9][0-9A-Z]{5}|Q[0-9]{6}", fullmatch=True),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)),  # noqa: DTZ001 - the wire has no zone
    st.integers(1, 100_000_000),
    st.integers(1, 2_000_000_000),
)


@given(st.lists(prints, min_size=1, max_size=19), st.integers(46, 50))
def test_every_print_that_was_sent_is_read_back(sent, width):
    rows = [
        tick_record(width, f0=symbol, f1=f"{at:%H%M%S}", f2=str(price), f12=str(volume), f33=f"{at:%Y%m%d}")
        for symbol, at, price, volume in sent
    ]
    ticks = parse_ticks(split_frame(frame(*rows)))
    assert [(t.symbol, t.traded_at, t.price, t.volume) for t in ticks] == [
        (symbol, at.replace(microsecond=0, tzinfo=KST), price, volume) for symbol, at, price, volume in sent
    ]


def test_every_stream_with_a_least_width_has_its_columns():
    assert fields.COLUMNS.keys() == fields.MINIMUM_WIDTH.keys()
    for tr_id, columns in fields.COLUMNS.items():
        assert fields.MINIMUM_WIDTH[tr_id] <= len(columns) == len(set(columns))


def test_the_columns_stand_where_the_document_has_them():
    places = {"STCK_PRPR": 2, "CNTG_VOL": 12, "ACML_VOL": 13, "CTTR": 18, "BSOP_DATE": 33, "MARKET_CLS_CODE": 46}
    assert {name: fields.H0STCNT0.index(name) for name in places} == places
    widths = {"H0STCNT0": 47, "H0STASP0": 63, "H0STCNI0": 23, "H0STMKO0": 11, "H0UPCNT0": 30, "HDFSCNT0": 26}
    assert {tr_id: len(fields.COLUMNS[tr_id]) for tr_id in widths} == widths
