"""Programs of the desk as processes of a test, each with a log of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from django.conf import settings

PATIENCE = 40.0


class Running:
    """One process and what it has written."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self.log = log

    def until(self, condition: Callable[[], Any], seconds: float = PATIENCE) -> Any:
        """What the condition gives once it gives something; the log is shown where it never does."""
        ends_at = time.monotonic() + seconds
        while not (answer := condition()):
            if time.monotonic() > ends_at:
                raise AssertionError(f"waited {seconds} s in vain; its log:\n{self.log.read_text()[-4000:]}")
            time.sleep(0.1)
        return answer

    def stop(self) -> int:
        """SIGTERM; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)

    def kill(self) -> None:
        """kill -9 of the whole group."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(20)


class Programs:
    """Starts programs, each in a process group of its own, as supervisord does."""

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self.started: list[Running] = []

    def start(self, *arguments: str, env: dict[str, str], every: float | None = None) -> Running:
        """``manage.py`` with these arguments; ``every`` so many seconds a step, where that is not the daemon's own."""
        command = ["manage.py"] if every is None else ["-m", "tests.quick", str(every)]
        log = self.logs / f"{arguments[0]}-{len(self.started)}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, *command, *arguments],
                env=env,
                cwd=settings.BASE_DIR,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        self.started.append(Running(process, log))
        return self.started[-1]


@contextmanager
def programs_of(logs: Path) -> Iterator[Programs]:
    """Programs of which none outlives the test."""
    programs = Programs(logs)
    try:
        yield programs
    finally:
        for one in programs.started:
            one.kill()
