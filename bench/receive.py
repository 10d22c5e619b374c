"""Receiving: from the socket to the buffer, bars kept, beside a bare ``websockets`` loop on the same frames."""

import asyncio
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import uvloop
from websockets.asyncio.client import connect

from bench.frames import symbols, tick_frames
from bench.server import sending
from bench.table import Row, median_ratio
from market.buffer import Buffer
from market.recorder import Recorder
from stockdesk.kis.session import Session

SYMBOLS = 200


def run(rounds: int = 5) -> list[Row]:
    flood = tick_frames(150_000)
    trickle = tick_frames(15_000)
    return [
        _recorded(flood, rounds),
        _compare("receive, parse, buffer, bars: frames/s, one session", flood, rounds, a_second=None, sessions=1),
        _compare("5,000 ticks/s over five sessions: CPU per tick", trickle, rounds, a_second=5_000, sessions=5),
    ]


def _compare(title: str, frames: Sequence[bytes], rounds: int, *, a_second: int | None, sessions: int) -> Row:
    """The two in turn, so that a machine whose speed drifts is fair to both."""
    ours: list[Spent] = []
    bare: list[Spent] = []
    for _ in range(rounds):
        for receive, results in ((_bare, bare), (_desk, ours)):
            with sending(frames, a_second=a_second, connections=sessions) as url:
                results.append(uvloop.run(receive(url, len(frames), sessions)))
    if a_second is None:  # speed: more is better
        pairs = [(mine.rate, theirs.rate) for mine, theirs in zip(ours, bare, strict=True)]
        return Row(title, "frames/s", "bare websockets loop", median_ratio(pairs), at_least=0.75)
    pairs = [(mine.cpu, theirs.cpu) for mine, theirs in zip(ours, bare, strict=True)]
    return Row(title, "us CPU", "bare websockets loop on uvloop", median_ratio(pairs), at_most=1.15)


def _recorded(frames: Sequence[bytes], rounds: int) -> Row:
    """What the recording of every frame costs the event loop; its thread packs and writes on another core."""
    pairs = []
    for _ in range(rounds):
        spent: list[float] = []
        for receive in (_desk_recording, _desk):
            with sending(frames, a_second=None, connections=1) as url:
                spent.append(uvloop.run(receive(url, len(frames), 1)).loop)
        pairs.append((spent[0], spent[1]))
    title = "receive, parse, buffer and record: CPU of the loop"
    return Row(title, "us CPU", "desk that records nothing", median_ratio(pairs), at_most=1.25)


class Spent:
    """What receiving so many frames took, wall clock and CPU of this process and of its loop."""

    def __init__(self, frames: int) -> None:
        self._frames = frames
        self._wall, self._cpu, self._loop = time.perf_counter(), _cpu_seconds(), time.thread_time()

    def stop(self) -> "Spent":
        self.rate = self._frames / (time.perf_counter() - self._wall)
        self.loop = (time.thread_time() - self._loop) / self._frames * 1e6  # of this thread alone
        self.cpu = (_cpu_seconds() - self._cpu) / self._frames * 1e6
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


async def _desk_recording(url: str, frames: int, sessions: int) -> Spent:
    with tempfile.TemporaryDirectory() as directory:
        recorder = Recorder(Path(directory), days=1, most_bytes=1 << 40)
        handing = asyncio.create_task(_hand_over(recorder))
        spent = await _desk(url, frames, sessions, recorder)
        handing.cancel()
        recorder.close()
        if recorder.recorded != frames:
            raise AssertionError(f"{recorder.recorded} of {frames} frames were recorded: {recorder.trouble}")
    return spent


async def _hand_over(recorder: Recorder) -> None:
    while True:
        await asyncio.sleep(0.2)  # the flood brings in 0.2 s what a busy market does in several seconds
        recorder.hand_over()


async def _desk(url: str, frames: int, sessions: int, recorder: Recorder | None = None) -> Spent:
    buffer = Buffer()
    buffer.keep(symbols(SYMBOLS))
    done = asyncio.Event()

    def take(number: int) -> Callable[[bytes], object]:
        def on_ticks(frame: bytes) -> None:
            buffer.add(frame, number)
            if buffer.counts.records == frames:
                done.set()

        def on_noted(frame: bytes, number: int, at: float) -> None:
            buffer.add(frame, number, at)
            if buffer.counts.records == frames:
                done.set()

        return on_ticks if recorder is None else recorder.tap(number, on_noted)

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
