from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.buffer import AHEAD, CLOSED_KEPT, Bar, Buffer
from stockdesk.kis.frames import MAX_PRICE, MAX_TICK_VOLUME
from stockdesk.kis.messages import KST
from tests.market.ticks import frame, record

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=KST).timestamp()


def at(hour: int, minute: int, second: int = 0) -> datetime:
    return datetime(2026, 11, 20, hour, minute, second)  # noqa: DTZ001


@pytest.fixture
def buffer() -> Buffer:
    buffer = Buffer(now=lambda: NOON)
    buffer.keep(["005930", "0001A0", "Q500001"])
    return buffer


def test_the_last_record_of_a_symbol_wins(buffer: Buffer) -> None:
    buffer.add(frame(record(ACML_VOL=1000)), session=2)
    buffer.add(frame(record(ACML_VOL=1010, STCK_PRPR=70600)), session=2)
    (pending,) = buffer.take()
    assert (pending.symbol, pending.session, pending.received_at) == ("005930", 2, NOON)
    assert pending.record == record(ACML_VOL=1010, STCK_PRPR=70600).encode()
    assert buffer.take() == []


def test_every_record_of_a_frame_reaches_its_own_symbol_and_the_bar(buffer: Buffer) -> None:
    records = [
        record(ACML_VOL=1000, STCK_PRPR=70500, CNTG_VOL=5),
        record("0001A0", ACML_VOL=50, STCK_PRPR=9_990, CNTG_VOL=7),
        record(ACML_VOL=1003, STCK_PRPR=70300, CNTG_VOL=3),
    ]
    assert buffer.add(frame(*records), session=1) == 0
    first, second = buffer.take()
    assert first.bar == Bar(at(9, 30), 9_990, 9_990, 9_990, 9_990, 7)
    assert second.bar == Bar(at(9, 30), 70500, 70500, 70300, 70300, 8)


@pytest.mark.parametrize("width", [46, 47, 50])
def test_records_of_every_width_that_kis_has_sent_or_may_send_are_taken(buffer: Buffer, width: int) -> None:
    assert buffer.add(frame(record(width=width), record("0001A0", width=width)), session=1) == 0
    assert [one.symbol for one in buffer.take()] == ["0001A0", "005930"]


@pytest.mark.parametrize(
    "bad",
    [
        frame(record(STCK_PRPR="")),
        frame(record(STCK_PRPR="0")),
        frame(record(STCK_PRPR="-70500")),
        frame(record(STCK_PRPR="70_500")),
        frame(record(STCK_PRPR="(null)")),
        frame(record(STCK_CNTG_HOUR="")),
        frame(record(STCK_CNTG_HOUR="246000")),
        frame(record(STCK_PRPR="99999999999")),
        frame(record(STCK_PRPR="9" * 5000)),
        frame(record(CNTG_VOL="2000000001")),
        frame(record(BSOP_DATE="20260931", STCK_CNTG_HOUR="093001")),
        frame(record(width=45)),
        b"0|H0STCNT0|001|" + frame(record(), record()).split(b"|", 3)[3],
        frame(record())[:150],
        b"0|H0STCNT0|002|" + record().encode(),
        b"0|H0STCNT0|abc|" + record().encode(),
        b"0|H0STCNT0|000|" + record().encode(),
        b"0|H0STCNT0|001|",
        b"0|H0STCNT0|",
    ],
)
def test_a_damaged_record_is_counted_and_leaves_what_is_there(buffer: Buffer, bad: bytes) -> None:
    buffer.add(frame(record()), session=1)
    assert buffer.add(bad, session=1) == 1
    (pending,) = buffer.take()
    assert pending.record == record().encode()
    assert pending.bar == Bar(at(9, 30), 70500, 70500, 70500, 70500, 10)
    assert buffer.counts.bad == 1


def test_one_damaged_record_does_not_stop_its_neighbours(buffer: Buffer) -> None:
    assert buffer.add(frame(record(STCK_PRPR=""), record("0001A0")), session=1) == 1
    assert [one.symbol for one in buffer.take()] == ["0001A0"]


@given(st.binary(max_size=400))
def test_no_bytes_whatever_break_the_buffer(noise: bytes) -> None:
    buffer = Buffer(now=lambda: NOON)
    buffer.keep(["005930"])
    buffer.add(b"0|H0STCNT0|" + noise, session=1)
    assert buffer.take() == []


READ_HERE = ("STCK_CNTG_HOUR", "STCK_PRPR", "CNTG_VOL", "ACML_VOL", "BSOP_DATE")
odd = st.one_of(
    st.text(st.characters(exclude_characters="^|", codec="utf-8")), st.integers().map(str), st.just("(null)")
)


@given(st.lists(st.dictionaries(st.sampled_from(READ_HERE), odd), max_size=5))
def test_no_field_whatever_breaks_the_buffer_or_leaves_a_bar_that_fits_no_column(damage: list[dict[str, Any]]) -> None:
    buffer = Buffer(now=lambda: NOON)
    buffer.keep(["005930"])
    for fields in damage:
        buffer.add(frame(record(**fields)), session=1)
    buffer.close_minutes(at(11, 0))
    for pending in buffer.take():
        for bar in (pending.bar, pending.closed_bar):
            assert bar is None or (max(bar[1:5]) <= MAX_PRICE and bar.volume <= 5 * MAX_TICK_VOLUME)


