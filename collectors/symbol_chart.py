"""The chart of the symbol page: its bars, and what is drawn over them, as JSON for the page's script.

Minutes come from the desk's own ticks. Days are KIS's where it has told of them (`DailyBar`, adjusted), for it knows
the years before the desk; the desk's own day stands where KIS's is not there yet, and today is the quote's.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from collectors.reference.models import DailyBar
from collectors.symbol_live import holding_of
from market import chart
from market.bar_models import Interval
from market.chart import Bar, wall
from market.overlays import Line, Mark, overlays_of
from stockdesk.access import may_see
from stockdesk.hours import day_of
from stockdesk.kis.messages import KST

COUNT = 500
#: Of bars that may be asked for: the stock exchange opened in 1956.
YEARS = range(1956, 2200)
View = Callable[[HttpRequest, str], HttpResponse]


def for_the_script(view: View) -> View:
    """403 tells the page that its login or role has ended, 503 that the database is away."""

    @never_cache
    @wraps(view)
    def answered(request: HttpRequest, symbol: str) -> HttpResponse:
        if not may_see(request.user):
            return JsonResponse({}, status=403)
        try:
            return view(request, symbol)
        except DatabaseError:
            return JsonResponse({}, status=503)

    return answered


@for_the_script
def symbol_bars(request: HttpRequest, symbol: str) -> HttpResponse:
    """Bars of ``interval`` minutes: the newest, those before ``before`` or from ``after`` on, the oldest first."""
    try:
        interval = Interval(int(request.GET.get("interval", "1")))
        before, after = (_moment(request, name) for name in ("before", "after"))
    except (ValueError, OverflowError):
        return JsonResponse({"error": _("interval is 1, 5, 15, 60 or 1440, a time is in seconds.")}, status=400)
    now = timezone.now()
    until = before or now + timedelta(days=1)
    if after is not None:
        bars, more = _from(symbol, interval, after, now), True
    else:
        older = _days(symbol, until) if interval == Interval.DAY else _stored(symbol, interval, until)
        more = len(older) == COUNT
        newest = [] if before or interval == Interval.DAY else _from(symbol, interval, _last(older, now), now)
        bars = [bar for bar in older if not newest or bar.starts_at < newest[0].starts_at] + newest
    today = chart.closing(day_of(timezone.localdate(now)))
    since = after or (bars[0].starts_at if bars else now - timedelta(days=1))
    return JsonResponse(
        {
            "interval": interval,
            "bars": [bar.row() for bar in bars],
            "gaps": [] if interval == Interval.DAY else chart.gaps_of(symbol, since, min(until, now)),
            "more": more,
            "closing": today and [wall(moment) for moment in today],
        }
    )


@for_the_script
def symbol_overlays(request: HttpRequest, symbol: str) -> HttpResponse:
    """Lines and marks over the chart: the average price that was paid, conditions that are on, and fills."""
    overlays = overlays_of(symbol, request.user)
    holding = holding_of(symbol)
    if holding is not None and holding.quantity and holding.average_price:
        overlays.append(Line(round(holding.average_price), _("average")))
    lines = [[one.price, one.side, one.text] for one in overlays if isinstance(one, Line)]
    marks = [[wall(one.at), one.side, one.quantity, one.price] for one in overlays if isinstance(one, Mark)]
    return JsonResponse({"lines": lines, "marks": sorted(marks)})


def _moment(request: HttpRequest, name: str) -> datetime | None:
    """Raises ValueError or OverflowError for what is no moment of any market."""
    text = request.GET.get(name, "")
    if not text:
        return None
    at = chart.from_wall(int(text))
    if at.year not in YEARS:
        raise ValueError(f"{name} lies in the year {at.year}")
    return at


def _stored(symbol: str, interval: int, until: datetime) -> list[Bar]:
    return chart.bars_before(symbol, interval, until, COUNT)


def _last(bars: list[Bar], now: datetime) -> datetime:
    """From where on minutes may wait that the newest stored bar does not hold."""
    return bars[-1].starts_at if bars else now - timedelta(days=7)


def _from(symbol: str, interval: int, after: datetime, now: datetime) -> list[Bar]:
    if interval == Interval.DAY:
        return [bar for bar in _days(symbol, now + timedelta(days=1)) if bar.starts_at >= after]
    return chart.newest_bars(symbol, interval, after, now)


def _days(symbol: str, until: datetime) -> list[Bar]:
    """KIS's days over the desk's own, the oldest first."""
    told = DailyBar.objects.filter(symbol=symbol, on__lt=until.astimezone(KST).date()).order_by("-on")[:COUNT]
    found = {bar.starts_at: bar for bar in chart.bars_before(symbol, Interval.DAY, until, COUNT)}
    found |= {bar.starts_at: bar for bar in map(_told, told) if bar is not None}
    return [found[at] for at in sorted(found)][-COUNT:]


def _told(row: DailyBar) -> Bar | None:
    """A day of KIS. Its own close has the evening's trades in it, so the regular one goes first."""
    close = row.regular_close or row.close_price
    return chart.whole_day(row.on, (row.open_price, row.high_price, row.low_price, close), row.volume)
