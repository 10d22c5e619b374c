"""What an account owns: holdings by page, deposits, what can be bought and sold."""

import pytest

from tests.simulator.traders import said

CASH = 50_000_000
SYMBOL, OTHER = "005930", "000660"


async def test_an_empty_account_has_totals_all_the_same(trader):
    answer = (await trader.balance_pages())[0]
    body = answer.json()
    assert answer.headers["tr_cont"] == "D"
    assert (body["output1"], len(body["output2"])) == ([], 1)
    totals = body["output2"][0]
    cash = ("dnca_tot_amt", "nxdy_excc_amt", "prvs_rcdl_excc_amt", "tot_evlu_amt", "nass_amt")
    assert {totals[name] for name in cash} == {str(CASH)}
    assert len(totals) == 24


@pytest.mark.parametrize(("mock", "size"), [(False, 50), (True, 20)])
async def test_holdings_come_in_pages_with_the_totals_on_each(simulator, trader, mock, size):
    trader.mock = mock
    symbols = sorted(instrument.symbol for instrument in simulator.world)[: size + 7]
    for symbol in symbols:
        simulator.control.set_holding(symbol, 3, 1_000)
    pages = await trader.balance_pages()
    assert [len(page.json()["output1"]) for page in pages] == [size, 7]
    assert [row["pdno"] for page in pages for row in page.json()["output1"]] == symbols
    assert pages[0].json()["output2"] == pages[1].json()["output2"]
    assert pages[0].json()["output2"][0]["pchs_amt_smtl_amt"] == str(3_000 * len(symbols))
    assert [page.json()["msg_cd"] for page in pages] == ["KIOK0500", "20310000" if mock else "KIOK0510"]


async def test_the_totals_are_those_of_the_trades_to_the_won(simulator, trader, clock):
    simulator.control.set_holding(OTHER, 4, 100_000)
    await trader.order(SYMBOL, "buy", 10, 98_600)
    await trader.order(OTHER, "sell", 1)
    bought, sold = simulator.control.fills()
    rows, totals = await trader.balance()
    costs = bought["fee"] + sold["fee"] + sold["tax"]
    assert totals["dnca_tot_amt"] == totals["nxdy_excc_amt"] == str(CASH)
    assert int(totals["prvs_rcdl_excc_amt"]) == CASH - 986_000 + sold["price"] - costs
    assert (totals["thdt_buy_amt"], totals["thdt_sll_amt"]) == ("986000", str(sold["price"]))
    assert int(totals["thdt_tlex_amt"]) == costs
    worth = sum(int(row["hldg_qty"]) * int(row["prpr"]) for row in rows.values())
    assert int(totals["scts_evlu_amt"]) == int(totals["evlu_amt_smtl_amt"]) == worth
    assert int(totals["tot_evlu_amt"]) == worth + int(totals["prvs_rcdl_excc_amt"])
    assert int(totals["pchs_amt_smtl_amt"]) == 986_000 + 300_000
    assert rows[SYMBOL]["pchs_avg_pric"] == "98600.0000"
    assert (rows[SYMBOL]["thdt_buyqty"], rows[OTHER]["thdt_sll_qty"]) == ("10", "1")
    clock.forward(days=3)  # Monday
    await trader.ask_token()
    rows, totals = await trader.balance()
    assert (rows[SYMBOL]["bfdy_buy_qty"], rows[SYMBOL]["thdt_buyqty"]) == ("10", "0")
    assert (totals["dnca_tot_amt"], totals["bfdy_buy_amt"]) == (str(CASH), "986000")
    assert totals["nxdy_excc_amt"] == totals["prvs_rcdl_excc_amt"]
    clock.forward(days=1)
    await trader.ask_token()
    assert (await trader.balance())[1]["dnca_tot_amt"] == totals["prvs_rcdl_excc_amt"]


async def test_an_issue_sold_out_stays_with_no_shares_until_it_is_settled(simulator, trader, clock):
    simulator.control.set_holding(SYMBOL, 4, 100_000)
    await trader.order(SYMBOL, "sell", 4)
    row = (await trader.balance())[0][SYMBOL]
    assert (row["hldg_qty"], row["pchs_avg_pric"], row["pchs_amt"]) == ("0", "0.0000", "0")
    assert (await trader.balance_pages(PRCS_DVSN="01"))[0].json()["output1"] == []
    clock.forward(days=5)
    await trader.ask_token()
    assert (await trader.balance())[0] == {}