def test_a_record_that_was_here_before_is_ignored(buffer: Buffer) -> None:
    buffer.add(frame(record(ACML_VOL=1000)), session=1)
    buffer.take()
    buffer.add(frame(record(ACML_VOL=1000)), session=1)
    buffer.add(frame(record(STCK_CNTG_HOUR="092959", ACML_VOL=990)), session=1)
    buffer.add(frame(record(BSOP_DATE="20261119", STCK_CNTG_HOUR="153000", ACML_VOL=9990)), session=1)
    assert buffer.take() == []
    assert buffer.counts.old == 3


def test_a_record_without_a_running_total_is_taken_at_its_time(buffer: Buffer) -> None:
    buffer.add(frame(record(ACML_VOL="")), session=1)
    buffer.add(frame(record(ACML_VOL="", STCK_PRPR=70600)), session=1)
    assert buffer.take()[0].record == record(ACML_VOL="", STCK_PRPR=70600).encode()


def test_the_next_day_begins_although_its_clock_reads_earlier(buffer: Buffer) -> None:
    yesterday = Buffer(now=lambda: NOON)
    yesterday.keep(["005930"])
    yesterday.add(frame(record(BSOP_DATE="20261119", STCK_CNTG_HOUR="195959", ACML_VOL=5000)), session=1)
    yesterday.add(frame(record(STCK_CNTG_HOUR="090000", ACML_VOL=3)), session=1)
    (pending,) = yesterday.take()
    assert pending.bar is not None
    assert pending.bar.starts_at == at(9, 0)
    assert pending.closed_bar is not None
    assert pending.closed_bar.starts_at == datetime(2026, 11, 19, 19, 59)  # noqa: DTZ001


def test_the_same_time_of_day_on_the_next_day_is_another_second() -> None:
    """An issue that trades once a day, in the closing auction."""
    buffer = Buffer(now=lambda: NOON)
    buffer.keep(["005930"])
    closing: dict[str, Any] = {"STCK_CNTG_HOUR": "115500"}
    buffer.add(frame(record(BSOP_DATE="20261119", ACML_VOL=5000, **closing)), session=1)
    buffer.close_minutes(datetime(2026, 11, 19, 23, 59, 30))  # noqa: DTZ001
    buffer.take()
    buffer.close_minutes(at(0, 0, 30))
    buffer.add(frame(record(ACML_VOL=300, CNTG_VOL=300, **closing)), session=1)
    (pending,) = buffer.take()
    assert pending.bar == Bar(at(11, 55), 70500, 70500, 70500, 70500, 300)
    assert buffer.counts.old == 0


def test_after_a_restart_a_closed_minute_stays_closed() -> None:
    """The row keeps the bar in the making beside its closed form, which late ticks may have raised since."""
    buffer = Buffer(now=lambda: NOON)
    buffer.keep(["005930"])
    making = Bar(at(9, 30), 70000, 70500, 69900, 70400, 100)
    closed = making.with_tick(70900, 50)
    buffer.restore("005930", datetime(2026, 11, 20, 9, 30, 59, tzinfo=KST), making, closed)
    buffer.close_minutes(at(9, 31, 30))
    assert buffer.take() == []


def test_a_record_from_the_future_does_not_shut_out_those_that_follow(buffer: Buffer) -> None:
    late = datetime.fromtimestamp(NOON + AHEAD + 60, KST)
    assert buffer.add(frame(record(STCK_CNTG_HOUR=f"{late:%H%M%S}")), session=1) == 1
    assert buffer.add(frame(record(BSOP_DATE="20991231")), session=1) == 1
    assert buffer.add(frame(record()), session=1) == 0


def test_symbols_that_nobody_watches_are_dropped_and_counted(buffer: Buffer) -> None:
    assert buffer.add(frame(record("000660")), session=1) == 0
    assert buffer.counts.unknown == 1
    buffer.take()
    buffer.keep(["0001A0"])
    buffer.add(frame(record()), session=1)
    assert buffer.take() == []
    assert buffer.counts.unknown == 2


def test_a_failed_write_makes_its_symbols_due_again_with_the_newest_value(buffer: Buffer) -> None:
    buffer.add(frame(record(STCK_CNTG_HOUR="092959", ACML_VOL=990)), session=1)
    buffer.add(frame(record(ACML_VOL=1000)), session=1)
    taken = buffer.take()
    assert taken[0].closed_bar is not None
    buffer.add(frame(record(ACML_VOL=1010)), session=1)
    buffer.put_back(taken)
    (pending,) = buffer.take()
    assert pending.record == record(ACML_VOL=1010).encode()
    assert pending.closed_bar == taken[0].closed_bar


