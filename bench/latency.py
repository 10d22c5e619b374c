"""From tick to row: how long after it was sent a trade stands in its row, at several paces of the market.

Sessions, buffer and the write are the desk's; the sender stamps each record with the moment it leaves (a column more
than the broker has), on the clock that all processes of a machine share. A row is there when the database says so.
Beside each figure stands what it costs that other processes are busy: the time in which our two threads could have run
and had no core.
"""

import asyncio
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles

import uvloop
from django.db import connection

from bench import flush
from bench.frames import symbols, tick_frames
from bench.server import sending
from bench.table import Measured, Row
from bench.trend import Series
from market.buffer import Buffer, Pending
from market.models import Quote
from market.quotes import write_ticks
from stockdesk.kis.session import Session
from stockdesk.models import Fence
from stockdesk.threads import DatabaseThread

BEAT = 1.0  # seconds, as run_ws_market has it
ALLOWED = 1_000 * BEAT + 25  # milliseconds
RECEIVED_LATER = 25.0  # milliseconds that a tick may wait longer before us at the end than at the beginning
BEFORE = 0.02  # seconds before a beat
SYMBOLS, SESSIONS = 200, 5


@dataclass(slots=True)
class Ages:
    """Of every tick, in seconds: until it was received, and until its row was committed; and of each beat."""

    received: list[float] = field(default_factory=list)
    written: list[float] = field(default_factory=list)
    coreless: list[float] = field(default_factory=list)
    """How long loop and writer were ready to run and waited for a core, from the beat to the answer."""


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
        rows += _rows(pace, len(frames) / took, ages)
    Quote.objects.all().delete()
    return rows


def _rows(pace: int, came: float, ages: Ages) -> list[Row]:
    p99 = quantiles(ages.written, n=100)[-1] * 1_000
    late = quantiles(ages.received, n=100)[-1] * 1_000
    title = (
        f"tick to row at {pace:,} ticks/s ({came:,.0f} came; without a core {max(ages.coreless) * 1_000:.0f} ms"
        " of the worst beat): p99"
    )
    first, last = Series(values=ages.received).thirds()
    bound = first * 1_000 + RECEIVED_LATER
    return [
        Row(title, "ms", "one beat and 25 ms", Measured(p99, ALLOWED, p99 / ALLOWED), at_most=1.0),
        Row(
            f"tick to buffer at {pace:,} ticks/s: last third of the time, median (p99 of all {late:.0f} ms)", "ms",
            "first third and 25 ms", Measured(last * 1_000, bound, last * 1_000 / bound), at_most=1.0,
        ),
    ]  # fmt: skip


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
    threads = [threading.get_native_id(), await writer.run(threading.get_native_id)]
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
            await asyncio.sleep(max(0.0, beat - BEFORE - time.monotonic()))
            coreless = _coreless(threads)
            await asyncio.sleep(max(0.0, beat - time.monotonic()))
            if beat > ends_at:
                raise AssertionError(f"{len(ages.written)} of {frames} ticks came")
            pending, sent = buffer.take(), waiting[:]
            del waiting[:]
            there = await writer.run(_write, pending)
            ages.written.extend(there - at for at in sent)
            ages.coreless.append(_coreless(threads) - coreless)
        if buffer.counts.bad or buffer.counts.unknown:
            raise AssertionError(f"the frames were not taken in: {buffer.counts}")
        return ages, last - began
    finally:
        await asyncio.gather(*(session.abort() for session in opened))
        writer.close()


def _write(pending: list[Pending]) -> float:
    """When the rows were there, on the clock of the stamps."""
    write_ticks(pending, flush.FENCE, flush.DAEMON)
    return time.monotonic()


def _coreless(threads: Iterable[int]) -> float:
    """How long these threads of this process have been ready to run without a core so far, seconds."""
    return sum(int(Path(f"/proc/self/task/{tid}/schedstat").read_text().split()[1]) for tid in threads) / 1e9
