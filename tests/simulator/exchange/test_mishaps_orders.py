"""What can go wrong with orders and lists, and what was booked all the same."""

import asyncio
import time

import httpx
import pytest

from tests.simulator.traders import number_of, said

SYMBOL = "005930"
LOST = (httpx.RemoteProtocolError, httpx.ReadError)


def posts(simulator):
    return [(post["done"], post["order_no"]) for post in simulator.control.posts_seen()["posts"]]


@pytest.mark.parametrize(
    ("mishap", "booked"), [("order-answer-lost", True), ("order-lost", False), ("no-answer", True)]
)
async def test_an_answer_can_be_lost_with_the_order_booked_or_not(simulator, trader, mishap, booked):
    simulator.control.mishap_on(mishap, count=1)
    with pytest.raises(LOST):
        await trader.order(SYMBOL, "buy", 1, 98_000)
    assert len(await trader.orders()) == booked
    assert posts(simulator) == [("booked", 11111) if booked else ("lost", None)]
    assert said(await trader.order(SYMBOL, "buy", 1, 98_000))[1] == "0"


@pytest.mark.parametrize("mishap", ["order-answer-lost", "order-lost"])
async def test_the_answer_to_a_cancel_can_be_lost_while_orders_go_through(simulator, trader, mishap):
    simulator.control.mishap_on(mishap, tr_id="TTTC0013U")
    number = number_of(await trader.order(SYMBOL, "buy", 1, 98_000))
    with pytest.raises(LOST):
        await trader.cancel(number)
    assert (await trader.order_row(number))["rmn_qty"] == ("0" if mishap == "order-answer-lost" else "1")


@pytest.mark.parametrize(("value", "booked"), [(None, True), ("lost", False)])
async def test_the_gateway_can_time_out_and_say_to_look_it_up(simulator, trader, value, booked):
    simulator.control.mishap_on("order-timeout", count=1, value=value)
    answer = await trader.order(SYMBOL, "buy", 1, 98_000)
    assert said(answer) == (500, "1", "EGW00302")
    assert "직전 거래" in answer.json()["msg1"]
    assert len(await trader.orders()) == booked


async def test_an_accepted_order_can_come_without_its_number(simulator, trader):
    simulator.control.mishap_on("order-without-number", count=1)
    answer = (await trader.order(SYMBOL, "buy", 1, 98_000)).json()
    assert (answer["rt_cd"], answer["output"]["ODNO"]) == ("0", "")
    assert len(await trader.orders()) == 1


@pytest.mark.parametrize(("code", "text"), [(None, "장운영시간이 아닙니다"), ("APBK1744", "퇴직연금"), ("X1", "거부")])
async def test_every_order_can_be_refused_with_a_code_of_choice(simulator, trader, code, text):
    simulator.control.mishap_on("order-refused", value=code)
    for _ in range(3):
        answer = await trader.order(SYMBOL, "buy", 1, 98_000)
        assert said(answer) == (200, "1", code or "APBK0918")
        assert text in answer.json()["msg1"]
    assert posts(simulator) == [("refused", None)] * 3
    assert await trader.orders() == []


@pytest.mark.parametrize(
    ("mishap", "status", "code"),
    [
        ("over-limit", 500, "EGW00201"),
        ("ledger-limit", 500, "EGW00215"),
        ("token-dead", 500, "EGW00123"),
        ("server-error", 500, "EGW00002"),
    ],
)
async def test_an_order_that_the_gateway_refuses_is_seen_and_not_booked(simulator, trader, mishap, status, code):
    simulator.control.mishap_on(mishap, count=1, tr_id="TTTC0012U")
    assert said(await trader.order(SYMBOL, "buy", 1, 98_000)) == (status, "1", code)
    seen = simulator.control.posts_seen()["posts"][0]
    assert (seen["done"], seen["code"], seen["order_no"]) == ("refused", code, None)