def test_a_minute_without_a_following_tick_is_closed_by_the_clock(buffer: Buffer) -> None:
    buffer.add(frame(record()), session=1)
    buffer.take()
    buffer.close_minutes(at(9, 31, 1))
    assert buffer.take() == []  # a tick of 09:30 may still be on its way
    buffer.close_minutes(at(9, 31, 2))
    (pending,) = buffer.take()
    assert pending.closed_bar == Bar(at(9, 30), 70500, 70500, 70500, 70500, 10)
    assert pending.bar is None


def test_a_tick_that_comes_after_its_minute_was_closed_still_counts_there(buffer: Buffer) -> None:
    buffer.add(frame(record()), session=1)
    buffer.close_minutes(at(9, 31, 2))
    buffer.take()
    buffer.add(frame(record(STCK_CNTG_HOUR="093059", ACML_VOL=1020, CNTG_VOL=20, STCK_PRPR=71900)), session=1)
    (pending,) = buffer.take()
    assert pending.closed_bar == Bar(at(9, 30), 70500, 71900, 70500, 71900, 30)
    assert pending.bar is None


def test_after_a_restart_the_bar_grows_on_and_older_ticks_are_ignored(buffer: Buffer) -> None:
    stored = Bar(at(9, 30), 70000, 70900, 69900, 70400, 500)
    buffer.restore("005930", datetime(2026, 11, 20, 9, 30, 20, tzinfo=KST), stored, None)
    buffer.add(frame(record(STCK_CNTG_HOUR="093019", ACML_VOL=900)), session=1)
    assert buffer.take() == []
    buffer.add(frame(record(STCK_CNTG_HOUR="093021", ACML_VOL=1000)), session=1)
    assert buffer.take()[0].bar == Bar(at(9, 30), 70000, 70900, 69900, 70500, 510)


ticks = st.lists(
    st.tuples(
        st.integers(0, 3), st.integers(60_000, 80_000), st.integers(1, 500), st.sampled_from(["flush", "fail", "", ""])
    ),
    min_size=1,
    max_size=60,
)


@given(ticks)
def test_bars_equal_those_computed_from_every_tick(steps: list[tuple[int, int, int, str]]) -> None:
    """Whatever the seconds between the trades, and whenever the writer comes by or fails."""
    buffer = Buffer(now=lambda: NOON)
    buffer.keep(["005930"])
    moment, total = at(9, 30), 0
    expected: dict[datetime, Bar] = {}
    stored: dict[datetime, Bar] = {}

    def flush() -> None:
        for pending in buffer.take():
            for bar in pending.closed_bars:
                stored[bar.starts_at] = bar

    for seconds, price, volume, then in steps:
        moment += timedelta(seconds=seconds * 17)
        total += volume
        minute = moment.replace(second=0)
        tick = record(STCK_CNTG_HOUR=f"{moment:%H%M%S}", STCK_PRPR=price, CNTG_VOL=volume, ACML_VOL=total)
        expected[minute] = (
            expected[minute].with_tick(price, volume)
            if minute in expected
            else Bar(minute, price, price, price, price, volume)
        )
        buffer.add(frame(tick), session=1)
        buffer.close_minutes(moment)
        if then == "flush":
            flush()
        elif then == "fail":
            buffer.put_back(buffer.take())
    buffer.close_minutes(moment + timedelta(minutes=2))
    flush()
    assert stored == expected


def test_of_an_outage_of_minutes_every_closed_bar_is_still_written(buffer: Buffer) -> None:
    for minute in range(30, 35):
        buffer.add(frame(record(STCK_CNTG_HOUR=f"09{minute}10", ACML_VOL=minute, STCK_PRPR=70000 + minute)), session=1)
        buffer.put_back(buffer.take())
    assert buffer.owed() == 4
    (pending,) = buffer.take()
    assert buffer.owed() == 0
    assert [bar.starts_at for bar in pending.closed_bars] == [at(9, minute) for minute in range(30, 34)]
    assert pending.bar is not None
    assert pending.bar.starts_at == at(9, 34)


def test_an_outage_of_a_day_keeps_the_newest_minutes_and_counts_the_others() -> None:
    buffer = Buffer(now=lambda: datetime(2026, 11, 20, 23, 0, tzinfo=KST).timestamp())
    buffer.keep(["005930"])
    for minute in range(CLOSED_KEPT + 6):
        clock = f"{9 + minute // 60:02d}{minute % 60:02d}30"
        buffer.add(frame(record(STCK_CNTG_HOUR=clock, ACML_VOL=minute + 1)), session=1)
        buffer.put_back(buffer.take())
    (pending,) = buffer.take()
    assert len(pending.closed_bars) == CLOSED_KEPT
    assert buffer.counts.lost_bars == 5
    assert buffer.lost == {("005930", at(9, minute)) for minute in range(5)}


def test_the_last_minute_of_a_symbol_that_leaves_the_watch_list_is_written_too(buffer: Buffer) -> None:
    buffer.add(frame(record(), record("0001A0")), session=1)
    buffer.take()
    buffer.keep(["0001A0"])
    (gone,) = buffer.take()
    assert (gone.symbol, gone.record, gone.bar) == ("005930", b"", None)
    assert gone.closed_bars == (Bar(at(9, 30), 70500, 70500, 70500, 70500, 10),)
    buffer.put_back([gone])
    assert buffer.take() == [gone]
