"""The whole market over REST: rounds of ``run_rest_market`` beside busy other lanes, as the broker saw them."""

import asyncio
import itertools
import time
from typing import Any

import httpx

from bench.broker import CEILING, Key, desk_environment, running_broker
from bench.processes import cpu_seconds, largest, running
from bench.table import Row, median_ratio
from market.instruments import load_instruments
from market.models import Quote
from stockdesk.budget import FIXED, AsyncBudget, Budget
from stockdesk.keys import key_id
from stockdesk.kis.masterfiles import MasterFiles
from stockdesk.kis.rest import SYMBOLS_A_CALL, KisClient
from stockdesk.simulator.testing import new_key
from stockdesk.threads import DatabaseThread
from stockdesk.tokens import TokenStore

DAEMON = "rest_market"
LANE = CEILING - sum(FIXED.values())
BESIDE = ("order", "fill", "assets", "assets")  # the last one twice, to have an answer under way while one waits
CALL = "FHKST11300006"
STARTING = 60.0  # seconds until the first call


def run(rounds: int = 10, symbols: int = 2_500) -> list[Row]:
    """Real processes: a stand-in broker, the daemon, and here the callers of the other lanes. About 80 s."""
    key = new_key()
    with running_broker(symbols) as (rest_url, ws_url):
        load_instruments(MasterFiles(f"{rest_url}/common/master"))
        began = time.monotonic()
        with running([DAEMON], desk_environment(rest_url, ws_url, [key])) as groups:
            seen = asyncio.run(_beside(rest_url, key, rounds * symbols // SYMBOLS_A_CALL + 1))
            spent = cpu_seconds(groups[DAEMON]) / (time.monotonic() - began)
            memory = largest(groups[DAEMON]).rss
    if seen["refused"] or seen["most_in_a_second"] > CEILING:
        raise AssertionError(f"{seen['most_in_a_second']} calls in a second, refused: {seen['refused']}")
    if (missing := symbols - Quote.objects.filter(source="rest", last_price__isnull=False).count()) > 0:
        raise AssertionError(f"{missing} of {symbols} issues have no price after {rounds} rounds")
    arrivals = [at for at, tr_id in seen["arrivals"] if tr_id == CALL]
    lane_allows = symbols / SYMBOLS_A_CALL / LANE
    pairs = [(seconds, lane_allows) for seconds in _rounds(arrivals, symbols / SYMBOLS_A_CALL, rounds)]
    title = f"a round of {symbols:,} issues over REST, s ({memory:.0f} MB, {spent:.0%} of a core)"
    return [Row(title, "s", f"lane of {LANE} calls a second", median_ratio(pairs), at_most=1.05)]


def _rounds(arrivals: list[float], calls: float, rounds: int) -> list[float]:
    """How long each round took; its last call is shared with the next one in proportion."""
    ends = []
    for number in range(rounds + 1):
        whole, part = divmod(number * calls, 1)
        at = int(whole)
        ends.append(arrivals[at] + (part * (arrivals[at + 1] - arrivals[at]) if part else 0.0))
    return [later - earlier for earlier, later in itertools.pairwise(ends)]


async def _beside(rest_url: str, key: Key, calls: int) -> dict[str, Any]:
    """Call on the lanes of trading and assets as fast as they allow, until the daemon has made so many calls.

    The spare lane is left to what it is for, a token: all lanes at their full share are the budget's own test.
    """
    database, identity = DatabaseThread("bench-calls"), key_id(key[0])
    client = KisClient(
        rest_url, *key, tokens=TokenStore(identity, database), budget=AsyncBudget(Budget(identity, CEILING), database)
    )

    async def call(lane: str) -> None:
        while True:
            await client.inquire_price("005930", lane=lane)
            if lane == "order":
                await asyncio.sleep(1.1)  # its second of rest, without which it would borrow from the market lane

    others = [asyncio.create_task(call(lane)) for lane in BESIDE]
    try:
        return await _seen(rest_url, calls + 1)
    finally:
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await client.aclose()
        database.close()


async def _seen(rest_url: str, calls: int) -> dict[str, Any]:
    ends_at = time.monotonic() + STARTING + 3 * calls / LANE
    async with httpx.AsyncClient(base_url=rest_url, trust_env=False) as control:
        while time.monotonic() < ends_at:
            await asyncio.sleep(1.0)
            for seen in (await control.get("/_simulator/seen?arrivals=0")).json()["calls"].values():
                if seen["by_tr_id"].get(CALL, 0) >= calls:
                    everything = (await control.get("/_simulator/seen?arrivals=20000")).json()["calls"]
                    (whole,) = everything.values()
                    return dict(whole)
    raise AssertionError(f"the daemon did not make {calls} calls in time")
