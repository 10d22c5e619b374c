"""``run_ws_market`` as a process of a test: two sessions of three symbols, on the stand-in broker."""

import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stockdesk.simulator.testing import new_key

SESSIONS, PLACES = 2, 3
KEYS = [new_key() for _ in range(SESSIONS)]
PATIENCE = 40.0


class FeedProcess:
    """A ``run_ws_market`` process and what it has written."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self.log = log

    def until(self, condition: Callable[[], Any], seconds: float = PATIENCE) -> Any:
        ends_at = time.monotonic() + seconds
        while not (answer := condition()):
            if time.monotonic() > ends_at:
                raise AssertionError(f"waited {seconds} s in vain; the daemon's log:\n{self.log.read_text()[-4000:]}")
            time.sleep(0.1)
        return answer

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


StartFeed = Callable[..., FeedProcess]
