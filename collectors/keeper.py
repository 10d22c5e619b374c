"""Keeps one WebSocket session alive: asks the governor, connects, watches, replaces what is dead."""

import asyncio
import contextlib
import enum
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ParamSpec, TypeVar

from django.db import Error as DatabaseError
from websockets.exceptions import WebSocketException

from collectors.liveness import SILENT_AFTER, TICKLESS_AFTER, Movement, is_tickless
from stockdesk.calls.governor import Governor
from stockdesk.kis.errors import KisError
from stockdesk.kis.messages import KST
from stockdesk.kis.session import TICK_TR_IDS, Registration, Session, Verdict
from stockdesk.threads import DatabaseThread

logger = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

# All of these are seconds.
LOOK_EVERY = 0.5
# A connection that has carried data for so long has proved itself, and the pace starts afresh.
PROVED_AFTER = 60.0
QUARANTINE = 60.0
# An approval key that waits for the governor is used within this time, or another one is fetched.
APPROVAL_FRESH = 600.0
APPROVAL_PAUSE = 5.0
# How long the governor's answer is waited for; meanwhile nobody looks after the session.
GOVERNOR_PATIENCE = 5.0
COUNT_EVERY = 30.0


class State(enum.StrEnum):
    """What the lamp of a session shows."""

    WAITING = "waiting"
    CONNECTING = "connecting"
    LIVE = "live"
    SILENT = "silent"
    PARKED = "parked"
    CLOSED = "closed"


@dataclass(slots=True)
class Lamp:
    """How a session stands, as the screen shows it."""

    state: State = State.CLOSED
    note: str = ""
    connected_at: datetime | None = None
    next_connect_at: datetime | None = None


