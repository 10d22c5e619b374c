"""What waits on the way of a tick: at the broker, in the kernel, in run_ws_market, in tables, before browsers.

Nothing here may grow while the market moves; a peak is no growth.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import httpx
from django_q.models import OrmQ

from bench.processes import queued_bytes
from bench.table import Measured, Row
from bench.trend import Series
from stockdesk.models import DaemonState
from stockdesk.threads import DatabaseThread
from trading.models import Order
from trading.states import State

TICKS, PUSHES = "ticks on their way to us, kB", "pushes on their way to browsers, kB"
HEARD, ORDERED = "age of what a browser hears, ms", "tick to order at the broker, ms"
#: How much more may wait in the last third of the time than in the first.
ALLOWED = {
    TICKS: 256.0,  # a fraction of a second of a flood
    PUSHES: 256.0,  # a few seconds of three browsers
    "frames not yet recorded": 5_000.0,
    "minutes not yet written": 400.0,
    "notices not yet written": 10.0,
    "orders not yet sent": 2.0,
    "batch tasks not yet begun": 50.0,
    HEARD: 1_000.0,
    ORDERED: 1_000.0,
}


class Queues:
    """Samples by name, of a desk whose broker serves WebSockets on one port and whose pages come from another."""

    def __init__(self, ws_url: str, web_port: int) -> None:
        self.series: defaultdict[str, Series] = defaultdict(Series)
        self._ws_port = int(ws_url.rpartition(":")[2].strip("/"))
        self._web_port = web_port

    def look(self, seen: Mapping[str, Any], waiting: Mapping[str, float]) -> None:
        """One sample, with what the broker says it has seen and what `waiting` found."""
        unsent = sum(session["unsent_bytes"] for session in seen["sessions"])
        self.note(TICKS, (unsent + queued_bytes(self._ws_port)) / 1024)
        self.note(PUSHES, queued_bytes(self._web_port) / 1024)
        for name, value in waiting.items():
            self.note(name, value)

    async def follow(self, control: httpx.AsyncClient, every: float) -> None:
        """A sample every so many seconds, for ever."""
        database = DatabaseThread("bench-queues")
        try:
            while True:
                seen = (await control.get("/seen?arrivals=0")).json()
                self.look(seen, await database.run(waiting))
                await asyncio.sleep(every)
        finally:
            database.close()

    def note(self, name: str, value: float) -> None:
        self.series[name].add(time.monotonic(), value)

    def rows(self) -> list[Row]:
        return [_row(name, self.series[name]) for name in ALLOWED if name in self.series]


def waiting() -> dict[str, float]:
    """What waits by the word of the tables."""
    told = DaemonState.objects.get(pk="ws_market").counters
    return {
        "frames not yet recorded": told.get("recording_waiting", 0),
        "minutes not yet written": told.get("minutes_waiting", 0),
        "notices not yet written": told.get("notices_waiting", 0),
        "orders not yet sent": Order.objects.filter(state__in=[State.CREATED.value, State.SENDING.value]).count(),
        "batch tasks not yet begun": OrmQ.objects.count(),
    }


def _row(name: str, series: Series) -> Row:
    first, last = series.thirds()
    bound = first + ALLOWED[name]
    title = f"{name}: last third of the time, median (most {max(series.values):,.0f})"
    return Row(title, "", "first third and a margin", Measured(last, bound, last / bound), at_most=1.0)
