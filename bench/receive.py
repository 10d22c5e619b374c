"""Receiving: from the socket to the buffer, bars kept, beside a bare ``websockets`` loop on the same frames."""

import asyncio
import resource
import tempfile
import time
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

import uvloop
from websockets.asyncio.client import connect

from bench.frames import symbols, tick_frames
from bench.server import sending
from bench.table import Row, median_ratio
from market.buffer import Buffer
from market.recorder import Recorder
from stockdesk.kis.session import Session

SYMBOLS = 200
A_SECOND = 5_000
Receive = Callable[[str, int, int], Coroutine[Any, Any, "Spent"]]
"""Takes in so many frames of a server (url, frames, sessions)."""


def run(rounds: int = 5, flooded: int = 150_000, trickled: int = 15_000) -> list[Row]:
    flood, trickle = tick_frames(flooded), tick_frames(trickled)
    bare, nothing = "bare websockets loop on uvloop", "desk that records nothing"
    return [
        _compare("receive, parse, buffer, bars: one session", flood, rounds, desk, _bare, bare, at_least=0.75),
        _compare("the same with the recording on", flood, rounds, _recording, _bare, bare, at_least=0.75),
        _compare("the same: the loop's CPU", flood, rounds, _recording, desk, nothing, loop=True, at_most=1.25),
        *(
            _compare(
                f"{A_SECOND:,} ticks/s over five sessions, recording {word}: CPU per tick",
                trickle, min(rounds, 3), receive, _bare, bare, A_SECOND, at_most=1.15,
            )
            for word, receive in (("off", desk), ("on", _recording))
        ),
    ]  # fmt: skip


def _compare(
    title: str,
    frames: Sequence[bytes],
    rounds: int,
    ours: Receive,
    theirs: Receive,
    name: str,
    a_second: int | None = None,
    *,
    loop: bool = False,
    at_least: float | None = None,
    at_most: float | None = None,
) -> Row:
    """The two in turn, so that a machine whose speed drifts is fair to both; a speed, or (``at_most``) a cost."""
    sessions = 1 if a_second is None else 5
    pairs = []
    for _ in range(rounds):
        found = []
        for receive in (theirs, ours):
            with sending(frames, a_second=a_second, connections=sessions) as url:
                spent = uvloop.run(receive(url, len(frames), sessions))
            found.append(spent.of_a_core if at_least is not None else spent.loop if loop else spent.cpu)
        pairs.append((found[1], found[0]))
    unit = "frames/s of a core" if at_least is not None else "us CPU"
    return Row(title, unit, name, median_ratio(pairs), at_least=at_least, at_most=at_most)


class Spent:
    """What receiving so many frames took, wall clock and CPU of this process and of its loop."""

    def __init__(self, frames: int) -> None:
        self._frames = frames
        self._wall, self._cpu, self._loop = time.perf_counter(), _cpu_seconds(), time.thread_time()

    def stop(self) -> "Spent":
        self.rate = self._frames / (time.perf_counter() - self._wall)
        self.loop = (time.thread_time() - self._loop) / self._frames * 1e6  # of this thread alone
        self.cpu = (_cpu_seconds() - self._cpu) / self._frames * 1e6
        self.of_a_core = 1e6 / self.cpu  # all threads together
        return self


async def _bare(url: str, frames: int, sessions: int) -> Spent:
    async def read(share: int) -> None:
        async with connect(url, compression=None, proxy=None, ping_interval=None, close_timeout=0.1) as socket:
            connected.append(True)
            for _ in range(share):
                await socket.recv(decode=False)

    connected: list[bool] = []
    spent = Spent(frames)
    await asyncio.gather(*(read(len(range(n, frames, sessions))) for n in range(sessions)))
    return spent.stop()


async def _recording(url: str, frames: int, sessions: int) -> Spent:
    with tempfile.TemporaryDirectory() as directory:
        recorder = Recorder(Path(directory), days=1, most_bytes=1 << 40)
        handing = asyncio.create_task(_hand_over(recorder))
        spent = await desk(url, frames, sessions, recorder)
        handing.cancel()
        recorder.close()
        if recorder.recorded != frames:
            raise AssertionError(f"{recorder.recorded} of {frames} frames were recorded: {recorder.trouble}")
    return spent


async def _hand_over(recorder: Recorder) -> None:
    while True:
        await asyncio.sleep(0.2)  # the flood brings in 0.2 s what a busy market does in several seconds
        recorder.hand_over()


async def desk(url: str, frames: int, sessions: int, recorder: Recorder | None = None) -> Spent:
    buffer = Buffer()
    buffer.keep(symbols(SYMBOLS))
    done = asyncio.Event()

    def add(frame: bytes, number: int, at: float | None = None) -> None:
        buffer.add(frame, number, at)
        if buffer.counts.records == frames:
            done.set()

    def take(number: int) -> Callable[[bytes], object]:
        return recorder.tap(number, add) if recorder is not None else lambda frame: add(frame, number)

    spent = Spent(frames)
    opened = [Session(n, url, "no-key", on_ticks=take(n), on_notices=lambda _: None) for n in range(1, sessions + 1)]
    await asyncio.gather(*(session.open() for session in opened))
    await done.wait()
    spent.stop()
    if buffer.counts.bad or buffer.counts.unknown or buffer.counts.old > frames // 10:
        raise AssertionError(f"the frames were not taken in: {buffer.counts}")
    await asyncio.gather(*(session.abort() for session in opened))
    return spent


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
