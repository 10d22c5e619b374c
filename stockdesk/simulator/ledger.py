"""What the simulator saw: calls, connects, token issues, echoes. Bounded, and only counted, never judged."""

import itertools
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

CALLS_KEPT = 20_000
CONNECTS_KEPT = 5_000


def busiest(times: list[float], seconds: float) -> int:
    """The largest number of ``times`` (ascending) that lie within less than ``seconds`` of each other."""
    most = start = 0
    for end, moment in enumerate(times):
        while moment - times[start] >= seconds:
            start += 1
        most = max(most, end - start + 1)
    return most


@dataclass(slots=True)
class Calls:
    """The REST calls of one app key. Refused ones are counted too."""

    total: int = 0
    most_in_a_second: int = 0
    by_tr_id: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    arrivals: deque[tuple[float, str]] = field(default_factory=lambda: deque(maxlen=CALLS_KEPT))
    window: deque[float] = field(default_factory=deque)


@dataclass(slots=True)
class Connect:
    """One WebSocket handshake; its key is known once the first message came."""

    at: float
    clock: float
    key: str | None = None
    ended: str = ""


class Ledger:
    """Times are epoch seconds for the reader; windows are measured on the monotonic clock."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.clear()

    def clear(self) -> None:
        self.since = self.now()
        self.calls: dict[str, Calls] = {}
        self.unknown_paths: Counter[str] = Counter()
        self.connects: deque[Connect] = deque(maxlen=CONNECTS_KEPT)
        self.connects_total = 0
        self.refused_registrations: Counter[str] = Counter()
        self.token_issues: dict[str, deque[float]] = {}
        self.ticks = self.frames = self.dropped = self.notices = 0

    def call(self, key: str, tr_id: str) -> Calls:
        """A call that counts towards the ceiling has arrived, whatever becomes of it."""
        calls = self.calls.get(key)
        if calls is None:
            calls = self.calls[key] = Calls()
        moment = time.monotonic()
        calls.total += 1
        calls.by_tr_id[tr_id] += 1
        calls.arrivals.append((time.time(), tr_id))
        calls.window.append(moment)
        while moment - calls.window[0] >= 1.0:
            calls.window.popleft()
        calls.most_in_a_second = max(calls.most_in_a_second, len(calls.window))
        return calls

    def refused(self, key: str, code: str) -> None:
        self.calls.setdefault(key, Calls()).refused[code] += 1

    def connected(self) -> Connect:
        connect = Connect(time.time(), time.monotonic())
        self.connects.append(connect)
        self.connects_total += 1
        return connect

    def token_issued(self, key: str) -> None:
        self.token_issues.setdefault(key, deque(maxlen=CALLS_KEPT)).append(time.time())

    def shown(self, arrivals: int) -> dict[str, Any]:
        """The ledger as JSON, with the last ``arrivals`` calls of each key; keys appear as their short ids only."""
        return {
            "since": self.since.isoformat(),
            "calls": {key: self._calls(calls, arrivals) for key, calls in self.calls.items()},
            "unknown_paths": dict(self.unknown_paths),
            "connects": self._connects(),
            "token_issues": {key: list(times) for key, times in self.token_issues.items()},
            "refused_registrations": dict(self.refused_registrations),
            "ticks": self.ticks,
            "frames": self.frames,
            "dropped_frames": self.dropped,
            "notices": self.notices,
        }

    @staticmethod
    def _calls(calls: Calls, arrivals: int) -> dict[str, Any]:
        return {
            "total": calls.total,
            "most_in_a_second": calls.most_in_a_second,
            "by_tr_id": dict(calls.by_tr_id),
            "refused": dict(calls.refused),
            "arrivals": [[round(at, 4), tr_id] for at, tr_id in list(calls.arrivals)[-arrivals:] if arrivals],
        }

    def _connects(self) -> dict[str, Any]:
        by_key: dict[str, list[Connect]] = {}
        for connect in self.connects:
            if connect.key:
                by_key.setdefault(connect.key, []).append(connect)
        return {
            "total": self.connects_total,
            **_pace(list(self.connects)),
            "by_key": {key: {"total": len(rows), **_pace(rows)} for key, rows in by_key.items()},
            "list": [{"at": round(c.at, 3), "key": c.key, "ended": c.ended} for c in self.connects],
        }


def _pace(connects: list[Connect]) -> dict[str, Any]:
    """How fast they came: what the rules on connecting are held against."""
    times = [connect.clock for connect in connects]
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    return {
        "times": [round(connect.at, 3) for connect in connects],
        "closest_seconds": round(min(gaps), 3) if gaps else None,
        "most_in_60_seconds": busiest(times, 60.0),
        "most_in_600_seconds": busiest(times, 600.0),
    }
