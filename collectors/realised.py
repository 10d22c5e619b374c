"""What today's sales earned (TTTC8494R), asked for when it can have changed: only a sale moves it."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime

from stockdesk.kis.errors import KisError
from stockdesk.kis.messages import KST, Balance, RealisedProfit

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Realised:
    """Remembers the broker's last answer and the day it was given."""

    ask: Callable[[], Awaitable[RealisedProfit]]
    answer: RealisedProfit | None = None
    day: date | None = None

    async def of(self, balance: Balance, asked_at: datetime) -> int | None:
        """KRW for the sales in this balance; None where the broker does not say.

        A day without a sale has earned 0, which takes no call. A failure is logged and tried with the next balance.
        """
        if balance.sold_today == 0:
            return 0
        today = asked_at.astimezone(KST).date()
        if self.answer is None or self.day != today or balance.sold_today != self.answer.sold_today:
            try:
                self.answer, self.day = await self.ask(), today
            except KisError as exc:
                logger.warning("realised profit not renewed: %s", exc)
                return None
        # A sale between the two questions is in the answer and not yet in the balance; the other way round the
        # answer is behind, and would be shown as if it counted everything.
        behind = balance.sold_today is not None and self.answer.sold_today < balance.sold_today
        return None if behind else self.answer.amount
