"""Daemon 4: conditions, prices and the account become orders, one a second, in sequence, never twice."""

import asyncio
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from assets.accounts import own_account
from stockdesk.calls.budget import Budget
from stockdesk.calls.clients import account_client
from stockdesk.calls.keys import key_id
from stockdesk.daemon import DATABASE_WEATHER, Daemon
from stockdesk.events import Troubles
from stockdesk.fence import LeaseLost
from stockdesk.kis.errors import KisError
from stockdesk.kis.messages import KST
from stockdesk.kis.orders import OrderClient
from stockdesk.threads import DatabaseThread
from trading import alarms
from trading.chores import Chores
from trading.database import DatabaseStorage
from trading.engine import Engine
from trading.reading import DatabaseReader
from trading.surroundings import Around
from trading.values import kst_day

READING = "reading"
# A call under way at SIGTERM is waited for so long, in seconds; what it would have told is looked up after the start.
FAREWELL_WITHIN = 4.0
# While nothing else is asked of the broker, its clock is read this often, in seconds.
CLOCK_READ_EVERY = timedelta(seconds=60)
CLOCK_ASKED_EVERY = timedelta(seconds=2)  # until it has answered once
ALARMS_EVERY = 2.0
# Seconds between two rounds, and while orders wait for their second: they should not wait for the next round too.
IDLE, BUSY = 0.5, 0.2


class Command(Daemon):
    """It reads market and account, writes the ledger, and is the only one who sends."""

    help = "Decides on the conditions and sends orders, one a second; DESK_MODE and the desk's own mode allow it."
    name = "trading"
    role = "trading"
    every = IDLE
    pause_longest = 5.0

    client: OrderClient | None = None
    background: asyncio.Task[None] | None = None

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DESK.account:
            raise CommandError("KIS_ACCOUNT is not set (8+2 digits): there is no account to trade for.")
        super().handle(*args, **options)

    async def setup(self) -> None:
        desk = settings.DESK
        # Threads of their own: neither a token that is waited for nor a locked board keeps an order from its row.
        self.calls = DatabaseThread("trading-calls")
        self.side = DatabaseThread("trading-side")
        self.client = account_client(OrderClient, self.calls)
        budget = Budget(key_id(desk.app_keys[0].key), desk.calls_per_second)
        self.around = Around(budget=budget, skew=self._skew, clock=self._now, using=READING)
        self.seen = DatabaseStorage()  # the ledger as the alarms see it, in their own thread
        self.engine = Engine(
            storage=DatabaseStorage(daemon=self.name, fence=self.fence),
            reader=DatabaseReader(account=own_account(), number=desk.account, using=READING),
            broker=self.client,
            lease=self._lease,
            surroundings=self.around,
            clock=self._now,
            run=self.database.run,
        )
        self.chores = Chores(daemon=self.name, fence=self.fence, using=READING, clock=self._now)
        self.started_at, self.clock_read_at = self._now(), datetime.min.replace(tzinfo=KST)
        self.background = asyncio.create_task(self._beside())

    async def step(self) -> None:
        """One round. A lease that is lost ends it: whoever holds it now looks up what this copy has left."""
        assert self.background is not None
        if self.background.done() and not self.stopping.is_set():
            cause = None if self.background.cancelled() else self.background.exception()
            raise RuntimeError("the work beside trading has ended") from cause
        try:
            await self._round()
        except LeaseLost as exc:
            self.log.warning("%s: this copy stops", exc)
            self.stopping.set()

    async def _round(self) -> None:
        await self.database.run(self.around.refresh)
        if self.engine.recovered_at is None:
            if not await self._unless_stopped(self.engine.recover()):
                return
            self.log.info("recovered: the day's orders are as the broker has them")
        await self._read_clock()
        for work in (
            self.engine.apply_notices,
            self.engine.decide,
            self.engine.expire,
            self.engine.cancel_one,
            self.engine.send_one,
            self.engine.look_up,
        ):
            if self.stopping.is_set():
                return
            await self._unless_stopped(work())
        self.every = BUSY if self.engine.waiting else IDLE

    async def _unless_stopped(self, work: Coroutine[Any, Any, Any]) -> Any:
        """What the work returns. Told to stop, it has a few seconds left; then what it was sending is unknown."""
        doing = asyncio.ensure_future(work)
        stop = asyncio.create_task(self.stopping.wait())
        try:
            await asyncio.wait({doing, stop}, return_when=asyncio.FIRST_COMPLETED)
            if not doing.done():
                await asyncio.wait({doing}, timeout=FAREWELL_WITHIN)
            if doing.done():
                return doing.result()
            self.log.warning("stopped in the middle of a call: its outcome is looked up after the next start")
            return None
        finally:
            stop.cancel()
            doing.cancel()
            await asyncio.gather(doing, stop, return_exceptions=True)

    async def _read_clock(self) -> None:
        """Ask the broker something now and then, for its clock: a dry run asks it nothing else."""
        assert self.client is not None
        now = self._now()
        if now - self.clock_read_at < (CLOCK_ASKED_EVERY if self._skew() is None else CLOCK_READ_EVERY):
            return
        # Not in the other thread: a locked board holds that up.
        symbol = await self.database.run(self.chores.any_symbol)
        if symbol is None:
            return
        self.clock_read_at = now
        try:
            await self._unless_stopped(self.client.inspect(symbol))
        except KisError as exc:
            self.log.warning("the broker's clock could not be read: %s", exc)

    async def _beside(self) -> None:
        """Alarms and chores: nothing an order waits for."""
        wrong = Troubles(self.name, alarms.CODES, level="error")
        while not self.stopping.is_set():
            try:
                await self.side.run(self._tell_troubles, wrong)
                self.counters |= await self.side.run(self.chores.do)
            except DATABASE_WEATHER as exc:
                self.log.warning("alarms and chores wait for the database: %s", exc)
            except LeaseLost:
                return
            await self._rest(ALARMS_EVERY)

    def _tell_troubles(self, wrong: Troubles) -> None:
        now = self._now()
        orders = self.seen.orders(kst_day(now))
        told = [*orders, *self.seen.ended_with_alarm(kst_day(now))]
        recovered = self.engine.recovered_at is not None
        desk, around = self.seen.desk(), self.around()
        found = alarms.troubles(
            told, desk, around, now,
            started_at=self.started_at, recovered=recovered, blind_since=self.engine.blind_since,
        )  # fmt: skip
        wrong.tell(found | alarms.switched_off(self.seen.switched_off(kst_day(now))))
        self.counters |= {"orders": len(orders), "recovered": recovered}

    def _skew(self) -> float | None:
        return self.client.clock_skew if self.client is not None else None

    @staticmethod
    def _now() -> datetime:
        return datetime.now(KST)

    async def teardown(self) -> None:
        self.stopping.set()
        if self.background is not None:
            await asyncio.gather(self.background, return_exceptions=True)
        if self.client is not None:
            await self.client.aclose()
            self.calls.close()
            self.side.close()