@dataclass(slots=True)
class Keeper:
    """One place of the feed (session ``number``), filled with one connection after another.

    Whether and when to connect is the governor's word alone, also right after a crash: its rows are older
    than this process. The approval key is fetched before asking, so that a permission is used at once.
    """

    number: int
    governor: Governor
    database: DatabaseThread
    approval_key: Callable[[], Awaitable[str]]
    new_session: Callable[[int, str], Session]
    """Makes an unopened session of this number with this approval key."""
    hours_since: Callable[[], float | None]
    """For how many seconds continuous trading has been on; ``None`` outside of it."""
    others: Callable[[int], Iterable[Movement]]
    """How the other sessions move."""
    reconnected: Callable[[int], None]
    """Told when a session is live again: its symbols may have traded meanwhile."""
    stopping: asyncio.Event
    lamp: Lamp = field(default_factory=Lamp)
    session: Session | None = None
    connects_today: int = 0
    reconnects: int = 0
    movement: Movement = field(default_factory=Movement)
    _wanted: tuple[Registration, ...] = ()
    _approval: str = field(default="", repr=False)
    _approved_at: float = 0.0
    _opened_at: float = 0.0
    _proved: bool = False
    _bad_before: int = 0
    _counted_at: float = 0.0
    _live_at: float = field(default_factory=time.monotonic)

    def want(self, registrations: Sequence[Registration]) -> None:
        """Carry exactly these from now on, in this connection and those after it; with none at all the place rests."""
        self._wanted = tuple(registrations)
        if self.session is not None:
            self.session.want(self._wanted)

    @property
    def wanted(self) -> tuple[Registration, ...]:
        return self._wanted

    def last_frame_at(self) -> datetime | None:
        """When the connection last brought anything, KST; None without one."""
        if self.session is None or not self.session.heard_at:
            return None
        return datetime.now(KST) - timedelta(seconds=time.monotonic() - self.session.heard_at)

    def down_for(self) -> float:
        """For how many seconds a session that is wanted has not been live; 0 while it is."""
        if not self._wanted or self.lamp.state is State.LIVE:
            self._live_at = time.monotonic()
        return time.monotonic() - self._live_at

    def bad_frames(self) -> int:
        """Frames of all its connections that were neither control message nor ticks."""
        return self._bad_before + (self.session.counts.bad if self.session is not None else 0)

    async def run(self) -> None:
        """Keep the place filled until ``stopping``; then leave politely."""
        while not self.stopping.is_set():
            if not self._wanted:
                self._show(State.WAITING, "nothing to watch")
                await self._pause(LOOK_EVERY)
                continue
            if not await self._has_approval():
                await self._pause(APPROVAL_PAUSE)
                continue
            permission = await self._told(self.governor.ask, self.number)
            if permission is None:
                self._show(State.WAITING, "the database is away")
                await self._pause(LOOK_EVERY)
                continue
            if permission.attempt_id is None:
                # A wait for the others' pace is short; a quarantine or a full minute is worth a word.
                parked = permission.wait > 10.0
                self._show(State.PARKED if parked else State.WAITING, permission.reason, permission.wait)
                await self._pause(min(permission.wait, 5.0))
                continue
            outcome = await self._live(permission.attempt_id)
            await self._told(self.governor.ended, permission.attempt_id, outcome)
            await self._count_connects()
            self.movement.look(time.monotonic(), None)
            if not self.stopping.is_set():
                self.reconnects += 1
                logger.warning("session %s ended: %s", self.number, outcome)

    async def _live(self, attempt_id: int) -> str:
        """One connection from its first byte to its last; returns how it ended."""
        self._show(State.CONNECTING)
        self._proved = False
        session, self._approval = self.new_session(self.number, self._approval), ""
        session.want(self._wanted)
        try:
            await session.open()
        except (OSError, TimeoutError, WebSocketException) as exc:
            # The class alone: the text of some of these quotes what the server sent.
            self._show(State.CLOSED, f"could not connect: {type(exc).__name__}")
            return f"could not connect: {type(exc).__name__}"
        self.session = session
        session.want(self._wanted)  # it may have changed while we connected
        if self.reconnects:
            self.reconnected(self.number)
        self._opened_at = time.monotonic()
        self._show(State.LIVE)
        self.lamp.connected_at = datetime.now(KST)
        logger.info("session %s connected", self.number)
        try:
            return await self._watch(session, attempt_id)
        finally:
            self._bad_before += session.counts.bad
            self.session = None

    async def _has_approval(self) -> bool:
        """See to an unused approval key; each connection gets one of its own."""
        if self._approval and time.monotonic() - self._approved_at < APPROVAL_FRESH:
            return True
        try:
            self._approval = await self.approval_key()
        except KisError as exc:
            self._show(State.CLOSED, f"no approval key: {exc}")
            return False
        self._approved_at = time.monotonic()
        return True

    async def _count_connects(self) -> None:
        # Again now and then, for the day ends at midnight.
        self._counted_at = time.monotonic()
        count = await self._told(self.governor.connects_today, self.number)
        self.connects_today = self.connects_today if count is None else count

    async def _watch(self, session: Session, attempt_id: int) -> str:
        while True:
            await self._pause(LOOK_EVERY)
            if self.stopping.is_set():
                await session.close()
                self._show(State.CLOSED, "stopped")
                return "stopped"
            cause = await self._cause_of_death(session)
            if cause:
                await session.abort()
                return cause
            if time.monotonic() - self._counted_at > COUNT_EVERY:
                await self._count_connects()
            if not self._proved and self._has_lasted(session):
                self._proved = await self._told(self._prove, attempt_id) or False

    async def _cause_of_death(self, session: Session) -> str:
        """Why a session must be replaced; empty as long as it lives."""
        now = time.monotonic()
        if session.verdict is Verdict.KEY_IN_USE:
            seconds = await self._told(self.governor.quarantine, QUARANTINE, "OPSP8996 app key in use")
            self._show(State.PARKED, f"app key {self.number} is in use elsewhere (OPSP8996)", seconds)
            return "OPSP8996 app key already in use"
        if session.verdict is Verdict.APPROVAL_REJECTED:
            self._show(State.CLOSED, "approval key rejected (OPSP0011)")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(session.close(), timeout=5.0)
            return "OPSP0011 approval key rejected"
        if not session.is_open:
            self._show(State.CLOSED, "connection closed by the other side")
            return "closed by the other side"
        if now - session.heard_at > SILENT_AFTER:
            self._show(State.SILENT, f"no frame for {SILENT_AFTER:.0f} s")
            return f"silent for {SILENT_AFTER:.0f} s"
        if self._is_tickless(session, now):
            self._show(State.SILENT, f"no tick for {TICKLESS_AFTER:.0f} s")
            return "no ticks although the session answers"
        return ""

    def _is_tickless(self, session: Session, now: float) -> bool:
        self.movement.look(now, session.ticked_at)
        return is_tickless(
            now,
            opened_at=self._opened_at,
            ticked_at=session.ticked_at,
            hours_since=self.hours_since(),
            symbols=sum(r.tr_id in TICK_TR_IDS for r in session.confirmed()),
            others=self.others(self.number),
        )

    def _has_lasted(self, session: Session) -> bool:
        return session.counts.frames > 0 and session.heard_at - self._opened_at >= PROVED_AFTER

    def _prove(self, attempt_id: int) -> bool:
        self.governor.proved(attempt_id)
        return True

    async def _told(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        """Ask or tell the governor; ``None`` while the database is away, for no session dies of that.

        A permission whose answer comes too late is lost: it was counted, and is not used.
        """
        try:
            return await asyncio.wait_for(self.database.run(function, *args, **kwargs), GOVERNOR_PATIENCE)
        except (DatabaseError, TimeoutError) as exc:
            logger.warning("session %s: the governor cannot be reached: %s", self.number, exc or "no answer")
            return None

    def _show(self, state: State, note: str = "", wait: float | None = None) -> None:
        self.lamp.state, self.lamp.note = state, note
        self.lamp.next_connect_at = datetime.now(KST) + timedelta(seconds=wait) if wait else None
        if state is not State.LIVE:
            self.lamp.connected_at = None

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.stopping.wait(), timeout=seconds)
