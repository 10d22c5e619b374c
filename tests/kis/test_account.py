"""What the account ordered, owns and can buy, answer by answer and page by page."""

import logging
import traceback
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import httpx
import pytest

from stockdesk.kis.account import three_months_before
from stockdesk.kis.errors import KisError, NotOnMock, OutcomeUnknown, Refused
from stockdesk.kis.messages import KST, Sellable
from tests.kis.broker import ACCOUNT, SECRETS, Broker, Sample, bad

DAY = date(2026, 11, 18)
CCLD = Sample("inquire_daily_ccld")
PAGE_1, PAGE_2 = Sample("inquire_balance_page1"), Sample("inquire_balance_page2")
EMPTY = Sample("inquire_balance_mock_empty")
OPEN = Sample("inquire_psbl_rvsecncl")
PSBL = Sample("inquire_psbl_order")
CASH_ROW = PAGE_1.body["output1"][0]


@pytest.fixture
def broker() -> Broker:
    return Broker()


def page(sample: Sample, rows: Any, key: str = "", more: str = "D", **changes: Any) -> httpx.Response:
    """An answer of the sample's call with other rows, and with a key for the next page."""
    name = "output" if "output" in sample.body else "output1"
    context = {"ctx_area_fk100": "50001234!^01".ljust(100), "ctx_area_nk100": key.ljust(100)}
    return sample.with_body(sample.body | {name: rows, "msg_cd": "MCA00000"} | context | changes, tr_cont=more)


def order_row(number: int, **changes: Any) -> dict[str, Any]:
    return CCLD.body["output1"][2] | {"odno": f"{number:010}"} | changes


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


# Balance


async def test_a_balance_over_two_pages_as_kis_shows_it(broker):
    balance = await broker.orders(PAGE_1.answer, PAGE_2.answer).balance()
    assert (balance.deposit, balance.deposit_d1, balance.deposit_d2) == (10_000_000, 9_304_900, 9_792_098)
    assert (balance.purchase_amount, balance.evaluation_amount, balance.profit_loss) == (695_000, 710_000, 15_000)
    assert (balance.securities_value, balance.total_value, balance.net_assets) == (710_000, 10_502_098, 10_502_098)
    assert (balance.previous_total, balance.sold_today, balance.costs_today, balance.loans) == (
        10_489_900, 488_000, 802, 0,
    )  # fmt: skip
    (row,) = balance.holdings  # the other was sold out
    assert (row.symbol, row.name, row.quantity, row.orderable_quantity) == ("010101", "가온전자", 10, 10)
    assert (row.average_price, row.last_price) == (Decimal("69500.0000"), 71_000)
    assert (row.purchase_amount, row.evaluation_amount, row.profit_loss) == (695_000, 710_000, 15_000)
    assert (row.profit_rate, row.bought_today, row.sold_today) == (Decimal("2.15"), 0, 0)
    for request, sample in zip(broker.requests, (PAGE_1, PAGE_2), strict=True):
        assert dict(request.url.params) == sample.request["query"]
        assert request.headers["tr_cont"] == sample.request["headers"]["tr_cont"]
        assert request.headers["tr_id"] == "TTTC8434R"
    assert broker.budget.lanes == ["assets"] * 2


async def test_an_account_without_holdings_has_its_cash(broker):
    balance = await broker.orders(EMPTY.answer, mock=True).balance()
    assert (balance.holdings, balance.deposit, balance.securities_value) == ((), 10_000_000, 0)
    assert broker.requests[0].headers["tr_id"] == "VTTC8434R"


@pytest.mark.parametrize(
    "failure",
    [
        httpx.ReadError(""),
        httpx.ConnectError(""),
        httpx.Response(502, html="x"),
        bad("EGW00300"),
        bad("APBK9999"),
        page(PAGE_2, None),
        page(PAGE_2, ["junk"]),
        PAGE_2.with_body({"rt_cd": "0", "msg_cd": "MCA00000"}),
        page(PAGE_2, [], output2=[]),
        page(PAGE_2, [], output2=None),
        page(PAGE_2, PAGE_1.body["output1"]),  # the first page once more
        page(PAGE_2, [], "010101!^1!^", "M", ctx_area_fk100=PAGE_1.body["ctx_area_fk100"]),  # and its key
    ],
)
async def test_half_a_balance_is_none(broker, failure):
    with pytest.raises(KisError):
        await broker.orders(PAGE_1.answer, failure).balance()


