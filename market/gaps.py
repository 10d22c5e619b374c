"""Times in which no ticks of a symbol reached the desk, as rows: a chart shows them apart from quiet minutes.

Only trading hours count, up to the print of the closing auction: nobody misses the night.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from market.models import BarGap, FeedSession
from market.quotes import write_fenced
from stockdesk.hours import day_of
from stockdesk.kis.messages import KST

#: What lies further back nobody looks up minute by minute.
LOOK_BACK = timedelta(days=7)
#: The auction's print comes at the close or in the minute after it.
LAST_PRINT = timedelta(minutes=1)

_TABLE = BarGap._meta.db_table
_COLUMNS = ("symbol", "starts_at", "ends_at", "reason")


class Gap(NamedTuple):
    """From ``since`` up to ``until`` (aware) no ticks of the symbol came; ``reason`` is of `BarGap.Reason`."""

    symbol: str
    since: datetime
    until: datetime
    reason: str


def last_covered() -> dict[str, datetime]:
    """Until when the lamps of the daemon's last life say that each symbol was carried; none for one that was not."""
    lamps = FeedSession.objects.exclude(updated_at=None).order_by("updated_at")
    return {
        symbol: at for symbols, at in lamps.values_list("symbols", "updated_at") if at for symbol in symbols.split()
    }


def save_gaps(gaps: Iterable[Gap], fence: int, daemon: str) -> None:
    """Write what lies in trading hours; one that has grown overwrites itself. Raises ``django.db.Error``."""
    known: dict[tuple[datetime, datetime], list[tuple[datetime, datetime]]] = {}
    rows = []
    for gap in gaps:
        times = (gap.since, gap.until)
        if times not in known:
            known[times] = list(trading_spans(*times))
        rows += [[gap.symbol, _text(since), _text(until), gap.reason] for since, until in known[times]]
    write_fenced(_TABLE, _COLUMNS, rows, fence, daemon)


def trading_spans(since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The trading hours between two times, day by day, of the last week at most; two queries for each day."""
    since = max(since, until - LOOK_BACK)
    on = since.astimezone(KST).date()
    while on <= until.astimezone(KST).date():
        day = day_of(on)
        if day.regular_from is not None and day.closes_at is not None:
            begins, ends = max(since, day.regular_from), min(until, day.closes_at + LAST_PRINT)
            if begins < ends:
                yield begins, ends
        on += timedelta(days=1)


def of_minutes(lost: Iterable[tuple[str, datetime]]) -> list[Gap]:
    """Dropped minutes (naive, KST) as gaps."""
    moments = [(symbol, starts_at.replace(tzinfo=KST)) for symbol, starts_at in sorted(lost)]
    reason = BarGap.Reason.DROPPED.value
    return [Gap(symbol, at, at + timedelta(minutes=1), reason) for symbol, at in moments]


def _text(moment: datetime) -> str:
    return moment.astimezone(KST).replace(tzinfo=None).isoformat(" ")


class Coverage:
    """Which symbols are carried from one look to the next; of those that were not, since when and why."""

    def __init__(self, covered_until: dict[str, datetime]) -> None:
        self._before = covered_until
        """Of symbols that have not been carried in this life of the daemon yet."""
        self._carried: dict[str, datetime] = {}
        self._open: dict[str, tuple[datetime, str]] = {}
        self._told_at: datetime | None = None

    def joined(self, symbol: str, last_bar_ends_at: datetime | None) -> None:
        """A symbol is wanted from now on; ``last_bar_ends_at`` where its bars end that are stored."""
        if symbol in self._before:
            self._open[symbol] = (self._before.pop(symbol), BarGap.Reason.STOPPED.value)
        elif last_bar_ends_at is not None:
            self._open[symbol] = (last_bar_ends_at, BarGap.Reason.UNWATCHED.value)

    def left(self, symbol: str) -> None:
        self._carried.pop(symbol, None)
        self._open.pop(symbol, None)

    def look(self, carried: dict[str, datetime], now: datetime) -> Sequence[Gap]:
        """Take note of what is carried, with the time up to which each symbol's session was heard.

        Gives back the gaps that ended with this look, and once a minute those that last.
        """
        for symbol in self._carried.keys() - carried.keys():
            self._open.setdefault(symbol, (self._carried[symbol], BarGap.Reason.SESSION.value))
        self._carried = carried
        if not self._open:
            return ()
        ended = [symbol for symbol in self._open if symbol in carried]
        every_minute = self._told_at is None or now - self._told_at >= timedelta(minutes=1)
        if not ended and not every_minute:
            return ()
        self._told_at = now
        gaps = [Gap(symbol, since, now, reason) for symbol, (since, reason) in sorted(self._open.items())]
        for symbol in ended:
            del self._open[symbol]
        return [gap for gap in gaps if gap.since < gap.until]
