"""An hour of flood: does the memory of any process grow, or any queue, and is every row as new as its last tick?

All daemons and the web process of a desk run on a stand-in broker. Three browsers watch, an order goes out every
minute, and an independent listener hears twenty of the symbols. ``./desk bench soak``; not among what runs by itself.
"""

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import httpx
import uvloop

from bench import journey
from bench.broker import Stand, seeded_desk
from bench.listener import Listener
from bench.memory import BUDGET_MB
from bench.processes import cpu_seconds, daemons, largest, running
from bench.queues import HEARD, ORDERED, Queues, waiting
from bench.table import Measured, Row
from bench.trend import Series
from bench.web import logged_in, messages, values, web_server
from market.models import Quote
from market.screen import SHEETS
from stockdesk.models import DaemonState
from stockdesk.threads import DatabaseThread

ISSUES, LISTENED, BROWSERS = 2_500, 20, 3
ORDER_EVERY, ORDER_WITHIN = 60.0, 20.0  # seconds
WARM_UP = 0.25  # of the time, in which memory may grow: pools fill, code is loaded that is rarely used
_NOW = SHEETS["desk"].index("now")
WEB_MB = 150.0  # pages and the admin are loaded there
#: An hour, and by one step of the allocator: in a few minutes that would look like a steep slope.
GROWTH_MB, STEP_MB = 2.0, 1.0
#: What must not happen once: the counts of the first and of the last look are compared.
NEVER = (
    "rows older than their last tick", "ticks the broker could not send", "frames not recorded", "minutes lost",
    "connects", "orders that did not arrive",
)  # fmt: skip


class Soak:
    """What is sampled, by name."""

    def __init__(self, stand: Stand, groups: Mapping[str, int], web_port: int) -> None:
        self.stand = stand
        self.groups = groups
        self.web_port = web_port
        self.queues = Queues(stand.ws_url, web_port)
        self.memory: defaultdict[str, Series] = defaultdict(Series)
        self.happened: defaultdict[str, Series] = defaultdict(Series)
        self.late_rows = self.orders_missing = 0
        self.ticks = Series()
        self._cpu = self._cpu_now()
        self._began = time.monotonic()

    def _cpu_now(self) -> dict[str, float]:
        return {name: cpu_seconds(group) for name, group in self.groups.items()}

    def cpu(self) -> dict[str, float]:
        """What each process took of a core since the start."""
        passed = time.monotonic() - self._began
        return {name: (seconds - self._cpu[name]) / passed for name, seconds in self._cpu_now().items()}

    def look(self, seen: Mapping[str, Any], waits: Mapping[str, float], lost: Mapping[str, float]) -> None:
        """One sample of everything that can be read at once."""
        at = time.monotonic()
        for name, group in self.groups.items():
            self.memory[name].add(at, largest(group).rss)
        self.queues.look(seen, waits)
        counts = {
            **lost,
            "ticks the broker could not send": seen["dropped_frames"],
            "connects": seen["connects"]["total"],
            "rows older than their last tick": self.late_rows,
            "orders that did not arrive": self.orders_missing,
        }
        for name in NEVER:
            self.happened[name].add(at, counts[name])
        self.ticks.add(at, seen["ticks"])

    def line(self) -> str:
        megabytes = " ".join(f"{name} {series.values[-1]:.1f}" for name, series in self.memory.items())
        waiting = " ".join(f"{series.values[-1]:.0f}" for series in self.queues.series.values())
        minutes, ticks = (time.monotonic() - self._began) / 60, self.ticks.per_hour() / 3600
        return f"{minutes:5.1f} min  {ticks:,.0f} ticks/s  MB: {megabytes}  waiting: {waiting}"

    def rows(self) -> list[Row]:
        cpu, found = self.cpu(), []
        for name, series in self.memory.items():
            budget, most = BUDGET_MB if name != "web" else WEB_MB, max(series.values)
            title = f"{name}: most MB of the time (CPU {cpu[name]:.1%})"
            found.append(Row(title, "MB", "budget", Measured(most, budget, most / budget), at_most=1.0))
            late = series.after((series.times[-1] - series.times[0]) * WARM_UP)
            slope, hours = late.lows().per_hour(), (late.times[-1] - late.times[0]) / 3600
            bound = max(GROWTH_MB, STEP_MB / hours)
            title = f"{name}: growth of the low marks after the warm-up (last {series.values[-1]:.1f} MB)"
            found.append(Row(title, "MB/h", "none", Measured(slope, bound, slope / bound), at_most=1.0))
        found += self.queues.rows()
        for name in NEVER:
            values = self.happened[name].values
            more = values[-1] - values[0]
            found.append(Row(name, "", "none", Measured(more, 1.0, more), at_most=0.0))
        return found


