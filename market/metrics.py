"""Figures of the market room: how old prices are, how the sessions stand, and the browsers that watch."""

from collections.abc import Iterator

from django.db.models import Count, Max, Min, Q
from django.utils import timezone
from prometheus_client.core import Metric, SummaryMetricFamily

from market.live import PUSHES
from market.models import FeedSession, Quote
from stockdesk.hours import day_of
from stockdesk.metrics import counter, figures_of_process, figures_of_tables, gauge, plain


@figures_of_tables
def quotes() -> Iterator[Metric]:
    """Ages of the symbols that sessions carry; while continuous trading is on, for at night all are old."""
    now = timezone.now()
    trading = day_of(timezone.localdate(now)).trading_seconds(now)
    yield from plain("market_open", "1 while continuous trading is on, else 0.", int(trading is not None))
    if trading is None:
        return
    carried = [s for symbols in FeedSession.objects.values_list("symbols", flat=True) for s in symbols.split()]
    ages = Quote.objects.filter(symbol__in=carried).aggregate(
        oldest=Min("received_at"), newest=Max("received_at"), unpriced=Count("pk", filter=Q(received_at=None))
    )
    for name in ("oldest", "newest"):
        text = f"Seconds since the {name} quote of the live symbols arrived; in trading hours only."
        moment = ages[name]
        yield from plain(f"quote_{name}_age_seconds", text, (now - moment).total_seconds() if moment else None)
    yield from plain("quotes_unpriced", "Live symbols that have no price yet.", ages["unpriced"])


@figures_of_tables
def sessions() -> Iterator[Metric]:
    states = gauge("sessions", "WebSocket sessions with the broker, by state.", "state")
    symbols = gauge(
        "session_symbols", "Symbols of a session: wanted, and confirmed by the broker.", "session", "which"
    )
    found = dict.fromkeys(FeedSession.State.values, 0)
    for row in FeedSession.objects.defer("symbols"):
        found[row.state] = found.get(row.state, 0) + 1
        symbols.add_metric([str(row.number), "wanted"], row.wanted)
        symbols.add_metric([str(row.number), "confirmed"], row.confirmed)
    for state, count in found.items():
        states.add_metric([state], count)
    yield from (states, symbols)


@figures_of_process
def browsers() -> Iterator[Metric]:
    """Those of this web process."""
    yield from plain("browsers", "Browsers that watch the live dashboard of this process.", PUSHES.browsers)
    dropped = counter("browsers_dropped", "Browsers let go because they took nothing for 10 s, since the start.")
    dropped.add_metric([], PUSHES.dropped)
    pushes = SummaryMetricFamily(
        "stockdesk_push_seconds",
        "Seconds until a browser's message was handed to its connection.",
        count_value=PUSHES.count,
        sum_value=PUSHES.seconds,
    )
    yield from (dropped, pushes)
