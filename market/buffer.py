"""The latest value of every symbol, in memory, between the socket and the once-a-second write.

This is the one hot path of the desk: it sees every record of every session. A record is cut only as far
as order and bars need (fifteen pieces); the rest stays as it came and is read once a second, for the
last record of each symbol. ``bench/`` holds the figures.
"""

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from stockdesk.kis.frames import MAX_PRICE, MAX_TICK_VOLUME

# H0STCNT0 by position (names in stockdesk.kis.fields): 0 symbol, 1 time, 2 price, 12 volume of the tick,
# 13 volume of the day, 33 business date. The cut after 13 leaves the rest in one piece.
_CUTS = 14
_DATE_IN_REST = 33 - _CUTS
_NARROWEST = 46
_DIGITS = 13

# A minute is closed this long after its end, for ticks that are still on their way.
GRACE = timedelta(seconds=2)

# Closed minutes of a symbol that the database has not taken yet; beyond this the oldest go. A trading day is 391.
CLOSED_KEPT = 400

# How far ahead of our clock the broker's may be, in seconds, before a record counts as damaged.
AHEAD = 30.0

_is_time = re.compile(rb"(?:[01][0-9]|2[0-3])[0-5][0-9][0-5][0-9]").fullmatch


class Bar(NamedTuple):
    """One minute of one symbol: when it began (naive, KST), prices in KRW, volume in shares."""

    starts_at: datetime
    open: int
    high: int
    low: int
    close: int
    volume: int

    def with_tick(self, price: int, volume: int) -> "Bar":
        high, low = max(self.high, price), min(self.low, price)
        return self._replace(high=high, low=low, close=price, volume=self.volume + volume)


class Pending(NamedTuple):
    """What the writer takes for one symbol: its last record as it came, and its bars."""

    symbol: str
    record: bytes
    """Empty when nothing but a bar changed."""
    session: int
    received_at: float
    """Unix time, in seconds."""
    bar: Bar | None
    closed_bars: tuple[Bar, ...] = ()
    """Those that are news, the oldest first: closed, or reached by a late tick, since the last write."""

    @property
    def closed_bar(self) -> Bar | None:
        """The newest of them."""
        return self.closed_bars[-1] if self.closed_bars else None


class Slot:
    """One symbol: its last record that was taken in, the bar in the making and the last closed one."""

    __slots__ = (
        "closed_bar", "date", "day_volume", "floor", "high", "low", "minute", "open", "price", "received_at",
        "record", "session", "time", "unwritten", "volume",
    )  # fmt: skip

    def __init__(self) -> None:
        self.record = self.date = self.time = self.minute = b""
        self.floor = (b"", b"")  # date and time of the stored row; nothing older is taken in
        self.session = self.day_volume = 0
        self.received_at = 0.0
        self.open = self.high = self.low = self.price = self.volume = 0
        self.closed_bar: Bar | None = None
        self.unwritten: list[Bar] = []  # closed minutes that are news; the last one is ``closed_bar``

    def bar(self) -> Bar | None:
        """The bar in the making."""
        if not self.minute:
            return None
        return Bar(_starts_at(self.date, self.minute), self.open, self.high, self.low, self.price, self.volume)

    def close_bar(self) -> None:
        self.closed_bar = self.bar()
        self.minute = b""
        if self.closed_bar is not None:
            self.unwritten.append(self.closed_bar)

    def correct(self, closed_bar: Bar) -> None:
        """A late tick has changed the minute that was closed last."""
        self.closed_bar = closed_bar
        if self.unwritten and self.unwritten[-1].starts_at == closed_bar.starts_at:
            self.unwritten.pop()
        self.unwritten.append(closed_bar)

    def owe(self, bars: Iterable[Bar]) -> list[Bar]:
        """These are still to be written, before those that closed since; gives back what is too much to keep."""
        known = {bar.starts_at: bar for bar in (*bars, *self.unwritten)}
        owed = [known[starts_at] for starts_at in sorted(known)]
        too_many = max(len(owed) - CLOSED_KEPT, 0)
        self.unwritten = owed[too_many:]
        return owed[:too_many]


@dataclass(slots=True)
class BufferCounts:
    """Records since the daemon started: all, damaged, older than what we have, of symbols nobody asked for.

    ``bad`` counts a frame that is refused whole as one, which is not among ``records``.
    ``lost_bars`` are closed minutes that went while the database was away for too long.
    """

    records: int = 0
    bad: int = 0
    old: int = 0
    unknown: int = 0
    lost_bars: int = 0


