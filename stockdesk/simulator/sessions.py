"""One WebSocket session as KIS keeps it, and the connection class that notices pong frames."""

import json
import socket
import struct
import time
from typing import TYPE_CHECKING, Any

from websockets.asyncio.server import ServerConnection
from websockets.frames import Frame, Opcode
from websockets.protocol import Event, State

from stockdesk.simulator.notices import new_key_pair

if TYPE_CHECKING:
    from stockdesk.simulator.ledger import Connect
    from stockdesk.simulator.options import Options


class SessionConnection(ServerConnection):
    """Tells its session about pong frames: the official sample answers PINGPONG with one, unasked."""

    session: "Session | None" = None

    def process_event(self, event: Event) -> None:
        if self.session is not None and isinstance(event, Frame) and event.opcode is Opcode.PONG:
            self.session.answered(bytes(event.data).decode(errors="replace"))
        super().process_event(event)


class Session:
    """State of one connection. Writes never wait: what a slow client does not take is dropped above a limit."""

    def __init__(self, connection: SessionConnection, connect: "Connect", options: "Options") -> None:
        self.connection = connection
        self.connect = connect
        self.options = options
        self.key: str | None = None  # id of the app key, from the first message on
        self.registrations: dict[tuple[str, str], None] = {}
        self.cipher = new_key_pair()
        self.frames = self.dropped = self.echoes = 0
        self.echo_last = self.echo_longest = 0.0
        self.unclean = False
        self._asked: dict[str, float] = {}  # PINGPONG texts not answered yet, with their times
        connection.session = self

    # writing

    def queue(self, payload: bytes) -> bool:
        """Add one text frame to what the next :meth:`flush` writes; False when it was dropped."""
        connection = self.connection
        if connection.protocol.state is not State.OPEN:
            return False
        if connection.transport.get_write_buffer_size() > self.options.buffer_bytes:
            self.dropped += 1
            return False
        connection.protocol.send_text(payload)
        self.frames += 1
        return True

    def flush(self) -> None:
        connection = self.connection
        waiting = b"".join(connection.protocol.data_to_send())
        if waiting and not connection.transport.is_closing():
            connection.transport.write(waiting)

    def send(self, text: str) -> bool:
        """Send one text frame now, whatever waits before it."""
        if self.connection.protocol.state is not State.OPEN:
            return False
        self.connection.protocol.send_text(text.encode())
        self.flush()
        return True

    # ending

    def drop(self) -> None:
        """End without a close frame, once everything written has left (the client sees 1006)."""
        self.connection.transport.close()

    def cut(self, reset: bool = False) -> None:
        """End at once, losing what is unsent; with ``reset`` the peer gets a TCP RST."""
        transport = self.connection.transport
        if reset and (raw := transport.get_extra_info("socket")) is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()

    # PINGPONG

    def ask(self, text: str) -> None:
        """Send a PINGPONG and remember when."""
        if self.send(text):
            self._asked.setdefault(text, time.monotonic())

    def answered(self, text: str) -> bool:
        """Take an echo or a pong frame, with whatever blanks; False when the text is no PINGPONG at all."""
        if "PINGPONG" not in text:
            return False
        if self._asked:
            self.echo_last = time.monotonic() - self._asked.get(text, min(self._asked.values()))
            self.echo_longest = max(self.echo_longest, self.echo_last)
            self.echoes += 1
            self._asked.clear()
        return True

    def unanswered_seconds(self) -> float:
        """How long the oldest PINGPONG has been waiting for its answer; 0 when none is."""
        return time.monotonic() - min(self._asked.values()) if self._asked else 0.0

    def shown(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "connected_at": round(self.connect.at, 3),
            "registrations": len(self.registrations),
            "registered": [f"{tr_id} {tr_key}" for tr_id, tr_key in self.registrations],
            "frames": self.frames,
            "dropped_frames": self.dropped,
            "unsent_bytes": self.connection.transport.get_write_buffer_size(),
            "echoes": self.echoes,
            "echo_last_ms": round(self.echo_last * 1000, 1),
            "echo_longest_ms": round(self.echo_longest * 1000, 1),
            "unanswered_seconds": round(self.unanswered_seconds(), 1),
        }


def parse(text: str | bytes) -> Any:
    """The JSON of a client's message; raises ValueError."""
    if isinstance(text, bytes):
        raise ValueError("binary frame")
    return json.loads(text)
