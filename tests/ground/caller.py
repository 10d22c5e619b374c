"""A process that calls the broker as fast as its lanes allow: ``python -m tests.ground.caller START SECONDS LANE...``.

The broker's address and the app key come from the environment, as everywhere. ``order:1.0`` pauses a second
after each call. Prints a line whenever a call might leave (on the machine's monotonic clock), and one for each that
was answered: how long it took in all, and how long from when it left last, in seconds.
"""

import asyncio
import sys
import time

import django

from tests.ground.flood import Clock, tell


async def call(start: float, seconds: float, lanes: list[str]) -> None:
    from django.conf import settings

    from stockdesk.calls.budget import AsyncBudget, Budget
    from stockdesk.calls.keys import key_id
    from stockdesk.calls.tokens import TokenStore
    from stockdesk.kis.rest import KisClient
    from stockdesk.threads import DatabaseThread

    class Watched(AsyncBudget):
        async def reserve(self, lane: str) -> None:
            await super().reserve(lane)
            left_at[asyncio.current_task()] = clock.last
            tell("left", lane, clock.last)

    key, clock = settings.DESK.app_keys[0], Clock()
    left_at: dict[object, float] = {}
    database, identity = DatabaseThread("caller"), key_id(key.key)
    client = KisClient(
        settings.DESK.kis_rest_url,
        key.key,
        key.secret,
        tokens=TokenStore(identity, database),
        budget=Watched(Budget(identity, settings.DESK.calls_per_second), database, clock=clock),
    )
    end = start + seconds

    async def ask(lane: str) -> None:
        lane, _, pause = lane.partition(":")
        await asyncio.sleep(start - time.monotonic())
        while time.monotonic() < end:
            before = time.monotonic()
            await client.inquire_price("005930", lane=lane)
            answered, left = time.monotonic(), left_at[asyncio.current_task()]
            tell("answered", lane, answered - before, answered - left)
            await asyncio.sleep(float(pause or 0))

    await asyncio.gather(*(ask(lane) for lane in lanes))
    await client.aclose()
    database.close()


if __name__ == "__main__":
    django.setup()
    started_at, duration, *wanted = sys.argv[1:]
    asyncio.run(call(float(started_at), float(duration), wanted))
