"""Every reason for which an order is not booked, and that nothing is booked then."""

from datetime import datetime

import pytest

from stockdesk.simulator.options import KST
from tests.simulator.traders import number_of, said, trading

SYMBOL = "005930"
UPPER, LOWER = 128_000, 69_000


@pytest.mark.parametrize(
    ("what", "code", "text"),
    [
        ((SYMBOL, "buy", 508, 98_500), "APBK0986", "주문가능금액을 초과 했습니다"),
        ((SYMBOL, "sell", 1, 98_500), "APBK0918", "잔고내역이 없습니다"),
        ((SYMBOL, "buy", 1, 98_550), "APBK0918", "호가단위를 확인하여 주십시오"),
        ((SYMBOL, "buy", 1, UPPER + 500), "APBK0918", "상하한가를 벗어난 주문입니다"),
        ((SYMBOL, "buy", 1, LOWER - 100), "APBK0918", "상하한가를 벗어난 주문입니다"),
        ((SYMBOL, "buy", 0, 98_500), "APBK0918", "주문수량을 확인하여 주십시오"),
        ((SYMBOL, "buy", "1.5", 98_500), "APBK0918", "주문수량을 확인하여 주십시오"),
        ((SYMBOL, "buy", "-1", 98_500), "APBK0918", "주문수량을 확인하여 주십시오"),
        ((SYMBOL, "buy", "１", 98_500), "APBK0918", "주문수량을 확인하여 주십시오"),
        ((SYMBOL, "buy", 1, 0, "00"), "APBK0918", "주문단가를 확인하여 주십시오"),
        ((SYMBOL, "buy", 1, "98,500", "00"), "APBK0918", "주문단가를 확인하여 주십시오"),
        (("999999", "buy", 1, 98_500), "APBK0918", "종목코드를 확인하여 주십시오"),
        ((SYMBOL, "buy", 1, 98_500, "07"), "APBK0918", "주문구분을 확인하여 주십시오"),
        ((SYMBOL, "buy", 1, 98_500, "22"), "APBK0918", "주문단가를 확인하여 주십시오"),
    ],
)
async def test_an_order_that_cannot_be_is_refused(simulator, trader, what, code, text):
    answer = await trader.order(*what)
    assert (answer.status_code, answer.json()) == (200, {"rt_cd": "1", "msg_cd": code, "msg1": text})
    assert simulator.control.orders() == []
    assert await trader.orders() == []


async def test_more_shares_than_are_held_or_not_at_work_are_refused(simulator, trader):
    simulator.control.set_holding(SYMBOL, 10)
    assert said(await trader.order(SYMBOL, "sell", 11, 99_000)) == (200, "1", "APBK1234")
    assert said(await trader.order(SYMBOL, "sell", 6, 99_000))[1] == "0"
    assert said(await trader.order(SYMBOL, "sell", 5, 99_000)) == (200, "1", "APBK1234")
    assert said(await trader.order(SYMBOL, "sell", 4, 99_000))[1] == "0"


async def test_nxt_has_no_market_order_and_takes_limits(trader):
    assert said(await trader.order(SYMBOL, "buy", 1, EXCG_ID_DVSN_CD="NXT")) == (200, "1", "APBK3013")
    assert said(await trader.order(SYMBOL, "buy", 1, 98_000, EXCG_ID_DVSN_CD="NXT"))[1] == "0"
    assert said(await trader.order(SYMBOL, "buy", 1, 98_000, EXCG_ID_DVSN_CD="NYSE"))[1] == "1"


async def test_a_halted_issue_takes_no_orders_but_lets_go_of_them(simulator, trader):
    number = number_of(await trader.order(SYMBOL, "buy", 1, 98_000))
    simulator.control.halt(SYMBOL)
    answer = await trader.order(SYMBOL, "buy", 1, 98_000)
    assert answer.json() == {"rt_cd": "1", "msg_cd": "APBK0918", "msg1": "거래정지 종목입니다"}
    assert said(await trader.cancel(number))[1] == "0"


async def test_in_a_vi_orders_gather_and_meet_the_market_when_it_is_over(simulator, trader):
    simulator.control.vi(SYMBOL)
    assert (await trader.price(SYMBOL)).json()["output"]["vi_cls_code"] == "Y"
    assert said(await trader.order(SYMBOL, "buy", 1, 98_600, "11"))[1] == "1"
    number = number_of(await trader.order(SYMBOL, "buy", 1, 98_600))
    assert (await trader.order_row(number))["rmn_qty"] == "1"
    simulator.control.vi(SYMBOL, on=False)
    assert (await trader.order_row(number))["tot_ccld_qty"] == "1"


async def test_a_closed_market_takes_neither_orders_nor_cancels(simulator, trader):
    number = number_of(await trader.order(SYMBOL, "buy", 1, 98_000))
    simulator.control.change(open=False)
    closed = {"rt_cd": "1", "msg_cd": "APBK0918", "msg1": "장운영시간이 아닙니다"}
    assert (await trader.order(SYMBOL, "buy", 1, 98_000)).json() == closed
    assert (await trader.cancel(number)).json() == closed


@pytest.mark.parametrize("how", ["filled", "cancelled", "unknown", "a cancel", "of another", "of yesterday"])
async def test_what_is_over_or_not_ours_cannot_be_cancelled(simulator, clock, trader, how):
    number = number_of(await trader.order(SYMBOL, "buy", 1, 98_000))
    asking = trader
    async with trading(simulator) as other:
        match how:
            case "filled":
                simulator.control.fill(number)
            case "cancelled":
                await trader.cancel(number)
            case "unknown":
                number = 99_999
            case "a cancel":
                number = number_of(await trader.cancel(number))
            case "of another":
                asking = other
            case "of yesterday":
                clock.forward(days=1)
                await trader.ask_token()
        assert said(await asking.cancel(number)) == (200, "1", "APBK0918")


@pytest.mark.parametrize(
    "wrong",
    [{"KRX_FWDG_ORD_ORGNO": "00001"}, {"KRX_FWDG_ORD_ORGNO": ""}, {"QTY_ALL_ORD_YN": ""}, {"RVSE_CNCL_DVSN_CD": "03"}],
)
async def test_a_cancel_needs_its_branch_and_says_how_much(simulator, trader, wrong):
    number = number_of(await trader.order(SYMBOL, "buy", 1, 98_000))
    assert said(await trader.cancel(number, **wrong)) == (200, "1", "APBK0918")
    assert simulator.control.orders()[0]["remaining"] == 1


async def test_no_more_than_what_is_left_can_be_cancelled(simulator, trader):
    number = number_of(await trader.order(SYMBOL, "buy", 5, 98_000))
    simulator.control.fill(number, 2)
    assert said(await trader.cancel(number, 4)) == (200, "1", "APBK1234")
    assert said(await trader.cancel(number, 3))[1] == "0"


async def test_a_fund_cannot_be_traded_in_the_evening(simulator, clock, trader):
    simulator.control.change(real_hours=True)
    clock.moment = datetime(2026, 11, 20, 17, 0, tzinfo=KST)
    fund = next(instrument.symbol for instrument in simulator.world if instrument.kind == "etf")
    price = simulator.world.by_symbol[fund].base_price
    answer = await trader.order(fund, "buy", 1, price, "41")
    assert answer.json()["msg1"] == "애프터마켓에서 거래할 수 없는 종목입니다"
    assert said(await trader.order(SYMBOL, "buy", 1, 98_500, "41"))[1] == "0"
