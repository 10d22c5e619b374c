"""Copies of ``run_trading`` as processes, one after the other, in a world that goes on while a test waits."""

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.trading.processes.world import World
from trading.models import Order, Refusal

PATIENCE = 60.0


class Copies:
    """Copies of the daemon, one at a time."""

    def __init__(self, process: subprocess.Popen[str], log: Path, world: World) -> None:
        self._process = process
        self._log = log
        self.world = world

    def start(self, point: str = "none") -> int:
        return int(self._ask(point))

    def ended(self) -> int:
        """Wait for the copy to end; returns its wait status. The world goes on meanwhile."""
        assert self._process.stdin is not None
        self._process.stdin.write("wait\n")
        self._process.stdin.flush()
        return int(self.until(self._answer))

    def until(self, condition: Callable[[], Any]) -> Any:
        ends_at = time.monotonic() + PATIENCE
        while not (answer := condition()):
            if time.monotonic() > ends_at:
                why_not = list(Refusal.objects.order_by("-last_at").values_list("symbol", "code", "text", "seen")[:5])
                rows = list(Order.objects.order_by("-id").values_list("symbol", "state", "code", "reason")[:5])
                log = self._log.read_text()[-3000:]
                raise AssertionError(f"waited {PATIENCE} s in vain\n{rows}\n{why_not}\n{log}")
            self.world.beat()
            time.sleep(0.1)
        return answer

    def _ask(self, word: str) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()
        return str(self.until(self._answer))

    def _answer(self) -> str:
        assert self._process.stdout is not None
        os.set_blocking(self._process.stdout.fileno(), False)
        return self._process.stdout.readline().strip()
