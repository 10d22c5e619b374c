"""Daemon 2: prices of the whole market over REST, of every listed issue that no session carries."""

import asyncio
import time
from collections.abc import Iterator, Set
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseError

from collectors.sweep import Departures, Sweep
from collectors.turn import Turn
from market.feedsessions import carried_symbols
from market.instruments import listed_symbols, make_missing_quotes
from market.quotes import write_asked_prices
from stockdesk.calls.budget import MARKET, AsyncBudget, Budget
from stockdesk.calls.clients import market_client
from stockdesk.calls.keys import key_id
from stockdesk.daemon import Daemon
from stockdesk.env import Environment
from stockdesk.events import Trouble, Troubles
from stockdesk.hours import Today
from stockdesk.kis.messages import KST
from stockdesk.kis.rest import SYMBOLS_A_CALL
from stockdesk.threads import DatabaseThread

# The list changes at night; who is on it without a quote row gets one by then, in seconds.
READ_LIST_EVERY = 30.0
# A round that takes so many times what the lane allows is an event; a short one may wait for one slow answer.
SLOW, SLOW_AT_LEAST = 3.0, 10.0
LAST_WRITE_WITHIN = 3.0
NO_ROOM, NO_INSTRUMENTS, ROUND_SLOW = "no-room", "no-instruments", "round-slow"
TROUBLES = {NO_ROOM, NO_INSTRUMENTS, ROUND_SLOW}
CLOSED = "the market is closed"
NOTHING_LISTED = "no listed issue is known: manage.py load_instruments"


