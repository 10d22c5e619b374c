"""One poll of the tables per web process, only while somebody watches, and the browsers that wait for it."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.db import DatabaseError

from market.feed import Feed, Value
from market.screen import ScreenReader, all_sheets
from stockdesk.threads import DatabaseThread

log = logging.getLogger(__name__)

POLL_SECONDS = 0.25  # changed quotes
STATUS_SECONDS = 1.0  # sessions, daemons, events, assets, and the beat that tells a page it is connected
WHOLE_SECONDS = 5.0  # every quote, should a writer have left ``updated_at`` alone
FIRST_POLL_SECONDS = 3.0  # how long a newcomer waits for its snapshot before it is told what we have


@dataclass(slots=True)
class Pushes:
    """Of this web process since it started: browsers connected now, those let go, messages and their seconds."""

    browsers: int = 0
    dropped: int = 0
    count: int = 0
    seconds: float = 0.0


PUSHES = Pushes()


@dataclass(eq=False, slots=True)
class Watcher:
    """One browser: where it stands, and a bell that rings when there is more."""

    version: int = 0
    bell: asyncio.Event = field(default_factory=asyncio.Event)


class Hub:
    """The process's one feed. Polls between the first watcher's coming and the last one's going."""

    def __init__(self, reader: Callable[[], ScreenReader] = ScreenReader) -> None:
        self.feed = Feed(all_sheets())
        self._make_reader = reader
        self._watchers: set[Watcher] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._polled = asyncio.Event()
        self._polled_at: int | None = None
        self._trouble = ""
        self._trouble_since: int | None = None

    def __len__(self) -> int:
        return len(self._watchers)

    def join(self) -> Watcher:
        """A page more; with the first one the polling begins."""
        watcher = Watcher()
        self._watchers.add(watcher)
        PUSHES.browsers += 1
        if not self._tasks:
            self._polled = asyncio.Event()
            self._tasks = [asyncio.create_task(self._poll()), asyncio.create_task(self._beat())]
        return watcher

    def leave(self, watcher: Watcher) -> None:
        """A page less; with the last one the polling ends."""
        if watcher in self._watchers:
            self._watchers.discard(watcher)
            PUSHES.browsers -= 1
        if not self._watchers:
            for task in self._tasks:
                task.cancel()
            self._tasks = []

    async def next_text(self, watcher: Watcher) -> str:
        """Wait until the feed is ahead of this watcher, then what it lacks, merged into one message."""
        if watcher.version == 0:
            # The feed may still show what the last visitor saw, an hour ago.
            with suppress(TimeoutError):
                await asyncio.wait_for(self._polled.wait(), FIRST_POLL_SECONDS)
        while watcher.version >= self.feed.version:
            watcher.bell.clear()
            await watcher.bell.wait()
        text = self.feed.delta(watcher.version)
        watcher.version = self.feed.version
        return text

    def _put(self, sheet: str, rows: Mapping[str, Sequence[Value]], *, whole: bool) -> None:
        if self.feed.put(sheet, rows, whole=whole):
            for watcher in self._watchers:
                watcher.bell.set()

    async def _beat(self) -> None:
        """Tell every page once a second that it is connected, and how old what we know is."""
        while True:
            self._put("desk", {"desk": (now_ms(), self._polled_at, self._trouble, self._trouble_since)}, whole=True)
            await asyncio.sleep(STATUS_SECONDS)

    async def _poll(self) -> None:
        thread = DatabaseThread("screens")
        reader = self._make_reader()
        loop = asyncio.get_running_loop()
        due = {"quotes": loop.time(), "whole": loop.time(), "status": loop.time()}
        try:
            while True:
                await self._poll_once(thread, reader, due, loop.time())
                await asyncio.sleep(max(0.0, due["quotes"] - loop.time()))
        finally:
            thread.close(timeout=0)  # a query in hand must not hold up the loop

    async def _poll_once(self, thread: Any, reader: ScreenReader, due: dict[str, float], now: float) -> None:
        whole, status = now >= due["whole"], now >= due["status"]
        # Onwards from now, not from what was missed: after a frozen database there is nothing to catch up on.
        due["quotes"] = now + POLL_SECONDS
        try:
            if status:
                due["status"] = now + STATUS_SECONDS
                for sheet, rows in (await thread.run(reader.status)).items():
                    self._put(sheet, rows, whole=True)
            rows, all_of_them = await thread.run(reader.quotes, whole)
            self._put("quotes", rows, whole=all_of_them)
        except DatabaseError as exc:
            self._fail("database", due, "screens cannot read the database: %s", type(exc).__name__)
            return
        except Exception as exc:
            self._fail("fault", due, "the screens' poll failed", exc_info=exc)
            return
        if whole:
            due["whole"] = now + WHOLE_SECONDS
        self._trouble, self._trouble_since = "", None
        self._polled_at = now_ms()
        self._polled.set()

    def _fail(self, trouble: str, due: dict[str, float], *line: Any, **details: Any) -> None:
        """Say it once, show it on every page, and try again in a second: browsers stay, with what they have."""
        if trouble != self._trouble:
            log.warning(*line, **details)
            self._trouble, self._trouble_since = trouble, now_ms()
        due["quotes"] = due["whole"] = asyncio.get_running_loop().time() + STATUS_SECONDS


def now_ms() -> int:
    """This host's clock in milliseconds since 1970 (UTC)."""
    return time.time_ns() // 1_000_000


@cache
def hub() -> Hub:
    """The hub of this web process."""
    return Hub()
