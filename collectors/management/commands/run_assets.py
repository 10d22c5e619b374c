"""Daemon 3: the account's balance and holdings, every ten seconds, into the tables of the assets."""

import asyncio
import time
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from assets.accounts import masked, own_account
from assets.balances import AccountRows, Implausible
from collectors.realised import Realised
from stockdesk.calendar.mornings import Mornings
from stockdesk.calls.clients import account_client
from stockdesk.daemon import DATABASE_WEATHER, Daemon
from stockdesk.events import clear_event, raise_event
from stockdesk.fence import LeaseLost
from stockdesk.kis.account import AccountClient
from stockdesk.kis.errors import KisError
from stockdesk.kis.messages import KST, Balance
from stockdesk.threads import DatabaseThread

# A round that takes longer is given up, in seconds: the next one asks afresh, and two are never under way.
ROUND_LIMIT = 20.0
# How long a balance that is there waits for what today's sales earned, in seconds.
REALISED_LIMIT = 3.0
# No order uses older assets, in seconds; from then on their age is an alarm.
ALARM_AFTER = 30.0
STALE = "assets-stale"


class Command(Daemon):
    """Manual trades, made at another terminal, show up with the next round."""

    help = "Keeps assets_account, assets_balance and assets_holding as the broker has them, every ten seconds."
    name = "assets"
    role = "collecting"
    every = 10.0

    once = False
    tasks: tuple[asyncio.Task[None], ...] = ()
    client: AccountClient | None = None

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DESK.account:
            raise CommandError("KIS_ACCOUNT is not set (8+2 digits): there is no account whose assets could be read.")
        self.once = options["once"]
        super().handle(*args, **options)

    async def setup(self) -> None:
        self.calls = DatabaseThread("assets-calls")
        self.client = account_client(AccountClient, self.calls)
        self.realised = None if settings.DESK.on_mock else Realised(self.client.realised_profit)
        number = masked(settings.DESK.account)
        self.rows = AccountRows(own_account(), number, daemon=self.name, fence=self.fence)
        self.fresh_at = time.monotonic()
        # An event that a former process left open ends with the first balance.
        self.alarmed = True
        await self.database.run(self.rows.open)
        work = [self._watch_age()]
        if not self.once:
            # The calendar has no daemon of its own: this one has the account's client, and lanes with room.
            work.append(Mornings(self.client.trading_days, self.calls).follow(self.stopping))
        self.tasks = tuple(asyncio.create_task(coroutine) for coroutine in work)

    async def step(self) -> None:
        """One round. Whatever the broker or the way to it does, the rows stay; it costs them a mark at most."""
        for task in self.tasks:
            if task.done():
                task.result()  # they do not end by themselves: this raises what nobody foresaw
        asked_at, began = datetime.now(KST), time.monotonic()
        try:
            balance = await self._read()
            if balance is None or not self.holds_lease():
                return
            realised = await self._realised(balance, asked_at)
            await self.database.run(self.rows.write, balance, asked_at, realised)
        except (KisError, Implausible) as exc:
            await self._keep(str(exc))
            if self.once:
                raise KisError(str(exc)) from exc
        except LeaseLost as exc:
            self.log.warning("%s", exc)
        else:
            await self._renewed(balance, began)

    async def _read(self) -> Balance | None:
        """A complete balance; None when told to stop before it was there, for nobody waits for a mere read."""
        assert self.client is not None
        reading = asyncio.create_task(self.client.balance())
        stop = asyncio.create_task(self.stopping.wait())
        try:
            await asyncio.wait({reading, stop}, timeout=ROUND_LIMIT, return_when=asyncio.FIRST_COMPLETED)
            if reading.done():
                return reading.result()
            if stop.done():
                return None
            raise KisError(f"no complete balance within {ROUND_LIMIT:.0f} s")
        finally:
            for task in (reading, stop):
                task.cancel()
            await asyncio.gather(reading, stop, return_exceptions=True)

    async def _realised(self, balance: Balance, asked_at: datetime) -> int | None:
        """Never at the cost of the balance: what does not come in time is left for the next round."""
        if self.realised is None:
            return None
        try:
            async with asyncio.timeout(REALISED_LIMIT):
                return await self.realised.of(balance, asked_at)
        except TimeoutError:
            self.log.warning("realised profit not renewed: no answer within %.0f s", REALISED_LIMIT)
            return None

    async def _keep(self, reason: str) -> None:
        """Leave the rows as they are and say why they are not newer."""
        self.counters["failed"] = self.counters.get("failed", 0) + 1
        self.log.warning("assets not renewed: %s", reason)
        try:
            await self.database.run(self.rows.mark_stale, reason)
        except LeaseLost as exc:
            self.log.warning("%s", exc)

    async def _renewed(self, balance: Balance, began: float) -> None:
        self.fresh_at = began
        seconds = time.monotonic() - began
        self.counters |= {"holdings": len(balance.holdings), "round_ms": round(seconds * 1000)}
        if self.alarmed:
            await self.database.run(clear_event, self.name, STALE)
            self.alarmed = False

    async def _watch_age(self) -> None:
        """Raise the alarm when the assets are too old to act on, also while a call hangs."""
        told = False
        while not self.stopping.is_set():
            await self._rest(1.0)
            age = time.monotonic() - self.fresh_at
            if age <= ALARM_AFTER:
                told = False
            elif not told and self.holds_lease():
                try:
                    text = f"no complete balance for {age:.0f} s"
                    await self.database.run(raise_event, self.name, STALE, level="error", text=text)
                except DATABASE_WEATHER as exc:
                    self.log.warning("the alarm about old assets could not be written: %s", exc)
                    continue
                told = self.alarmed = True

    async def teardown(self) -> None:
        self.stopping.set()
        for task in self.tasks:
            task.cancel()  # neither holds anything that would have to be finished
        await asyncio.gather(*self.tasks, return_exceptions=True)
        if self.client is not None:
            await self.client.aclose()
            self.calls.close()
