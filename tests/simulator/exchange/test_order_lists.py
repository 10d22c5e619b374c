"""inquire-daily-ccld and inquire-psbl-rvsecncl: pages, filters, old ids, both flavours."""

import pytest

from tests.simulator.traders import LIST, number_of, said

SYMBOL, OTHER = "005930", "000660"
TODAY = {"INQR_STRT_DT": "20261120", "INQR_END_DT": "20261120", **LIST}
DAILY_FIELDS = (
    "ord_dt ord_gno_brno odno orgn_odno ord_dvsn_name sll_buy_dvsn_cd sll_buy_dvsn_cd_name pdno prdt_name ord_qty "
    "ord_unpr ord_tmd tot_ccld_qty avg_prvs cncl_yn tot_ccld_amt loan_dt ordr_empno ord_dvsn_cd cnc_cfrm_qty rmn_qty "
    "rjct_qty ccld_cndt_name inqr_ip_addr cpbc_ordp_ord_rcit_dvsn_cd cpbc_ordp_infm_mthd_dvsn_cd infm_tmd ctac_tlno "
    "prdt_type_cd excg_dvsn_cd cpbc_ordp_mtrl_dvsn_cd ord_orgno rsvn_ord_end_dt excg_id_dvsn_Cd stpm_cndt_pric "
    "stpm_efct_occr_dtmd"
)
OPEN_FIELDS = (
    "ord_gno_brno odno orgn_odno ord_dvsn_name pdno prdt_name rvse_cncl_dvsn_name ord_qty ord_unpr ord_tmd "
    "tot_ccld_qty tot_ccld_amt psbl_qty sll_buy_dvsn_cd ord_dvsn_cd mgco_aptm_odno excg_dvsn_cd excg_id_dvsn_cd "
    "excg_id_dvsn_name stpm_cndt_pric stpm_efct_occr_yn"
)


async def place(trader, count):
    return [number_of(await trader.order(SYMBOL, "buy", 1, 90_000)) for _ in range(count)]


@pytest.mark.parametrize(("mock", "size"), [(False, 100), (True, 15)])
async def test_pages_hold_as_many_orders_as_the_flavour_allows(trader, mock, size):
    trader.mock = mock
    numbers = await place(trader, 2 * size + 3)
    pages = await trader.daily_pages()
    assert [len(page.json()["output1"]) for page in pages] == [size, size, 3]
    assert [page.headers["tr_cont"] for page in pages] == ["M", "M", "D"]
    assert [int(row["odno"]) for page in pages for row in page.json()["output1"]] == numbers[::-1]
    totals = [page.json()["output2"] for page in pages]
    assert totals == [totals[0]] * 3
    assert totals[0]["tot_ord_qty"] == str(len(numbers))
    first, last = pages[0].json(), pages[-1].json()
    assert {len(first[name]) for name in ("ctx_area_fk100", "ctx_area_nk100")} == {100}
    assert len(first["msg1"]) == 80
    assert first["msg_cd"] == "KIOK0500"
    assert last["msg_cd"] == ("20310000" if mock else "KIOK0510")
    assert last["ctx_area_nk100"].strip() == ""


async def test_an_order_that_comes_in_between_two_pages_shifts_nothing(trader):
    trader.mock = True
    numbers = await place(trader, 20)
    first = await trader.ask("inquire-daily-ccld", "TTTC0081R", **TODAY)
    await place(trader, 3)
    keys = {"CTX_AREA_NK100": first.json()["ctx_area_nk100"], "CTX_AREA_FK100": first.json()["ctx_area_fk100"]}
    second = await trader.ask("inquire-daily-ccld", "TTTC0081R", "N", **TODAY, **keys)
    rows = first.json()["output1"] + second.json()["output1"]
    assert [int(row["odno"]) for row in rows] == numbers[::-1]


async def test_without_tr_cont_the_first_page_comes_again(trader):
    trader.mock = True
    numbers = await place(trader, 20)
    first = await trader.ask("inquire-daily-ccld", "TTTC0081R", **TODAY)
    again = await trader.ask(
        "inquire-daily-ccld", "TTTC0081R", **TODAY, CTX_AREA_NK100=first.json()["ctx_area_nk100"].strip()
    )
    assert int(again.json()["output1"][0]["odno"]) == numbers[-1]