async def test_a_balance_whose_further_pages_are_only_announced_is_none(broker):
    alone = PAGE_1.with_body(PAGE_1.body, tr_cont="")
    with pytest.raises(OutcomeUnknown, match="more rows"):
        await broker.orders(alone).balance()


@pytest.mark.parametrize(
    "totals", [{"scts_evlu_amt": "710000"}, {"scts_evlu_amt": "0", "evlu_amt_smtl_amt": "710000"}]
)
@pytest.mark.parametrize("rows", [[], PAGE_2.body["output1"]])
async def test_no_holdings_beside_securities_of_some_value_is_a_failed_inquiry(broker, rows, totals):
    with pytest.raises(OutcomeUnknown, match="no holdings"):
        await broker.orders(page(EMPTY, rows, output2=[EMPTY.body["output2"][0] | totals])).balance()


@pytest.mark.parametrize(
    "field",
    ["hldg_qty", "ord_psbl_qty", "pchs_avg_pric", "pchs_amt", "evlu_amt", "evlu_pfls_amt"],
)
@pytest.mark.parametrize("value", ["", "(null)", "1,000", "x", None, "9" * 29])
async def test_a_field_that_cannot_be_read_is_named_and_never_a_zero(broker, field, value):
    with pytest.raises(OutcomeUnknown, match=f"010101: {field} is"):
        await broker.orders(page(PAGE_2, [CASH_ROW | {field: value}])).balance()


@pytest.mark.parametrize(
    "field",
    ["dnca_tot_amt", "nxdy_excc_amt", "prvs_rcdl_excc_amt", "scts_evlu_amt", "tot_evlu_amt", "nass_amt",
     "pchs_amt_smtl_amt", "evlu_amt_smtl_amt", "evlu_pfls_smtl_amt"],
)  # fmt: skip
@pytest.mark.parametrize("value", ["", "1e9", "NaN"])
async def test_a_total_that_cannot_be_read_is_named_too(broker, field, value):
    totals = [EMPTY.body["output2"][0] | {field: value}]
    with pytest.raises(OutcomeUnknown, match=field):
        await broker.orders(page(EMPTY, [], output2=totals)).balance()


async def test_a_negative_number_of_shares_is_none_and_negative_cash_is_some(broker):
    with pytest.raises(OutcomeUnknown, match="hldg_qty is out of range"):
        await broker.orders(page(PAGE_2, [CASH_ROW | {"hldg_qty": "-10"}])).balance()
    totals = PAGE_2.body["output2"][0] | {"prvs_rcdl_excc_amt": "-120000", "evlu_pfls_smtl_amt": "-5"}
    balance = await broker.orders(page(PAGE_2, [CASH_ROW], output2=[totals])).balance()
    assert (balance.deposit_d2, balance.profit_loss) == (-120_000, -5)


async def test_totals_may_come_as_an_object_and_numbers_padded_and_with_a_plus(broker):
    totals = PAGE_2.body["output2"][0] | {"dnca_tot_amt": "000010000000", "evlu_pfls_smtl_amt": "+15000"}
    row = CASH_ROW | {"pchs_amt": "695000.0000", "prpr": " ", "evlu_pfls_rt": ""}
    balance = await broker.orders(page(PAGE_2, row, output2=totals)).balance()
    assert (balance.deposit, balance.profit_loss) == (10_000_000, 15_000)
    assert (balance.holdings[0].last_price, balance.holdings[0].profit_rate) == (None, None)


async def test_rows_without_a_symbol_are_fillers_unless_they_hold_something(broker):
    filler = dict.fromkeys(CASH_ROW, "")
    balance = await broker.orders(page(PAGE_2, [filler, CASH_ROW, filler | {"hldg_qty": "0"}])).balance()
    assert [row.symbol for row in balance.holdings] == ["010101"]
    with pytest.raises(OutcomeUnknown, match="pdno is missing"):
        await broker.orders(page(PAGE_2, [CASH_ROW | {"pdno": ""}])).balance()


