"""The socket below a session: the ``websockets`` library, minus its queue between the network and us."""

import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.frames import Frame, Opcode
from websockets.protocol import Event

# KIS frames carry up to 19 records of some 350 bytes; anything near this size is poison.
MAX_FRAME_BYTES = 1 << 20
# Seconds for TCP and handshake together, and for the other side's part of a close.
OPEN_WITHIN = 10.0
CLOSE_WITHIN = 3.0

# The library logs every frame at DEBUG, approval keys included. It does not get the chance.
_quiet = logging.getLogger("stockdesk.kis.wire")
_quiet.setLevel(logging.WARNING)


class Wire(ClientConnection):
    """A client connection that hands over each text frame the moment it is parsed.

    ``recv()`` would park every frame in a queue and wake a task for it; at 5,000 frames a second that
    waking costs more than the parsing. Here everything that one read brought is handled before the loop
    goes on. Nothing is queued, so nothing can grow.
    """

    def __init__(self, *args: Any, on_text: Callable[[bytes], None], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.on_text = on_text
        self.heard_at = time.monotonic()
        """When anything last arrived, on the monotonic clock, in seconds."""

    def data_received(self, data: bytes) -> None:
        self.heard_at = time.monotonic()
        super().data_received(data)

    def process_event(self, event: Event) -> None:
        if isinstance(event, Frame) and event.opcode is Opcode.TEXT and event.fin:
            self.on_text(bytes(event.data))
        elif isinstance(event, Frame) and event.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
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
