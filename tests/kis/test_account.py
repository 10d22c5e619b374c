"""What the account owns and can buy, answer by answer and page by page."""

import logging
import traceback
from datetime import date
from decimal import Decimal
from typing import Any

import httpx
import pytest

from stockdesk.kis.errors import KisError, NotOnMock, OutcomeUnknown
from stockdesk.kis.messages import RealisedProfit, Sellable
from tests.kis.broker import ACCOUNT, SECRETS, Broker, Sample, bad, order_row, page

DAY = date(2026, 11, 18)
CCLD = Sample("inquire_daily_ccld")
PAGE_1, PAGE_2 = Sample("inquire_balance_page1"), Sample("inquire_balance_page2")
EMPTY = Sample("inquire_balance_mock_empty")
PSBL = Sample("inquire_psbl_order")
CASH_ROW = PAGE_1.body["output1"][0]


@pytest.fixture
def broker() -> Broker:
    return Broker()


# Balance


async def test_what_todays_sales_earned_is_asked_with_costs_and_without_yesterday(broker):
    totals = PAGE_1.body["output2"][0] | {"rlzt_pfls": "-12345", "thdt_sll_amt": "488000"}
    more = page(PAGE_1, PAGE_1.body["output1"], key="next", more="M", output2=[totals])
    realised = await broker.orders(more).realised_profit()
    assert realised == RealisedProfit(-12_345, sold_today=488_000)
    (request,) = broker.requests  # the totals stand on the first page
    asked = dict(request.url.params)
    assert (request.headers["tr_id"], asked["COST_ICLD_YN"], asked["PRCS_DVSN"]) == ("TTTC8494R", "Y", "01")
    assert broker.budget.lanes == ["assets"]


@pytest.mark.parametrize("blank", ["rlzt_pfls", "thdt_sll_amt"])
async def test_a_realised_profit_that_is_not_told_is_no_zero(broker, blank):
    totals = PAGE_1.body["output2"][0] | {"rlzt_pfls": "1", blank: ""}
    with pytest.raises(OutcomeUnknown, match=blank):
        await broker.orders(page(PAGE_1, [], output2=[totals])).realised_profit()


async def test_mock_trading_is_not_asked_what_was_realised(broker):
    with pytest.raises(NotOnMock):
        await broker.orders(mock=True).realised_profit()
    assert not broker.requests


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
