"""The whole market over REST: several calls in flight, each through the market lane, their prices for one write."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Protocol

from django.db import Error as DatabaseError

from collectors.turn import Turn
from stockdesk.kis.errors import KisError
from stockdesk.kis.messages import KST, PriceRow
from stockdesk.kis.rest import SYMBOLS_A_CALL

logger = logging.getLogger(__name__)

LANE = "market"
#: Calls that queue for their slot or are not answered yet, at most. Twelve a second, answered after a second, need
#: twelve beside those that queue.
IN_FLIGHT = 24
#: Calls that stand in the queue for their slot. One would do on a quiet machine. More would book the lane far ahead,
#: and an order that borrows from it would come after all of them.
QUEUED = 2

Prices = list[tuple[PriceRow, datetime]]


class Client(Protocol):
    async def multi_price(self, symbols: Sequence[str], *, lane: str) -> list[PriceRow]: ...


class Budget(Protocol):
    """The lanes of `stockdesk.calls.budget`, as `KisClient` uses them."""

    async def reserve(self, lane: str) -> object: ...

    async def slow_down(self) -> object: ...


class Departures:
    """The budget of the sweep's client: counts what leaves and what is refused, and tells when a call has left."""

    def __init__(self, budget: Budget) -> None:
        self.calls = 0
        self.refusals = 0
        self.queued: set[asyncio.Task[None] | None] = set()
        self.news = asyncio.Event()
        self._budget = budget

    async def reserve(self, lane: str) -> None:
        await self._budget.reserve(lane)
        self.calls += 1
        self.left(asyncio.current_task())

    async def slow_down(self) -> None:
        self.refusals += 1
        await self._budget.slow_down()

    def left(self, task: asyncio.Task[None] | None) -> None:
        """This call stands in the queue no more."""
        self.queued.discard(task)
        self.news.set()


class Sweep:
    """Asks for the symbols of ``turn`` as fast as the lane allows, until ``stopping``; rests until told to go."""

    def __init__(
        self,
        turn: Turn,
        client: Client,
        departures: Departures,
        *,
        stopping: asyncio.Event,
        now: Callable[[], datetime] = lambda: datetime.now(KST),
    ) -> None:
        self.turn = turn
        self.failed = 0
        self.failure = ""
        """Why the last call brought no prices; empty when it did."""
        self.round_over = asyncio.Event()
        self._client = client
        self._departures = departures
        self._stopping = stopping
        self._now = now
        self._going = False
        self._flying: set[asyncio.Task[None]] = set()
        self._unforeseen: BaseException | None = None
        self._prices: dict[str, tuple[PriceRow, datetime]] = {}

    def go(self) -> None:
        if not self._going:
            self._going = True
            self._departures.news.set()

    def rest(self) -> None:
        """Send no further calls; those under way are finished."""
        if self._going:
            self._going = False
            self.turn.pause()

    async def run(self) -> None:
        """Keep calls in flight until told to stop; what is not answered by then is given up.

        Raises what nobody foresaw, of any call.
        """
        try:
            while await self._until_free():
                self._send(self.turn.take(SYMBOLS_A_CALL))
        finally:
            for task in self._flying:
                task.cancel()
            await asyncio.gather(*self._flying, return_exceptions=True)

    async def landed(self) -> None:
        """Wait for the answers of all calls that have been sent."""
        await asyncio.gather(*self._flying, return_exceptions=True)

    def taken(self) -> Prices:
        """The prices that came since the last time, one for each symbol."""
        prices, self._prices = self._prices, {}
        return list(prices.values())

    def keep(self, prices: Iterable[tuple[PriceRow, datetime]]) -> None:
        """Have these written next, unless newer ones are there."""
        for price, asked_at in prices:
            kept = self._prices.get(price.symbol)
            if kept is None or kept[1] <= asked_at:
                self._prices[price.symbol] = (price, asked_at)

    async def _until_free(self) -> bool:
        """Wait until another call may be prepared. False when the daemon stops."""
        news = self._departures.news
        while not self._stopping.is_set():
            news.clear()
            if self._unforeseen is not None:
                raise self._unforeseen
            # While nothing is answered one call at a time finds out when that is over.
            most = 1 if self.failure else IN_FLIGHT
            if self._going and len(self._departures.queued) < QUEUED and len(self._flying) < most and self.turn:
                return True
            await _first_of(self._stopping, news)
        return False

    def _send(self, symbols: list[str]) -> None:
        if self.turn.rounds:
            self.round_over.set()
        task = asyncio.create_task(self._ask(symbols))
        self._flying.add(task)
        self._departures.queued.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._flying.discard(task)
        if not task.cancelled():
            self._unforeseen = self._unforeseen or task.exception()
        self._departures.left(task)

    async def _ask(self, symbols: list[str]) -> None:
        # Before the slot, not after it: the price is younger than that, and a tick in between is kept.
        asked_at = self._now()
        try:
            prices = await self._client.multi_price(symbols, lane=LANE)
        except (KisError, DatabaseError) as exc:
            if not self.failure:
                logger.warning("no prices for %s and %d more: %s", symbols[0], len(symbols) - 1, exc)
            self.failed += 1
            self.failure = str(exc) or type(exc).__name__
        else:
            if self.failure:
                logger.info("prices come again, after %d failed calls since the start", self.failed)
            self.failure = ""
            self.keep((price, asked_at) for price in prices)


async def _first_of(*events: asyncio.Event) -> None:
    """Wait for any of them."""
    waits = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
