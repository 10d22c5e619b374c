from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from market.buffer import Bar, Pending
from market.models import Quote
from market.quotes import write_asked_prices, write_prices, write_ticks
from stockdesk.kis.messages import KST, PriceRow
from stockdesk.models import Fence
from tests.market.ticks import record

pytestmark = pytest.mark.django_db

DAEMON, FENCE = "ws_market", 7
RECEIVED = datetime(2026, 11, 20, 9, 30, 0, 250_000, tzinfo=KST)
BAR = Bar(datetime(2026, 11, 20, 9, 30), 70500, 70900, 70400, 70500, 120)  # noqa: DTZ001


@pytest.fixture(autouse=True)
def _lease_and_rows(db: None) -> None:
    Fence.objects.create(name=DAEMON, number=FENCE)
    Quote.objects.bulk_create([Quote(symbol=symbol) for symbol in ("005930", "0001A0", "Q500001")])


def pending(text: str, *, bar: Bar | None = None, closed_bar: Bar | None = None, symbol: str = "005930") -> Pending:
    closed_bars = () if closed_bar is None else (closed_bar,)
    return Pending(symbol, text.encode(), 3, RECEIVED.timestamp(), bar, closed_bars)


def write(*rows: Pending, fence: int = FENCE) -> int:
    return write_ticks(rows, fence, DAEMON).taken


def stored(symbol: str = "005930") -> Quote:
    return Quote.objects.get(symbol=symbol)


def test_a_record_fills_its_row() -> None:
    assert write(pending(record(), bar=BAR)) == 1
    quote = stored()
    assert (quote.last_price, quote.change, quote.sign, quote.change_rate) == (70500, -500, "5", Decimal("-0.70"))
    assert (quote.open_price, quote.high_price, quote.low_price) == (71000, 71200, 70300)
    assert (quote.ask_price, quote.bid_price, quote.tick_volume) == (70600, 70500, 10)
    assert (quote.day_volume, quote.day_amount, quote.strength) == (1000, 70_500_000, Decimal("101.25"))
    assert (quote.base_price, quote.halted, quote.market_phase) == (71000, "N", "2")
    assert quote.traded_at == datetime(2026, 11, 20, 9, 30, tzinfo=KST)
    assert quote.received_at == RECEIVED
    assert (quote.source, quote.session) == ("ws", 3)
    assert quote.bar_at == datetime(2026, 11, 20, 9, 30, tzinfo=KST)
    assert (quote.bar_open, quote.bar_high, quote.bar_low, quote.bar_close, quote.bar_volume) == BAR[1:]
    assert quote.closed_bar_at is None


def test_the_database_holds_korean_wall_time_as_php_reads_it() -> None:
    write(pending(record()))
    with connection.cursor() as cursor:
        cursor.execute("SELECT CAST(traded_at AS CHAR) FROM market_quote WHERE stck_shrn_iscd = '005930'")
        assert cursor.fetchone()[0].startswith("2026-11-20 09:30:00")


BLANKABLE = (
    "PRDY_VRSS", "PRDY_CTRT", "STCK_OPRC", "STCK_HGPR", "STCK_LWPR", "ASKP1", "BIDP1", "CNTG_VOL", "ACML_VOL",
    "ACML_TR_PBMN", "CTTR", "TRHT_YN", "MARKET_CLS_CODE",
)  # fmt: skip


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.sets(st.sampled_from(BLANKABLE)), st.sampled_from(["", " ", "(null)"]))
def test_an_empty_value_never_replaces_a_stored_one(blanks: set[str], blank: str) -> None:
    Quote.objects.filter(symbol="005930").delete()
    Quote.objects.create(symbol="005930")
    write(pending(record(), bar=BAR, closed_bar=BAR))
    before = stored()
    blanked: dict[str, Any] = dict.fromkeys(blanks, blank)
    write(pending(record(STCK_PRPR=70600, **blanked)))
    after = stored()
    assert after.last_price == 70600
    for field in Quote._meta.concrete_fields:
        if getattr(before, field.name) is not None:
            assert getattr(after, field.name) is not None, field.name
    for name, column in {"STCK_OPRC": "open_price", "BIDP1": "bid_price", "CTTR": "strength"}.items():
        if name in blanks:
            assert getattr(after, column) == getattr(before, column)
    assert after.closed_bar_volume == 120


def test_a_row_never_moves_back_in_time() -> None:
    write(pending(record(STCK_CNTG_HOUR="093001", STCK_PRPR=70600)))
    assert write(pending(record(STCK_CNTG_HOUR="093000", STCK_PRPR=70500))) == 0
    assert write(pending(record(BSOP_DATE="20261119", STCK_CNTG_HOUR="153000", STCK_PRPR=70000))) == 0
    assert stored().last_price == 70600
    assert write(pending(record(STCK_CNTG_HOUR="093001", STCK_PRPR=70700))) == 1
    assert stored().last_price == 70700


def test_a_record_without_a_price_is_named_and_the_others_are_written() -> None:
    written = write_ticks(
        [pending(record(STCK_PRPR="abc"), closed_bar=BAR), pending(record("0001A0"), symbol="0001A0")], FENCE, DAEMON
    )
    assert len(written.refused) == 1
    assert "005930" in written.refused[0]
    assert "STCK_PRPR" in written.refused[0]
    assert stored().last_price is None
    assert stored().closed_bar_volume == 120  # of the ticks before it
    assert stored("0001A0").last_price == 70500


