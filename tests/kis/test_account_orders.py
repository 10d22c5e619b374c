"""What the account ordered, answer by answer and page by page: only a whole list proves anything."""

import logging
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import httpx
import pytest

from stockdesk.kis.account import three_months_before
from stockdesk.kis.errors import OutcomeUnknown, Refused
from stockdesk.kis.messages import KST
from tests.kis.broker import Broker, Sample, bad, order_row, page

DAY = date(2026, 11, 18)
CCLD = Sample("inquire_daily_ccld")
OPEN = Sample("inquire_psbl_rvsecncl")


@pytest.fixture
def broker() -> Broker:
    return Broker()


def numbers(orders: Any) -> list[int]:
    return [int(order.key) for order in orders]


# Orders of a day


async def test_the_orders_of_a_day_as_kis_shows_them(broker):
    listed = await broker.orders(CCLD.answer).orders_of(DAY)
    assert (listed.complete, listed.note) == (True, "")
    sold, cancelled, cancel = listed.orders
    assert numbers(listed.orders) == [11111, 11112, 11113]

    assert (sold.symbol, sold.name, sold.side, sold.quantity, sold.price) == (
        "020202",
        "나루바이오",
        "sell",
        20,
        24_400,
    )
    assert (sold.filled_quantity, sold.filled_amount, sold.average_price) == (20, 488_000, Decimal(24_400))
    assert (sold.remaining_quantity, sold.cancelled, sold.rejected_quantity, sold.kind) == (0, False, 0, "new")
    assert sold.ordered_at == datetime(2026, 11, 18, 9, 30, 10, tzinfo=KST)
    assert (sold.branch_no, sold.division, sold.exchange, sold.original_order_no) == ("91252", "00", "KRX", "")

    assert (cancelled.side, cancelled.price, cancelled.filled_quantity, cancelled.average_price) == (
        "buy", 69_800, 0, None,
    )  # fmt: skip
    assert (cancelled.cancelled, cancelled.cancelled_quantity, cancelled.kind) == (True, 5, "new")
    assert (cancel.kind, cancel.original_order_no, cancel.price, cancel.cancelled) == (
        "cancel", "0000011112", None, False,
    )  # fmt: skip


async def test_the_orders_are_asked_for_as_kis_shows_it(broker):
    await broker.orders(CCLD.answer).orders_of(DAY)
    (request,) = broker.requests
    assert (request.method, request.url.path) == ("GET", CCLD.request["path"])
    assert dict(request.url.params) == CCLD.request["query"]
    assert (request.headers["tr_id"], request.headers["tr_cont"]) == ("TTTC0081R", "")
    assert broker.budget.lanes == ["fill"]


@pytest.mark.parametrize(
    ("day", "mock", "tr_id"),
    [
        (date(2026, 11, 18), True, "VTTC0081R"),
        (date(2026, 8, 18), False, "TTTC0081R"),
        (date(2026, 8, 17), False, "CTSC9215R"),
        (date(2025, 1, 2), True, "VTSC9215R"),
    ],
)
async def test_old_days_and_the_mock_host_have_their_own_tr_ids(broker, day, mock, tr_id):
    await broker.orders(CCLD.answer, mock=mock).orders_of(day)
    assert broker.requests[0].headers["tr_id"] == tr_id
    assert broker.requests[0].url.params["EXCG_ID_DVSN_CD"] == ("KRX" if mock else "ALL")


async def test_several_days_are_one_question_unless_three_months_lie_between(broker):
    client = broker.orders(CCLD.answer)
    await client.orders_of(date(2026, 11, 16), to=DAY)
    assert broker.requests[0].url.params["INQR_STRT_DT"] == "20261116"
    assert broker.requests[0].url.params["INQR_END_DT"] == "20261118"
    for first, last in ((date(2026, 7, 1), DAY), (DAY, date(2026, 11, 17))):
        with pytest.raises(ValueError, match="days"):
            await client.orders_of(first, to=last)


@pytest.mark.parametrize("more", ["F", "M"])
async def test_all_pages_are_read_and_each_key_goes_back_as_it_came(broker, more):
    listed = await broker.orders(
        page(CCLD, [order_row(3)], "key two", more),
        page(CCLD, [order_row(2)], "key three", "M"),
        page(CCLD, [order_row(1)]),
    ).orders_of(DAY)
    assert (numbers(listed.orders), listed.complete) == ([1, 2, 3], True)
    assert [request.headers["tr_cont"] for request in broker.requests] == ["", "N", "N"]
    keys = [request.url.params["CTX_AREA_NK100"] for request in broker.requests]
    assert keys == ["", "key two".ljust(100), "key three".ljust(100)]
    assert broker.requests[1].url.params["CTX_AREA_FK100"] == "50001234!^01".ljust(100)
    assert broker.budget.lanes == ["fill"] * 3


