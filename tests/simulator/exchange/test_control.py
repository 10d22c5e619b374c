"""The hand on the exchange: what was ordered, what is owned, and meddling with both."""

import pytest

from tests.simulator.traders import number_of, trading

SYMBOL = "005930"


async def test_every_post_of_an_order_is_on_record_with_what_became_of_it(trader, shell):
    number = number_of(await trader.order(SYMBOL, "buy", 2, 98_000))
    await trader.order(SYMBOL, "buy", 2, 98_050)
    await trader.cancel(number)
    seen = (await shell.get("/posts")).json()
    first, second, third = seen["posts"]
    assert [(p["new"], p["done"], p["code"], p["order_no"]) for p in (first, second, third)] == [
        (True, "booked", "APBK0013", number),
        (True, "refused", "APBK0918", None),
        (False, "booked", "APBK0013", number + 1),
    ]
    assert first["tr_id"] == "TTTC0012U"
    assert (first["body"]["PDNO"], first["body"]["ORD_QTY"], first["body"]["ORD_UNPR"]) == (SYMBOL, "2", "98000")
    assert third["body"]["ORGN_ODNO"] == str(number)
    assert first["at"] <= second["at"] <= third["at"]
    summary = seen["by_key"][first["key"]]
    assert (summary["total"], summary["done"]) == (2, {"booked": 1, "refused": 1})
    assert summary["closest_seconds"] == pytest.approx(second["clock"] - first["clock"], abs=0.001)
    assert len((await shell.get("/posts?last=1")).json()["posts"]) == 1


async def test_orders_name_the_post_they_came_from(trader, shell, simulator):
    await trader.order(SYMBOL, "buy", 2, 98_000)
    simulator.control.order(SYMBOL, "buy", 1)
    by_post, by_hand = (await shell.get("/orders")).json()
    assert (by_post["post"], by_post["manual"]) == (1, False)
    assert (by_hand["post"], by_hand["manual"], by_hand["filled"]) == (None, True, 1)


async def test_neither_secrets_nor_account_numbers_are_shown(trader, shell):
    await trader.order(SYMBOL, "buy", 2, 98_600, PDNO=SYMBOL, appkey=trader.key)
    for page in ("/posts", "/orders", "/fills", "/accounts", "/seen"):
        text = (await shell.get(page)).text
        for secret in (trader.key, trader.secret, trader.token, "50001234"):
            assert secret not in text


async def test_accounts_show_what_is_owned_and_that_it_adds_up(trader, shell, simulator):
    assert (await shell.post("/cash", json={"cash": 1_000_000})).json() == {"ok": True}
    assert (await shell.post("/holding", json={"symbol": SYMBOL, "quantity": 3, "price": 90_000})).status_code == 200
    await trader.order(SYMBOL, "buy", 2, 98_600)
    await trader.order(SYMBOL, "sell", 1, 99_000)
    account = next(iter((await shell.get("/accounts")).json().values()))
    fee = 197_200 * 140_527 // 10**9
    assert (account["cash"], account["costs"], account["difference"]) == (1_000_000 - 197_200 - fee, fee, 0)
    assert account["holdings"] == {SYMBOL: {"quantity": 5, "orderable": 4, "cost": 467_200}}
    assert len(account["working"]) == 1
    assert (await shell.get("/fills?key=1")).json()[0]["fee"] == fee


async def test_a_working_order_can_be_filled_by_force_but_not_against_its_limit(trader, shell, simulator):
    number = number_of(await trader.order(SYMBOL, "buy", 5, 98_000))
    assert (await shell.post("/fill", json={"order_no": number, "quantity": 2})).json() == 3
    assert (await shell.post("/fill", json={"order_no": number, "price": 98_100})).status_code == 400
    assert (await shell.post("/fill", json={"order_no": number, "quantity": 4})).status_code == 400
    assert (await shell.post("/fill", json={"order_no": number, "price": 97_900})).json() == 0
    assert (await shell.post("/fill", json={"order_no": number})).status_code == 400
    assert [(f["quantity"], f["price"]) for f in simulator.control.fills()] == [(2, 98_000), (3, 97_900)]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/cash", {"cash": 1}, 400),  # a working buy holds more
        ("/cash", {"cash": "1"}, 400),
        ("/holding", {"symbol": SYMBOL, "quantity": 0}, 400),  # a working sell needs one
        ("/holding", {"symbol": "999999", "quantity": 1}, 400),
        ("/order", {"symbol": SYMBOL, "side": "both", "quantity": 1}, 400),
        ("/order", {"symbol": SYMBOL, "side": "buy", "quantity": 10**7}, 400),
        ("/cancel", {"order_no": 1}, 400),
        ("/cash", {"cash": 10**8, "key": 7}, 404),
    ],
)
async def test_meddling_that_makes_no_sense_is_refused(trader, shell, simulator, path, body, status):
    simulator.control.set_holding(SYMBOL, 1)
    await trader.order(SYMBOL, "buy", 1, 98_000)
    await trader.order(SYMBOL, "sell", 1, 99_000)
    before = simulator.control.account()
    answer = await shell.post(path, json=body)
    assert (answer.status_code, bool(answer.json()["error"])) == (status, True)
    assert simulator.control.account() == before


async def test_a_reset_keeps_accounts_unless_told_otherwise(trader, shell, simulator):
    await trader.order(SYMBOL, "buy", 1, 98_600)
    await shell.post("/reset", json={})
    assert simulator.control.posts_seen()["posts"] == []
    assert len(simulator.control.orders()) == 1
    await shell.post("/reset", json={"accounts": True})
    assert (simulator.control.orders(), simulator.control.accounts()) == ([], {})
    assert number_of(await trader.order(SYMBOL, "buy", 1, 98_600)) == 11111


async def test_a_new_account_opens_with_the_cash_of_the_option(start):
    simulator = start(cash=7_000_000)
    async with trading(simulator) as trader:
        assert (await trader.orderable())["ord_psbl_cash"] == "7000000"
