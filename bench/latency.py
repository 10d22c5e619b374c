"""From tick to row: how long after it was sent a trade stands in its row, at several paces of the market.

Sessions, buffer and the write are the desk's; the sender stamps each record with the moment it leaves (a column more
than the broker has), on the clock that all processes of a machine share.
"""

import asyncio
import time
from dataclasses import dataclass, field
from statistics import quantiles

import uvloop
from django.db import connection

from bench import flush
from bench.frames import symbols, tick_frames
from bench.server import sending
from bench.table import Measured, Row
from market.buffer import Buffer
from market.models import Quote
from market.quotes import write_ticks
from stockdesk.kis.session import Session
from stockdesk.models import Fence
from stockdesk.threads import DatabaseThread

BEAT = 1.0  # seconds, as run_ws_market has it
ALLOWED = 1_000 * BEAT + 25  # milliseconds
SYMBOLS, SESSIONS = 200, 5


@dataclass(slots=True)
class Ages:
    """Of every tick, in seconds: until it was received, and until its row was committed."""

    received: list[float] = field(default_factory=list)
    written: list[float] = field(default_factory=list)


def run(paces: tuple[int, ...] = (1_000, 5_000, 20_000), seconds: float = 8.0) -> list[Row]:
    """Needs a database of its own to work in, and leaves no rows behind."""
    Fence.objects.update_or_create(name=flush.DAEMON, defaults={"number": flush.FENCE})
    rows = []
    for pace in paces:
        Quote.objects.all().delete()
        Quote.objects.bulk_create([Quote(symbol=name) for name in symbols(SYMBOLS)])
        connection.close()  # the sender is a fork, and a connection belongs to one process
        frames = tick_frames(int(pace * seconds), SYMBOLS, ticks_a_second=pace)
        with sending(frames, a_second=pace, connections=SESSIONS, stamped=True) as url:
            ages, took = uvloop.run(_receive(url, len(frames)))
        p99 = quantiles(ages.written, n=100)[-1] * 1_000
        late = quantiles(ages.received, n=100)[-1] * 1_000
        title = f"tick to row at {pace:,} ticks/s ({len(frames) / took:,.0f} came; received within {late:.0f} ms): p99"
        rows.append(Row(title, "ms", "one beat and 25 ms", Measured(p99, ALLOWED, p99 / ALLOWED), at_most=1.0))
    Quote.objects.all().delete()
    return rows


async def _receive(url: str, frames: int) -> tuple[Ages, float]:
    buffer, ages = Buffer(), Ages()
    waiting: list[float] = []
    buffer.keep(symbols(SYMBOLS))

    last = 0.0

    def on_ticks(frame: bytes) -> None:
        nonlocal last
        last = time.monotonic()
        sent = float(frame[frame.rindex(b"^") + 1 :])
        ages.received.append(last - sent)
        waiting.append(sent)
        buffer.add(frame, 1)

    writer = DatabaseThread("bench-latency")
    opened = [
        Session(number, url, "no-key", on_ticks=on_ticks, on_notices=lambda _: None)
        for number in range(1, SESSIONS + 1)
    ]
    try:
        await asyncio.gather(*(session.open() for session in opened))
        began = beat = time.monotonic()
        ends_at = began + 60 + 20 * BEAT
        while len(ages.written) < frames:
            beat += BEAT  # an absolute timetable: a slow write does not move the next
            await asyncio.sleep(max(0.0, beat - time.monotonic()))
            if beat > ends_at:
                raise AssertionError(f"{len(ages.written)} of {frames} ticks came")
            pending, sent = buffer.take(), waiting[:]
            del waiting[:]
            await writer.run(write_ticks, pending, flush.FENCE, flush.DAEMON)
            there = time.monotonic()
            ages.written.extend(there - at for at in sent)
        if buffer.counts.bad or buffer.counts.unknown:
            raise AssertionError(f"the frames were not taken in: {buffer.counts}")
        return ages, last - began
    finally:
        await asyncio.gather(*(session.abort() for session in opened))
        writer.close()
