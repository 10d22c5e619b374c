"""The order book that the stand-in shows is the one that its orders meet."""

import httpx
import pytest

from tests.simulator.clients import QUOTATIONS
from tests.simulator.traders import Trader

SYMBOL = "005930"


async def asked(trader: Trader, symbol: str) -> httpx.Response:
    params = {"FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": symbol}
    path = f"{QUOTATIONS}/inquire-asking-price-exp-ccn"
    return await trader.http.get(path, params=params, headers=trader.headers("FHKST01010200"))


async def test_an_order_meets_the_levels_that_were_shown(simulator, trader):
    shown = (await asked(trader, SYMBOL)).json()["output1"]
    first, second = (int(shown[f"askp_rsqn{place}"]) for place in (1, 2))
    simulator.control.set_cash(10**13)
    await trader.order(SYMBOL, "buy", first + second, int(shown["askp2"]))
    met = {(fill["price"], fill["quantity"]) for fill in simulator.control.fills()}
    assert met == {(int(shown["askp1"]), first), (int(shown["askp2"]), second)}
    assert int(shown["total_askp_rsqn"]) == sum(int(shown[f"askp_rsqn{place}"]) for place in range(1, 11))


async def test_levels_end_at_the_limits_of_the_day(simulator, trader):
    _lower, upper = simulator.world.by_symbol[SYMBOL].limits
    simulator.control.move(SYMBOL, upper)
    levels = (await asked(trader, SYMBOL)).json()["output1"]
    assert all(int(levels[f"askp{place}"]) <= upper for place in range(1, 11))
    assert levels["askp10"] == "0"


@pytest.mark.parametrize("symbol", [SYMBOL, "999999"])
async def test_a_halted_issue_and_an_unknown_code_have_no_levels(simulator, trader, symbol):
    simulator.control.halt(SYMBOL)
    answer = (await asked(trader, symbol)).json()
    assert answer["rt_cd"] == "0"
    assert {value for name, value in answer["output1"].items() if "askp" in name or "bidp" in name} == {"0"}
