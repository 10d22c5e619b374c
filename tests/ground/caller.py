"""A process that calls the broker as fast as its lanes allow: ``python -m tests.ground.caller START SECONDS LANE...``.

The broker's address and the app key come from the environment, as everywhere. ``order:1.0`` pauses a second
after each call.
"""

import asyncio
import sys
import time

import django


async def call(start: float, seconds: float, lanes: list[str]) -> None:
    from django.conf import settings

    from stockdesk.calls.budget import AsyncBudget, Budget
    from stockdesk.calls.keys import key_id
    from stockdesk.calls.tokens import TokenStore
    from stockdesk.kis.rest import KisClient
    from stockdesk.threads import DatabaseThread

    key = settings.DESK.app_keys[0]
    database, identity = DatabaseThread("caller"), key_id(key.key)
    client = KisClient(
        settings.DESK.kis_rest_url,
        key.key,
        key.secret,
        tokens=TokenStore(identity, database),
        budget=AsyncBudget(Budget(identity, settings.DESK.calls_per_second), database),
    )
    end = start + seconds

    async def ask(lane: str) -> None:
        lane, _, pause = lane.partition(":")
        await asyncio.sleep(start - time.monotonic())
        while time.monotonic() < end:
            before = time.monotonic()
            await client.inquire_price("005930", lane=lane)
            print("called", lane, time.monotonic() - before)
            await asyncio.sleep(float(pause or 0))

    await asyncio.gather(*(ask(lane) for lane in lanes))
    await client.aclose()
    database.close()


if __name__ == "__main__":
    django.setup()
    started_at, duration, *wanted = sys.argv[1:]
    asyncio.run(call(float(started_at), float(duration), wanted))
