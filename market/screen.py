"""What the screens read: quotes of the watch list that changed; sessions, daemons, events, hours, lanes, sheets."""

import logging
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, connection

from market.hours_screen import HOURS, HoursReader
from market.models import FeedSession, Quote
from market.watchlist import WatchItem, read_watch_list
from stockdesk import sheets
from stockdesk.calls.lanes import LaneMeter
from stockdesk.kis.messages import KST
from stockdesk.models import DaemonState, Event
from stockdesk.sheets import Rows, Value, columns, table_rows, wire

log = logging.getLogger(__name__)

# A row's stamp is older than its commit, so reads overlap by more than a flush can take.
OVERLAP = timedelta(seconds=2)
WATCH_LIST_SECONDS = 2.0
RETRY_SECONDS = 10.0
EVENTS = 50

STORED = (
    "name", "last_price", "change", "sign", "change_rate", "open_price", "high_price", "low_price",
    "day_volume", "day_amount", "strength", "base_price", "halted", "traded_at", "received_at", "session",
)  # fmt: skip
SESSION = (
    "state", "wanted", "confirmed", "last_frame_at", "connected_at", "connects_today", "next_connect_at", "note",
    "updated_at",
)  # fmt: skip
DAEMON = ("state", "heartbeat_at", "started_at", "last_step_at", "last_error", "last_error_at")
EVENT = ("started_at", "last_at", "level", "source", "code", "subject", "text", "count")
LANE = ("place", "rate", "allowed", "today", "slowed")

SHEETS = {
    "quotes": ("place", *STORED),
    "sessions": SESSION,
    "daemons": DAEMON,
    "events": EVENT,
    "hours": HOURS,
    "lanes": LANE,
    "desk": ("now", "polled_at", "trouble", "trouble_since"),
}


def all_sheets() -> dict[str, Sequence[str]]:
    """Every table of the dashboard with its columns."""
    return {**SHEETS, **{name: sheet.columns for name, sheet in sheets.SHEETS.items()}}


QUOTE_TABLE = f"`{Quote._meta.db_table}`"
QUOTE_KEY = columns(Quote, "pk")
QUOTE_STAMP = columns(Quote, "updated_at")
QUOTE_COLUMNS = columns(Quote, "pk", "updated_at", *STORED)


def seoul_now() -> datetime:
    """Seoul wall time without a zone, as the database gives it to a bare cursor."""
    return datetime.now(KST).replace(tzinfo=None)


class ScreenReader:
    """Reads for one hub, in one thread; remembers what it saw, so that an unchanged row costs one comparison."""

    def __init__(self) -> None:
        self._watched: dict[str, WatchItem] = {}
        self._watched_until = float("-inf")
        self._newest: datetime | None = None
        self._seen: dict[str, tuple[Any, ...]] = {}
        self._hours = HoursReader()
        self._lanes = LaneMeter()

    def quotes(self, whole: bool = False) -> tuple[Rows, bool]:
        """Rows of the watch list that changed since the last call, or all of them; and whether it is all."""
        whole = self._read_watch_list() or whole
        found = self._select(None if whole else self._newest)
        if whole:
            self._seen = found
            return {symbol: quote_row(item, found.get(symbol)) for symbol, item in self._watched.items()}, True
        changed = {symbol: values for symbol, values in found.items() if self._seen.get(symbol) != values}
        self._seen.update(changed)
        return {symbol: quote_row(self._watched[symbol], values) for symbol, values in changed.items()}, False

    def status(self) -> dict[str, Rows]:
        """Sessions, daemons, open events, trading hours, call lanes, and what other apps show: all of it whole."""
        return {
            **{name: sheet.read() for name, sheet in sheets.SHEETS.items()},
            "sessions": table_rows(FeedSession, SESSION),
            "daemons": table_rows(DaemonState, DAEMON),
            "events": table_rows(Event, EVENT, "WHERE `ended_at` IS NULL ORDER BY `started_at` DESC LIMIT %s", EVENTS),
            "hours": self._hours.rows(datetime.now(KST)),
            "lanes": self._lane_rows(),
        }

    def _lane_rows(self) -> Rows:
        return {
            lane: [place, None if load.rate is None else round(load.rate, 1), load.allowed, load.today, load.slowed]
            for place, (lane, load) in enumerate(self._lanes.loads().items())
        }

    def _read_watch_list(self) -> bool:
        """Read the watch list every other second; True if it differs from what it was."""
        now = time.monotonic()
        if now < self._watched_until:
            return False
        try:
            watched = {item.symbol: item for item in read_watch_list().symbols}
        except DatabaseError as exc:
            # Missing, crashed or locked: the list we have goes on, and the quotes of it.
            log.warning("the watch list cannot be read: %s", type(exc).__name__)
            self._watched_until = now + RETRY_SECONDS
            return False
        self._watched_until = now + WATCH_LIST_SECONDS
        if watched == self._watched:
            return False
        self._watched = watched
        return True

    def _select(self, newest: datetime | None) -> dict[str, tuple[Any, ...]]:
        symbols = list(self._watched)
        if not symbols:
            return {}
        sql = f"SELECT {QUOTE_COLUMNS} FROM {QUOTE_TABLE} WHERE {QUOTE_KEY} IN ({', '.join(['%s'] * len(symbols))})"
        parameters: list[Any] = symbols
        if newest is not None:
            # A stamp from the future, after a clock was put right, must not hide what comes next.
            sql += f" AND {QUOTE_STAMP} > %s"
            parameters = [*symbols, min(newest, seoul_now()) - OVERLAP]
        found = {}
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            for symbol, updated_at, *values in cursor.fetchall():
                if updated_at is not None and (self._newest is None or updated_at > self._newest):
                    self._newest = updated_at
                if symbol in self._watched:  # the database finds 0001a0 for 0001A0
                    found[symbol] = tuple(values)
        return found


def quote_row(item: WatchItem, values: tuple[Any, ...] | None) -> list[Value]:
    """One line of the quotes table; blank, but named, until the first price arrives."""
    row = dict(zip(STORED, values or [None] * len(STORED), strict=True))
    row["name"] = row["name"] or item.name or None
    if row["base_price"] is None and row["last_price"] is not None and row["change"] is not None:
        row["base_price"] = row["last_price"] - row["change"]
    return [item.wr_id, *map(wire, row.values())]
