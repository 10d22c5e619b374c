"""Tick frames, held against KIS's column table and not against the desk's parser."""

from stockdesk.kis.fields import H0STCNT0
from stockdesk.simulator.frames import data_frame, older, tick_record
from stockdesk.simulator.prices import Price
from stockdesk.simulator.world import World


def price_after(prints):
    price = Price(World(seed=1, count=100).by_symbol["005930"], seed=1)
    for _ in range(prints):
        price.print("143005")
    return price


def test_a_record_has_47_columns_and_had_46_before_september_2026():
    price = price_after(10)
    new, old = tick_record(price, "143005", "20261120"), tick_record(price, "143005", "20261120", columns=46)
    assert len(new.split("^")) == len(H0STCNT0) == 47
    assert new == old + "^2"


def test_every_value_stands_under_its_name():
    price = price_after(300)
    row = dict(zip(H0STCNT0, tick_record(price, "143005", "20261120").split("^"), strict=True))
    base = price.instrument.base_price
    assert (row["MKSC_SHRN_ISCD"], row["STCK_CNTG_HOUR"], row["BSOP_DATE"]) == ("005930", "143005", "20261120")
    assert int(row["STCK_PRPR"]) == price.last
    assert int(row["PRDY_VRSS"]) == price.last - base
    assert row["PRDY_VRSS_SIGN"] == ("2" if price.last > base else "5" if price.last < base else "3")
    assert row["PRDY_CTRT"] == f"{(price.last - base) * 100 / base:.2f}"
    assert (int(row["STCK_OPRC"]), int(row["STCK_HGPR"]), int(row["STCK_LWPR"])) == (price.open, price.high, price.low)
    assert (int(row["ASKP1"]), int(row["BIDP1"])) == (price.ask, price.bid)
    assert (int(row["CNTG_VOL"]), int(row["ACML_VOL"])) == (price.last_volume, price.volume)
    assert int(row["ACML_TR_PBMN"]) == price.amount
    assert float(row["CTTR"]) == round(price.buy_volume * 100 / price.sell_volume, 2)
    assert int(row["NTBY_CNTG_CSNU"]) == price.buy_count - price.sell_count
    assert (row["CCLD_DVSN"], row["TRHT_YN"], row["HOUR_CLS_CODE"]) == (price.last_side, "N", "0")
    assert int(row["HGPR_VRSS_PRPR"]) == price.last - price.high <= 0
    assert (int(row["VI_STND_PRC"]), row["MARKET_CLS_CODE"]) == (base, "2")


def test_the_sign_says_when_a_limit_is_reached():
    price = price_after(0)
    for level, sign in ((price.upper, "1"), (price.instrument.base_price, "3"), (price.lower, "4")):
        price.move(level, "143005")
        assert tick_record(price, "143005", "20261120").split("^")[3] == sign


def test_a_frame_pads_its_count_and_joins_records_by_the_same_sign_as_fields():
    assert data_frame("H0STCNT0", ["a^b", "c^d", "e^f"]) == "0|H0STCNT0|003|a^b^c^d^e^f"


def test_an_older_trade_has_an_earlier_time_and_a_smaller_running_volume():
    record = tick_record(price_after(50), "143005", "20261120")
    fields, stale = record.split("^"), older(record, "142905").split("^")
    assert stale[1] == "142905"
    assert int(stale[13]) < int(fields[13])
    assert len(stale) == len(fields)
