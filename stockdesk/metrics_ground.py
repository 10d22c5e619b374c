"""Figures of the ground: calls, connects, tokens, daemons and events."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Count
from django.utils import timezone
from prometheus_client.core import Metric

from stockdesk.calls.tally import RESULTS
from stockdesk.metrics import counter, figures_of_tables, gauge
from stockdesk.models import DaemonState, Event, Lane, Pace, Token

LEVELS = ("info", "warning", "error")
MIB = 2**20


@figures_of_tables
def calls() -> Iterator[Metric]:
    left = counter("calls", "Calls to the broker that took a slot of the lane.", "key", "lane")
    failed = counter(
        "call_failures",
        "Calls that came to nothing, by why (too_many is EGW00201); told with the next call of the lane.",
        *("key", "lane", "result"),
    )
    slow = gauge("pace_divisor", "By how much the key's pace is lowered now; 1 is the full pace.", "key")
    now_us = datetime.now().timestamp() * 1e6  # noqa: DTZ005  a moment since 1970 has no zone
    factors: dict[str, int] = {}
    for row in Lane.objects.order_by("name"):
        left.add_metric([row.key_id, row.lane], row.calls)
        for result in RESULTS:
            failed.add_metric([row.key_id, row.lane, result], getattr(row, result))
        factors[row.key_id] = row.slow_factor if row.slow_until_us > now_us else 1
    for key, factor in factors.items():
        slow.add_metric([key], factor)
    yield from (left, failed, slow)


@figures_of_tables
def keys() -> Iterator[Metric]:
    now = timezone.now()
    connects = counter("connects", "Permitted attempts to open a session with the broker.", "key")
    unproved = gauge("connects_unproved", "Attempts in a row that did not carry data for 60 s.", "key")
    away = gauge("key_quarantined", "1 while the key may not connect (OPSP8996), else 0.", "key")
    for row in Pace.objects.exclude(pk="*").order_by("pk"):
        connects.add_metric([row.key_id], row.connects)
        unproved.add_metric([row.key_id], row.streak)
        away.add_metric([row.key_id], int(row.quarantined_until is not None and row.quarantined_until > now))
    lasts = gauge("token_remaining_seconds", "Seconds until the key's access token ends.", "key")
    for token in Token.objects.order_by("pk"):
        if token.expires_at is not None:
            lasts.add_metric([token.key_id], (token.expires_at - now).total_seconds())
    yield from (connects, unproved, away, lasts)


@figures_of_tables
def daemons() -> Iterator[Metric]:
    now = timezone.now()
    up = gauge("daemon_up", "1 while the daemon holds its lease, else 0.", "daemon")
    beat = gauge("daemon_heartbeat_age_seconds", "Seconds since the daemon's last heartbeat (every 2 s).", "daemon")
    step = gauge("daemon_step_age_seconds", "Seconds since the daemon's last finished step.", "daemon")
    steps = counter("daemon_steps", "Finished steps since the daemon started.", "daemon")
    memory = gauge("daemon_resident_bytes", "Memory of the daemon that is in RAM, bytes.", "daemon")
    for row in DaemonState.objects.order_by("name"):
        up.add_metric([row.name], int(bool(row.holder) and row.expires_at is not None and row.expires_at > now))
        for family, moment in ((beat, row.heartbeat_at), (step, row.last_step_at)):
            # Who stopped on purpose has given the lease back; its silence says nothing.
            if row.holder and moment is not None:
                family.add_metric([row.name], (now - moment).total_seconds())
        steps.add_metric([row.name], row.counters.get("steps", 0))
        if "memory_mib" in row.counters:
            memory.add_metric([row.name], row.counters["memory_mib"] * MIB)
    yield from (up, beat, step, steps, memory)


@figures_of_tables
def events() -> Iterator[Metric]:
    still_on = gauge("open_events", "Degraded states that are not over, by level.", "level")
    rows = Event.objects.filter(ended_at=None).values_list("level").annotate(Count("pk")).order_by()
    found = {**dict.fromkeys(LEVELS, 0), **dict(rows)}
    for level, count in found.items():
        still_on.add_metric([level], count)
    yield still_on
