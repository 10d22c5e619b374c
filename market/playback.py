"""Plays the records of a recording into the tables of market, through the same buffer and the same write.

The database's clock is set to the time of the record before each write, so that a replay writes what it would have
written then, to the last microsecond, and writes it again the next time.
"""

import json
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import connection

from market.buffer import Bar, Buffer
from market.feedsessions import write_lamps
from market.models import FeedSession, Quote
from market.quotes import write_ticks
from market.recording import OURS
from stockdesk.kis.messages import KST
from stockdesk.models import Fence

DAEMON, FENCE = "ws_market", 1
SESSIONS = range(1, 6)
#: Seconds. The daemon writes its lamps with every flush; decisions believe one for ten, so half of that will do.
LAMPS_EVERY = 5.0


class Playback:
    """The feed of a day that is over, on the default connection. ``only`` names the symbols to take in; None is all.

    ``clock`` is the time of the last record, Unix seconds. Nothing here knows the time of day.
    """

    def __init__(self, only: Collection[str] | None = None) -> None:
        self.clock = 0.0
        self.buffer = Buffer(lambda: self.clock)
        self.bars: dict[tuple[str, datetime], Bar] = {}
        """The minutes that were closed: symbol and start (naive, KST)."""
        self.refused = 0
        """Records and fields that made no sense, as the daemon would have counted them."""
        self._only = only
        self._known: set[str] = set()
        self._live: list[int] = []
        self._lamps: tuple[float, list[int]] = (0.0, [])

    def prepare(self) -> None:
        """Take the place of run_ws_market in this database, whose rows of sessions and quotes must be empty."""
        Fence.objects.update_or_create(name=DAEMON, defaults={"number": FENCE})

    def play(self, at: float, session: int, text: bytes) -> bool:
        """Take in one record; True when the tables were written."""
        self.clock = at
        if session != OURS:
            self.buffer.add(text, session, at)
            return False
        told = json.loads(text)
        if "watch" in told:
            self._watch(told["watch"])
        if not told.get("flush"):
            return False
        self._live = told.get("live", [])
        self.flush(at)
        return True

    def flush(self, at: float) -> None:
        """Write what has changed, as run_ws_market does once a second, with the database's clock at that time."""
        self.clock = at
        now = datetime.fromtimestamp(at, KST)
        self.buffer.close_minutes(now.replace(tzinfo=None))
        pending = self.buffer.take()
        set_database_clock(at)
        self.refused += len(write_ticks(pending, FENCE, DAEMON).refused)
        for one in pending:
            for bar in one.closed_bars:
                self.bars[one.symbol, bar.starts_at] = bar
        if self._live != self._lamps[1] or at - self._lamps[0] >= LAMPS_EVERY:
            write_lamps([_lamp(number, number in self._live, now) for number in SESSIONS])
            self._lamps = (at, self._live)

    def _watch(self, placed: dict[str, Any]) -> None:
        symbols = [symbol for symbol in placed if self._only is None or symbol in self._only]
        fresh = sorted(set(symbols) - self._known)
        Quote.objects.bulk_create([Quote(symbol=symbol) for symbol in fresh])
        self._known.update(fresh)
        self.buffer.keep(symbols)


def set_database_clock(at: float) -> None:
    """From here on NOW() is this moment, in this session of the database alone."""
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION timestamp = CAST(%s AS DECIMAL(20, 6))", (f"{at:.6f}",))


def _lamp(number: int, live: bool, now: datetime) -> FeedSession:
    state = FeedSession.State.LIVE if live else FeedSession.State.CLOSED
    return FeedSession(number=number, state=state.value, updated_at=now)
