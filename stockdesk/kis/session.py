"""One WebSocket session of one app key: what is wanted, what is confirmed, and every frame it brings."""

import asyncio
import contextlib
import enum
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from websockets.protocol import State

from stockdesk.kis.errors import FrameError, NoticeError
from stockdesk.kis.frames import PingPong, parse_control, split_frame, subscribe_message
from stockdesk.kis.messages import ControlReply, ExecutionNotice
from stockdesk.kis.notices import decrypt, parse_notices
from stockdesk.kis.wire import Wire, open_wire

logger = logging.getLogger(__name__)

MAX_REGISTRATIONS = 41
NOTICE_TR_IDS = ("H0STCNI0", "H0STCNI9")
TICK_TR_IDS = ("H0STCNT0", "H0UNCNT0", "H0NXCNT0")

_TICK_HEADS = tuple(f"0|{tr_id}|".encode() for tr_id in TICK_TR_IDS)

# Between two messages to KIS; its own sample waits 50-100 ms on the real host.
SPACING = 0.06
# How long a registration may stay unanswered before it is sent once more, and given up after that.
ANSWER_WITHIN = 10.0


class Registration(NamedTuple):
    """One of the 41: a stream and what it is about (a symbol, or the HTS id for notices)."""

    tr_id: str
    tr_key: str

    def __repr__(self) -> str:
        shown = "***" if self.tr_id in NOTICE_TR_IDS else self.tr_key
        return f"Registration({self.tr_id}, {shown})"


class Verdict(enum.Enum):
    """Why the server will not go on with this session; ``None`` as long as it does."""

    KEY_IN_USE = "OPSP8996"
    APPROVAL_REJECTED = "OPSP0011"


class Place(enum.Enum):
    """Where one registration stands."""

    ASKED = "asked"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    LEAVING = "leaving"


@dataclass(slots=True)
class _Standing:
    place: Place
    sent_at: float
    tries: int = 1
    code: str = ""


@dataclass(slots=True)
class Counts:
    """What a session saw since it was opened; ``bad`` are the frames that could not be read, of whatever kind."""

    frames: int = 0
    bad: int = 0
    echoes: int = 0
    undecryptable: int = 0
    """Execution notices that could not be read: the orders must be looked up over REST."""


