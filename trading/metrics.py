"""Figures of trading: today's orders, fills and refusals, and what is not over, of whatever day."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from django.db.models import Count, F, QuerySet, Sum
from django.utils import timezone
from prometheus_client.core import Metric

from stockdesk.metrics import figures_of_tables, gauge, plain
from trading.models import Fill, Order, Refusal
from trading.states import HOLDING, State
from trading.words import WHY_NOT

#: After this long a notice does not come any more.
NOTICE_WITHIN = timedelta(seconds=60)
OTHER = "other"


@figures_of_tables
def orders() -> Iterator[Metric]:
    today = Order.objects.filter(ordered_on=timezone.localdate())
    yield by_state("orders_today", "Orders of today, by state.", today, State)
    not_over = Order.objects.filter(state__in=HOLDING)
    yield by_state("orders_open", "Orders that are not over, by state, of any day.", not_over, HOLDING)


@figures_of_tables
def fills() -> Iterator[Metric]:
    today = timezone.localdate()
    filled = Fill.objects.filter(traded_on=today, source=Fill.Source.INQUIRY).aggregate(
        orders=Count("pk"), shares=Sum("quantity", default=0), krw=Sum("amount", default=0)
    )
    yield from plain("fills_today", "Orders that the broker's list of today shows as filled.", filled["orders"])
    yield from plain("filled_shares_today", "Shares filled today.", filled["shares"])
    yield from plain("filled_krw_today", "Value filled today, KRW.", filled["krw"])
    lost = Order.objects.filter(
        ordered_on=today,
        filled_quantity__gt=F("noticed_quantity"),
        filled_at__lt=timezone.now() - NOTICE_WITHIN,
    )
    text = "Orders of today whose fills the inquiry found and no execution notice told of within a minute."
    yield from plain("fills_without_notice_today", text, lost.count())


@figures_of_tables
def refusals() -> Iterator[Metric]:
    """Only codes that have words: a label must not grow with what somebody writes into a row."""
    counts: dict[str, int] = {}
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    # The day's rows were last counted on that day, and ``last_at`` is what has an index.
    today = Refusal.objects.filter(refused_on=midnight.date(), last_at__gte=midnight)
    for code, count in today.values_list("code").annotate(Sum("count")).order_by():
        known = code if code in WHY_NOT else OTHER
        counts[known] = counts.get(known, 0) + count
    told = gauge("refusals_today", "How often a condition was kept from ordering today, by reason.", "reason")
    for code in sorted(counts):
        told.add_metric([code], counts[code])
    yield told


def by_state(name: str, text: str, rows: QuerySet[Order], states: Iterable[State]) -> Metric:
    """One gauge with a sample for each state, those without an order too."""
    found = dict(rows.values_list("state").annotate(Count("pk")).order_by())
    told = gauge(name, text, "state")
    for state in sorted(states):
        told.add_metric([state.value], found.get(state.value, 0))
    return told
