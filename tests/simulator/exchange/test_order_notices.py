"""Execution notices of real orders: what happens is told, once, in order, and agrees with the inquiry."""

import asyncio

from tests.simulator.listeners import listening
from tests.simulator.traders import number_of, trading

SYMBOL = "005930"


def kind(notice):
    """The columns that say what it is: CNTG_YN, ACPT_YN, RFUS_YN, RCTF_CLS."""
    return notice["CNTG_YN"], notice["ACPT_YN"], notice["RFUS_YN"], notice["RCTF_CLS"]


ACCEPTED, FILLED = ("1", "1", "0", "0"), ("2", "2", "0", "0")
CANCELLED, AMENDED = ("1", "2", "0", "2"), ("1", "2", "0", "1")
REST_GONE, REJECTED = ("1", "3", "0", "0"), ("1", "", "1", "0")


async def test_an_order_is_told_as_accepted_and_then_fill_by_fill(simulator, trader):
    async with listening(simulator, trader) as listener:
        number = number_of(await trader.order(SYMBOL, "buy", 5, 98_700))
        accepted, filled = await listener.notices(2)
    assert kind(accepted) == ACCEPTED
    assert kind(filled) == FILLED
    assert (accepted["CNTG_QTY"], accepted["CNTG_UNPR"], accepted["ODER_PRC"]) == ("0000000005", "000098700", "")
    assert (filled["CNTG_QTY"], filled["CNTG_UNPR"], filled["ODER_PRC"]) == ("0000000005", "000098600", "000098700")
    for notice in (accepted, filled):
        assert (notice["CUST_ID"], notice["ACNT_NO"]) == ("toyuser1", "5000123401")
        assert (notice["ODER_NO"], notice["OODER_NO"]) == (f"{number:010d}", "")
        assert (notice["SELN_BYOV_CLS"], notice["STCK_SHRN_ISCD"], notice["ODER_KIND"]) == ("02", SYMBOL, "00")
        assert (notice["ODER_QTY"], notice["STCK_CNTG_HOUR"]) == ("000000005", "100000")
        assert (notice["CNTG_ISNM40"], notice["ORD_EXG_GB_POPUP_YN"]) == ("삼성전자", "1Y")


async def test_a_market_order_is_accepted_without_a_price(simulator, trader):
    async with listening(simulator, trader) as listener:
        await trader.order(SYMBOL, "buy", 1)
        accepted = await listener.notice()
    assert (accepted["CNTG_UNPR"], accepted["ODER_KIND"]) == ("000000000", "01")


async def test_cancels_and_amendments_have_numbers_of_their_own(simulator, trader):
    async with listening(simulator, trader) as listener:
        first = number_of(await trader.order(SYMBOL, "buy", 5, 98_000))
        second = number_of(await trader.amend(first, 98_100))
        third = number_of(await trader.cancel(second))
        _, amended, cancelled = await listener.notices(3)
    assert (kind(amended), kind(cancelled)) == (AMENDED, CANCELLED)
    assert (int(amended["ODER_NO"]), int(amended["OODER_NO"]), amended["CNTG_UNPR"]) == (second, first, "000098100")
    assert (int(cancelled["ODER_NO"]), int(cancelled["OODER_NO"])) == (third, second)
    assert (cancelled["CNTG_QTY"], cancelled["CNTG_UNPR"]) == ("0000000005", "000000000")


async def test_the_rest_of_an_ioc_is_told(simulator, trader):
    simulator.control.set_cash(10**14)
    async with listening(simulator, trader) as listener:
        number_of(await trader.order(SYMBOL, "buy", 10**8, 98_600, "11"))
        accepted, filled, gone = await listener.notices(3)
    assert kind(gone) == REST_GONE
    assert int(gone["CNTG_QTY"]) == int(accepted["CNTG_QTY"]) - int(filled["CNTG_QTY"])
    assert gone["ODER_COND"] == "1"


async def test_the_notices_of_an_order_add_up_to_what_the_inquiry_says(simulator, trader):
    simulator.control.set_cash(10**12)
    async with listening(simulator, trader) as listener:
        number = number_of(await trader.order(SYMBOL, "buy", 20_000, 98_700))
        for _ in range(4):
            simulator.control.move(SYMBOL, 98_600)
        simulator.control.fill(number, 100, 98_650)
        row = await trader.order_row(number)
        fills = [fill for fill in simulator.control.fills() if fill["order_no"] == number]
        notices = [n for n in await listener.notices(1 + len(fills)) if kind(n) == FILLED]
    assert len(notices) == len(fills) >= 6
    assert sum(int(n["CNTG_QTY"]) for n in notices) == int(row["tot_ccld_qty"])
    assert sum(int(n["CNTG_QTY"]) * int(n["CNTG_UNPR"]) for n in notices) == int(row["tot_ccld_amt"])


