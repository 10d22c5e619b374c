"""How busy the call budget is: calls a second of each lane, by the counters that every reservation moves."""

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.conf import settings

from stockdesk.calls.budget import shares
from stockdesk.calls.keys import key_id
from stockdesk.models import Lane

#: Over how many seconds calls are averaged: one second alone would jump between none and two.
SPAN = 5.0


@dataclass(frozen=True, slots=True)
class Load:
    """One lane: calls a second lately (None until there are two readings), what its share allows, calls of the day."""

    rate: float | None
    allowed: int
    today: int
    slowed: bool


class LaneMeter:
    """Remembers the last counters of the lanes of the key that calls; asked once a second it tells their pace."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: deque[tuple[float, dict[str, int]]] = deque()

    def loads(self) -> dict[str, Load]:
        """By lane, in the order of the budget. One query; raises ``django.db.Error``."""
        keys = settings.DESK.app_keys
        if not keys:
            return {}
        names = ("lane", "calls_today", "slow_factor", "slow_until_us")
        rows = Lane.objects.filter(key_id=key_id(keys[0].key)).values(*names)
        found = {row["lane"]: row for row in rows}
        now_us = time.time_ns() // 1000
        rates = self._rates({lane: row["calls_today"] for lane, row in found.items()})
        return {
            lane: Load(rates.get(lane), allowed, row["calls_today"], row["slow_until_us"] > now_us)
            for lane, allowed in shares(settings.DESK.calls_per_second).items()
            if (row := found.get(lane)) is not None
        }

    def _rates(self, counts: dict[str, int]) -> Mapping[str, float]:
        now = self._clock()
        while self._seen and self._seen[0][0] < now - SPAN:
            self._seen.popleft()
        # At midnight, and when a lane is made anew, the counter begins again: what went before tells nothing.
        if self._seen and any(count < self._seen[-1][1].get(lane, 0) for lane, count in counts.items()):
            self._seen.clear()
        first = self._seen[0] if self._seen else None
        self._seen.append((now, counts))
        if first is None or now - first[0] < 0.5:
            return {}
        return {lane: (count - first[1].get(lane, 0)) / (now - first[0]) for lane, count in counts.items()}
