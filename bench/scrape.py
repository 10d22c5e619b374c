"""``/metrics``: how long one scrape takes on a desk with a long ledger, beside what a monitor may cost it."""

import time
from datetime import timedelta

from django.db import connection
from django.test import Client
from django.utils import timezone

from bench.table import Measured, Row
from trading.models import Fill, Order
from trading.states import State

PROMISE = 20.0  # milliseconds
BATCH = 5_000


def run(orders: int = 50_000, rounds: int = 41) -> list[Row]:
    """Needs a database of its own to work in: its ledger is filled, and emptied again."""
    _fill(orders)
    try:
        client = Client()
        answer = client.get("/metrics")
        if answer.status_code != 200 or b"stockdesk_database_up 1.0" not in answer.content:
            raise AssertionError(f"/metrics answered {answer.status_code}, or without the database")
        times = sorted(_timed(client) for _ in range(rounds))
    finally:
        Order.objects.all().delete()
        Fill.objects.all().delete()
    ms = times[rounds // 2]
    title = f"a scrape of /metrics with {orders:,} orders: median"
    return [Row(title, "ms", "promise", Measured(ms, PROMISE, ms / PROMISE), at_most=1.0)]


def _fill(orders: int) -> None:
    """Fifty days of a thousand orders each: one every twenty-three seconds."""
    now, states = timezone.now(), [State.FILLED, State.FILLED, State.CANCELLED, State.REJECTED]
    today = timezone.localdate(now)
    for start in range(0, orders, BATCH):
        rows, fills = [], []
        for number in range(start, min(start + BATCH, orders)):
            on = today - timedelta(days=number % 50)
            rows.append(
                Order(
                    intent_key=f"bench-{number}", mode="mock", ordered_on=on, symbol="005930", side="buy", quantity=1,
                    price=70_000, state=states[number % len(states)].value, order_no=str(number), created_at=now,
                    changed_at=now, filled_quantity=1, noticed_quantity=1,
                )
            )  # fmt: skip
            fills.append(
                Fill(traded_on=on, order_no=str(number), source="inquiry", quantity=1, amount=70_000, seen_at=now)
            )
        Order.objects.bulk_create(rows)
        Fill.objects.bulk_create(fills)
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE TABLE {Order._meta.db_table}, {Fill._meta.db_table}")


def _timed(client: Client) -> float:
    started = time.perf_counter()
    client.get("/metrics")
    return (time.perf_counter() - started) * 1000
