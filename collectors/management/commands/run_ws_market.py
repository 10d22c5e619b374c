"""Daemon 1: live prices and execution notices over WebSocket, into one row per symbol once a second."""

import asyncio
from datetime import datetime

from django.conf import settings
from django.db import Error as DatabaseError

from collectors.feed import Feed
from collectors.keeper import Keeper
from collectors.missed import MissedPrices
from market.buffer import Buffer
from market.feedsessions import remove_lamps_beyond
from market.gaps import Coverage, last_covered
from market.recorder import Recorder
from stockdesk.calls.clients import market_client
from stockdesk.calls.governor import Governor
from stockdesk.calls.keys import key_id
from stockdesk.daemon import Daemon
from stockdesk.hours import Today
from stockdesk.kis.messages import KST
from stockdesk.kis.session import Registration, Session
from stockdesk.logs import redact
from stockdesk.threads import DatabaseThread

# A farewell: 41 registrations taken back and the close frame, in seconds.
GOODBYE_WITHIN = 8.0
LAST_FLUSH_WITHIN = 3.0


class Command(Daemon):
    """Up to five sessions of forty symbols, kept open; the watch list may change under it at any time."""

    help = "Keeps the live sessions and writes prices into market_quote once a second."
    name = "ws_market"
    role = "collecting"
    every = settings.DESK.flush_seconds
    pause_longest = 2.0

    feed: Feed | None = None
    recorder: Recorder | None = None

    async def setup(self) -> None:
        desk = settings.DESK
        covered = await self.database.run(last_covered)  # before the lamps show this life
        await self.database.run(remove_lamps_beyond, desk.ws_sessions)
        # Threads of their own: a board table that PHP has locked holds up neither the flush nor a connect.
        self.board = DatabaseThread("ws_market-board")
        self.connects = DatabaseThread("ws_market-connects")
        self.clients = [market_client(key, self.connects) for key in desk.app_keys]
        self.today = Today()
        record = desk.recording
        if record.on and self.recorder is None:
            self.recorder = Recorder(record.directory, days=record.days, most_bytes=record.most_bytes)
        missed = MissedPrices(daemon=self.name, client=self.clients[0], database=self.board, stopping=self.stopping)
        self.feed = Feed(
            daemon=self.name,
            keepers=[self._keeper(number) for number in range(1, desk.ws_sessions + 1)],
            missed=missed,
            capacity=desk.ws_symbols_per_session,
            notices=Registration(_notice_tr_id(), desk.hts_id) if desk.hts_id else None,
            buffer=Buffer(),
            coverage=Coverage(covered),
            writer=self.database,
            board=self.board,
            stopping=self.stopping,
            recorder=self.recorder,
        )
        work = {"the watch list": self.feed.follow_watch_list(), "missed prices": missed.follow(lambda: self.fence)}
        work["the calendar"] = self.today.follow(self.board, self.stopping)
        if self.recorder is not None:
            work["the recording"] = self.feed.record()
        work |= {f"session {keeper.number}": keeper.run() for keeper in self.feed.keepers}
        self.tasks = [asyncio.create_task(coroutine, name=name) for name, coroutine in work.items()]

    def _keeper(self, number: int) -> Keeper:
        # Session n uses key n; where there are fewer keys than sessions the first one serves the rest.
        at = number - 1 if number <= len(self.clients) else 0
        return Keeper(
            number=number,
            governor=Governor(key_id(settings.DESK.app_keys[at].key)),
            database=self.connects,
            approval_key=self.clients[at].approval_key,
            new_session=self._new_session,
            hours_since=lambda: self.today.trading_seconds(datetime.now(KST)),
            others=lambda number: self.feed.movements_beside(number) if self.feed is not None else [],
            reconnected=lambda number: self.feed.reconnected(number) if self.feed is not None else None,
            stopping=self.stopping,
        )

    def _new_session(self, number: int, approval_key: str) -> Session:
        assert self.feed is not None
        redact(approval_key)
        return Session(
            number,
            settings.DESK.kis_ws_url,
            approval_key,
            on_ticks=self.feed.on_ticks(number),
            on_notices=self.feed.on_notices(number),
        )

    async def step(self) -> None:
        assert self.feed is not None
        for task in self.tasks:
            if task.done() and not self.stopping.is_set():
                # None of them ends by itself. Not the error as it is: a foreseen one would be waited out.
                cause = None if task.cancelled() else task.exception()
                raise RuntimeError(f"{task.get_name()} has ended") from cause
        await self.feed.flush(self.fence)
        self._count(self.feed)

    def _count(self, feed: Feed) -> None:
        counts = feed.buffer.counts
        self.counters |= {
            "records": counts.records,
            "bad": counts.bad + feed.bad_frames(),
            "old": counts.old,
            "unknown": counts.unknown,
            "lost_bars": counts.lost_bars,
            "minutes_waiting": feed.buffer.owed(),
            "notices_waiting": feed.notices_waiting(),
            "symbols": len(feed.placed),
            "without_place": len(feed.left_over),
            "flush_ms": round(feed.flushes.last * 1000, 1),
            "flush_max_ms": round(feed.flushes.longest * 1000, 1),
            "flush_sum_ms": round(feed.flushes.total * 1000),
            "flushes": feed.flushes.count,
            "flush_rows": feed.flushes.rows,
            "reconnects": sum(keeper.reconnects for keeper in feed.keepers),
            "board": feed.board_error or "ok",
        }
        if self.recorder is not None:
            self.counters |= {"recorded": self.recorder.recorded, "not_recorded": self.recorder.dropped}
            self.counters["recording_waiting"] = self.recorder.waiting

    async def teardown(self) -> None:
        self.stopping.set()
        if self.feed is None:
            return
        _, late = await asyncio.wait(self.tasks, timeout=GOODBYE_WITHIN)
        for task in late:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        try:
            await asyncio.wait_for(self.feed.flush(self.fence), LAST_FLUSH_WITHIN)
        except (DatabaseError, TimeoutError) as exc:
            self.log.warning("the last second of prices was not written: %s", exc or "no answer")
        if self.recorder is not None:
            await asyncio.to_thread(self.recorder.close, LAST_FLUSH_WITHIN)
        for client in self.clients:
            await client.aclose()
        self.board.close()
        self.connects.close()


def _notice_tr_id() -> str:
    """Execution notices of KIS's mock host have an id of their own."""
    return "H0STCNI9" if settings.DESK.on_mock else "H0STCNI0"
