"""A process that asks for calls as fast as it can: ``python -m tests.ground.flood KEY CEILING START SECONDS LANE...``.

``order:1.0`` pauses a second after each call.

Prints one line per call: the lane, when it asked and when the call might leave, on the machine's monotonic clock;
at the end how many slots it gave up for waking too late.
"""

import asyncio
import sys
import time

import django


async def flood(key: str, ceiling: int, start: float, seconds: float, lanes: list[str]) -> None:
    from stockdesk.budget import AsyncBudget, Budget
    from stockdesk.threads import DatabaseThread

    database = DatabaseThread("flood")
    budget = AsyncBudget(Budget(key, ceiling), database)
    end = start + seconds

    async def ask(lane: str) -> None:
        lane, _, pause = lane.partition(":")
        await asyncio.sleep(start - time.monotonic())
        while (asked := time.monotonic()) < end:
            await budget.reserve(lane)
            print(lane, asked, time.monotonic())
            await asyncio.sleep(float(pause or 0))

    await asyncio.gather(*(ask(lane) for lane in lanes))
    print("missed", budget.missed, 0)
    database.close()


if __name__ == "__main__":
    django.setup()
    key, ceiling, start, seconds, *lanes = sys.argv[1:]
    asyncio.run(flood(key, int(ceiling), float(start), float(seconds), lanes))