class Command(Daemon):
    """Thirty issues a call on the market lane, in turn; one write a second, and never over a newer tick."""

    help = "Keeps the prices of all listed issues that no live session carries, thirty a call, into market_quote."
    name = "rest_market"
    role = "collecting"
    every = settings.DESK.flush_seconds
    pause_longest = 2.0

    once = False
    sweep: Sweep | None = None
    following: asyncio.Task[None] | None = None

    def handle(self, *args: Any, **options: Any) -> None:
        self.once = options["once"]
        super().handle(*args, **options)

    async def setup(self) -> None:
        key = settings.DESK.app_keys[0]
        identity = key_id(key.key)
        budget = Budget(identity, settings.DESK.calls_per_second)
        self.no_room = no_room(settings.DESK, budget)
        self.calls_a_second = budget.shares.get(MARKET, 0)
        # A thread of its own: a slot is not waited for behind a write.
        self.calls = DatabaseThread("rest_market-calls")
        self.slots = AsyncBudget(budget, self.calls)
        self.departures = Departures(self.slots)
        self.client = market_client(key, self.calls, budget=self.departures)
        self.turn = Turn(time.monotonic)
        self.sweep = Sweep(self.turn, self.client, self.departures, stopping=self.stopping)
        self.task = asyncio.create_task(self.sweep.run(), name="the round of the market")
        self.today = Today()
        await self.today.read(self.database)
        self.following = asyncio.create_task(self.today.follow(self.database, self.stopping))
        self.listed: list[str] = []
        self.listed_at = float("-inf")
        self.rests = ""
        self.wrong = Troubles(self.name, TROUBLES, levels={NO_ROOM: "info"})
        self.told: Set[Trouble] | None = None
        self.written, self.write_ms, self.rounds, self.round_at = 0, 0.0, 0, ""

    async def step(self) -> None:
        assert self.sweep is not None
        if self.task.done() and not self.stopping.is_set():
            # It does not end by itself. Not the error as it is: a foreseen one would be waited out.
            raise RuntimeError(f"{self.task.get_name()} has ended") from self.task.exception()
        self.rests = self.no_room or ("" if self.today.in_session(datetime.now(KST)) else CLOSED)
        if not self.rests:
            await self._follow()
        if self.rests:
            self.sweep.rest()
        else:
            self.sweep.go()
            if self.once:
                await self._one_round(self.sweep)
        await self._write(self.sweep)
        self._count(self.sweep)
        await self._say(self.sweep)

    async def _follow(self) -> None:
        """Take up who is listed and who is carried by a session now."""
        if time.monotonic() - self.listed_at > READ_LIST_EVERY:
            if made := await self.database.run(make_missing_quotes):
                self.log.info("%d quote rows made", made)
            self.listed = await self.database.run(listed_symbols)
            self.listed_at = time.monotonic()
        carried = await self.database.run(carried_symbols, datetime.now(KST))
        self.turn.keep(self.listed, carried)
        if not self.listed:
            self.rests = NOTHING_LISTED

    async def _one_round(self, sweep: Sweep) -> None:
        waits = [asyncio.create_task(event.wait()) for event in (sweep.round_over, self.stopping)]
        await asyncio.wait([*waits, self.task], return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        sweep.rest()
        await sweep.landed()

    async def _write(self, sweep: Sweep) -> None:
        prices = sweep.taken()
        if not prices:
            return
        began = time.monotonic()
        try:
            written = await self.database.run(write_asked_prices, prices, self.fence, self.name)
        except DatabaseError:
            sweep.keep(prices)
            raise
        self.write_ms = (time.monotonic() - began) * 1000
        self.written += written.taken
        if written.refused:
            self.log.warning("%d prices not stored, first: %s", len(written.refused), written.refused[0])

    def _count(self, sweep: Sweep) -> None:
        finished = self.turn.finished
        if self.turn.rounds != self.rounds:
            self.rounds, self.round_at = self.turn.rounds, datetime.now(KST).isoformat(timespec="seconds")
        self.counters |= {
            "rests": self.rests,
            "symbols": len(self.turn),
            "rounds": self.rounds,
            "round_seconds": round(finished.seconds, 2) if finished is not None else None,
            "round_symbols": finished.symbols if finished is not None else None,
            "expected_seconds": round(self._expected(), 2),
            "last_round_at": self.round_at,
            "calls": self.departures.calls,
            "refusals": self.departures.refusals,
            "failed": sweep.failed,
            "missed_slots": self.slots.missed,
            "written": self.written,
            "write_ms": round(self.write_ms, 1),
        }

    def _expected(self) -> float:
        """How long a round takes when the lane is ours alone, in seconds."""
        return len(self.turn) / SYMBOLS_A_CALL / self.calls_a_second if self.calls_a_second else 0.0

    async def _say(self, sweep: Sweep) -> None:
        """Open and end the events of what hinders the rounds."""
        wrong = dict(self._troubles(sweep))
        if wrong.keys() == self.told:
            return
        for trouble in wrong.keys() - (self.told or set()):
            self.log.warning("%s", wrong[trouble])
        await self.database.run(self.wrong.tell, wrong)
        self.told = wrong.keys()

    def _troubles(self, sweep: Sweep) -> Iterator[tuple[Trouble, str]]:
        if self.no_room:
            yield (NO_ROOM, ""), self.no_room
        elif self.rests == NOTHING_LISTED:
            yield (NO_INSTRUMENTS, ""), NOTHING_LISTED
        elif not self.rests:
            lasts = max(self.turn.under_way(), self.turn.finished.seconds if self.turn.finished else 0.0)
            if lasts > max(SLOW * self._expected(), SLOW_AT_LEAST):
                reason = f": {sweep.failure}" if sweep.failure else ""
                yield (ROUND_SLOW, ""), f"a round takes {lasts:.0f} s instead of {self._expected():.0f} s{reason}"

    async def teardown(self) -> None:
        self.stopping.set()
        if self.sweep is None:
            return
        await asyncio.gather(self.task, *([self.following] if self.following else []), return_exceptions=True)
        try:
            await asyncio.wait_for(self._write(self.sweep), LAST_WRITE_WITHIN)
        except (DatabaseError, TimeoutError) as exc:
            self.log.warning("the last second of prices was not written: %s", exc or "no answer")
        await self.client.aclose()
        self.calls.close()


def no_room(desk: Environment, budget: Budget) -> str:
    """Why this desk cannot read the whole market at all; empty when it can."""
    if desk.on_mock_host:
        return "the mock host has no prices of many issues in one call"
    if MARKET not in budget.shares:
        return f"{desk.calls_per_second} calls a second leave no lane for the whole market"
    return ""
