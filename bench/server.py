"""A WebSocket server in a process of its own that does nothing but send: as fast as taken, or at a pace."""

import asyncio
import base64
import hashlib
import multiprocessing
import socket
import struct
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def wire_bytes(text: bytes) -> bytes:
    """One unmasked text frame."""
    head = struct.pack("!BB", 0x81, len(text)) if len(text) < 126 else struct.pack("!BBH", 0x81, 126, len(text))
    return head + text


@contextmanager
def sending(
    frames: Sequence[bytes], *, a_second: int | None = None, connections: int = 1, stamped: bool = False
) -> Iterator[str]:
    """Serve ``frames`` once to each of ``connections`` clients (shared out between them), then close.

    With ``a_second`` they trickle in one by one at that pace over all connections, from the moment that the
    last client has connected; without, as fast as each is read. ``stamped`` puts the moment of sending behind
    each (one column more, seconds on the machine's monotonic clock); only for those that trickle.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    args = (
        listener,
        list(frames) if stamped else [wire_bytes(frame) for frame in frames],
        a_second,
        connections,
        stamped,
    )
    process = multiprocessing.get_context("fork").Process(target=_serve, args=args, daemon=True)
    process.start()
    port = listener.getsockname()[1]
    listener.close()
    try:
        yield f"ws://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.join()


def _serve(
    listener: socket.socket, frames: list[bytes], a_second: int | None, connections: int, stamped: bool
) -> None:
    asyncio.run(_run(listener, frames, a_second, connections, stamped))


async def _run(
    listener: socket.socket, frames: list[bytes], a_second: int | None, connections: int, stamped: bool
) -> None:
    everybody = asyncio.Event()
    writers: list[asyncio.StreamWriter] = []

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        key = next(
            line.split(b":", 1)[1].strip()
            for line in request.split(b"\r\n")
            if line.lower().startswith(b"sec-websocket-key:")
        )
        accept = base64.b64encode(hashlib.sha1(key + _GUID.encode()).digest())  # noqa: S324  (RFC 6455 asks for it)
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )
        writers.append(writer)
        if len(writers) == connections:
            everybody.set()
        discard = asyncio.create_task(_discard(reader))
        await discard

    async with await asyncio.start_server(client, sock=listener):
        await everybody.wait()
        if a_second is None:
            await asyncio.gather(*(_flood(w, frames[n::connections]) for n, w in enumerate(writers)))
        else:
            await _trickle(writers, frames, a_second, stamped)
        await asyncio.sleep(60)


async def _flood(writer: asyncio.StreamWriter, frames: list[bytes]) -> None:
    chunk = 200
    for start in range(0, len(frames), chunk):
        writer.write(b"".join(frames[start : start + chunk]))
        await writer.drain()


async def _trickle(writers: list[asyncio.StreamWriter], frames: list[bytes], a_second: int, stamped: bool) -> None:
    started, sent = time.perf_counter(), 0
    while sent < len(frames):
        early = started + sent / a_second - time.perf_counter()
        if early > 0:
            await asyncio.sleep(early)
        if stamped:
            due = min(int((time.perf_counter() - started) * a_second) + 1, len(frames))
            _send_stamped(writers, frames[sent:due])
            sent = due
        else:
            writers[sent % len(writers)].write(frames[sent])
            sent += 1


def _send_stamped(writers: list[asyncio.StreamWriter], frames: list[bytes]) -> None:
    """One write per connection: a sender that is busy for each frame takes a core from those it measures."""
    for place, writer in enumerate(writers):
        now = time.monotonic()
        if mine := [wire_bytes(b"%b^%.6f" % (frame, now)) for frame in frames[place :: len(writers)]]:
            writer.write(b"".join(mine))


async def _discard(reader: asyncio.StreamReader) -> Any:
    while await reader.read(65536):
        pass
