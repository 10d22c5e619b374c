"""Orders as KIS takes them, and what the market makes of them."""

import pytest

from tests.simulator.traders import number_of, said, trading

CASH = 50_000_000
SYMBOL = "005930"


async def test_a_buy_is_taken_in_and_fills_at_the_ask(simulator, trader):
    answer = await trader.order(SYMBOL, "buy", 5, 98_700)
    assert answer.json() == {
        "rt_cd": "0",
        "msg_cd": "APBK0013",
        "msg1": "주문 전송 완료 되었습니다.",
        "output": {"KRX_FWDG_ORD_ORGNO": "91252", "ODNO": "0000011111", "ORD_TMD": "100000"},
    }
    row = await trader.order_row(11111)
    assert (row["tot_ccld_qty"], row["rmn_qty"], row["avg_prvs"]) == ("5", "0", "98600")
    holdings, totals = await trader.balance()
    assert (holdings[SYMBOL]["hldg_qty"], holdings[SYMBOL]["pchs_amt"]) == ("5", "493000")
    assert int(totals["prvs_rcdl_excc_amt"]) == CASH - 493_000 - 69  # 0.0140527 %, cut off


async def test_the_mock_flavour_has_short_numbers_and_codes_of_its_own(start, clock):
    simulator = start(now=clock, ticks_per_second=0.0, mock=True, calls_per_second=1000)
    simulator.control.move(SYMBOL, 98_500)
    async with trading(simulator, mock=True) as trader:
        bought = (await trader.order(SYMBOL, "buy", 5, 98_600)).json()
        assert (bought["msg_cd"], bought["msg1"]) == ("40600000", "모의투자 매수주문이 완료 되었습니다.")
        assert bought["output"] == {"KRX_FWDG_ORD_ORGNO": "00950", "ODNO": "11111", "ORD_TMD": "100000"}
        assert (await trader.order(SYMBOL, "sell", 5, 98_900)).json()["msg_cd"] == "40590000"
        assert number_of(await trader.cancel(11112)) == 11113
        assert said(await trader.cancel(11112)) == (200, "1", "40330000")
        assert said(await trader.order(SYMBOL, "buy", 1, 98_000, EXCG_ID_DVSN_CD="NXT"))[1] == "1"


async def test_the_real_host_takes_v_ids_too_and_the_mock_host_no_others(start, clock, simulator, trader):
    trader.mock = True
    assert said(await trader.order(SYMBOL, "buy", 1, 98_600)) == (200, "0", "40600000")
    async with trading(start(now=clock, mock=True, calls_per_second=1000)) as stranger:
        assert said(await stranger.order(SYMBOL, "buy", 1, 98_600)) == (500, "1", "EGW02006")


@pytest.mark.parametrize("mock", [False, True])
async def test_the_old_ids_still_buy_sell_and_cancel(simulator, trader, mock):
    trader.mock = mock
    assert said(await trader.order(SYMBOL, "buy", 5, 98_600, tr_id="TTTC0802U"))[1] == "0"
    number = number_of(await trader.order(SYMBOL, "sell", 5, 99_000, tr_id="TTTC0801U"))
    assert said(await trader.cancel(number, tr_id="TTTC0803U"))[1] == "0"
    assert [order["side"] for order in simulator.control.orders()] == ["buy", "sell", "sell"]


async def test_a_resting_buy_fills_when_the_market_comes_down_to_it(simulator, trader):
    number = number_of(await trader.order(SYMBOL, "buy", 5, 98_000))
    assert (await trader.order_row(number))["rmn_qty"] == "5"
    simulator.control.move(SYMBOL, 98_100)
    assert (await trader.order_row(number))["tot_ccld_qty"] == "0"
    simulator.control.move(SYMBOL, 97_900)
    row = await trader.order_row(number)
    assert (row["tot_ccld_qty"], row["avg_prvs"]) == ("5", "98000")


async def test_a_large_resting_order_fills_in_parts_by_what_the_market_trades(simulator, trader):
    simulator.control.set_cash(10**12)
    number = number_of(await trader.order(SYMBOL, "buy", 1_000, 98_500))
    filled = 0
    for _ in range(3):
        before = filled
        simulator.control.move(SYMBOL, 98_500)
        filled = int((await trader.order_row(number))["tot_ccld_qty"])
        assert before < filled < 1_000
    assert len(simulator.control.fills()) == 3


async def test_a_large_marketable_order_takes_level_after_level(simulator, trader):
    simulator.control.set_cash(10**12)
    number = number_of(await trader.order(SYMBOL, "buy", 30_000, 98_800))
    prices = [fill["price"] for fill in simulator.control.fills()]
    assert prices == [98_600, 98_700, 98_800]
    row = await trader.order_row(number)
    assert 0 < int(row["rmn_qty"]) < 30_000
    assert int(row["tot_ccld_amt"]) == sum(f["price"] * f["quantity"] for f in simulator.control.fills())
    assert 98_600 < float(row["avg_prvs"]) < 98_800


