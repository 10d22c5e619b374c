"""Looks at tables and processes while faults happen: what must never get worse is compared with the look before."""

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import MySQLdb

from tests.faults.prompt import Prompt
from tests.faults.server import Tables

EVERY = 0.25

# Per table: its key, and the columns that keep their value rather than lose it (I6).
KEPT = {
    "market_quote": (
        "stck_shrn_iscd", ("stck_prpr", "stck_oprc", "stck_hgpr", "stck_lwpr", "askp1", "bidp1", "acml_vol")
    ),
    "assets_balance": ("account_id", ("dnca_tot_amt", "prvs_rcdl_excc_amt", "tot_evlu_amt")),
}  # fmt: skip
_TIMES = "SELECT stck_shrn_iscd, bsop_date, traded_at FROM market_quote WHERE traded_at IS NOT NULL"
_FILLED = "SELECT id, filled_quantity, quantity FROM trading_order"
_FENCES = "SELECT name, fence FROM stockdesk_daemon"


class Watcher:
    """A thread that samples until it is left; ``complaints`` are sentences that begin with the invariant."""

    def __init__(self, tables: Tables, processes: Callable[[], dict[str, int]], prompt: Prompt) -> None:
        self.complaints: list[str] = []
        self.samples = 0
        #: The least and the most memory that each copy was seen with, in bytes.
        self.memory: dict[tuple[str, int], tuple[int, int]] = {}
        self._tables = tables
        self._processes = processes
        self._prompt = prompt
        self._before: dict[str, dict[Any, tuple[Any, ...]]] = {}
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True)

    def __enter__(self) -> "Watcher":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._leaving.set()
        self._thread.join(30)

    def forget(self) -> None:
        """A new scenario: what was found is told, what is stored is the state to compare with."""
        self.complaints = []

    def _run(self) -> None:
        while not self._leaving.wait(EVERY):
            # The database is away in some scenarios: then there is nothing to see.
            with suppress(MySQLdb.Error):
                self.look()
                self._prompt.look()
            self._weigh()

    def look(self) -> None:
        for table, (key, columns) in KEPT.items():
            rows = self._tables.rows(f"SELECT {key}, {', '.join(columns)} FROM {table}")
            self._compare(table, {row[0]: row[1:] for row in rows}, self._not_blanked)
        self._compare("times", {row[0]: row[1:] for row in self._tables.rows(_TIMES)}, self._not_earlier)
        self._compare("filled", {row[0]: row[1:] for row in self._tables.rows(_FILLED)}, self._not_less)
        self._compare("fences", {row[0]: row[1:] for row in self._tables.rows(_FENCES)}, self._no_older_fence)
        self.samples += 1

    def _compare(self, name: str, now: dict[Any, tuple[Any, ...]], judge: Callable[..., None]) -> None:
        before = self._before.get(name, {})
        for key, values in now.items():
            if key in before:
                judge(f"{name} {key}", before[key], values)
        self._before[name] = now

    def _not_blanked(self, what: str, before: tuple[Any, ...], now: tuple[Any, ...]) -> None:
        for old, new in zip(before, now, strict=True):
            if old and (new is None or new < 0 or (new == 0 and what.startswith("market"))):
                self.complaints.append(f"I6: {what}: {old} was replaced by {new}")

    def _not_earlier(self, what: str, before: tuple[Any, ...], now: tuple[Any, ...]) -> None:
        if now < before:
            self.complaints.append(f"I17: {what}: {before} went back to {now}")

    def _not_less(self, what: str, before: tuple[Any, ...], now: tuple[Any, ...]) -> None:
        if now[0] < before[0] or now[0] > now[1]:
            self.complaints.append(f"I7: {what}: filled {before[0]}, then {now[0]} of {now[1]}")

    def _no_older_fence(self, what: str, before: tuple[Any, ...], now: tuple[Any, ...]) -> None:
        if now < before:
            self.complaints.append(f"I10: {what}: fence {before[0]}, then {now[0]}")

    def _weigh(self) -> None:
        for name, pid in self._processes().items():
            with suppress(OSError, IndexError, ValueError):
                pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
                least, most = self.memory.get((name, pid), (pages * 4096, 0))
                self.memory[name, pid] = (min(least, pages * 4096), max(most, pages * 4096))
