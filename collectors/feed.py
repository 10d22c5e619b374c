"""The live feed: the watch list spread over kept sessions, every tick into the buffer, once a second into rows."""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import Error as DatabaseError

from collectors.keeper import Keeper, State
from collectors.liveness import Movement
from collectors.missed import MissedPrices
from collectors.placement import place
from market.buffer import Bar, Buffer, Pending
from market.chart import quote_bar
from market.feedsessions import write_lamps
from market.gaps import Coverage, Gap, of_minutes, save_gaps
from market.models import FeedSession, Quote
from market.notices import save_notices
from market.quotes import Written, write_ticks
from market.recorder import HAND_OVER_EVERY, Recorder
from market.watchlist import WatchItem, ensure_quotes, read_watch_list
from stockdesk.events import Trouble, Troubles
from stockdesk.kis import messages
from stockdesk.kis.fields import H0STCNT0
from stockdesk.kis.messages import KST
from stockdesk.kis.session import TICK_TR_IDS, Registration
from stockdesk.threads import DatabaseThread

logger = logging.getLogger(__name__)

TICK_TR_ID = "H0STCNT0"
READ_LIST_EVERY = 2.0  # seconds
# A session that is not live for this long, in seconds, is an event: a reconnect by pace takes five.
DOWN_AFTER = 8.0
# Notices that the database would not take yet; beyond this the oldest go, and the order look-up finds them.
NOTICES_KEPT = 10_000
TROUBLES = (
    "session-down", "registrations-refused", "notices-unreadable", "records-refused", "watch-list-full",
    "recording-stopped",
)  # fmt: skip


class Notice(NamedTuple):
    """An execution notice on its way to its table."""

    notice: messages.ExecutionNotice
    session: int
    received_at: datetime


@dataclass(slots=True)
class Flushes:
    """How long the writes took, in seconds, and how many rows they had, since the daemon started."""

    count: int = 0
    rows: int = 0
    last: float = 0.0
    longest: float = 0.0
    total: float = 0.0

    def note(self, seconds: float, rows: int) -> None:
        self.count += 1
        self.rows += rows
        self.last, self.longest, self.total = seconds, max(self.longest, seconds), self.total + seconds