async def test_shares_bought_with_cash_and_on_credit_are_one_holding_of_which_the_cash_part_can_be_sold(broker):
    credit = CASH_ROW | {
        "trad_dvsn_name": "자기융자", "loan_dt": "20261102", "hldg_qty": "30", "ord_psbl_qty": "30",
        "pchs_amt": "2145000", "evlu_amt": "2130000", "evlu_pfls_amt": "-15000", "loan_amt": "1500000",
        "pchs_avg_pric": "71500.0000",
    }  # fmt: skip
    balance = await broker.orders(page(PAGE_2, [CASH_ROW, credit, credit | {"loan_dt": "20261103"}])).balance()
    (row,) = balance.holdings
    assert (row.quantity, row.orderable_quantity) == (70, 10)
    assert (row.purchase_amount, row.evaluation_amount, row.profit_loss) == (4_985_000, 4_970_000, -15_000)
    assert (row.average_price, row.profit_rate) == (Decimal("71214.2857"), Decimal("-0.30"))
    assert (row.loan_amount, row.bought_today) == (3_000_000, 0)


async def test_the_same_kind_of_row_twice_is_a_page_that_moved_and_not_twice_the_shares(broker):
    with pytest.raises(OutcomeUnknown, match="010101: listed twice"):
        await broker.orders(page(PAGE_2, [CASH_ROW, CASH_ROW])).balance()


# Buying and selling power, all assets


async def test_what_can_be_bought_at_the_market_as_kis_shows_it(broker):
    can = await broker.orders(PSBL.answer).orderable("010101", None)
    assert (can.cash, can.amount, can.quantity, can.unit_price) == (9_443_098, 9_443_098, 103, 91_000)
    assert dict(broker.requests[0].url.params) == PSBL.request["query"]
    assert broker.budget.lanes == ["assets"]


async def test_what_can_be_bought_at_a_price_and_how_much_cash_there_is(broker):
    client = broker.orders(PSBL.answer, mock=True)
    await client.orderable("010101", 69_800)
    sent = broker.requests[0].url.params
    assert (sent["ORD_DVSN"], sent["ORD_UNPR"]) == ("00", "69800")
    assert broker.requests[0].headers["tr_id"] == "VTTC8908R"
    assert (await client.orderable()).cash == 9_443_098
    assert broker.requests[1].url.params["PDNO"] == ""


async def test_buying_power_on_margin_is_not_read(broker):
    output = PSBL.body["output"] | {"max_buy_amt": "junk", "max_buy_qty": "junk"}
    assert (await broker.orders(PSBL.with_body(PSBL.body | {"output": output})).orderable("010101")).quantity == 103


@pytest.mark.parametrize("field", ["ord_psbl_cash", "nrcvb_buy_amt", "nrcvb_buy_qty"])
async def test_buying_power_that_cannot_be_read_is_named(broker, field):
    outputs: tuple[Any, ...] = (PSBL.body["output"] | {field: ""}, {}, None, [])
    for output in outputs:
        with pytest.raises(OutcomeUnknown) as caught:
            await broker.orders(PSBL.with_body(PSBL.body | {"output": output})).orderable("010101")
        assert not output or field in caught.value.text


@pytest.mark.parametrize("container", ["output1", "output", "Output1"])
async def test_what_can_be_sold_comes_under_either_name(broker, container):
    row = {"pdno": "010101", "cblc_qty": "10", "ord_psbl_qty": "7"}
    answer = PSBL.with_body({"rt_cd": "0", "msg_cd": "MCA00000", container: row})
    assert await broker.orders(answer).sellable("010101") == Sellable("010101", 10, 7)
    assert broker.requests[0].headers["tr_id"] == "TTTC8408R"


@pytest.mark.parametrize("wrong", [{"pdno": "020202"}, {"ord_psbl_qty": ""}, {"cblc_qty": "ten"}])
async def test_what_can_be_sold_of_something_else_is_not_known(broker, wrong):
    row = {"pdno": "010101", "cblc_qty": "10", "ord_psbl_qty": "7"} | wrong
    with pytest.raises(OutcomeUnknown, match=next(iter(wrong))):
        await broker.orders(PSBL.with_body({"rt_cd": "0", "output1": row})).sellable("010101")


