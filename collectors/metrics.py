"""Figures of the collectors: what run_ws_market receives and writes, the rounds of run_rest_market, the batch jobs."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db.models import Count
from django.utils import timezone
from django_q.models import OrmQ
from prometheus_client.core import Metric, SummaryMetricFamily

from collectors.job_models import JobItem
from collectors.jobs import JOBS
from stockdesk.metrics import counter, figures_of_tables, gauge, plain
from stockdesk.models import DaemonState

#: What came of a tick, by the name of the daemon's counter.
TICKS = {"records": "received", "bad": "bad", "old": "old", "unknown": "unknown"}
JOB_DAYS = timedelta(days=1)


@figures_of_tables
def feed() -> Iterator[Metric]:
    """All since run_ws_market started; none before it ever did."""
    counts = _counters("ws_market")
    if "records" not in counts:
        return
    ticks = counter("ticks", "Trade prints: received (all), and among them bad, old and of unknown symbols.", "result")
    for name, result in TICKS.items():
        ticks.add_metric([result], counts.get(name, 0))
    rows = counter("flush_rows", "Rows of market_quote sent with the once-a-second write.")
    rows.add_metric([], counts.get("flush_rows", 0))
    yield from (ticks, rows)
    yield SummaryMetricFamily(
        "stockdesk_flush_seconds",
        "Seconds that the once-a-second write took.",
        count_value=counts.get("flushes", 0),
        sum_value=counts.get("flush_sum_ms", 0.0) / 1000,
    )
    for which in ("last", "max"):
        milliseconds = counts.get("flush_ms" if which == "last" else "flush_max_ms", 0.0)
        text = {"last": "Seconds of the last write.", "max": "Seconds of the longest write since the start."}[which]
        yield from plain(f"flush_{which}_seconds", text, milliseconds / 1000)
    yield from plain("symbols_live", "Symbols with a place in a session.", counts.get("symbols", 0))
    yield from plain("symbols_without_place", "Symbols that no session has room for.", counts.get("without_place", 0))


@figures_of_tables
def rounds() -> Iterator[Metric]:
    counts = _counters("rest_market")
    if counts:
        text = "Seconds that the last round of the whole market took."
        yield from plain("market_round_seconds", text, counts.get("round_seconds"))
        yield from plain("market_round_symbols", "Symbols of that round.", counts.get("round_symbols"))


@figures_of_tables
def jobs() -> Iterator[Metric]:
    """Items of yesterday and today: by their index, for the table keeps three months."""
    since = timezone.localdate() - JOB_DAYS
    rows = JobItem.objects.filter(job__in=list(JOBS), day__gte=since).values_list("state").annotate(Count("pk"))
    found = dict(rows.order_by())
    items = gauge("job_items", "Items of batch jobs of yesterday and today, by state.", "state")
    for state in JobItem.State.values:
        items.add_metric([state], found.get(state, 0))
    yield items
    yield from plain("queued_tasks", "Tasks in the queue of the batch workers.", OrmQ.objects.count())


def _counters(daemon: str) -> dict[str, Any]:
    """What the daemon told with its last heartbeat."""
    return DaemonState.objects.filter(pk=daemon).values_list("counters", flat=True).first() or {}