class Feed:
    """Everything between the watch list and ``market_quote`` that is not the daemon's loop itself.

    Two threads talk to the database for it, so that neither waits for the other: ``writer`` flushes, ``board`` reads
    the watch list, whose table PHP may lock. ``capacity`` is how many symbols a session carries at most; ``notices``
    is None for a desk without an HTS id, and ``recorder`` where nothing is recorded.
    """

    def __init__(
        self,
        *,
        daemon: str,
        keepers: Sequence[Keeper],
        missed: MissedPrices,
        capacity: int,
        notices: Registration | None,
        buffer: Buffer,
        coverage: Coverage,
        writer: DatabaseThread,
        board: DatabaseThread,
        stopping: asyncio.Event,
        recorder: Recorder | None = None,
    ) -> None:
        self.daemon = daemon
        self.keepers = keepers
        self.missed = missed
        self.capacity = capacity
        self.notices = notices
        self.buffer = buffer
        self.coverage = coverage
        self.stopping = stopping
        self.placed: dict[str, int] = {}
        self.left_over: list[str] = []
        self.board_error = ""
        self.flushes = Flushes()
        self._writer = writer
        self._board = board
        self._recorder = recorder
        self._pending_notices: deque[Notice] = deque(maxlen=NOTICES_KEPT)
        self._rows_missing = False
        # Gaps that the database has not taken yet, by symbol and beginning: one that lasts replaces itself.
        self._gaps: dict[tuple[str, datetime], Gap] = {}
        self._carried_last: dict[int, list[str]] = {}
        self._last_counts = (0, 0)
        self._wrong = Troubles(daemon, TROUBLES)
        self._widest = len(H0STCNT0)

    # From the sockets

    def on_ticks(self, number: int) -> Callable[[bytes], object]:
        add = self.buffer.add
        if self._recorder is not None:
            return self._recorder.tap(number, add)
        return lambda frame: add(frame, number)

    def on_notices(self, number: int) -> Callable[[list[messages.ExecutionNotice]], None]:
        def take(notices: list[messages.ExecutionNotice]) -> None:
            received_at = datetime.now(KST)
            self._pending_notices.extend(Notice(notice, number, received_at) for notice in notices)

        return take

    def movements_beside(self, number: int) -> list[Movement]:
        return [keeper.movement for keeper in self.keepers if keeper.number != number]

    def reconnected(self, number: int) -> None:
        """A session is back: what it carries may have traded in the gap, and KIS replays nothing."""
        self.missed.ask(symbol for symbol, at in self.placed.items() if at == number)

    def bad_frames(self) -> int:
        """Frames that could be read neither as control message nor as ticks, since the daemon started."""
        return sum(keeper.bad_frames() for keeper in self.keepers)

    def notices_waiting(self) -> int:
        """Execution notices that the database has not taken yet."""
        return len(self._pending_notices)

    # The watch list

    async def follow_watch_list(self) -> None:
        """Read the board every two seconds until ``stopping``; an unreadable board leaves everything as it is."""
        while not self.stopping.is_set():
            try:
                watch = await self._board.run(read_watch_list)
                await self.watch(watch.symbols)
                await self._board.run(self._wrong.tell, dict(self._troubles()))
                self.board_error = ""
            except DatabaseError as exc:
                if not self.board_error:
                    logger.warning(
                        "the watch list cannot be read, going on with %d symbols: %s", len(self.placed), exc
                    )
                self.board_error = type(exc).__name__
            await self._pause(READ_LIST_EVERY)

    async def watch(self, items: Sequence[WatchItem]) -> None:
        """Carry exactly these symbols from now on, as many as there are places. Raises ``django.db.Error``."""
        symbols = [item.symbol for item in items]
        placed, left_over = place(self.placed, symbols, sessions=len(self.keepers), capacity=self.capacity)
        if self._rows_missing:
            self._rows_missing = False
            await self._board.run(ensure_quotes, items)
        if placed == self.placed and left_over == self.left_over:
            return
        joined = placed.keys() - self.placed.keys()
        await self._board.run(ensure_quotes, items)
        rows = await self._board.run(_stored, joined)
        self.buffer.keep(placed)
        if self._recorder is not None:
            self._recorder.watch(placed)
        for symbol, traded_at, bar, closed_bar in rows:
            self.buffer.restore(symbol, traded_at, bar, closed_bar)
        ends = {symbol: _ends_at(bar or closed_bar) for symbol, _at, bar, closed_bar in rows}
        for symbol in joined:
            self.coverage.joined(symbol, ends.get(symbol))
        for symbol in self.placed.keys() - placed.keys():
            self.coverage.left(symbol)
        self.placed, self.left_over = placed, left_over
        for keeper in self.keepers:
            keeper.want(self._registrations(keeper.number))
        self.missed.keep(placed)
        self.missed.ask(joined)
        logger.info("watching %d symbols, %d without a place", len(placed), len(left_over))

    def _registrations(self, number: int) -> list[Registration]:
        first = [self.notices] if self.notices is not None and number == 1 else []
        return first + [Registration(TICK_TR_ID, symbol) for symbol, at in self.placed.items() if at == number]

    async def record(self) -> None:
        """Hand over what was noted for the recording, once a second until ``stopping``: the flush waits for others."""
        while self._recorder is not None and not self.stopping.is_set():
            self._recorder.hand_over()
            await self._pause(HAND_OVER_EVERY)

    # What is wrong, as events

    def _troubles(self) -> Iterator[tuple[Trouble, str]]:
        for keeper in self.keepers:
            if keeper.down_for() > DOWN_AFTER:
                yield ("session-down", str(keeper.number)), keeper.lamp.note or keeper.lamp.state.value
            if refused := _refused(keeper):
                yield ("registrations-refused", str(keeper.number)), refused
            if keeper.session is not None and keeper.session.counts.undecryptable:
                yield ("notices-unreadable", str(keeper.number)), "execution notices cannot be read"
        counts = self.buffer.counts
        records, bad = counts.records - self._last_counts[0], counts.bad - self._last_counts[1]
        self._last_counts = (counts.records, counts.bad)
        if bad > 10 and bad * 2 > records:
            yield ("records-refused", ""), f"{bad} of {records} records are damaged, or the clock is wrong"
        if self._recorder is not None and self._recorder.trouble:
            yield ("recording-stopped", ""), self._recorder.trouble
        if self.left_over:
            shown = ", ".join(self.left_over[:5]) + ("..." if len(self.left_over) > 5 else "")
            yield ("watch-list-full", ""), f"{len(self.left_over)} symbols have no live place: {shown}"

    # Into the tables

    async def flush(self, fence: int) -> None:
        """Write what has changed: quotes with every closed minute, gaps, notices, then the lamps.

        Raises ``django.db.Error``; what was not written stays due.
        """
        now = time.time()
        moment = datetime.fromtimestamp(now, KST)
        if self._recorder is not None:
            live = [keeper.number for keeper in self.keepers if keeper.lamp.state is State.LIVE]
            self._recorder.flushed(now, live)
        self._look_for_gaps(moment)
        self.buffer.close_minutes(moment.replace(tzinfo=None))
        pending = self.buffer.take()
        started = time.monotonic()
        try:
            written: Written = await self._writer.run(write_ticks, pending, fence, self.daemon)
        except DatabaseError:
            self.buffer.put_back(pending)
            raise
        self.flushes.note(time.monotonic() - started, len(pending))
        self._note_width(pending)
        self._rows_missing = self._rows_missing or written.taken < written.sent
        if written.refused:
            self.buffer.counts.bad += len(written.refused)
            logger.warning("%d records not stored whole, first: %s", len(written.refused), written.refused[0])
        await self._store_gaps(fence)
        await self._store_notices()
        await self._writer.run(write_lamps, [self._lamp(keeper) for keeper in self.keepers])

    def _look_for_gaps(self, now: datetime) -> None:
        carried: dict[str, datetime] = {}
        for keeper in self.keepers:
            if symbols := _confirmed(keeper):
                self._carried_last[keeper.number] = symbols
                carried |= dict.fromkeys(symbols, keeper.last_frame_at() or now)
        self._gaps |= {(gap.symbol, gap.since): gap for gap in self.coverage.look(carried, now)}

    async def _store_gaps(self, fence: int) -> None:
        gaps, lost = dict(self._gaps), set(self.buffer.lost)
        if not gaps and not lost:
            return
        await self._writer.run(save_gaps, [*gaps.values(), *of_minutes(lost)], fence, self.daemon)
        self._gaps = {key: gap for key, gap in self._gaps.items() if gaps.get(key) != gap}
        self.buffer.lost -= lost

    def _note_width(self, pending: Sequence[Pending]) -> None:
        """KIS appends columns without notice: they are read past, and said once."""
        widest = max((one.record.count(b"^") + 1 for one in pending), default=0)
        if widest > self._widest:
            self._widest = widest
            logger.warning("%s has %d columns, %d are known: the rest is ignored", TICK_TR_ID, widest, len(H0STCNT0))

    async def _store_notices(self) -> None:
        waiting = self._pending_notices
        while waiting:
            first = waiting[0]
            batch = []
            while waiting and waiting[0][1:] == first[1:]:
                batch.append(waiting.popleft())
            try:
                await self._writer.run(
                    save_notices,
                    [one.notice for one in batch],
                    tr_id=self.notices.tr_id if self.notices else "",
                    hts_id=self.notices.tr_key if self.notices else "",
                    session=first.session,
                    received_at=first.received_at,
                )
            except DatabaseError:
                waiting.extendleft(reversed(batch))
                raise

    def _lamp(self, keeper: Keeper) -> FeedSession:
        lamp = keeper.lamp
        symbols = _confirmed(keeper)
        # The last lamp of a stopped daemon says what was carried until now: the next one tells the gap by it.
        told = symbols or (self._carried_last.get(keeper.number, []) if self.stopping.is_set() else [])
        note = (_refused(keeper) if lamp.state is State.LIVE else "") or lamp.note
        return FeedSession(
            number=keeper.number,
            state=lamp.state.value,
            key_id=keeper.governor.key_id,
            wanted=sum(r.tr_id in TICK_TR_IDS for r in keeper.wanted),
            confirmed=len(symbols),
            symbols=" ".join(told),
            last_frame_at=keeper.last_frame_at(),
            connected_at=lamp.connected_at,
            connects_today=keeper.connects_today,
            next_connect_at=lamp.next_connect_at,
            note=note[:200],
            updated_at=datetime.now(KST),
        )

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.stopping.wait(), timeout=seconds)