ASSETS: dict[str, Any] = {
    "rt_cd": "0",
    "msg_cd": "MCA00000",
    "Output1": [
        {"pchs_amt": "695000", "evlu_amt": "710000", "evlu_pfls_amt": "15000", "crdt_lnd_amt": "0",
         "real_nass_amt": "710000", "whol_weit_rt": "6.76"},
        {"pchs_amt": "0", "evlu_amt": "0", "evlu_pfls_amt": "0", "crdt_lnd_amt": "0", "real_nass_amt": "0",
         "whol_weit_rt": ""},
    ],
    "Output2": {"pchs_amt_smtl": "695000", "nass_tot_amt": "10502098", "loan_amt_smtl": "0",
                "evlu_pfls_amt_smtl": "15000", "evlu_amt_smtl": "710000", "tot_asst_amt": "10502098",
                "tot_dncl_amt": "9792098", "dncl_amt": "9792098"},
}  # fmt: skip


async def test_all_assets_are_read_under_names_in_any_case(broker):
    assets = await broker.orders(PSBL.with_body(ASSETS)).account_assets()
    assert (assets.purchase_amount, assets.evaluation_amount, assets.profit_loss) == (695_000, 710_000, 15_000)
    assert (assets.net_assets, assets.total_assets, assets.deposit, assets.loans) == (
        10_502_098, 10_502_098, 9_792_098, 0,
    )  # fmt: skip
    assert [(line.evaluation_amount, line.share) for line in assets.classes] == [(710_000, Decimal("6.76")), (0, None)]
    assert broker.requests[0].headers["tr_id"] == "CTRP6548R"
    assert broker.requests[0].url.path.endswith("/trading/inquire-account-balance")


@pytest.mark.parametrize(
    "wrong", [{"Output2": {}}, {"Output1": None}, {"Output2": {**ASSETS["Output2"], "tot_asst_amt": ""}}]
)
async def test_assets_that_cannot_be_read_are_an_error(broker, wrong):
    with pytest.raises(OutcomeUnknown):
        await broker.orders(PSBL.with_body(ASSETS | wrong)).account_assets()


# The mock host, secrets


async def test_what_the_mock_host_lacks_is_not_asked_of_it(broker):
    client = broker.orders(CCLD.answer, mock=True)
    for call in (
        client.open_orders(),
        client.sellable("010101"),
        client.account_assets(),
        client.multi_price(["010101"]),
    ):
        with pytest.raises(NotOnMock):
            await call
    assert broker.requests == []
    assert broker.budget.lanes == []


async def test_the_account_is_in_no_error_and_no_log_though_the_key_of_a_page_holds_it(broker, caplog):
    quoted = f"계좌 {ACCOUNT} 5000123401"
    failures = [
        page(CCLD, [order_row(1, odno=f"x{ACCOUNT}")], msg1=quoted),
        page(CCLD, [order_row(1)], "50001234!^01", "M"),
        bad("APBK9999", quoted),
        bad("EGW00300", quoted),
        httpx.ReadError(quoted),
    ]
    shown = []
    with caplog.at_level(logging.DEBUG, logger="stockdesk"):
        for failure in failures:
            client = broker.orders(failure)
            shown.append(repr(client))
            for call in (client.orders_of(DAY), client.balance(), client.open_orders(), client.orderable("010101")):
                try:
                    listed = await call
                except KisError as exc:
                    shown += [repr(exc), "".join(traceback.format_exception(exc))]
                else:
                    shown.append(listed.note)
    shown.append(caplog.text)
    for secret in (*SECRETS, ACCOUNT):
        assert not [text for text in shown if secret in text]


async def test_an_order_of_today_is_recent_in_korea_and_not_in_london(broker):
    broker.now = datetime(2026, 11, 18, 15, 30, tzinfo=UTC)  # the 19th in Korea
    await broker.orders(CCLD.answer).orders_of(date(2026, 8, 18))
    assert broker.requests[0].headers["tr_id"] == "CTSC9215R"
