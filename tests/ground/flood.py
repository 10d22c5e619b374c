"""A process that asks for calls as fast as it can: ``python -m tests.ground.flood KEY CEILING START SECONDS LANE...``.

``order:1.0`` pauses a second after each call. Prints a line for each booking (how long until its slot, seconds) and
for each call (the moment when it might leave, on the machine's monotonic clock), and how many slots were overslept.
"""

import asyncio
import sys
import time

import django


class Clock:
    """The monotonic clock; keeps what it told last, which is when `AsyncBudget.reserve` found that a call may leave.

    Read once more after that, it would count the time for which this process had no core as the budget's.
    """

    last = 0.0

    def __call__(self) -> float:
        self.last = time.monotonic()
        return self.last


def tell(*words: object) -> None:
    """One line in one piece: slots are booked in another thread, and print writes its words one by one."""
    sys.stdout.write(f"{' '.join(map(str, words))}\n")


async def flood(key: str, ceiling: int, start: float, seconds: float, lanes: list[str]) -> None:
    from stockdesk.calls.budget import AsyncBudget, Budget, Slot
    from stockdesk.threads import DatabaseThread

    class Watched(Budget):
        def slot(self, lane: str, max_wait: float = 10.0, leeway: float = 0.0) -> Slot:
            before = time.monotonic()
            slot = super().slot(lane, max_wait, leeway)
            tell("booked", lane, slot.earliest - before)
            return slot

    database, clock = DatabaseThread("flood"), Clock()
    budget = AsyncBudget(Watched(key, ceiling), database, clock=clock)
    end = start + seconds

    async def ask(lane: str) -> None:
        lane, _, pause = lane.partition(":")
        await asyncio.sleep(start - time.monotonic())
        while time.monotonic() < end:
            await budget.reserve(lane)
            tell("left", lane, clock.last)
            await asyncio.sleep(float(pause or 0))

    await asyncio.gather(*(ask(lane) for lane in lanes))
    tell("missed", "-", budget.missed)
    database.close()


if __name__ == "__main__":
    django.setup()
    key, ceiling, start, seconds, *lanes = sys.argv[1:]
    asyncio.run(flood(key, int(ceiling), float(start), float(seconds), lanes))