@pytest.mark.parametrize(
    ("field", "value"), [("STCK_HGPR", "abc"), ("TRHT_YN", "X"), ("MARKET_CLS_CODE", "99"), ("CTTR", "-1")]
)
def test_a_field_that_makes_no_sense_costs_that_field_alone(field: str, value: str) -> None:
    write(pending(record(STCK_PRPR=70000)))
    written = write_ticks([pending(record(STCK_PRPR=71000, **{field: value}))], FENCE, DAEMON)  # type: ignore[arg-type]
    assert written.refused == (f"005930: {field} is odd",)
    quote = stored()
    assert (quote.last_price, quote.high_price, quote.halted, quote.market_phase) == (71000, 71200, "N", "2")


def test_a_change_larger_than_the_price_gives_no_base() -> None:
    assert write(pending(record(PRDY_VRSS="80000", PRDY_VRSS_SIGN="2"))) == 1
    assert (stored().last_price, stored().base_price) == (70500, None)


def test_one_row_that_fits_no_column_does_not_stop_the_others() -> None:
    huge = Bar(BAR.starts_at, 70500, 99_999_999_999, 70400, 70500, 1)
    written = write_ticks([pending(record(), bar=huge), pending(record("0001A0"), symbol="0001A0")], FENCE, DAEMON)
    assert written.taken == 1
    assert len(written.refused) == 1
    assert stored("0001A0").last_price == 70500


def test_a_price_between_two_ticks_of_the_order_table_is_stored() -> None:
    write(pending(record(STCK_PRPR=244_250)))
    assert stored().last_price == 244_250


def test_a_symbol_without_a_row_is_not_invented() -> None:
    assert write(pending(record("000660"), symbol="000660")) == 0
    assert not Quote.objects.filter(symbol="000660").exists()


def test_whoever_lost_the_lease_writes_nothing() -> None:
    assert write(pending(record()), fence=FENCE - 1) == 0
    assert stored().last_price is None


def test_a_closed_bar_is_stored_without_a_new_record() -> None:
    write(pending(record()))
    write(Pending("005930", b"", 3, 0.0, None, (BAR,)))
    quote = stored()
    assert (quote.closed_bar_open, quote.closed_bar_volume, quote.last_price) == (70500, 120, 70500)


def price_row(price: int | None = 71000) -> PriceRow:
    return PriceRow(symbol="005930", price=price, change=0, base_price=71000, ask_price=None, bid_price=70900)


def test_a_price_read_over_rest_fills_a_row_that_no_tick_has_reached() -> None:
    assert write_prices([price_row()], RECEIVED, FENCE, DAEMON).taken == 1
    quote = stored()
    assert (quote.last_price, quote.source, quote.received_at, quote.session) == (71000, "rest", RECEIVED, None)


def test_a_price_read_over_rest_never_replaces_a_tick_that_came_after_the_question() -> None:
    write(pending(record()))
    assert write_prices([price_row()], RECEIVED - timedelta(milliseconds=1), FENCE, DAEMON).taken == 0
    assert (stored().last_price, stored().source) == (70500, "ws")


def test_a_missing_price_over_rest_changes_nothing() -> None:
    write(pending(record()))
    assert write_prices([price_row(None)], RECEIVED + timedelta(seconds=5), FENCE, DAEMON).sent == 0
    assert stored().last_price == 70500


def test_a_price_read_over_rest_leaves_the_bars_and_the_tick_of_before_alone() -> None:
    write(pending(record(), bar=BAR, closed_bar=BAR))
    before = stored()
    assert write_prices([price_row(72000)], RECEIVED + timedelta(seconds=1), FENCE, DAEMON).taken == 1
    after = stored()
    assert (after.last_price, after.source) == (72000, "rest")
    kept = [f.name for f in Quote._meta.concrete_fields if "bar_" in f.name]
    kept += ["tick_volume", "day_volume", "strength", "traded_at", "ask_price", "open_price"]
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]
    assert write(pending(record(STCK_CNTG_HOUR="093001", STCK_PRPR=70900))) == 1  # the next tick is welcome
    assert (stored().last_price, stored().source) == (70900, "ws")


def test_prices_of_many_calls_are_one_statement_and_each_keeps_its_own_time(django_assert_num_queries: Any) -> None:
    later = RECEIVED + timedelta(seconds=3)
    write(pending(record()))  # arrived at RECEIVED: of the two calls only the later one is news to it
    others = [(PriceRow(symbol=symbol, price=1_000), RECEIVED) for symbol in ("Q500001", "0001A0")]
    with django_assert_num_queries(1):
        assert write_asked_prices([(price_row(72000), later), *others], FENCE, DAEMON).taken == 3
    assert {quote.symbol: quote.received_at for quote in Quote.objects.all()} == {
        "005930": later, "0001A0": RECEIVED, "Q500001": RECEIVED
    }  # fmt: skip
    assert write_asked_prices([(price_row(71000), RECEIVED), (others[0][0], later)], FENCE, DAEMON).taken == 1
    assert stored().last_price == 72000


def test_a_whole_watch_list_is_one_statement(django_assert_num_queries: Any) -> None:
    symbols = [f"{number:06d}" for number in range(1, 201)]
    Quote.objects.bulk_create([Quote(symbol=symbol) for symbol in symbols])
    rows = [pending(record(symbol), symbol=symbol, bar=BAR) for symbol in symbols]
    with django_assert_num_queries(1):
        assert write(*rows) == 200
    assert Quote.objects.filter(last_price=70500).count() == 200
