"""Asks KIS once a morning which days are trading days, for as long as a daemon runs."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import date, datetime

from django.conf import settings
from django.db import Error as DatabaseError

from stockdesk.calendar_confirm import confirm, reserve_question
from stockdesk.calendar_doubts import SOURCE, tell_doubts
from stockdesk.calendar_seed import reaches, seed_days
from stockdesk.events import clear_event, raise_event
from stockdesk.kis.days import CalendarDay
from stockdesk.kis.errors import KisError
from stockdesk.kis.messages import KST
from stockdesk.threads import DatabaseThread

logger = logging.getLogger(__name__)

UNANSWERED = "calendar-unanswered"


class Mornings:
    """``ask`` is the broker's calendar from a date on (`KisClient.trading_days`)."""

    EVERY = 60.0

    def __init__(self, ask: Callable[[date], Awaitable[list[CalendarDay]]], database: DatabaseThread) -> None:
        self._ask = ask
        self._database = database

    async def follow(self, stopping: asyncio.Event) -> None:
        """Look every minute until ``stopping``. A database that is away, or a broker, is waited for."""
        while not stopping.is_set():
            try:
                await self.look(datetime.now(KST))
            except DatabaseError as exc:
                logger.warning("the calendar was not looked after: %s", exc)
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), self.EVERY)

    async def look(self, now: datetime) -> None:
        """Ask if it is time, store what was said, and tell what is doubtful. Raises ``django.db.Error``."""
        today = await self._database.run(_prepare, now)
        if today is not None:
            await self._question(today, now)
        await self._database.run(tell_doubts, now)

    async def _question(self, today: date, now: datetime) -> None:
        try:
            days = await self._ask(today)
        except KisError as exc:
            logger.warning("no calendar from the broker: %s", exc)
            await self._database.run(raise_event, SOURCE, UNANSWERED, text=str(exc))
            return
        await self._database.run(confirm, days, broker=settings.DESK.broker, asked_at=now)
        await self._database.run(clear_event, SOURCE, UNANSWERED)
        logger.info("the broker's calendar reaches from %s to %s", days[0].day, days[-1].day)


def _prepare(now: datetime) -> date | None:
    """Dates for as long as the calendar is to reach, and whether to ask. The mock host has no calendar to ask for."""
    today = now.astimezone(KST).date()
    if not reaches(today):
        seed_days(today)
    return None if settings.DESK.on_mock else reserve_question(now)