async def test_an_order_on_two_pages_is_one_and_the_later_page_is_newer(broker):
    listed = await broker.orders(
        page(CCLD, [order_row(7, tot_ccld_qty="5", tot_ccld_amt="122000", rmn_qty="15")], "k", "M"),
        page(CCLD, [order_row(7, odno="7")]),
    ).orders_of(DAY)
    (order,) = listed.orders
    assert (order.filled_quantity, listed.complete) == (20, True)


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (httpx.ReadError(""), "ReadError"),
        (httpx.ConnectError("refused"), "ConnectError"),
        (httpx.Response(502, html="<h1>Bad gateway</h1>"), "HTTP 502"),
        (bad("APBK9999", "안됩니다"), "안됩니다"),
    ],
)
async def test_a_second_page_that_fails_leaves_a_list_that_proves_nothing(broker, failure, words, caplog):
    client = broker.orders(page(CCLD, [order_row(9)], "k", "M"), failure)
    with caplog.at_level(logging.WARNING):
        listed = await client.orders_of(DAY)
    assert (numbers(listed.orders), listed.complete) == ([9], False)
    assert words in listed.note
    assert "not all orders could be read" in caplog.text


async def test_a_second_page_that_comes_with_the_second_try_is_no_failure(broker):
    listed = await broker.orders(
        page(CCLD, [order_row(9)], "k", "M"), httpx.ReadError(""), page(CCLD, [order_row(8)])
    ).orders_of(DAY)
    assert (numbers(listed.orders), listed.complete) == ([8, 9], True)
    assert [request.url.params["CTX_AREA_NK100"].strip() for request in broker.requests] == ["", "k", "k"]


async def test_a_first_page_that_fails_is_an_error_and_not_an_empty_day(broker):
    with pytest.raises(OutcomeUnknown):
        await broker.orders(httpx.ReadTimeout("")).orders_of(DAY)
    with pytest.raises(Refused):
        await broker.orders(bad("APBK9999")).orders_of(DAY)


@pytest.mark.parametrize("keys", [["k", "k"], [""], ["a", "b", "a"]])
async def test_a_key_that_repeats_ends_the_reading_and_the_list_is_not_complete(broker, keys):
    pages = [page(CCLD, [order_row(n)], key, "M") for n, key in enumerate(keys, 1)]
    client = broker.orders(*pages)
    if keys == [""]:
        pages[0].headers["tr_cont"] = "M"
        broker.answers = [page(CCLD, [order_row(1)], "", "M", ctx_area_fk100="")]
    listed = await client.orders_of(DAY)
    assert not listed.complete
    assert "repeats" in listed.note
    assert len(broker.requests) == len(keys)


async def test_pages_without_an_end_are_left_after_fifty(broker):
    async def endless(_request: httpx.Request) -> httpx.Response:
        count = len(broker.requests)
        return page(CCLD, [order_row(count)], f"key {count}", "M")

    listed = await broker.orders(endless).orders_of(DAY)
    assert (len(listed.orders), listed.complete, len(broker.requests)) == (50, False, 50)


async def test_more_rows_announced_in_words_and_not_in_the_header_are_missing_rows(broker):
    listed = await broker.orders(page(CCLD, [order_row(1)], msg_cd="KIOK0500")).orders_of(DAY)
    assert not listed.complete


async def test_a_day_without_orders_is_complete_where_the_totals_agree(broker):
    nothing = {"tot_ord_qty": "0", "tot_ccld_qty": "0", "tot_ccld_amt": "0"}
    listed = await broker.orders(page(CCLD, [], output2=nothing, msg_cd="70070000")).orders_of(DAY)
    assert (listed.orders, listed.complete) == ((), True)


@pytest.mark.parametrize(
    "changes",
    [
        {},  # the totals of the sample: 25 shares
        {"output2": {}},
        {"output2": None},
        {"output2": {"tot_ord_qty": "", "tot_ccld_qty": ""}},
        {"output2": {"tot_ord_qty": "0", "tot_ccld_qty": "5"}},
        {"output2": {"tot_ord_qty": "x", "tot_ccld_qty": "0"}},
        {"output1": None},
        {"output1": "nothing"},
        {"output1": ["junk"]},
    ],
)
async def test_an_empty_list_alone_does_not_prove_that_there_are_no_orders(broker, changes):
    listed = await broker.orders(page(CCLD, [], **changes)).orders_of(DAY)
    assert (listed.orders, listed.complete) == ((), False)


