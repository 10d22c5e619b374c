"""The simulator for tests: in a thread of its own, on free ports, with its controls in hand."""

import asyncio
import secrets
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import uvloop

from stockdesk.simulator.control import Control
from stockdesk.simulator.options import Options
from stockdesk.simulator.server import Simulator
from stockdesk.simulator.world import World


@dataclass(frozen=True, slots=True)
class RunningSimulator:
    """Where it listens and how it is controlled; ``control`` may be used from any thread."""

    rest_url: str
    ws_url: str
    control: Control
    world: World


def new_key() -> tuple[str, str]:
    """An app key and secret that the simulator takes: 36 and 180 characters."""
    return secrets.token_hex(18), secrets.token_hex(90)


@contextmanager
def running_simulator(**options: Any) -> Iterator[RunningSimulator]:
    """A simulator with the given options (see :class:`Options`), stopped at the end of the block."""
    started: Future[tuple[RunningSimulator, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def serve() -> None:
        try:
            async with Simulator(Options(**options)) as simulator:
                stopping = asyncio.Event()
                handle = RunningSimulator(simulator.rest_url, simulator.ws_url, simulator.control, simulator.world)
                started.set_result((handle, asyncio.get_running_loop(), stopping))
                await stopping.wait()
        except BaseException as exc:
            if started.done():
                raise
            started.set_exception(exc)

    def run() -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=run, name="simulator", daemon=True)
    thread.start()
    handle, loop, stopping = started.result(timeout=30)
    try:
        yield handle
    finally:
        loop.call_soon_threadsafe(stopping.set)
        thread.join(timeout=15)
        if thread.is_alive():
            raise RuntimeError("the simulator did not stop")
