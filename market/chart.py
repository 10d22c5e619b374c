"""The bars of one symbol as a chart wants them: the stored ones, and the minutes that the EVENT has not fetched yet.

A moment travels as the seconds of its Korean wall time, as if that were UTC: the chart's axis knows no other zone.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from market.bar_models import BarGap, ClosedBar, Interval, MarketBar
from market.models import Quote
from stockdesk.calendar.models import SessionWindow
from stockdesk.hours import KRX, Day, day_of
from stockdesk.kis.messages import KST

MINUTE = timedelta(minutes=1)
EVENING = "3"  # MARKET_CLS_CODE of the after-market


class Bar(NamedTuple):
    """``starts_at`` is aware, KST; prices KRW, volume shares."""

    starts_at: datetime
    open: int
    high: int
    low: int
    close: int
    volume: int

    def row(self) -> list[int]:
        return [wall(self.starts_at), *self[1:]]


def wall(moment: datetime) -> int:
    """Seconds since 1970 of the Korean wall time."""
    return int(moment.astimezone(KST).replace(tzinfo=UTC).timestamp())


def from_wall(seconds: int) -> datetime:
    """Raises ValueError or OverflowError for what is no time."""
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=KST)


def closing(day: Day) -> tuple[datetime, datetime] | None:
    """From when until when what is printed belongs to the last bar before the close; as in `market.bar_sql`."""
    if day.closes_at is None:
        return None
    ends = [one.ends_at for one in day.windows if one.venue == KRX and one.code == SessionWindow.Code.POST_CLOSE_PRICE]
    return day.closes_at, max([*ends, day.closes_at + MINUTE])


def window_of(minute: datetime, interval: int, day: Day) -> datetime:
    """The beginning of the bar that this minute belongs to."""
    at = minute.astimezone(KST)
    if interval > 1 and (span := closing(day)) is not None and span[0] <= at < span[1]:
        at = span[0] - MINUTE
    past = at.hour * 60 + at.minute
    return at.replace(hour=0, minute=0) + timedelta(minutes=past - past % interval)


def bars_before(symbol: str, interval: int, until: datetime, count: int) -> list[Bar]:
    """The newest ``count`` stored bars that begin before ``until``."""
    return [_bar(row) for row in MarketBar.objects.before(symbol, interval, until, count)]


def newest_bars(symbol: str, interval: int, since: datetime, now: datetime) -> list[Bar]:
    """Stored bars from ``since`` on, with the closed minutes in them that wait for the EVENT; not for whole days."""
    rows = MarketBar.objects.filter(symbol=symbol, interval=interval, starts_at__gte=since).order_by("starts_at")
    found = {bar.starts_at: bar for bar in map(_bar, rows)}
    waiting = _waiting(symbol, since)
    if interval == Interval.MINUTE:
        found |= waiting
    elif waiting:
        found |= _rolled(symbol, interval, waiting, now)
    return [found[at] for at in sorted(found) if at >= since]


def _waiting(symbol: str, since: datetime) -> dict[datetime, Bar]:
    """Minutes that are closed and not stored yet, by their beginning. The quote's own is the newest word on it."""
    rows = ClosedBar.objects.filter(symbol=symbol, starts_at__gte=since)
    found = {bar.starts_at: bar for bar in map(_bar, rows)}
    quote = Quote.objects.filter(pk=symbol).first()
    closed = None if quote is None else quote_bar(quote, "closed_bar")
    if closed is not None and closed.starts_at >= since:
        found[closed.starts_at] = closed
    return found


def _rolled(symbol: str, interval: int, waiting: dict[datetime, Bar], now: datetime) -> dict[datetime, Bar]:
    """The bars that the waiting minutes belong to, from all their minutes."""
    days = {on: day_of(on) for on in {at.astimezone(KST).date() for at in waiting}}
    windows = {_window(at, interval, days) for at in waiting}
    rows = MarketBar.objects.filter(symbol=symbol, interval=Interval.MINUTE, starts_at__gte=min(windows))
    minutes = {bar.starts_at: bar for bar in map(_bar, rows)} | waiting
    groups: dict[datetime, list[Bar]] = {}
    for at in sorted(minutes):
        if at.astimezone(KST).date() in days and (window := _window(at, interval, days)) in windows:
            groups.setdefault(window, []).append(minutes[at])
    return {window: joined(window, bars) for window, bars in groups.items()}


def _window(at: datetime, interval: int, days: dict[date, Day]) -> datetime:
    return window_of(at, interval, days[at.astimezone(KST).date()])


def joined(starts_at: datetime, bars: Iterable[Bar]) -> Bar:
    """One bar of several, the oldest first."""
    group = list(bars)
    high, low = max(bar.high for bar in group), min(bar.low for bar in group)
    return Bar(starts_at, group[0].open, high, low, group[-1].close, sum(bar.volume for bar in group))


def live_bars(quote: Quote | None) -> dict[str, list[int] | None]:
    """The minute in the making, the one closed last, and today, by the quote's row alone."""
    if quote is None:
        return {"making": None, "closed": None, "day": None}
    making, closed = quote_bar(quote, "bar"), quote_bar(quote, "closed_bar")
    if making is not None and closed is not None and making.starts_at <= closed.starts_at:
        making = None  # closed, and no trade since
    return {
        "making": making and making.row(),
        "closed": closed and closed.row(),
        "day": (day := day_bar(quote)) and day.row(),
    }


def quote_bar(quote: Quote, name: str) -> Bar | None:
    """``bar`` or ``closed_bar`` of the row, in KST; None where it has none."""
    starts_at = getattr(quote, f"{name}_at")
    parts = [getattr(quote, f"{name}_{part}") for part in ("open", "high", "low", "close", "volume")]
    return None if starts_at is None or None in parts else Bar(starts_at.astimezone(KST), *parts)


def day_bar(quote: Quote) -> Bar | None:
    """The day as the exchange counts it, whenever we began to listen; None in the evening, whose trades are in it."""
    if quote.business_date is None or quote.market_phase == EVENING:
        return None
    prices = (quote.open_price, quote.high_price, quote.low_price, quote.last_price)
    return whole_day(quote.business_date, prices, quote.day_volume)


def whole_day(on: date, prices: Sequence[int | None], volume: int | None) -> Bar | None:
    """The bar of a day: open, high, low and close; None where one of them is not known."""
    first, high, low, last = prices
    if not first or not high or not low or not last:
        return None
    return Bar(datetime.combine(on, datetime.min.time(), KST), first, high, low, last, volume or 0)


def gaps_of(symbol: str, since: datetime, until: datetime) -> list[list[Any]]:
    """Times in which nobody listened: from, until, and why."""
    rows = BarGap.objects.between(symbol, since, until)
    return [[wall(gap.starts_at), wall(gap.ends_at), str(gap.get_reason_display())] for gap in rows]


def _bar(row: MarketBar | ClosedBar) -> Bar:
    return Bar(row.starts_at.astimezone(KST), row.open, row.high, row.low, row.close, row.volume)
