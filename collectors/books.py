"""Order books (FHKST01010200) for the pages that are open: one call a second at most, however many they are.

A page says which book it looks at and gets the newest one there is; the asking goes on behind it, so no page waits for
the broker. Where several issues are looked at, the one whose book is oldest is asked for.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.conf import settings

from stockdesk.calls.clients import reading_client
from stockdesk.kis.errors import KisError
from stockdesk.kis.messages import KST
from stockdesk.kis.orderbook import BookClient, OrderBook
from stockdesk.threads import DatabaseThread

logger = logging.getLogger(__name__)

EVERY = 1.0  # seconds between two calls of this process
LOOKED_AT = 3.0  # seconds after its last look that a page counts as gone
MAX_WAIT = 1.0  # seconds for a slot: a book that has to queue is old before it is there


@dataclass(slots=True)
class Look:
    """What is known of one issue's book, and when somebody last looked (monotonic seconds)."""

    looked_at: float
    asked_at: float = 0.0
    book: OrderBook | None = None
    read_at: datetime | None = None
    failed: bool = False
    """The last attempt brought nothing; the book, if any, is an earlier one."""


class Books:
    """``read`` asks the broker; ``start`` runs what it is given beside the caller."""

    def __init__(
        self,
        read: Callable[[str], Coroutine[Any, Any, OrderBook]],
        start: Callable[[Coroutine[Any, Any, None]], object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read, self._start, self._clock = read, start, clock
        self._looks: dict[str, Look] = {}
        self._lock = threading.Lock()
        self._asked_at = -EVERY
        self._asking = False

    def look(self, symbol: str) -> Look:
        """The newest book of this symbol, perhaps none yet; sees to it that a newer one is fetched in its turn."""
        with self._lock:
            now = self._clock()
            look = self._looks.setdefault(symbol, Look(now))
            look.looked_at = now
            self._looks = {key: one for key, one in self._looks.items() if now - one.looked_at <= LOOKED_AT}
            oldest = min(self._looks.values(), key=lambda one: one.asked_at)
            if look is oldest and not self._asking and now - self._asked_at >= EVERY:
                self._asking, self._asked_at, look.asked_at = True, now, now
                self._start(self._renew(symbol, look))
            return look

    async def _renew(self, symbol: str, look: Look) -> None:
        try:
            look.book, look.read_at, look.failed = await self._read(symbol), datetime.now(KST), False
        except KisError as exc:
            logger.warning("order book of %s not read: %s", symbol, exc)
            look.failed = True
        except Exception:
            # Nobody waits for this task, so nobody else would tell.
            logger.exception("order book of %s not read", symbol)
            look.failed = True
        finally:
            self._asking = False


@cache
def books() -> Books:
    """This process's own, with the last key of the pool; its loop and its thread begin with the first page."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="order-books", daemon=True).start()
    key = settings.DESK.app_keys[-1]

    async def client() -> BookClient:
        return reading_client(BookClient, key, DatabaseThread("order-books"), max_wait=MAX_WAIT)

    reader = asyncio.run_coroutine_threadsafe(client(), loop).result(10)
    return Books(reader.order_book, lambda coroutine: asyncio.run_coroutine_threadsafe(coroutine, loop))
