"""The socket below a session: the ``websockets`` library, minus its queue between the network and us."""

import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.frames import Frame, Opcode
from websockets.protocol import Event, State

# KIS frames carry up to 19 records of some 350 bytes; anything near this size is poison.
MAX_FRAME_BYTES = 1 << 20
# Seconds for TCP and handshake together, and for the other side's part of a close.
OPEN_WITHIN = 10.0
CLOSE_WITHIN = 3.0

# The first two bytes of a frame: whole and text; then its length, or that two bytes of it follow, or (127) eight.
_WHOLE_TEXT, _TWO_BYTES, _MASKED = 0x81, 126, 128
_BLANK_LINE = b"\r\n\r\n"
# More than this before the blank line is no handshake; the library knows how to say so.
_LONGEST_HEAD = 1 << 14

# The library logs every frame at DEBUG, approval keys included. It does not get the chance.
_quiet = logging.getLogger("stockdesk.kis.wire")
_quiet.setLevel(logging.WARNING)


class Wire(ClientConnection):
    """A client connection that hands over each text frame the moment it is parsed.

    ``recv()`` would park every frame in a queue and wake a task for it; at 5,000 frames a second that
    waking costs more than the parsing. Here everything that one read brought is handled before the loop
    goes on. Nothing is queued, so nothing can grow.

    Whole text frames are cut out here, for the library's general parser takes longer over one than the rest of
    the way to the buffer. All else is the library's: handshake, pings, closing, fragments, and what is wrong. It is
    given whole frames only, so that it never stands in the middle of one.
    """

    def __init__(self, *args: Any, on_text: Callable[[bytes], None], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.on_text = on_text
        self.heard_at = time.monotonic()
        """When anything last arrived, on the monotonic clock, in seconds."""
        self._rest = b""  # the beginning of a frame, or of the handshake, whose end is on its way
        self._shaken = False

    def data_received(self, data: bytes) -> None:
        self.heard_at = time.monotonic()
        if self._rest:
            data, self._rest = self._rest + data, b""
        if self._shaken:
            self._frames(data, 0)
        else:
            self._handshake(data)

    def _handshake(self, data: bytes) -> None:
        found = data.find(_BLANK_LINE)
        if found < 0 and len(data) < _LONGEST_HEAD:
            self._rest = data
            return
        self._shaken = True
        ends = found + len(_BLANK_LINE) if found >= 0 else len(data)
        super().data_received(data[:ends])
        self._frames(data, ends)

    def _frames(self, data: bytes, at: int) -> None:
        """Take the frames of ``data`` from ``at`` on, and keep what is the beginning of one (RFC 6455, 5.2)."""
        end = len(data)
        while at < end:
            if self.protocol.state is not State.OPEN:  # a refusal with a body, or a connection that is being closed
                super().data_received(data[at:])
                return
            length = data[at + 1] if end - at > 1 else 0
            starts = at + (2 if length < _TWO_BYTES else 4 if length == _TWO_BYTES else 10)
            if starts <= end and _TWO_BYTES <= length < _MASKED:
                length = int.from_bytes(data[at + 2 : starts], "big")
            elif length >= _MASKED:
                length = MAX_FRAME_BYTES + 1
            if length > MAX_FRAME_BYTES:  # no server masks, and none sends so much: the library says so and closes
                super().data_received(data[at:])
                return
            stops = starts + length
            if stops > end:
                self._rest = data[at:]
                return
            if data[at] == _WHOLE_TEXT:
                self.on_text(data[starts:stops])
            else:
                super().data_received(data[at:stops])
            at = stops

    def process_event(self, event: Event) -> None:
        if isinstance(event, Frame) and event.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            if self.protocol.state is State.OPEN:  # what still comes after our close frame is nobody's any more
                self.on_text(b"")  # KIS sends neither binary nor fragments; nothing that could be read
        else:
            super().process_event(event)


class _DirectConnect(connect):
    def process_redirect(self, exc: Exception) -> Exception:
        """No redirects: the host that the operator named is the host that gets the approval key."""
        return exc


async def open_wire(url: str, on_text: Callable[[bytes], None]) -> Wire:
    """Connect to ``url`` and deliver every text frame (UTF-8 bytes, unchecked) to ``on_text``.

    Raises ``OSError``, ``TimeoutError`` or ``websockets.exceptions.WebSocketException``; nothing was
    registered then. No proxy, no compression, no keep-alive pings: KIS closes sessions that ping.
    """
    wire = await _DirectConnect(
        url,
        # Given at birth: a server that refuses us may say why before the handshake has returned here.
        create_connection=partial(Wire, on_text=on_text),  # type: ignore[arg-type]  # any factory will do
        compression=None,
        proxy=None,
        ping_interval=None,
        open_timeout=OPEN_WITHIN,
        close_timeout=CLOSE_WITHIN,
        max_size=MAX_FRAME_BYTES,
        logger=_quiet,
        user_agent_header=None,
    )
    assert isinstance(wire, Wire)
    return wire
