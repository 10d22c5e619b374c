"""The steps of trading, one call each; whoever runs them decides when. Nothing here sleeps.

Between two steps everything that matters is in the storage: a process may end anywhere, and the next one starts
with `recover`. Every POST goes by way of a committed row, and its result is stored before anything else is sent.
"""

from collections.abc import Callable
from datetime import datetime

from trading import ledger
from trading.core import Core, Run, directly
from trading.deciding import Decider
from trading.looking import Looker
from trading.ports import Broker, Lease, Reader, Storage, Surroundings
from trading.sending import Sender
from trading.states import State
from trading.values import Mode, Order, kst_day


class Engine:
    """One account's trading. ``clock`` gives aware times; ``run`` takes the storage's calls to its thread.

    The steps are called one after the other, never two at once. Whatever the storage raises comes out of a step and
    leaves it to be called again; `stockdesk.fence.LeaseLost` is the end of this process's trading.
    """

    def __init__(
        self,
        *,
        storage: Storage,
        reader: Reader,
        broker: Broker,
        lease: Lease,
        surroundings: Callable[[], Surroundings],
        clock: Callable[[], datetime],
        run: Run = directly,
    ) -> None:
        self._core = Core(
            storage=storage, reader=reader, broker=broker, lease=lease, surroundings=surroundings, clock=clock, run=run
        )
        self._decider = Decider(self._core)
        self._sender = Sender(self._core)
        self._looker = Looker(self._core)
        self._swept = False

    @property
    def recovered_at(self) -> datetime | None:
        """When start-up recovery ended; None while it has not."""
        return self._core.recovered_at

    @property
    def blind_since(self) -> datetime | None:
        """Since when no look at the broker's list was whole; None while the last one was."""
        return self._looker.failing_since

    @property
    def waiting(self) -> bool:
        """Whether an intent of the last round still waits for its second."""
        return self._sender.waiting

    async def recover(self) -> bool:
        """Take up what an earlier process left. False where the broker did not tell all: call again later.

        Nothing is decided or sent before this has succeeded.
        """
        if not self._swept:
            await self._core.run(self._sweep)
            self._swept = True
        setting = self._core.surroundings().setting
        if setting is None:
            return False
        if setting.mode is not Mode.DRY_RUN and not await self._looker.look_again(setting.mode):
            return False
        self._core.recovered_at = self._core.clock()
        return True

    async def decide(self) -> list[Order]:
        """One round over all conditions; returns the rows it made. They are sent by `send_one`, one a second."""
        return await self._decider.decide()

    async def send_one(self) -> Order | None:
        """Send the oldest intent, or try again the one that surely did not arrive; at most one POST.

        Returns the row as it is afterwards, None where nothing was due.
        """
        return await self._sender.send_one()

    async def cancel_one(self) -> Order | None:
        """Ask the broker to cancel the first order that is due for it: its time is over, or somebody said so."""
        return await self._sender.cancel_one()

    async def look_up(self) -> bool | None:
        """One look at the broker's list if one is due; None where none was, False where the list was not complete."""
        await self._sender.pay()
        return await self._looker.look_up()

    async def apply_notices(self) -> int:
        """Take in the day's execution notices; returns how many rows they changed."""
        await self._sender.pay()
        return await self._looker.apply_notices()

    async def expire(self) -> int:
        """Deny the intents that waited too long; returns how many. Orders of a day that is over end by look-up."""
        expired: int = await self._core.run(self._expire)
        return expired

    def _expire(self) -> int:
        now, count = self._core.clock(), 0
        for order in self._core.storage.orders(kst_day(now)):
            if order.state is State.CREATED and now - order.created_at > ledger.MAX_INTENT_AGE:
                self._core.save(order, ledger.deny(order, now, "too_old", "It waited too long to be sent."))
                count += 1
        return count

    def _sweep(self) -> None:
        now = self._core.clock()
        for order in self._core.storage.orders(kst_day(now)):
            self._core.save(order, ledger.found_at_start(order, now))