async def test_an_order_by_hand_is_told_too(simulator, trader):
    await trader.orderable()
    async with listening(simulator, trader) as listener:
        number = simulator.control.order(SYMBOL, "buy", 2)
        accepted, filled = await listener.notices(2)
        simulator.control.order(SYMBOL, "sell", 2, 99_000)
        simulator.control.cancel(number + 1)
        *_, cancelled = await listener.notices(2)
    assert [int(notice["ODER_NO"]) for notice in (accepted, filled)] == [number, number]
    assert (kind(cancelled), int(cancelled["OODER_NO"])) == (CANCELLED, number + 1)


async def test_the_mock_flavour_tells_it_under_its_own_id(start, clock):
    simulator = start(now=clock, ticks_per_second=0.0, mock=True, calls_per_second=1000)
    async with trading(simulator, mock=True) as trader, listening(simulator, trader, "H0STCNI9") as listener:
        number = number_of(await trader.order(SYMBOL, "buy", 1))
        accepted = await listener.notice()
    assert accepted["ODER_NO"] == f"{number:010d}"


async def test_notices_go_to_the_key_that_ordered_and_to_nobody_else(simulator, trader):
    async with (
        trading(simulator) as other,
        listening(simulator, other) as theirs,
        listening(simulator, trader) as ours,
    ):
        await trader.order(SYMBOL, "buy", 1, 98_000)
        await other.order(SYMBOL, "buy", 2, 98_000)
        assert (await ours.notice())["CNTG_QTY"] == "0000000001"
        assert (await theirs.notice())["CNTG_QTY"] == "0000000002"


async def test_lost_notices_do_not_come_and_the_next_ones_do(simulator, trader):
    async with listening(simulator, trader) as listener:
        simulator.control.mishap_on("notices-lost", count=2)
        number = number_of(await trader.order(SYMBOL, "buy", 1, 98_600))
        await trader.order(SYMBOL, "buy", 2, 98_000)
        assert int((await listener.notice())["ODER_NO"]) == number + 1
    assert (await trader.order_row(number))["tot_ccld_qty"] == "1"


async def test_doubled_notices_come_twice(simulator, trader):
    async with listening(simulator, trader) as listener:
        simulator.control.mishap_on("notices-doubled", count=2)
        await trader.order(SYMBOL, "buy", 1, 98_600)
        first, second, third, fourth = await listener.notices(4)
    assert (first, third) == (second, fourth)
    assert first != third


async def test_early_notices_come_before_the_answer(simulator, trader):
    simulator.control.change(notice_seconds=3600.0)  # none comes unless it is early
    simulator.control.mishap_on("notices-early", value=3, count=1)
    async with listening(simulator, trader) as listener:
        answer = asyncio.create_task(trader.order(SYMBOL, "buy", 1, 98_600))
        notices = await listener.notices(2)
        assert not answer.done()
        number = number_of(await answer)
    assert [kind(notice) for notice in notices] == [ACCEPTED, FILLED]
    assert {int(notice["ODER_NO"]) for notice in notices} == {number}


async def test_late_notices_let_others_pass(simulator, trader):
    simulator.control.mishap_on("notices-late", value=3600, count=2)
    async with listening(simulator, trader) as listener:
        number = number_of(await trader.order(SYMBOL, "buy", 1, 98_600))
        await trader.order(SYMBOL, "buy", 1, 98_000)
        assert int((await listener.notice())["ODER_NO"]) == number + 1


async def test_a_rejection_by_the_exchange_is_told_after_the_acceptance(simulator, trader):
    simulator.control.mishap_on("order-rejected", count=1)
    async with listening(simulator, trader) as listener:
        number = number_of(await trader.order(SYMBOL, "buy", 3, 98_600))
        accepted, rejected = await listener.notices(2)
    assert (kind(accepted), kind(rejected)) == (ACCEPTED, REJECTED)
    row = await trader.order_row(number)
    assert (row["rjct_qty"], row["rmn_qty"], row["tot_ccld_qty"]) == ("3", "0", "0")
    assert (await trader.orderable())["ord_psbl_cash"] == "50000000"