def _confirmed(keeper: Keeper) -> list[str]:
    """The symbols whose ticks this session carries, as the broker confirmed them."""
    confirmed = keeper.session.confirmed() if keeper.session is not None else set()
    return sorted(registration.tr_key for registration in confirmed if registration.tr_id in TICK_TR_IDS)


def _refused(keeper: Keeper) -> str:
    """How many registrations the broker refused, and its codes; empty when none."""
    refused = keeper.session.refused() if keeper.session is not None else {}
    return f"{len(refused)} registrations refused ({', '.join(sorted(set(refused.values())))})" if refused else ""


def _stored(symbols: set[str]) -> list[tuple[str, datetime, Bar | None, Bar | None]]:
    """Where the stored rows of these symbols stand, those that were ever traded."""
    rows = Quote.objects.filter(symbol__in=symbols)
    return [
        (row.symbol, row.traded_at.astimezone(KST), _bar(row, "bar"), _bar(row, "closed_bar"))
        for row in rows
        if row.traded_at is not None
    ]


def _bar(row: Quote, name: str) -> Bar | None:
    found = quote_bar(row, name)
    return None if found is None else Bar(found.starts_at.replace(tzinfo=None), *found[1:])


def _ends_at(bar: Bar | None) -> datetime | None:
    return None if bar is None else bar.starts_at.replace(tzinfo=KST) + timedelta(minutes=1)