async def test_the_ledger_has_a_limit_of_its_own_if_told_so(simulator, trader):
    simulator.control.change(ledger_calls_per_second=3)
    answers = await asyncio.gather(*(trader.ask("inquire-balance", "TTTC8434R", INQR_DVSN="02") for _ in range(12)))
    codes = [answer.json()["msg_cd"] for answer in answers]
    assert set(codes) == {"MCA00000", "EGW00215"}
    assert (await trader.price(SYMBOL)).status_code == 200


async def test_a_page_can_come_in_place_of_an_answer_though_the_order_is_booked(simulator, trader):
    simulator.control.mishap_on("html-body", count=1)
    assert (await trader.order(SYMBOL, "buy", 1, 98_000)).text.startswith("<!DOCTYPE html>")
    assert len(await trader.orders()) == 1


async def test_a_body_can_be_cut_though_the_order_is_booked(simulator, trader):
    simulator.control.mishap_on("cut-body", count=1)
    with pytest.raises(LOST):
        await trader.order(SYMBOL, "buy", 1, 98_000)
    assert len(await trader.orders()) == 1


async def test_an_answer_can_drip(simulator, trader):
    simulator.control.mishap_on("drip", count=1, value=0.01)
    started = time.monotonic()
    async with trader.http.stream("GET", "/uapi/none", headers=trader.headers("X")) as answer:
        pieces = [piece async for piece in answer.aiter_raw()]
    assert time.monotonic() - started >= 0.3
    assert len(pieces) > 5
    assert b"".join(pieces).endswith(b"}")


async def test_an_order_whose_answer_drips_for_ever_is_booked_and_its_client_may_leave(simulator, trader):
    simulator.control.mishap_on("drip", count=1, value=60)
    with pytest.raises(httpx.ReadTimeout):
        await trader.http.post(
            "/uapi/domestic-stock/v1/trading/order-cash",
            json={"CANO": "50001234", "ACNT_PRDT_CD": "01", "PDNO": SYMBOL, "ORD_DVSN": "01", "ORD_QTY": "1"},
            headers=trader.headers("TTTC0012U"),
            timeout=0.5,
        )
    assert (await trader.orders())[0]["tot_ccld_qty"] == "1"


async def test_orders_can_be_left_unfilled_or_filled_in_part(simulator, trader):
    simulator.control.mishap_on("no-fill", count=1)
    never = number_of(await trader.order(SYMBOL, "buy", 10, 98_700))
    simulator.control.mishap_on("part-fill", count=1, value=30)
    partly = number_of(await trader.order(SYMBOL, "buy", 10, 98_700))
    full = number_of(await trader.order(SYMBOL, "buy", 10, 98_700))
    for _ in range(5):
        simulator.control.move(SYMBOL, 98_000)
    filled = {int(row["odno"]): row["tot_ccld_qty"] for row in await trader.orders()}
    assert filled == {never: "0", partly: "3", full: "10"}
    assert simulator.control.fill(never, 4) == 6
    assert said(await trader.cancel(partly))[1] == "0"


async def test_the_second_page_can_fail_while_the_first_comes(simulator, trader):
    trader.mock = True
    for _ in range(20):
        await trader.order(SYMBOL, "buy", 1, 90_000)
    simulator.control.mishap_on("second-page", count=1)
    first, second = await trader.daily_pages()
    assert len(first.json()["output1"]) == 15
    assert said(second) == (500, "1", "EGW00002")
    assert [len(page.json()["output1"]) for page in await trader.daily_pages()] == [15, 5]


async def test_lists_can_come_without_rows_beside_totals_that_speak_of_them(simulator, trader):
    await trader.order(SYMBOL, "buy", 10, 98_600)
    simulator.control.mishap_on("no-rows", count=2)
    orders = (await trader.daily_pages())[0].json()
    assert (orders["rt_cd"], orders["output1"], orders["output2"]["tot_ord_qty"]) == ("0", [], "10")
    rows, totals = await trader.balance()
    assert (rows, totals["scts_evlu_amt"]) == ({}, "985000")
    assert len((await trader.balance())[0]) == len(await trader.orders()) == 1
