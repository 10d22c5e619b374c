"""Bytes of the socket, in whatever portions they come, and the frames that are handed over."""

import asyncio
import struct
from functools import partial

import pytest
from websockets.client import ClientProtocol
from websockets.frames import Close, Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

from stockdesk.kis.wire import MAX_FRAME_BYTES, Wire

TICK = b"0|H0STCNT0|001|" + b"^" * 45
LONG = b"0|H0STCNT0|019|" + b"5" * 70_000
PING = b'{"header":{"tr_id":"PINGPONG"}}'


class Socket(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""

    def write(self, data) -> None:
        self.written += bytes(data)

    def set_write_buffer_limits(self, high=None, low=None) -> None:
        """No limits."""

    def is_closing(self) -> bool:
        return False

    def can_write_eof(self) -> bool:
        return False

    def close(self) -> None:
        """Stays open."""


class Line:
    """A wire that has asked for its handshake, and what came of the bytes it was given."""

    def __init__(self) -> None:
        self.texts: list[bytes] = []
        self.socket = Socket()
        protocol = ClientProtocol(parse_uri("ws://127.0.0.1:21000/"), max_size=MAX_FRAME_BYTES)
        self.wire = Wire(protocol, on_text=self.texts.append, ping_interval=None)
        self.wire.connection_made(self.socket)
        self.request: Request = protocol.connect()
        protocol.send_request(self.request)
        protocol.data_to_send()

    def greeting(self) -> bytes:
        server = ServerProtocol()
        server.state = State.CONNECTING
        response: Response = server.accept(self.request)
        return response.serialize()

    def give(self, data: bytes, portion: int = 1 << 20) -> None:
        for start in range(0, len(data), portion):
            self.wire.data_received(data[start : start + portion])


def frame(opcode: Opcode, data: bytes, *, fin: bool = True) -> bytes:
    return Frame(opcode, data, fin=fin).serialize(mask=False)


text = partial(frame, Opcode.TEXT)


@pytest.mark.parametrize("portion", [1, 2, 3, 7, 61, 130, 500, 1 << 20])
async def test_frames_are_whole_however_the_bytes_are_portioned(portion):
    line = Line()
    line.give(line.greeting() + text(TICK) + text(PING) + text(b"") + text(b"x" * 126) + text(TICK), portion)
    assert line.texts == [TICK, PING, b"", b"x" * 126, TICK]
    assert line.wire.response is not None


@pytest.mark.parametrize("portion", [997, 65_536])
async def test_a_frame_longer_than_two_bytes_can_say_is_whole(portion):
    line = Line()
    line.give(line.greeting() + text(LONG) + text(TICK), portion)
    assert line.texts == [LONG, TICK]


@pytest.mark.parametrize("portion", [1, 5, 1 << 20])
async def test_a_ping_between_ticks_is_answered(portion):
    line = Line()
    line.give(line.greeting() + text(TICK) + frame(Opcode.PING, b"there?") + text(TICK), portion)
    assert line.texts == [TICK, TICK]
    assert line.socket.written[0] == 0x80 | Opcode.PONG


@pytest.mark.parametrize("portion", [1, 5, 1 << 20])
async def test_nothing_is_handed_over_after_the_server_has_closed(portion):
    line = Line()
    line.give(line.greeting() + text(TICK) + frame(Opcode.CLOSE, Close(1000, "").serialize()) + text(TICK), portion)
    assert line.texts == [TICK]
    assert line.wire.protocol.close_rcvd is not None


@pytest.mark.parametrize("portion", [1, 5, 1 << 20])
async def test_fragments_and_binary_frames_are_handed_over_as_unreadable(portion):
    line = Line()
    pieces = frame(Opcode.TEXT, b"0|H0", fin=False) + frame(Opcode.CONT, b"STCNT0")
    line.give(line.greeting() + pieces + frame(Opcode.BINARY, TICK) + text(TICK), portion)
    assert line.texts == [b"", b"", b"", TICK]


@pytest.mark.parametrize("head", [struct.pack("!BBQ", 0x81, 127, MAX_FRAME_BYTES + 1), b"\x81\x85masked"])
async def test_a_frame_that_no_server_sends_ends_the_connection(head):
    line = Line()
    line.give(line.greeting() + head + text(TICK), 3)
    assert line.texts == []
    assert line.wire.protocol.state is State.CLOSING


async def test_a_refused_handshake_is_the_librarys_to_tell():
    line = Line()
    line.give(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\n\x81\x02hi", 3)
    assert line.texts == []
    assert line.wire.protocol.handshake_exc is not None


async def test_an_endless_greeting_is_not_waited_for():
    line = Line()
    line.give(b"x" * 20_000, 512)
    assert line.wire.protocol.handshake_exc is not None


async def test_ticks_that_still_come_while_we_close_are_not_damaged_ones():
    line = Line()
    line.give(line.greeting() + text(TICK))
    line.wire.protocol.send_close()
    line.give(text(TICK) + text(TICK))
    assert line.texts == [TICK]
