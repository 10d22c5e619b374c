"""A TCP proxy of our own between a daemon and the broker: passes, stalls, drips, resets, refuses, cuts."""

import asyncio
import contextlib
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, Literal, Self

Mode = Literal["pass", "stall", "drip", "reset", "refuse"]
#: Sees every piece on its way to the broker, with a slip of paper of its connection; what it returns goes on.
Inspect = Callable[[dict[str, Any], bytes], bytes]

LOOK_EVERY = 0.02
PATIENCE = 10.0


class Proxy:
    """In a thread of its own; every method may be called from any thread.

    ``stall`` keeps what comes, both ways, as a line that loses its packets does; ``drip`` lets one byte of an
    answer through every ``drip_seconds``; ``reset`` answers with a TCP RST, ``refuse`` closes the door. What is
    kept while it stalls is handed on afterwards.
    """

    def __init__(self, host: str, port: int, *, inspect: Inspect | None = None) -> None:
        self.mode: Mode = "pass"
        self.drip_seconds = 0.5
        #: When connections came, on the monotonic clock; those that were turned away too.
        self.connected: deque[float] = deque(maxlen=10_000)
        self.port = 0
        self._target = (host, port)
        self._inspect = inspect
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)
        self._ready: Future[int] = Future()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        self.port = self._ready.result(PATIENCE)
        return self

    def __exit__(self, *error: object) -> None:
        self._call(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)

    def turn(self, mode: Mode) -> None:
        """From now on; connections that stand are reset by ``reset`` and stay as they are with ``refuse``."""
        self.mode = mode
        self._call(self._turned(mode))

    def cut(self, *, reset: bool = False) -> int:
        """End all connections now, with a FIN or a RST; returns how many ends there were."""
        return int(self._call(self._cut(reset)))

    def _call(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._open())
        except OSError as exc:
            self._ready.set_exception(exc)
            return
        self._ready.set_result(self.port)
        self._loop.run_forever()
        rest = asyncio.all_tasks(self._loop)
        for task in rest:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*rest, return_exceptions=True))
        self._loop.close()

    async def _open(self) -> None:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def _turned(self, mode: Mode) -> None:
        if mode == "refuse":
            await self._shut()
        elif self._server is None:
            await self._open()
        if mode == "reset":
            await self._cut(True)

    async def _shut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _close(self) -> None:
        await self._shut()
        await self._cut(True)

    async def _cut(self, reset: bool) -> int:
        ends = list(self._writers)
        for writer in ends:
            _end(writer, reset=reset)
        return len(ends)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connected.append(asyncio.get_running_loop().time())
        if self.mode == "reset":
            _end(writer, reset=True)
            return
        self._writers.add(writer)
        there: asyncio.StreamWriter | None = None
        try:
            # What stalls here has been accepted already, by the system; the broker hears of it later.
            await self._while_stalled()
            answers, there = await asyncio.open_connection(*self._target)
            self._writers.add(there)
            slip = {"peer": writer.get_extra_info("peername")}
            ways = (
                asyncio.create_task(self._up(reader, there, slip)),
                asyncio.create_task(self._down(answers, writer)),
            )
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
        except OSError:
            return
        finally:
            for end in (writer, there):
                if end is not None:
                    self._writers.discard(end)
                    _end(end)

    async def _up(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, slip: dict[str, Any]) -> None:
        while piece := await reader.read(65_536):
            await self._while_stalled()
            if self._inspect is not None:
                piece = await asyncio.to_thread(self._inspect, slip, piece)
            writer.write(piece)
            await writer.drain()

    async def _down(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(65_536):
            await self._while_stalled()
            while piece and self.mode == "drip":
                writer.write(piece[:1])
                piece = piece[1:]
                await asyncio.sleep(self.drip_seconds)
            writer.write(piece)
            await writer.drain()

    async def _while_stalled(self) -> None:
        while self.mode == "stall":  # noqa: ASYNC110  turned by other threads, which know no event of this loop
            await asyncio.sleep(LOOK_EVERY)


def _end(writer: asyncio.StreamWriter, *, reset: bool = False) -> None:
    with contextlib.suppress(OSError, RuntimeError):
        own = writer.get_extra_info("socket")
        if reset and own is not None:
            own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort() if reset else writer.close()