@dataclass(slots=True)
class Session:
    """A session that is opened once and never again; whoever owns it asks the governor for the next.

    ``on_ticks`` gets each plain tick frame as it came (bytes) and judges its records itself; ``on_notices``
    gets decrypted execution notices. Both are called from the event loop and must not wait.
    """

    number: int
    url: str
    approval_key: str = field(repr=False)
    on_ticks: Callable[[bytes], object]
    on_notices: Callable[[list[ExecutionNotice]], None]
    spacing: float = SPACING
    answer_within: float = ANSWER_WITHIN
    counts: Counts = field(default_factory=Counts)
    verdict: Verdict | None = None
    ticked_at: float | None = None
    """When the last tick frame came, on the monotonic clock; ``None`` before the first."""
    _wire: Wire | None = field(default=None, repr=False)
    _wanted: tuple[Registration, ...] = field(default=(), repr=False)
    _standing: dict[Registration, _Standing] = field(default_factory=dict, repr=False)
    _ciphers: dict[str, tuple[str, str]] = field(default_factory=dict, repr=False)
    _changed: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    _registrar: asyncio.Task[None] | None = field(default=None, repr=False)
    _echoes: set[asyncio.Task[None]] = field(default_factory=set, repr=False)

    async def open(self) -> None:
        """Connect and start registering; errors as ``open_wire``."""
        self._wire = await open_wire(self.url, self._receive)
        self._registrar = asyncio.create_task(self._register(), name=f"session-{self.number}-registrar")

    @property
    def is_open(self) -> bool:
        return self._wire is not None and self._wire.state is State.OPEN and self.verdict is None

    @property
    def heard_at(self) -> float:
        """When anything last arrived, on the monotonic clock, in seconds."""
        return self._wire.heard_at if self._wire is not None else 0.0

    def want(self, registrations: Iterable[Registration]) -> None:
        """Say what shall be registered from now on, the most important first; the difference is sent, spaced."""
        wanted = tuple(dict.fromkeys(registrations))
        if len(wanted) > MAX_REGISTRATIONS:
            raise ValueError(f"{len(wanted)} registrations wanted, a session holds {MAX_REGISTRATIONS}")
        self._wanted = wanted
        self._changed.set()

    def confirmed(self) -> set[Registration]:
        return {r for r, standing in self._standing.items() if standing.place is Place.CONFIRMED}

    def refused(self) -> dict[Registration, str]:
        """Registrations that the server refused or never answered, with its code (``silent`` for no answer)."""
        return {r: s.code for r, s in self._standing.items() if s.place is Place.REFUSED and r in self._wanted}

    async def close(self) -> None:
        """Unregister everything, then close with a close frame: KIS holds the slot of whoever just goes away."""
        await self._stop_registrar()
        with contextlib.suppress(Exception):  # the other side may be gone at any point of a farewell
            if self.is_open and self._wire is not None:
                for registration in [r for r, s in self._standing.items() if s.place is not Place.REFUSED]:
                    await self._send(registration, register=False)
                    await asyncio.sleep(self.spacing / 3)
            if self._wire is not None:
                await self._wire.close()
        await self._drop_echoes()

    async def abort(self) -> None:
        """Let go of a dead session at once: no close handshake, nobody is listening."""
        await self._stop_registrar()
        if self._wire is not None:
            self._wire.transport.abort()
        await self._drop_echoes()

    # What arrives

    def _receive(self, data: bytes) -> None:
        self.counts.frames += 1
        try:
            if data.startswith(_TICK_HEADS):
                self.ticked_at = time.monotonic()
                self.on_ticks(data)
            elif data[:1] == b"{":
                self._control(data.decode())
            else:
                self._other(data.decode())
        except (FrameError, NoticeError, UnicodeDecodeError) as exc:
            self.counts.bad += 1
            if self.counts.bad in (1, 10, 100) or self.counts.bad % 1000 == 0:
                logger.warning("session %s: %d bad frames, last: %s", self.number, self.counts.bad, _reason(exc))

    def _control(self, text: str) -> None:
        message = parse_control(text)
        if isinstance(message, PingPong):
            self._echo(text)
        else:
            self._reply(message)

    def _echo(self, text: str) -> None:
        # The receiving side cannot wait; the send itself is a few microseconds unless the socket is stuck,
        # and then the task dies with the session.
        if self._wire is None:
            return
        task = asyncio.ensure_future(self._wire.send(text))
        self._echoes.add(task)
        task.add_done_callback(self._echoed)
        self.counts.echoes += 1

    def _echoed(self, task: asyncio.Task[None]) -> None:
        self._echoes.discard(task)
        if not task.cancelled():
            task.exception()  # a closed socket shows in is_open; nothing else to learn from it here

    def _reply(self, reply: ControlReply) -> None:
        if reply.code in (Verdict.KEY_IN_USE.value, Verdict.APPROVAL_REJECTED.value):
            self.verdict = Verdict(reply.code)
            logger.warning("session %s: %s %s", self.number, reply.code, reply.text)
            return
        registration = self._find(reply)
        if reply.key and reply.iv:
            self._ciphers[reply.tr_id] = (reply.key, reply.iv)
        if registration is None:
            logger.warning("session %s: a reply to nothing asked: %s %s", self.number, reply.code, reply.text)
            return
        standing = self._standing[registration]
        if standing.place is Place.LEAVING:
            del self._standing[registration]
        elif reply.ok:
            standing.place = Place.CONFIRMED
        else:
            standing.place, standing.code = Place.REFUSED, reply.code
            logger.warning("session %s: %r refused, %s %s", self.number, registration, reply.code, reply.text)
        self._changed.set()

    def _find(self, reply: ControlReply) -> Registration | None:
        """The registration that a reply answers; error replies may lack ``tr_key``, then the oldest open one."""
        exact = Registration(reply.tr_id, reply.tr_key)
        if exact in self._standing:
            return exact
        if reply.tr_key:
            return None
        notices_only = reply.code == "OPSP0017"
        open_ones = [
            r
            for r, s in self._standing.items()
            if s.place in (Place.ASKED, Place.LEAVING) and (not notices_only or r.tr_id in NOTICE_TR_IDS)
        ]
        return min(open_ones, key=lambda r: self._standing[r].sent_at, default=None)

    def _other(self, text: str) -> None:
        frame = split_frame(text)
        if frame.tr_id not in NOTICE_TR_IDS or not frame.encrypted:
            raise FrameError(f"a frame of {frame.tr_id[:12]!r}, which nobody registered")
        cipher = self._ciphers.get(frame.tr_id)
        if cipher is None:
            self.counts.undecryptable += 1
            raise NoticeError("an execution notice came before its key")
        try:
            notices = parse_notices(decrypt(*cipher, frame.body), frame.count)
        except NoticeError:
            self.counts.undecryptable += 1
            raise
        self.on_notices(notices)

    # What is sent

    async def _register(self) -> None:
        while True:
            step = self._next_step()
            if step is None:
                self._changed.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), timeout=1.0)
                continue
            registration, register = step
            try:
                await self._send(registration, register=register)
            except Exception as exc:  # the watcher sees the closed socket and replaces the session
                logger.info("session %s: registering stopped, %s", self.number, type(exc).__name__)
                return
            await asyncio.sleep(self.spacing)

    def _next_step(self) -> tuple[Registration, bool] | None:
        """The next message to send: leave first, then repeat what went unanswered, then join."""
        now = time.monotonic()
        wanted = set(self._wanted)
        for registration, standing in list(self._standing.items()):
            overdue = now - standing.sent_at >= self.answer_within
            if standing.place is Place.LEAVING:
                if overdue:  # never answered: the server has forgotten it or will say OPSP0002 when it comes back
                    del self._standing[registration]
            elif registration not in wanted:
                if standing.place is Place.REFUSED:
                    del self._standing[registration]
                    continue
                self._standing[registration] = _Standing(Place.LEAVING, now)
                return registration, False
            elif self._is_due_again(standing, now):
                self._standing[registration] = _Standing(Place.ASKED, now, tries=standing.tries + 1)
                return registration, True
            elif overdue and standing.place is Place.ASKED:
                standing.place, standing.code = Place.REFUSED, "silent"
        if sum(s.place is not Place.REFUSED for s in self._standing.values()) >= MAX_REGISTRATIONS:
            return None
        for registration in self._wanted:
            if registration not in self._standing:
                self._standing[registration] = _Standing(Place.ASKED, now)
                return registration, True
        return None

    def _is_due_again(self, standing: _Standing, now: float) -> bool:
        """Once more soon after a refusal or silence, and then now and then: OPSP0007 and OPSP0009 pass."""
        if standing.place not in (Place.ASKED, Place.REFUSED):
            return False
        if standing.place is Place.ASKED and standing.tries > 1:
            return False  # judged as silent first
        return now - standing.sent_at >= (self.answer_within if standing.tries < 2 else self.answer_within * 12)

    async def _send(self, registration: Registration, *, register: bool) -> None:
        assert self._wire is not None
        await self._wire.send(
            subscribe_message(self.approval_key, registration.tr_id, registration.tr_key, register=register)
        )

    async def _stop_registrar(self) -> None:
        if self._registrar is not None:
            self._registrar.cancel()
            await asyncio.wait([self._registrar])
            self._registrar = None

    async def _drop_echoes(self) -> None:
        for task in list(self._echoes):
            task.cancel()
        if self._echoes:
            await asyncio.wait(self._echoes)


def _reason(exc: Exception) -> str:
    # A codec error's text quotes the frame, and a frame may carry an account number.
    return type(exc).__name__ if isinstance(exc, UnicodeDecodeError) else str(exc)
