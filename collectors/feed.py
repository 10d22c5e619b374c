"""The live feed: the watch list spread over kept sessions, every tick into the buffer, once a second into rows."""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import Error as DatabaseError

from collectors.keeper import Keeper, State
from collectors.placement import place
from market.buffer import Bar, Buffer
from market.feedsessions import write_lamps
from market.models import FeedSession, Quote
from market.notices import save_notices
from market.quotes import Written, write_prices, write_ticks
from market.watchlist import WatchItem, ensure_quotes, read_watch_list
from stockdesk.events import clear_event, raise_event
from stockdesk.kis import messages
from stockdesk.kis.errors import KisError
from stockdesk.kis.messages import KST
from stockdesk.kis.rest import KisClient
from stockdesk.kis.session import TICK_TR_IDS, Registration
from stockdesk.threads import DatabaseThread

logger = logging.getLogger(__name__)

TICK_TR_ID = "H0STCNT0"
READ_LIST_EVERY = 2.0
CODES_A_CALL = 30
# Notices that the database would not take yet; beyond this the oldest go, and the order look-up finds them.
NOTICES_KEPT = 10_000


class Notice(NamedTuple):
    """An execution notice on its way to its table."""

    notice: messages.ExecutionNotice
    session: int
    received_at: datetime


class Feed:
    """Everything between the watch list and ``market_quote`` that is not the daemon's loop itself.

    Three threads talk to the database, so that none waits for another: ``writer`` flushes, ``board`` reads
    the watch list (whose table PHP may lock), ``connects`` serves the governor.
    """

    def __init__(
        self,
        *,
        daemon: str,
        keepers: Sequence[Keeper],
        client: KisClient,
        capacity: int,
        notices: Registration | None,
        buffer: Buffer,
        writer: DatabaseThread,
        board: DatabaseThread,
        stopping: asyncio.Event,
    ) -> None:
        self.daemon = daemon
        self.keepers = keepers
        self.client = client
        self.capacity = capacity
        self.notices = notices
        self.buffer = buffer
        self.stopping = stopping
        self.placed: dict[str, int] = {}
        self.left_over: list[str] = []
        self.board_error = ""
        self.flush_seconds = 0.0
        self._writer = writer
        self._board = board
        self._pending_notices: deque[Notice] = deque(maxlen=NOTICES_KEPT)
        self._due_prices: set[str] = set()
        self._joined = asyncio.Event()

    # From the sockets

    def on_ticks(self, number: int) -> Callable[[bytes], object]:
        add = self.buffer.add
        return lambda frame: add(frame, number)

    def on_notices(self, number: int) -> Callable[[list[messages.ExecutionNotice]], None]:
        def take(notices: list[messages.ExecutionNotice]) -> None:
            received_at = datetime.now(KST)
            self._pending_notices.extend(Notice(notice, number, received_at) for notice in notices)

        return take

    def last_tick_at(self) -> float:
        """When any session last got a tick, on the monotonic clock; 0 before the first."""
        sessions = [keeper.session for keeper in self.keepers if keeper.session is not None]
        return max((session.ticked_at or 0.0 for session in sessions), default=0.0)

    def bad_frames(self) -> int:
        """Frames that could be read neither as control message nor as ticks, since the daemon started."""
        return sum(keeper.bad_frames() for keeper in self.keepers)

    # The watch list

    async def follow_watch_list(self) -> None:
        """Read the board every two seconds until ``stopping``; an unreadable board leaves everything as it is."""
        while not self.stopping.is_set():
            try:
                watch = await self._board.run(read_watch_list)
                await self.watch(watch.symbols)
                self.board_error = ""
            except DatabaseError as exc:
                if not self.board_error:
                    logger.warning(
                        "the watch list cannot be read, going on with %d symbols: %s", len(self.placed), exc
                    )
                self.board_error = type(exc).__name__
            await self._pause(READ_LIST_EVERY)

    async def watch(self, items: Sequence[WatchItem]) -> None:
        """Carry exactly these symbols from now on, as many as there are places."""
        symbols = [item.symbol for item in items]
        placed, left_over = place(self.placed, symbols, sessions=len(self.keepers), capacity=self.capacity)
        if placed == self.placed and left_over == self.left_over:
            return
        joined = placed.keys() - self.placed.keys()
        await self._board.run(ensure_quotes, items)
        rows = await self._board.run(_stored, joined)
        self.buffer.keep(placed)
        for symbol, traded_at, bar, closed_bar in rows:
            self.buffer.restore(symbol, traded_at, bar, closed_bar)
        self.placed, self.left_over = placed, left_over
        for keeper in self.keepers:
            keeper.want(self._registrations(keeper.number))
        await self._board.run(_note_left_over, self.daemon, left_over)
        self._due_prices = (self._due_prices | joined) & placed.keys()
        if joined:
            self._joined.set()
        logger.info("watching %d symbols, %d without a place", len(placed), len(left_over))

    def _registrations(self, number: int) -> list[Registration]:
        first = [self.notices] if self.notices is not None and number == 1 else []
        return first + [Registration(TICK_TR_ID, symbol) for symbol, at in self.placed.items() if at == number]

    async def fill_gaps(self, fence: Callable[[], int]) -> None:
        """Read the price of each symbol that joined over REST, for its first tick may be minutes away."""
        while not self.stopping.is_set():
            await self._pause(1.0, self._joined)
            self._joined.clear()
            for symbols in _chunks(sorted(self._due_prices), CODES_A_CALL):
                asked_at = datetime.now(KST)
                try:
                    prices = await self.client.multi_price(symbols)
                    await self._board.run(write_prices, prices, asked_at, fence(), self.daemon)
                except KisError as exc:
                    logger.warning("no price over REST for %d new symbols: %s", len(symbols), exc)
                except DatabaseError as exc:
                    logger.warning("prices read over REST were not stored: %s", exc)
                    continue
                # Asked once: a symbol that REST does not know, or a mock host without this call, waits for its tick.
                self._due_prices.difference_update(symbols)

    # Into the tables

    async def flush(self, fence: int) -> None:
        """Write what has changed: quotes, then notices, then the lamps. Raises ``django.db.Error``, loses nothing."""
        self.buffer.close_minutes(datetime.now(KST).replace(tzinfo=None))
        pending = self.buffer.take()
        started = time.monotonic()
        try:
            written: Written = await self._writer.run(write_ticks, pending, fence, self.daemon)
        except DatabaseError:
            self.buffer.put_back(pending)
            raise
        self.flush_seconds = time.monotonic() - started
        if written.refused:
            self.buffer.counts.bad += len(written.refused)
            logger.warning("%d records not stored, first: %s", len(written.refused), written.refused[0])
        await self._store_notices()
        await self._writer.run(write_lamps, [self._lamp(keeper) for keeper in self.keepers])

    async def _store_notices(self) -> None:
        while self._pending_notices:
            batch = [n for n in self._pending_notices if n[1:] == self._pending_notices[0][1:]]
            _, session, received_at = batch[0]
            await self._writer.run(
                save_notices,
                [n.notice for n in batch],
                tr_id=self.notices.tr_id if self.notices else "",
                session=session,
                received_at=received_at,
            )
            for stored in batch:
                self._pending_notices.remove(stored)

    def _lamp(self, keeper: Keeper) -> FeedSession:
        lamp = keeper.lamp
        confirmed = keeper.session.confirmed() if keeper.session is not None else set()
        note = lamp.note
        if keeper.session is not None and lamp.state is State.LIVE and (refused := keeper.session.refused()):
            note = f"{len(refused)} registrations refused ({', '.join(sorted(set(refused.values())))})"
        return FeedSession(
            number=keeper.number,
            state=lamp.state.value,
            key_id=keeper.governor.key_id,
            wanted=sum(r.tr_id in TICK_TR_IDS for r in keeper.wanted),
            confirmed=sum(r.tr_id in TICK_TR_IDS for r in confirmed),
            last_frame_at=keeper.last_frame_at(),
            connected_at=lamp.connected_at,
            connects_today=keeper.connects_today,
            next_connect_at=lamp.next_connect_at,
            note=note[:200],
            updated_at=datetime.now(KST),
        )

    async def _pause(self, seconds: float, or_until: asyncio.Event | None = None) -> None:
        """Wait so long, or until the daemon stops, or until ``or_until`` is set."""
        waits = [asyncio.create_task(event.wait()) for event in (self.stopping, or_until) if event is not None]
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await wait


def _stored(symbols: set[str]) -> list[tuple[str, datetime, Bar | None, Bar | None]]:
    """Where the stored rows of these symbols stand, those that were ever traded."""
    rows = Quote.objects.filter(symbol__in=symbols)
    return [
        (row.symbol, row.traded_at.astimezone(KST), _bar(row, "bar"), _bar(row, "closed_bar"))
        for row in rows
        if row.traded_at is not None
    ]


def _bar(row: Quote, name: str) -> Bar | None:
    starts_at = getattr(row, f"{name}_at")
    if starts_at is None:
        return None
    prices = [getattr(row, f"{name}_{part}") for part in ("open", "high", "low", "close", "volume")]
    return Bar(starts_at.astimezone(KST).replace(tzinfo=None), *prices)


def _note_left_over(source: str, symbols: Sequence[str]) -> None:
    if symbols:
        shown = ", ".join(symbols[:5]) + ("..." if len(symbols) > 5 else "")
        raise_event(source, "watch-list-full", text=f"{len(symbols)} symbols have no live place: {shown}")
    else:
        clear_event(source, "watch-list-full")


def _chunks(symbols: Sequence[str], size: int) -> list[Sequence[str]]:
    return [symbols[i : i + size] for i in range(0, len(symbols), size)]