@pytest.mark.parametrize(
    "field",
    ["ord_dt", "odno", "sll_buy_dvsn_cd", "pdno", "ord_qty", "ord_unpr", "ord_tmd", "tot_ccld_qty", "tot_ccld_amt",
     "rmn_qty", "cnc_cfrm_qty", "rjct_qty"],
)  # fmt: skip
@pytest.mark.parametrize("value", ["", "(null)", "12,300", "-1", "x", None, {"a": 1}])
async def test_a_row_that_makes_no_sense_is_named_and_does_not_hide_the_others(broker, field, value):
    listed = await broker.orders(page(CCLD, [order_row(1, **{field: value}), order_row(2)])).orders_of(DAY)
    assert (numbers(listed.orders), listed.complete) == ([2], False)
    assert field in listed.note


@pytest.mark.parametrize(
    "wrong",
    [{"tot_ccld_qty": "21"}, {"rmn_qty": "21"}, {"ord_qty": "0"}, {"sll_buy_dvsn_cd": "03"}, {"ord_tmd": "250000"},
     {"ord_dt": "20261318"}, {"odno": "0000000000"}, {"avg_prvs": "abc"}, {"ord_qty": "20.5"}],
)  # fmt: skip
async def test_a_row_that_contradicts_itself_is_left_out(broker, wrong):
    listed = await broker.orders(page(CCLD, [order_row(1, **wrong)])).orders_of(DAY)
    assert (listed.orders, listed.complete) == ((), False)


async def test_an_order_in_parts_and_an_amendment_and_a_rejection(broker):
    listed = await broker.orders(
        page(
            CCLD,
            [
                order_row(1, tot_ccld_qty="5", tot_ccld_amt="122000", rmn_qty="15"),
                order_row(2, orgn_odno="0000000001", ord_dvsn_name="정정", tot_ccld_qty="0", rmn_qty="15"),
                order_row(3, tot_ccld_qty="0", tot_ccld_amt="0", rjct_qty="20", rmn_qty="0", ord_unpr="0"),
                order_row(4, orgn_odno="0000000000", tot_ccld_qty="3", rmn_qty="0", cncl_yn="Y"),
            ],
        )
    ).orders_of(DAY)
    part, amendment, rejected, cut = listed.orders
    assert (part.filled_quantity, part.remaining_quantity, part.cancelled) == (5, 15, False)
    assert (amendment.kind, amendment.original_order_no) == ("amend", "0000000001")
    assert (rejected.rejected_quantity, rejected.price, rejected.cancelled) == (20, None, False)
    assert (cut.kind, cut.cancelled, cut.filled_quantity, cut.original_order_no) == ("new", True, 3, "")


@pytest.mark.parametrize(
    ("today", "back"),
    [
        (date(2026, 11, 18), date(2026, 8, 18)),
        (date(2027, 1, 31), date(2026, 10, 31)),
        (date(2027, 5, 31), date(2027, 2, 28)),
        (date(2028, 5, 30), date(2028, 2, 29)),
        (date(2027, 3, 15), date(2026, 12, 15)),
    ],
)
def test_three_months_are_months_and_not_days(today, back):
    assert three_months_before(today) == back


# Open orders


async def test_open_orders_as_kis_shows_them(broker):
    (order,) = await broker.orders(OPEN.answer).open_orders()
    assert (order.key, order.branch_no, order.symbol, order.side) == ("11112", "91252", "010101", "buy")
    assert (order.quantity, order.price, order.filled_quantity, order.cancellable_quantity) == (5, 69_800, 0, 5)
    assert (order.clock_time, order.division, order.exchange) == (time(14, 10, 2), "00", "KRX")
    assert dict(broker.requests[0].url.params) == OPEN.request["query"]
    assert broker.budget.lanes == ["fill"]


async def test_open_orders_are_all_or_an_error(broker):
    row = OPEN.body["output"][0]
    two = await broker.orders(page(OPEN, [row], "k", "M"), page(OPEN, [row | {"odno": "0000011199"}])).open_orders()
    assert numbers(two) == [11112, 11199]
    with pytest.raises(OutcomeUnknown):
        await broker.orders(page(OPEN, [row], "k", "M"), httpx.ReadError("")).open_orders()
    with pytest.raises(OutcomeUnknown, match="psbl_qty"):
        await broker.orders(page(OPEN, [row | {"psbl_qty": ""}])).open_orders()
    with pytest.raises(OutcomeUnknown, match="readable output"):
        await broker.orders(page(OPEN, None)).open_orders()


async def test_no_open_orders_are_an_empty_list(broker):
    assert await broker.orders(page(OPEN, [])).open_orders() == []


async def test_an_order_of_today_is_recent_in_korea_and_not_in_london(broker):
    broker.now = datetime(2026, 11, 18, 15, 30, tzinfo=UTC)  # the 19th in Korea
    await broker.orders(CCLD.answer).orders_of(date(2026, 8, 18))
    assert broker.requests[0].headers["tr_id"] == "CTSC9215R"
