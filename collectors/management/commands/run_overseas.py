"""Daemon 5: indices and rates of other countries, by the hours of their own exchanges."""

import asyncio
from datetime import datetime

from collectors.overseas.holidays import HOLIDAYS
from collectors.overseas.indices import CALENDARS, INDICES, Index
from collectors.overseas.plan import Seen, due, note_asked, range_of
from collectors.overseas.storing import close_quotes, newest_final, store
from collectors.reference.calls import client, lane
from stockdesk.daemon import Daemon
from stockdesk.events import clear_event, raise_event
from stockdesk.fence import LeaseLost
from stockdesk.kis.errors import KisError
from stockdesk.kis.messages import KST
from stockdesk.kis.overseas import OverseasClient, WrongInstrument
from stockdesk.threads import DatabaseThread

WRONG = "wrong-index"


class Command(Daemon):
    """What is not due costs no call: the clock is looked at every half minute."""

    help = "Keeps collectors_overseasquote and collectors_overseasbar: every five minutes while an exchange trades."
    name = "overseas"
    role = "collecting"
    every = 30.0

    client: OverseasClient | None = None

    async def setup(self) -> None:
        self.calls = DatabaseThread("overseas-calls")
        self.client = client(OverseasClient, self.calls)
        await self._learn_holidays()
        finals = await self.database.run(newest_final)
        self.seen = {index.symbol: Seen(final_on=finals.get(index.symbol)) for index in INDICES}

    async def step(self) -> None:
        """Ask for what is due, one after the other; one that fails does not stop the others."""
        await self._learn_holidays()
        failures = []
        asked = due(INDICES, self.seen, datetime.now(KST))
        for index in asked:
            if self.stopping.is_set() or not self.holds_lease():
                return
            try:
                await self._renew(index)
            except KisError as exc:
                failures.append(exc)
                self.log.warning("%s not renewed: %s", index.symbol, exc)
                if isinstance(exc, WrongInstrument):
                    await self.database.run(raise_event, self.name, WRONG, index.symbol, text=str(exc))
            except LeaseLost as exc:
                self.log.warning("%s", exc)
                return
        now = datetime.now(KST)
        await self.database.run(close_quotes, {index.symbol for index in INDICES if index.exchange.is_open(now)})
        self.counters |= {"asked": len(asked), "failed": len(failures)}
        if failures and len(failures) == len(asked):
            raise KisError(f"none of {len(asked)} indices could be read, the last: {failures[-1]}")

    async def _learn_holidays(self) -> None:
        """At the start and in a new year, beside the loop: the lease is renewed meanwhile."""
        now = datetime.now(KST)
        if HOLIDAYS.wants(now):
            await asyncio.to_thread(HOLIDAYS.learn, CALENDARS, now)

    async def _renew(self, index: Index) -> None:
        assert self.client is not None
        known, now = self.seen[index.symbol], datetime.now(KST)
        since, to = range_of(index, known, now)
        note_asked(index, known, now)
        answer = await self.client.overseas(index.symbol, index.division, index.names, since, to, lane=lane(now))
        final = await self.database.run(store, index, answer, now, daemon=self.name, fence=self.fence)
        known.final_on = max(filter(None, (final, known.final_on)), default=None)
        await self.database.run(clear_event, self.name, WRONG, index.symbol)

    async def teardown(self) -> None:
        if self.client is not None:
            await self.client.aclose()
            self.calls.close()
