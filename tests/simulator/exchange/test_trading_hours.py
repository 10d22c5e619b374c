"""Real hours: which order is taken when, how calls end, and when the rest of an order is over."""

from datetime import datetime

import pytest

from stockdesk.simulator.options import KST
from tests.simulator.traders import number_of, said, trading

SYMBOL = "005930"


def at(text, day=20):
    return datetime.fromisoformat(f"2026-11-{day:02d}T{text}").replace(tzinfo=KST)


@pytest.fixture
def simulator(start, clock):
    return start(now=clock, ticks_per_second=0.0, calls_per_second=1000, real_hours=True)


TAKEN = [
    ("KRX", "00", "08:29:59", False),
    ("KRX", "00", "08:30:00", True),
    ("KRX", "03", "08:45:00", False),
    ("KRX", "05", "08:35:00", True),
    ("KRX", "05", "08:40:00", False),
    ("KRX", "00", "09:00:00", True),
    ("KRX", "03", "15:19:59", True),
    ("KRX", "11", "15:20:00", False),
    ("KRX", "00", "15:29:59", True),
    ("KRX", "00", "15:30:00", False),
    ("KRX", "06", "15:30:00", True),
    ("KRX", "06", "16:00:00", False),
    ("KRX", "00", "16:00:00", False),
    ("KRX", "41", "15:59:59", False),
    ("KRX", "41", "16:00:00", True),
    ("KRX", "41", "20:00:00", False),
    ("NXT", "00", "08:00:00", True),
    ("NXT", "27", "08:49:59", True),
    ("NXT", "00", "08:50:00", False),
    ("NXT", "27", "10:00:00", False),
    ("NXT", "00", "09:00:29", False),
    ("NXT", "00", "09:00:30", True),
    ("NXT", "00", "15:25:00", False),
    ("NXT", "00", "19:59:59", True),
    ("SOR", "00", "10:00:00", True),
    ("SOR", "00", "17:00:00", False),
]


@pytest.mark.parametrize(("venue", "division", "clock_time", "taken"), TAKEN)
async def test_each_division_has_its_hours(trader, clock, venue, division, clock_time, taken):
    clock.moment = at(clock_time)
    price = 98_000 if division in ("00", "11", "27", "41") else 0
    answer = await trader.order(SYMBOL, "buy", 1, price, division, EXCG_ID_DVSN_CD=venue)
    assert said(answer) == ((200, "0", "APBK0013") if taken else (200, "1", "APBK0918"))


@pytest.mark.parametrize("day", [21, 22])
async def test_a_day_without_trading_has_a_code_of_its_own(trader, clock, day):
    clock.moment = at("10:00", day)
    await trader.ask_token()
    assert said(await trader.order(SYMBOL, "buy", 1, 98_000)) == (200, "1", "APBK0919")


async def test_a_holiday_is_no_trading_day(trader, clock):
    clock.moment = datetime(2026, 12, 25, 10, 0, tzinfo=KST)
    await trader.ask_token()
    assert said(await trader.order(SYMBOL, "buy", 1, 98_000)) == (200, "1", "APBK0919")


async def test_orders_of_the_opening_call_meet_the_market_at_nine(trader, clock):
    clock.moment = at("08:55")
    high = number_of(await trader.order(SYMBOL, "buy", 2, 98_600))
    market = number_of(await trader.order(SYMBOL, "buy", 3))
    low = number_of(await trader.order(SYMBOL, "buy", 4, 98_000))
    assert [row["tot_ccld_qty"] for row in await trader.orders()] == ["0", "0", "0"]
    clock.moment = at("09:00")
    filled = {int(row["odno"]): row["tot_ccld_qty"] for row in await trader.orders()}
    assert filled == {high: "2", market: "3", low: "0"}


async def test_the_closing_call_fills_at_the_last_price_and_takes_the_rest_off(simulator, trader, clock):
    clock.moment = at("15:19")
    rest = number_of(await trader.order(SYMBOL, "buy", 1, 98_000))
    clock.moment = at("15:25")
    inside = number_of(await trader.order(SYMBOL, "buy", 2, 98_700))
    assert (await trader.order_row(inside))["tot_ccld_qty"] == "0"
    clock.moment = at("15:30")
    assert (await trader.order_row(inside))["avg_prvs"] == "98500"
    row = await trader.order_row(rest)
    assert (row["rmn_qty"], row["cnc_cfrm_qty"], row["tot_ccld_qty"]) == ("0", "1", "0")
    assert simulator.control.account()["working"] == []


async def test_after_the_close_orders_fill_at_the_close(trader, clock):
    clock.moment = at("15:35")
    number = number_of(await trader.order(SYMBOL, "buy", 2, division="06"))
    assert (await trader.order_row(number))["tot_ccld_qty"] == "0"
    clock.moment = at("15:40")
    assert (await trader.order_row(number))["avg_prvs"] == "98500"


async def test_before_the_open_orders_fill_at_yesterdays_close(simulator, trader, clock):
    clock.moment = at("08:31")
    number = number_of(await trader.order(SYMBOL, "buy", 2, division="05"))
    assert (await trader.order_row(number))["avg_prvs"] == str(simulator.world.by_symbol[SYMBOL].base_price)


async def test_without_real_hours_an_order_lives_until_midnight(simulator, trader, clock):
    simulator.control.change(real_hours=False)
    clock.moment = at("23:00")
    number = number_of(await trader.order(SYMBOL, "buy", 1, 98_000))
    assert (await trader.order_row(number))["rmn_qty"] == "1"
    clock.forward(hours=1)
    assert (await trader.order_row(number))["rmn_qty"] == "0"


async def test_the_market_prints_only_while_it_is_open(start, clock):
    simulator = start(now=clock, ticks_per_second=1000.0, real_hours=True)
    async with trading(simulator) as trader:
        clock.moment = at("15:25")
        before = (await trader.price(SYMBOL)).json()["output"]["acml_vol"]
        clock.forward(minutes=2)
        assert (await trader.price(SYMBOL)).json()["output"]["acml_vol"] == before