async def test_a_market_order_fills_at_the_other_side_and_a_market_buy_holds_back_the_upper_limit(simulator, trader):
    simulator.control.set_holding(SYMBOL, 10, 90_000)
    number_of(await trader.order(SYMBOL, "sell", 10))
    assert simulator.control.fills()[0]["price"] == 98_500
    upper = simulator.world.by_symbol[SYMBOL].limits[1]
    simulator.control.set_cash(upper * 10 + upper * 10 * 140_527 // 10**9)
    assert said(await trader.order(SYMBOL, "buy", 11)) == (200, "1", "APBK0986")
    assert said(await trader.order(SYMBOL, "buy", 10))[1] == "0"


@pytest.mark.parametrize(("division", "keeps"), [("11", True), ("12", False)])
async def test_ioc_keeps_what_it_gets_and_fok_takes_all_or_nothing(simulator, trader, division, keeps):
    simulator.control.set_cash(10**14)
    wanted = 10**8
    row = await trader.order_row(number_of(await trader.order(SYMBOL, "buy", wanted, 98_600, division)))
    filled = int(row["tot_ccld_qty"])
    assert (filled > 0) == keeps
    assert (int(row["cnc_cfrm_qty"]), row["rmn_qty"]) == (wanted - filled, "0")
    few = await trader.order_row(number_of(await trader.order(SYMBOL, "buy", 3, 98_700, division)))
    assert few["tot_ccld_qty"] == "3"


async def test_a_stop_order_sleeps_until_its_price_is_traded(simulator, trader):
    number = number_of(await trader.order(SYMBOL, "buy", 5, 99_500, "22", CNDT_PRIC="99000"))
    simulator.control.move(SYMBOL, 98_900)
    assert (await trader.order_row(number))["tot_ccld_qty"] == "0"
    simulator.control.move(SYMBOL, 99_000)
    assert (await trader.order_row(number))["tot_ccld_qty"] == "5"


async def test_an_amendment_is_a_new_order_and_takes_over_what_was_left(simulator, trader):
    first = number_of(await trader.order(SYMBOL, "buy", 10, 98_000))
    part = number_of(await trader.amend(first, 98_100, 4))
    rest = number_of(await trader.amend(first, 98_200))
    rows = {int(row["odno"]): row for row in await trader.orders()}
    assert (rows[first]["rmn_qty"], rows[first]["cnc_cfrm_qty"]) == ("0", "10")
    assert (rows[part]["ord_qty"], rows[part]["ord_unpr"], int(rows[part]["orgn_odno"])) == ("4", "98100", first)
    assert (rows[rest]["ord_qty"], rows[rest]["rmn_qty"], rows[rest]["cncl_yn"]) == ("6", "6", "N")
    simulator.control.move(SYMBOL, 98_000)
    assert [(f["order_no"], f["price"]) for f in simulator.control.fills()] == [(rest, 98_200), (part, 98_100)]


async def test_an_amendment_may_use_the_cash_that_its_original_held(simulator, trader):
    simulator.control.set_cash(990_000)
    number = number_of(await trader.order(SYMBOL, "buy", 10, 98_000))
    assert said(await trader.order(SYMBOL, "buy", 1, 98_000)) == (200, "1", "APBK0986")
    assert said(await trader.amend(number, 99_000)) == (200, "1", "APBK0986")  # 990,000 and the fee
    assert said(await trader.amend(number, 98_400))[1] == "0"


async def test_a_cancel_is_a_row_of_its_own_and_frees_the_cash(simulator, trader):
    first = number_of(await trader.order(SYMBOL, "buy", 10, 98_000))
    part = number_of(await trader.cancel(first, 3))
    rest = number_of(await trader.cancel(first))
    rows = {int(row["odno"]): row for row in await trader.orders()}
    assert (rows[first]["cncl_yn"], rows[first]["cnc_cfrm_qty"], rows[first]["rmn_qty"]) == ("N", "10", "0")
    assert (rows[part]["cncl_yn"], rows[part]["ord_qty"], rows[part]["ord_unpr"]) == ("Y", "3", "0")
    assert (rows[rest]["ord_qty"], int(rows[rest]["orgn_odno"])) == ("7", first)
    assert (await trader.orderable())["ord_psbl_cash"] == str(CASH)


async def test_numbers_instead_of_texts_are_understood(trader):
    assert said(await trader.order(SYMBOL, "buy", 1, 98_600, ORD_QTY=1, ORD_UNPR=98_600))[1] == "0"


async def test_the_account_number_that_came_first_is_the_keys_only_one(simulator, trader):
    await trader.order(SYMBOL, "buy", 1, 98_600)
    trader.account = ("50001235", "01")
    assert said(await trader.order(SYMBOL, "buy", 1, 98_600)) == (200, "2", "OPSQ2000")
    trader.account = ("5000123", "01")
    assert said(await trader.order(SYMBOL, "buy", 1, 98_600)) == (200, "2", "OPSQ2000")
    async with trading(simulator) as other:  # another key, another account, though of the same number
        await other.order(SYMBOL, "buy", 2, 98_600)
        assert [a["holdings"][SYMBOL]["quantity"] for a in simulator.control.accounts().values()] == [1, 2]


async def test_a_symbol_with_a_working_order_trades_though_nobody_watches_it(start):
    simulator = start(ticks_per_second=500.0)
    async with trading(simulator) as trader:
        simulator.control.move(SYMBOL, 98_500)
        await trader.order(SYMBOL, "buy", 1, 98_500)
        await trader.http.aclose()
    simulator.control.wait_until(lambda seen: simulator.control.fills())
    assert simulator.control.orders()[0]["remaining"] == 0