def lost() -> dict[str, float]:
    """What is gone for good, by the word of run_ws_market."""
    told = DaemonState.objects.get(pk="ws_market").counters
    return {"frames not recorded": told.get("not_recorded", 0), "minutes lost": told["lost_bars"]}


def volumes() -> dict[str, int | None]:
    return dict(Quote.objects.filter(session__isnull=False).values_list("symbol", "day_volume"))


async def watch(soak: Soak, seconds: float, every: float, cookie: str, strikes: Mapping[str, int]) -> None:
    """Sample until the time is over; says a line a minute."""
    listener, database, heard = Listener(), DatabaseThread("bench-soak"), [0.0]
    symbols = sorted(await database.run(volumes))
    listened = symbols[:: len(symbols) // LISTENED][:LISTENED]
    await listener.open(soak.stand.rest_url, soak.stand.ws_url, listened)
    others = [asyncio.create_task(browser(soak.web_port, cookie, heard)) for _ in range(BROWSERS)]
    others.append(asyncio.create_task(trade(soak, strikes)))
    began = time.monotonic()
    said = 0.0
    try:
        async with httpx.AsyncClient(base_url=f"{soak.stand.rest_url}/_simulator", trust_env=False) as control:
            while (passed := time.monotonic() - began) < seconds:
                await asyncio.sleep(every)
                read_at = time.monotonic()
                soak.late_rows += len(listener.late(await database.run(volumes), read_at))
                seen = (await control.get("/seen?arrivals=0")).json()
                soak.look(seen, await database.run(waiting), await database.run(lost))
                soak.queues.note(HEARD, heard[0])
                heard[0] = 0.0
                if passed - said >= 60:
                    said = passed
                    print(soak.line(), flush=True)
                for task in others:
                    if task.done():
                        task.result()
    finally:
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await listener.close()
        database.close()


async def browser(port: int, cookie: str, heard: list[float]) -> None:
    """Notes the greatest age of the desk's own clock, in ms, since it was last set to 0."""
    async for text in messages(port, cookie):
        for cells in json.loads(text).get("desk", {}).values():
            told = values(cells).get(_NOW)
            if told is not None:
                heard[0] = max(heard[0], time.time() * 1000 - told)


async def trade(soak: Soak, strikes: Mapping[str, int]) -> None:
    """Let one issue after the other jump over its strike price, and wait for the order."""
    async with httpx.AsyncClient(base_url=f"{soak.stand.rest_url}/_simulator", trust_env=False) as control:
        for symbol, strike in strikes.items():
            began = time.monotonic()
            if symbol not in await journey.orders(control):  # else the market has brought it there
                moved_at = time.time()
                await control.post("/move", json={"symbol": symbol, "price": strike * 102 // 100})
                ordered_at = await ordered(control, symbol)
                await sold(control, soak.stand, symbol)
                if ordered_at is None:
                    soak.orders_missing += 1
                else:
                    soak.queues.note(ORDERED, (ordered_at - moved_at) * 1000)
            await asyncio.sleep(ORDER_EVERY - (time.monotonic() - began))
    await asyncio.Event().wait()


async def ordered(control: httpx.AsyncClient, symbol: str) -> float | None:
    """When its order came to the broker (Unix time); None when none came in time."""
    with suppress(TimeoutError):
        async with asyncio.timeout(ORDER_WITHIN):
            while symbol not in (posts := await journey.orders(control)):  # noqa: ASYNC110  (the broker rings no bell)
                await asyncio.sleep(0.2)
            return posts[symbol]
    return None


async def sold(control: httpx.AsyncClient, stand: Stand, symbol: str) -> None:
    """Take the share away again: an account that holds more every minute needs more memory, and that is no leak."""
    await asyncio.sleep(ORDER_WITHIN / 2)  # for the fill to be noticed and looked up
    body = {"symbol": symbol, "quantity": 0, "key": stand.environment["KIS_APP_KEY"]}
    (await control.post("/holding", json=body)).raise_for_status()


def run(minutes: float = 60.0, ticks: float = 2_500.0, every: float = 10.0) -> list[Row]:
    """Needs a database of its own to work in."""
    with seeded_desk(ISSUES, ticks) as stand:
        journey.may_order()
        with running(daemons(), stand.environment) as groups, web_server(stand.environment) as web:
            journey.until_live()
            strikes = journey.conditions(int(minutes))
            soak = Soak(stand, {**groups, "web": web.group}, web.port)
            uvloop.run(watch(soak, minutes * 60, every, logged_in(), strikes))
            return soak.rows()