async def test_rows_have_kis_names_and_texts(simulator, trader):
    number = number_of(await trader.order(SYMBOL, "buy", 3, 98_700))
    answer = (await trader.daily_pages())[0].json()
    row = answer["output1"][0]
    assert tuple(row) == tuple(DAILY_FIELDS.split())
    assert all(isinstance(value, str) for value in row.values())
    assert (row["odno"], row["pdno"], row["prdt_name"]) == (f"{number:010d}", SYMBOL, "삼성전자")
    assert (row["ord_dvsn_name"], row["sll_buy_dvsn_cd_name"], row["excg_dvsn_cd"]) == ("지정가", "현금매수", "02")
    assert answer["output2"] == {
        "tot_ord_qty": "3",
        "tot_ccld_qty": "3",
        "tot_ccld_amt": "295800",
        "prsm_tlex_smtl": "41",
        "pchs_avg_pric": "98600.0000",
    }
    assert (answer["rt_cd"], answer["msg_cd"], answer["msg1"]) == ("0", "MCA00000", "정상처리 되었습니다.")


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({}, ["cancel", "stopped", "sold", "partly", "other", "bought"]),
        ({"INQR_DVSN": "01"}, ["bought", "other", "partly", "sold", "stopped", "cancel"]),
        ({"SLL_BUY_DVSN_CD": "01"}, ["sold"]),
        ({"SLL_BUY_DVSN_CD": "02"}, ["cancel", "stopped", "partly", "other", "bought"]),
        ({"CCLD_DVSN": "01"}, ["sold", "partly", "bought"]),
        ({"CCLD_DVSN": "02"}, ["partly", "other"]),
        ({"PDNO": OTHER}, ["other"]),
        ({"ODNO": "11111"}, ["bought"]),
        ({"ODNO": "0000011112"}, ["other"]),
        ({"EXCG_ID_DVSN_CD": "NXT"}, []),
        ({"INQR_DVSN_3": "02"}, []),
        ({"INQR_STRT_DT": "20261119", "INQR_END_DT": "20261119"}, []),
        ({"INQR_STRT_DT": "20261101", "INQR_END_DT": "20261130", "CCLD_DVSN": "02"}, ["partly", "other"]),
    ],
)
async def test_filters_choose_the_orders(simulator, trader, query, wanted):
    other = simulator.world.by_symbol[OTHER].limits[0]
    names = {
        number_of(await trader.order(SYMBOL, "buy", 5, 98_600)): "bought",
        number_of(await trader.order(OTHER, "buy", 1, other)): "other",
        number_of(await trader.order(SYMBOL, "buy", 4, 98_000)): "partly",
        number_of(await trader.order(SYMBOL, "sell", 2, 98_500)): "sold",
        (stopped := number_of(await trader.order(SYMBOL, "buy", 1, 97_000))): "stopped",
        number_of(await trader.cancel(stopped)): "cancel",
    }
    simulator.control.fill(11113, 1)
    assert [names[int(row["odno"])] for row in await trader.orders(**query)] == wanted


@pytest.mark.parametrize(("mock", "code"), [(False, "70070000"), (True, "70070000")])
async def test_a_day_without_orders_has_no_rows_and_a_code_of_its_own(trader, mock, code):
    trader.mock = mock
    answer = (await trader.daily_pages())[0].json()
    assert (answer["rt_cd"], answer["msg_cd"], answer["output1"]) == ("0", code, [])
    assert answer["output2"]["tot_ord_qty"] == "0"


@pytest.mark.parametrize("query", [{"INQR_STRT_DT": ""}, {"INQR_END_DT": "2026112"}, {"INQR_STRT_DT": "20261341"}])
async def test_a_day_that_is_none_is_refused(trader, query):
    assert (await trader.daily_pages(**query))[0].json()["rt_cd"] == "2"


async def test_the_old_id_lists_the_same_krx_orders(trader):
    krx = number_of(await trader.order(SYMBOL, "buy", 1, 98_000))
    number_of(await trader.order(SYMBOL, "buy", 1, 98_000, EXCG_ID_DVSN_CD="NXT"))
    rows = (await trader.daily_pages("TTTC8001R"))[0].json()["output1"]
    assert [int(row["odno"]) for row in rows] == [krx]
    rows = (await trader.ask("inquire-psbl-rvsecncl", "TTTC8036R")).json()["output"]
    assert [int(row["odno"]) for row in rows] == [krx]


@pytest.mark.parametrize("old", [False, True])
async def test_orders_older_than_three_months_are_under_another_id(trader, clock, old):
    await trader.order(SYMBOL, "buy", 1, 98_000)
    recent, older = ("TTTC8001R", "CTSC9115R") if old else ("TTTC0081R", "CTSC9215R")
    assert len((await trader.daily_pages(recent))[0].json()["output1"]) == 1
    assert (await trader.daily_pages(older))[0].json()["output1"] == []
    clock.forward(days=100)
    await trader.ask_token()
    assert (await trader.daily_pages(recent))[0].json()["output1"] == []
    assert len((await trader.daily_pages(older))[0].json()["output1"]) == 1


async def test_open_orders_are_those_that_can_still_be_cancelled(simulator, trader):
    buy = number_of(await trader.order(SYMBOL, "buy", 3, 98_000))
    number_of(await trader.order(SYMBOL, "buy", 2, 98_600))
    sell = number_of(await trader.order(SYMBOL, "sell", 2, 99_000))
    simulator.control.fill(buy, 1)
    rows = (await trader.ask("inquire-psbl-rvsecncl", "TTTC0084R", INQR_DVSN_2="0")).json()["output"]
    assert [int(row["odno"]) for row in rows] == [buy, sell]
    assert tuple(rows[0]) == tuple(OPEN_FIELDS.split())
    assert (rows[0]["ord_qty"], rows[0]["tot_ccld_qty"], rows[0]["psbl_qty"]) == ("3", "1", "2")
    for side, number in (("1", sell), ("2", buy)):
        rows = (await trader.ask("inquire-psbl-rvsecncl", "TTTC0084R", INQR_DVSN_2=side)).json()["output"]
        assert [int(row["odno"]) for row in rows] == [number]


async def test_open_orders_come_in_pages_of_fifty(trader):
    numbers = await place(trader, 53)
    pages = await trader.pages("inquire-psbl-rvsecncl", "TTTC0084R", INQR_DVSN_1="0", INQR_DVSN_2="0")
    assert [int(row["odno"]) for page in pages for row in page.json()["output"]] == numbers
    assert [len(page.json()["output"]) for page in pages] == [50, 3]


@pytest.mark.parametrize(
    ("path", "tr_id"),
    [
        ("inquire-psbl-rvsecncl", "TTTC0084R"),
        ("inquire-psbl-sell", "TTTC8408R"),
        ("inquire-account-balance", "CTRP6548R"),
    ],
)
async def test_the_mock_flavour_lacks_some_calls(trader, path, tr_id):
    trader.mock = True
    assert said(await trader.ask(path, tr_id)) == (500, "1", "EGW02006")


async def test_an_id_that_the_path_does_not_have_is_refused(trader):
    assert said(await trader.ask("inquire-balance", "TTTC0081R"))[2] == "OPSQ9999"
