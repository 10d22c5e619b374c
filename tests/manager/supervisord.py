"""A supervisord in memory: it takes orders, keeps processes, and lets a test break them."""

import itertools
import xmlrpc.client
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from stockdesk.programs import PROGRAMS
from stockdesk.setup.supervision import SHUTTING_DOWN

FIRST_PID = 4_000_000_000  # no process of this machine: nobody looks for children of it


class FakeSupervisord:
    """Starts and stops at once; ``orders`` is what it was told, in order."""

    def __init__(self, programs: Iterable[str] = (), *, now: datetime) -> None:
        self.now = now
        self._pids = itertools.count(FIRST_PID)
        names = set(programs) or {program.name for program in PROGRAMS}
        self.states = {p.name: "STOPPED" for p in sorted(PROGRAMS, key=lambda p: p.priority) if p.name in names}
        self.pids = dict.fromkeys(self.states, 0)
        self.started_at: dict[str, float] = {}
        self.orders: list[str] = []
        self.away = self.ending = False
        self.revive("manager")

    def programs(self) -> list[dict[str, Any]]:
        self._ask()
        return [
            {"name": name, "statename": state, "pid": self.pids[name], "start": self.started_at.get(name, 0.0),
             "spawnerr": ""}
            for name, state in self.states.items()
        ]  # fmt: skip

    def start_program(self, name: str) -> None:
        self._ask()
        self.orders.append(f"start {name}")
        assert self.states[name] not in ("RUNNING", "STARTING", "BACKOFF"), f"{name} runs already"
        self.revive(name)

    def stop_program(self, name: str) -> None:
        self._ask()
        self.orders.append(f"stop {name}")
        assert self.states[name] in ("RUNNING", "STARTING", "BACKOFF"), f"{name} does not run"
        self.put(name, "STOPPED")

    def running(self) -> set[str]:
        return {name for name, state in self.states.items() if state == "RUNNING"}

    # What may happen to it.

    def revive(self, name: str) -> None:
        """A process of this name runs now."""
        self.states[name], self.pids[name] = "RUNNING", next(self._pids)
        self.started_at[name] = self.now.timestamp()

    def put(self, name: str, state: str) -> None:
        self.states[name] = state
        if state not in ("RUNNING", "STARTING", "STOPPING"):
            self.pids[name] = 0

    def restart_itself(self) -> None:
        """All that it does not start by itself is gone."""
        for name in self.states:
            self.put(name, "STOPPED")
        self.revive("manager")

    def _ask(self) -> None:
        if self.away:
            raise ConnectionRefusedError("nobody listens")
        if self.ending:
            raise xmlrpc.client.Fault(SHUTTING_DOWN, "SHUTDOWN_STATE")
