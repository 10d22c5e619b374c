"""What run_trading does beside trading, now and then: the board's conditions, account upkeep, the demo's start."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from stockdesk.kis.frames import is_symbol
from trading import demo, upkeep
from trading.board import mirror_board
from trading.models import Condition

BOARD_EVERY = timedelta(seconds=3)
UPKEEP_EVERY = timedelta(minutes=5)


class Chores:
    """For one thread; ``using`` is the alias that reads what others keep."""

    def __init__(self, *, daemon: str, fence: int, using: str, clock: Callable[[], datetime]) -> None:
        self._daemon = daemon
        self._fence = fence
        self._using = using
        self._clock = clock
        self._done: dict[str, datetime] = {}
        self._demo_is_made = not settings.DESK.demo

    def do(self) -> dict[str, Any]:
        """What is due; returns counters. Raises ``django.db.Error``, and LeaseLost where this copy is past."""
        counters: dict[str, Any] = {}
        if self._is_due("board", BOARD_EVERY):
            done = mirror_board(using=self._using, now=self._clock(), daemon=self._daemon, fence=self._fence)
            counters |= {"board": done.stale or "ok", "board_problems": done.problems}
        if self._is_due("upkeep", UPKEEP_EVERY):
            upkeep.propose(self._clock(), using=self._using)
        if not self._demo_is_made:
            self._demo_is_made = demo.make_conditions()
        return counters

    def any_symbol(self) -> str | None:
        """A symbol to ask the broker about: that of the first condition which has one. A post's may be no symbol."""
        return next(filter(is_symbol, Condition.objects.values_list("symbol", flat=True)), None)

    def _is_due(self, what: str, every: timedelta) -> bool:
        now = self._clock()
        last = self._done.get(what)
        if last is not None and timedelta(0) <= now - last < every:
            return False
        self._done[what] = now
        return True