class Buffer:
    """Latest value per symbol and one-minute bars, fed with whole tick frames from the event loop.

    Not thread-safe: all methods belong to the event loop; what ``take`` returns is immutable.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.counts = BufferCounts()
        self._now = now
        self._slots: dict[bytes, Slot] = {}
        self._dirty: set[bytes] = set()
        self._leaving: list[Pending] = []
        self.lost: set[tuple[str, datetime]] = set()
        """Closed minutes that were dropped unwritten; whoever has told of them empties it."""
        self._rolled_to: datetime | None = None
        self._horizon_until = 0.0
        self._latest = (b"", b"")

    def __len__(self) -> int:
        return len(self._slots)

    def keep(self, symbols: Iterable[str]) -> None:
        """Hold exactly these symbols; ticks of others are counted as unknown and dropped."""
        wanted = {symbol.encode() for symbol in symbols}
        for gone in self._slots.keys() - wanted:
            slot = self._slots.pop(gone)
            self._dirty.discard(gone)
            if slot.minute:
                slot.close_bar()
            if slot.unwritten:
                # What is left of its last minute nobody else will close; the row itself is no longer ours.
                self._leaving.append(Pending(gone.decode(), b"", 0, 0.0, None, tuple(slot.unwritten)))
        for new in wanted - self._slots.keys():
            self._slots[new] = Slot()

    def restore(self, symbol: str, traded_at: datetime, bar: Bar | None, closed_bar: Bar | None) -> None:
        """Go on where the stored row stands: older ticks are ignored, the bar in the making grows on.

        ``traded_at`` is Korean wall time, with a zone or without. A symbol that has had a tick already is left alone.
        """
        slot = self._slots.get(symbol.encode())
        if slot is None or slot.time:
            return
        slot.floor = (traded_at.strftime("%Y%m%d").encode(), traded_at.strftime("%H%M%S").encode())
        slot.closed_bar = closed_bar
        if bar is not None and (closed_bar is None or bar.starts_at > closed_bar.starts_at):
            slot.date, slot.minute = bar.starts_at.strftime("%Y%m%d").encode(), bar.starts_at.strftime("%H%M").encode()
            _, slot.open, slot.high, slot.low, slot.price, slot.volume = bar

    def add(self, frame: bytes, session: int, received_at: float | None = None) -> int:
        """Take in one tick frame (``0|H0STCNT0|003|...``); returns how many of its records were refused.

        ``received_at`` is Unix time in seconds; without it the buffer asks its own clock.

        A frame whose fields do not divide by its record count is refused whole, and counts as one; a record without
        a proper time or price is refused alone. One of a symbol that is not kept is dropped, not refused.
        """
        pieces = frame.split(b"|", 3)
        if len(pieces) != 4:
            return self._refuse()
        count, body = pieces[2], pieces[3]
        if count == b"001":
            return self._add_record(body, session, self._now() if received_at is None else received_at)
        records = int(count) if count.isdigit() else 0
        fields = body.split(b"^")
        width, rest = divmod(len(fields), records) if records else (0, 1)
        if rest or width < _NARROWEST:
            return self._refuse()
        now = self._now() if received_at is None else received_at
        return sum(
            self._add_record(b"^".join(fields[start : start + width]), session, now)
            for start in range(0, len(fields), width)
        )

    def _add_record(self, record: bytes, session: int, now: float) -> int:
        self.counts.records += 1
        pieces = record.split(b"^", _CUTS)
        if len(pieces) <= _CUTS:
            return self._refuse()
        at, price_text, volume_text, day_volume_text = pieces[1], pieces[2], pieces[12], pieces[13]
        slot = self._slots.get(pieces[0])
        if slot is None:
            self.counts.unknown += 1
            return 0
        # isdigit() on bytes is ASCII digits alone: no sign, no blank, no empty text gets past it.
        if not price_text.isdigit() or not _NARROWEST <= record.count(b"^") + 1 < 2 * _NARROWEST:
            return self._refuse()
        price = _number(price_text)
        volume = _number(volume_text)
        day_volume = _number(day_volume_text)
        if not 0 < price <= MAX_PRICE or volume > MAX_TICK_VOLUME:
            return self._refuse()
        if at == slot.time:
            if day_volume and day_volume <= slot.day_volume:
                self.counts.old += 1  # ACML_VOL grows with every trade, so this one was here before
                return 0
        else:
            # Another second than the last record's: rare enough to look closely.
            moment = (self._date_of(pieces[_CUTS], slot), at)
            if not _is_time(at) or not _is_day(moment[0]) or moment > self._horizon(now):
                return self._refuse()
            if moment < (slot.date, slot.time) or moment < slot.floor:
                self.counts.old += 1
                return 0
            if slot.minute and (moment[0], at[:4]) > (slot.date, slot.minute):
                slot.close_bar()
            slot.date, slot.time = moment
        if not slot.minute:
            self._open_bar(slot, at, price)
        if slot.minute:
            if price > slot.high:
                slot.high = price
            elif price < slot.low:
                slot.low = price
            slot.price = price
            slot.volume += volume
        elif slot.closed_bar is not None:
            slot.correct(slot.closed_bar.with_tick(price, volume))
        slot.record = record
        slot.session = session
        slot.received_at = now
        slot.day_volume = day_volume
        self._dirty.add(pieces[0])
        return 0

    def _date_of(self, rest: bytes, slot: Slot) -> bytes:
        date = rest.split(b"^", _DATE_IN_REST + 1)[_DATE_IN_REST]
        return date or slot.date or slot.floor[0] or _date_and_time(self._now())[0]

    def _horizon(self, now: float) -> tuple[bytes, bytes]:
        """The latest date and time that a record may bear: one from next year would shut out all that follow."""
        if now > self._horizon_until:
            self._horizon_until = now + 1.0
            self._latest = _date_and_time(now + AHEAD)
        return self._latest

    @staticmethod
    def _open_bar(slot: Slot, at: bytes, price: int) -> None:
        """Begin a minute, unless it is the one just closed: a late tick belongs there."""
        if slot.closed_bar is not None and slot.closed_bar.starts_at == _starts_at(slot.date, at[:4]):
            return
        slot.minute = at[:4]
        slot.open = slot.high = slot.low = price
        slot.volume = 0

    def _refuse(self) -> int:
        self.counts.bad += 1
        return 1

    def close_minutes(self, now: datetime) -> None:
        """Close every bar whose minute ended before ``now`` (naive, KST) less the grace."""
        current = (now - GRACE).replace(second=0, microsecond=0)
        if current == self._rolled_to:
            return
        if self._rolled_to is not None and current.date() > self._rolled_to.date():
            self._forget_times()
        self._rolled_to = current
        limit = (current.strftime("%Y%m%d").encode(), current.strftime("%H%M").encode())
        for symbol, slot in self._slots.items():
            if slot.minute and (slot.date, slot.minute) < limit:
                slot.close_bar()
                self._dirty.add(symbol)

    def _forget_times(self) -> None:
        """A new day: the same time of day is another second now, and must be looked at with its date."""
        for slot in self._slots.values():
            slot.floor = max(slot.floor, (slot.date, slot.time))
            slot.time, slot.day_volume = b"", 0

    def owed(self) -> int:
        """Closed minutes that the database has not taken yet."""
        leaving = sum(len(one.closed_bars) for one in self._leaving)
        return leaving + sum(len(slot.unwritten) for slot in self._slots.values())

    def take(self) -> list[Pending]:
        """What changed since the last ``take``, in symbol order, so that two writers lock rows in one order."""
        symbols, self._dirty = sorted(self._dirty), set()
        taken, self._leaving = self._leaving, []
        for symbol in symbols:
            slot = self._slots[symbol]
            closed, slot.unwritten = tuple(slot.unwritten), []
            taken.append(Pending(symbol.decode(), slot.record, slot.session, slot.received_at, slot.bar(), closed))
        return sorted(taken, key=lambda one: one.symbol) if len(taken) > len(symbols) else taken

    def put_back(self, pending: Iterable[Pending]) -> None:
        """The write failed: these symbols are due again, with whatever is newest by then."""
        for one in pending:
            symbol = one.symbol.encode()
            slot = self._slots.get(symbol)
            if slot is not None:
                self._dirty.add(symbol)
                if one.closed_bars:
                    lost = slot.owe(one.closed_bars)
                    self.counts.lost_bars += len(lost)
                    self.lost |= {(one.symbol, bar.starts_at) for bar in lost}
            elif one.closed_bars:
                self._leaving.append(one._replace(record=b"", bar=None))


def _number(text: bytes) -> int:
    """The value of some digits; 0 for no digits, and for so many that they cannot be meant."""
    return int(text) if text.isdigit() and len(text) <= _DIGITS else 0


@lru_cache(maxsize=8)
def _is_day(date: bytes) -> bool:
    """Whether ``20261120`` is a day of the calendar."""
    try:
        return len(date) == 8 and date.isdigit() and bool(_starts_at(date, b"0000"))
    except ValueError:
        return False


def _starts_at(date: bytes, minute: bytes) -> datetime:
    text = date + minute
    return datetime(int(text[:4]), int(text[4:6]), int(text[6:8]), int(text[8:10]), int(text[10:12]))  # noqa: DTZ001


def _date_and_time(unix: float) -> tuple[bytes, bytes]:
    moment = time.gmtime(unix + 9 * 3600)
    return time.strftime("%Y%m%d", moment).encode(), time.strftime("%H%M%S", moment).encode()