async def test_working_sells_cannot_be_sold_again(simulator, trader):
    simulator.control.set_holding(SYMBOL, 10, 90_000)
    await trader.order(SYMBOL, "sell", 4, 99_000)
    row = (await trader.balance())[0][SYMBOL]
    assert (row["hldg_qty"], row["ord_psbl_qty"]) == ("10", "6")
    output = (await trader.ask("inquire-psbl-sell", "TTTC8408R", PDNO=SYMBOL)).json()["output1"]
    assert (output["cblc_qty"], output["ord_psbl_qty"], output["pchs_amt"]) == ("10", "6", "900000")


async def test_what_can_be_bought_is_reckoned_at_the_price_of_the_order(simulator, trader):
    simulator.control.set_cash(1_000_000)
    upper = simulator.world.by_symbol[SYMBOL].limits[1]
    asked = await trader.orderable(SYMBOL, "98600")
    assert (asked["psbl_qty_calc_unpr"], asked["nrcvb_buy_amt"], asked["nrcvb_buy_qty"]) == ("98600", "1000000", "10")
    market = await trader.orderable(SYMBOL, "", "01")
    assert market["psbl_qty_calc_unpr"] == str(upper)
    assert market["nrcvb_buy_qty"] == str(1_000_000 // upper)
    assert market["max_buy_amt"] == "5000000"
    amounts = await trader.orderable()
    assert (amounts["ord_psbl_cash"], amounts["nrcvb_buy_qty"]) == ("1000000", "0")


async def test_the_quantity_that_can_be_bought_is_accepted_and_one_more_is_not(simulator, trader):
    simulator.control.set_cash(98_000 * 7)  # seven, were it not for the fee
    quantity = int((await trader.orderable(SYMBOL, "98000"))["nrcvb_buy_qty"])
    assert quantity == 6
    assert said(await trader.order(SYMBOL, "buy", quantity + 1, 98_000))[2] == "APBK0986"
    assert said(await trader.order(SYMBOL, "buy", quantity, 98_000))[1] == "0"
    left = await trader.orderable(SYMBOL, "98000")
    assert int(left["ord_psbl_cash"]) == 98_000 * 7 - 98_000 * 6 - 98_000 * 6 * 140_527 // 10**9
    assert left["nrcvb_buy_qty"] == "0"


async def test_the_assets_are_shares_and_cash_and_their_sum(simulator, trader):
    simulator.control.set_holding(SYMBOL, 10, 90_000)
    body = (await trader.ask("inquire-account-balance", "CTRP6548R")).json()
    rows, totals = body["output1"], body["output2"]
    assert (rows[0]["pchs_amt"], rows[0]["evlu_amt"], rows[0]["evlu_pfls_amt"]) == ("900000", "985000", "85000")
    assert sum(int(row["evlu_amt"]) for row in rows[:-1]) == int(rows[-1]["evlu_amt"]) == int(totals["tot_asst_amt"])
    assert (totals["dncl_amt"], totals["pchs_amt_smtl"], totals["nass_tot_amt"]) == (
        str(CASH),
        "900000",
        str(CASH + 985_000),
    )


@pytest.mark.parametrize("query", [{"INQR_DVSN": ""}, {"INQR_DVSN": "03"}])
async def test_a_balance_needs_its_division(trader, query):
    assert (await trader.balance_pages(**query))[0].json()["rt_cd"] == "2"


@pytest.mark.parametrize("with_costs", ["Y", "N"])
async def test_the_realised_profit_is_that_of_todays_sales(simulator, trader, with_costs):
    simulator.control.set_holding(OTHER, 4, 100_000)
    await trader.order(OTHER, "sell", 3)
    sold = simulator.control.fills()
    totals = await trader.realised(with_costs)
    earned = sum(fill["quantity"] * (fill["price"] - 100_000) for fill in sold)
    costs = sum(fill["fee"] + fill["tax"] for fill in sold)
    assert int(totals["rlzt_pfls"]) == earned - (costs if with_costs == "Y" else 0)
    assert int(totals["thdt_sll_amt"]) == sum(fill["quantity"] * fill["price"] for fill in sold)


async def test_mock_trading_has_no_realised_profit(trader):
    trader.mock = True
    assert said(await trader.ask_realised("Y"))[2] == "EGW02006"
