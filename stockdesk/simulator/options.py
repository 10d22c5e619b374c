"""What the simulator can be told at start, and (most of it) changed while it runs."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta, timezone
from typing import Any

KST = timezone(timedelta(hours=9), "KST")


def korean_time() -> datetime:
    """Now, aware, in Korea."""
    return datetime.now(KST)


@dataclass(slots=True)
class Options:
    """Every limit and switch of the stand-in. Names double as command-line arguments and as the control API's."""

    rest_port: int = 0  # 0: any free port
    ws_port: int = 0
    symbols: int = 2500
    seed: int = 1
    ticks_per_second: float = 1000.0  # over all registered symbols together
    columns: int = 47  # of H0STCNT0; 46 until 2026-09-13
    calls_per_second: int = 0  # REST calls of one app key; 0: 20, or 1 in the mock flavour
    mock: bool = False  # 모의투자: fewer TR ids, one call a second
    open: bool = True  # False: no ticks at all, and no orders
    real_hours: bool = False  # True: trade by KRX's and NXT's timetable; False: at any time
    cash: int = 50_000_000  # KRW in an account when it is opened
    notice_seconds: float = 0.05  # from an event to its execution notice
    ledger_calls_per_second: int = 0  # orders and account calls of one app key (EGW00215); 0: no limit of their own
    pingpong_seconds: float = 10.0
    unanswered_seconds: float = 100.0  # a session that answers no PINGPONG is cut after this
    registrations: int = 41  # of one session; the next one is OPSP0008
    second_session: str = "refuse"  # of one app key: "refuse" with OPSP8996, or "replace" the older one
    token_seconds: float = 60.0  # between two issues for one key (EGW00133); 0: no limit
    approvals_per_second: int = 0  # KIS documents 1, but python-kis asks at every registration; 0: no limit
    buffer_bytes: int = 4 << 20  # unsent bytes of one session; above it its tick frames are dropped
    now: Callable[[], datetime] = field(default=korean_time, repr=False)

    def __post_init__(self) -> None:
        if self.calls_per_second <= 0:
            self.calls_per_second = 1 if self.mock else 20
        self.check()

    def check(self) -> None:
        """Refuse values that make no sense; raises ValueError."""
        if self.columns not in (46, 47):
            raise ValueError("columns is 46 or 47")
        if self.second_session not in ("refuse", "replace"):
            raise ValueError("second_session is refuse or replace")
        if self.symbols < 1 or self.ticks_per_second < 0 or self.calls_per_second < 1:
            raise ValueError("symbols and calls_per_second start at 1, ticks_per_second at 0")
        if self.cash < 0 or self.notice_seconds < 0 or self.ledger_calls_per_second < 0:
            raise ValueError("cash, notice_seconds and ledger_calls_per_second are not below 0")
        if self.pingpong_seconds <= 0 or self.unanswered_seconds <= 0:
            raise ValueError("pingpong_seconds and unanswered_seconds are above 0")

    def change(self, values: dict[str, Any]) -> None:
        """Set the given names, all or none; raises ValueError for a name or value that cannot be set now."""
        changed = {}
        for name, value in values.items():
            if name not in CHANGEABLE:
                raise ValueError(f"{name} cannot be changed while running")
            kind = type(getattr(self, name))
            if kind is float and type(value) is int:
                value = float(value)
            if type(value) is not kind:
                raise ValueError(f"{name} is a {kind.__name__}")
            changed[name] = value
        replace(self, **changed)  # runs the checks on a copy first
        for name, value in changed.items():
            setattr(self, name, value)

    def shown(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "now"}


FIXED = {"rest_port", "ws_port", "symbols", "seed", "mock", "now"}
CHANGEABLE = {f.name for f in fields(Options)} - FIXED


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``run_simulator``, shared by the Django command and ``python -m stockdesk.simulator``."""
    parser.add_argument("--rest-port", type=int, default=9443, help="REST on 127.0.0.1 (default %(default)s)")
    parser.add_argument("--ws-port", type=int, default=21000, help="WebSocket on 127.0.0.1 (default %(default)s)")
    parser.add_argument("--symbols", type=int, default=2500, help="listed symbols (default %(default)s)")
    parser.add_argument("--ticks-per-second", type=float, default=1000.0, help="over all registered symbols")
    parser.add_argument("--columns", type=int, choices=(46, 47), default=47, help="width of a tick record")
    parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same world")
    parser.add_argument("--calls-per-second", type=int, default=0, help="of one key (default 20, mock 1)")
    parser.add_argument("--mock", action="store_true", help="answer as the 모의투자 host does")
    parser.add_argument("--cash", type=int, default=50_000_000, help="KRW in a new account (default %(default)s)")
    parser.add_argument("--real-hours", action="store_true", help="trade by the timetable of KRX and NXT")
    parser.add_argument("--pingpong-seconds", type=float, default=10.0, help="between two PINGPONG")


def from_arguments(arguments: dict[str, Any]) -> Options:
    """Options from parsed arguments; names that are not ours (Django's own) are left out."""
    ours = {f.name for f in fields(Options)}
    return Options(**{name: value for name, value in arguments.items() if name in ours})
