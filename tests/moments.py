"""Time in tests: a clock that is moved by hand, and waiting for what another thread or task does."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any


class Clock:
    """A clock that the test moves."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, **by: Any) -> None:
        """As `timedelta` takes it: ``forward(seconds=3)``."""
        self.moment += timedelta(**by)


async def until(condition: Callable[[], object], seconds: float = 15.0) -> None:
    """Wait for it to become true; TimeoutError where it does not."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  what is awaited lives in another thread
            await asyncio.sleep(0.005)
