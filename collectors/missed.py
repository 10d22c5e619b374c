"""Prices that no tick has brought, read over REST: of symbols that join the watch list, or whose session was away."""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable
from datetime import datetime

from django.db import Error as DatabaseError

from market.quotes import write_prices
from stockdesk.kis.errors import KisError, NotSent, OutcomeUnknown, RateLimited
from stockdesk.kis.messages import KST
from stockdesk.kis.rest import SYMBOLS_A_CALL, KisClient
from stockdesk.threads import DatabaseThread

logger = logging.getLogger(__name__)

AGAIN_AFTER = 1.0  # seconds
TRIES = 3


class MissedPrices:
    """Symbols whose price is due, read with FHKST11300006: their first tick may be minutes away."""

    def __init__(self, *, daemon: str, client: KisClient, database: DatabaseThread, stopping: asyncio.Event) -> None:
        self._daemon = daemon
        self._client = client
        self._database = database
        self._stopping = stopping
        # By symbol, with the tries so far.
        self._due: dict[str, int] = {}
        self._more = asyncio.Event()

    def ask(self, symbols: Iterable[str]) -> None:
        """Read the prices of these, soon."""
        self._due |= dict.fromkeys(symbols, 0)
        self._more.set()

    def keep(self, symbols: Collection[str]) -> None:
        """Nobody asks for the price of any other symbol any more."""
        self._due = {symbol: tries for symbol, tries in self._due.items() if symbol in symbols}

    async def follow(self, fence: Callable[[], int]) -> None:
        """Read and write what is due until the daemon stops; ``fence`` tells the lease's number at that time."""
        while not self._stopping.is_set():
            await self._pause()
            self._more.clear()
            due = sorted(self._due)
            for start in range(0, len(due), SYMBOLS_A_CALL):
                # While we wait for an answer the watch list may change, and with it what is due.
                if symbols := [symbol for symbol in due[start : start + SYMBOLS_A_CALL] if symbol in self._due]:
                    await self._read(symbols, fence)

    async def _read(self, symbols: list[str], fence: Callable[[], int]) -> None:
        asked_at = datetime.now(KST)
        tries = {symbol: self._due[symbol] + 1 for symbol in symbols}
        self._due |= tries
        try:
            prices = await self._client.multi_price(symbols)
            await self._database.run(write_prices, prices, asked_at, fence(), self._daemon)
        except (NotSent, RateLimited, OutcomeUnknown, DatabaseError) as exc:
            logger.warning("no price over REST for %d symbols yet: %s", len(symbols), exc)
            symbols = [symbol for symbol in symbols if tries[symbol] >= TRIES]
        except KisError as exc:  # the mock host has no such call: those symbols wait for their ticks
            logger.warning("no price over REST for %d symbols: %s", len(symbols), exc)
        for symbol in symbols:
            self._due.pop(symbol, None)

    async def _pause(self) -> None:
        """Until there is more to ask for, or the daemon stops; not for long, for what failed is due again."""
        waits = [asyncio.create_task(event.wait()) for event in (self._stopping, self._more)]
        try:
            await asyncio.wait(waits, timeout=AGAIN_AFTER, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
