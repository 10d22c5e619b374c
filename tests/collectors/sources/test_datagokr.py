"""What becomes of good answers of data.go.kr."""

import json
from datetime import date
from decimal import Decimal

import pytest
import responses

from collectors.datagokr import listed, prices
from collectors.datagokr.answers import items_in
from collectors.models import DailyPrice, ListedIssue, RawBody

from .answers import LISTED, PRICES, open_page, price

DAY = date(2026, 11, 18)

pytestmark = pytest.mark.django_db


def answer(web, *rows):
    web.upsert(responses.GET, PRICES, json=open_page({"item": list(rows)}, len(rows)))
    return prices.fetch(DAY, "all")


def test_a_day_is_stored_by_symbol_and_day(web):
    assert answer(web, price(), price("0001A0")) == 2
    stored = DailyPrice.objects.get(symbol="005930", on=DAY)
    assert (stored.open_price, stored.high_price, stored.low_price, stored.close_price) == (98600, 99000, 98000, 98500)
    assert (stored.volume, stored.amount, stored.shares) == (12_345_678, 1_216_049_283_000, 5_919_637_922)
    assert (stored.market_cap, stored.change, stored.change_rate) == (98_500 * 5_919_637_922, -100, Decimal("-0.1"))


def test_the_same_day_twice_leaves_the_same_rows(web):
    assert [answer(web, price()), answer(web, price())] == [1, 1]
    assert (DailyPrice.objects.count(), RawBody.objects.count()) == (1, 1)


def test_all_pages_are_asked_for_however_short_they_come(web):
    symbols = [f"{n:06d}" for n in range(0, 70, 10)]

    def page(request):
        number = int(request.params["pageNo"])
        assert request.params["numOfRows"] == "1000"
        rows = [price(symbol) for symbol in symbols[(number - 1) * 3 : number * 3]]
        return 200, {}, json.dumps(open_page({"item": rows if len(rows) > 1 else rows[0]}, 7, page=number))

    web.add_callback(responses.GET, PRICES, callback=page)
    assert prices.fetch(DAY, "all") == 7
    assert list(RawBody.objects.order_by("id").values_list("key", "rows")) == [
        ("20261118/p1", 3),
        ("20261118/p2", 3),
        ("20261118/p3", 1),
    ]


@pytest.mark.parametrize(
    ("items", "count"), [("", 0), ({}, 0), ({"item": []}, 0), ({"item": {"a": 1}}, 1), ({"item": [{"a": 1}, {}]}, 2)]
)
def test_items_come_in_five_shapes(items, count):
    assert len(items_in(items)) == count


def test_a_halted_issue_has_a_close_and_no_other_price(web):
    answer(web, price(mkp="0", hipr="0", lopr="0", trqu="0", trPrc="0"))
    stored = DailyPrice.objects.get()
    assert (stored.open_price, stored.high_price, stored.low_price) == (None, None, None)
    assert (stored.close_price, stored.volume) == (98_500, 0)


@pytest.mark.parametrize(
    ("text", "rate"), [(".11", "0.11"), ("-.5", "-0.50"), ("29.9", "29.90"), ("", None), ("?", None)]
)
def test_a_rate_comes_without_its_leading_zero(web, text, rate):
    answer(web, price(fltRt=text))
    assert DailyPrice.objects.get().change_rate == (None if rate is None else Decimal(rate))


def test_a_market_cap_that_does_not_fit_is_left_out_and_the_prices_are_kept(web, caplog):
    answer(web, price(mrktTotAmt="1"))
    stored = DailyPrice.objects.get()
    assert (stored.close_price, stored.shares, stored.market_cap) == (98_500, None, None)
    assert "005930" in caplog.text


def test_blank_values_never_replace_stored_ones(web):
    answer(web, price())
    before = DailyPrice.objects.values().get()
    blank = {name: "" for name in price() if name not in ("srtnCd", "basDt")}
    answer(web, price(**blank))
    assert {**DailyPrice.objects.values().get(), "fetched_at": 0} == {**before, "fetched_at": 0}


def test_a_volume_of_nothing_is_a_value(web):
    answer(web, price(trqu="5"))
    answer(web, price(trqu="0"))
    assert DailyPrice.objects.get().volume == 0


def test_a_weekend_has_no_prices():
    assert prices.items(date(2026, 11, 21)) == []
    assert prices.items(DAY) == ["all"]


def test_listed_issues_lose_the_letter_in_front(web):
    rows = [
        {"basDt": "20261118", "srtnCd": code, "isinCd": "KR7005930003", "mrktCtg": "KOSPI", "itmsNm": "삼성전자",
         "crno": "1301110006246", "corpNm": "삼성전자(주)"}
        for code in ("A005930", "A0001A0", "000660")
    ]  # fmt: skip
    web.get(LISTED, json=open_page({"item": rows}, 3))
    assert listed.fetch(DAY, "all") == 3
    assert sorted(ListedIssue.objects.values_list("symbol", flat=True)) == ["0001A0", "000660", "005930"]
