"""The programs of the batch jobs as processes of a test: the daemon that opens them and the cluster that works."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from stockdesk.simulator.testing import RunningSimulator, new_key
from tests.feed import FeedProcess

KEY, SECRET = new_key()


class Programs:
    """Starts commands of ``manage.py``, each in a process group of its own, as supervisord does."""

    def __init__(self, environment: Callable[..., dict[str, str]], simulator: RunningSimulator, logs: Path) -> None:
        self._environment = environment
        self._simulator = simulator
        self._logs = logs
        self._started: list[FeedProcess] = []

    def start(self, *arguments: str, **variables: str) -> FeedProcess:
        env = self._environment(
            **{
                "KIS_REST_URL": self._simulator.rest_url,
                "KIS_MASTER_URL": f"{self._simulator.rest_url}/common/master",
                # Without keys the public sources are left alone.
                "DART_API_KEY": "",
                "DATA_GO_KR_KEY": "",
                "KIS_WS_URL": self._simulator.ws_url,
                "KIS_APP_KEY": KEY,
                "KIS_APP_SECRET": SECRET,
                "KIS_ACCOUNT": "",
                "KIS_HTS_ID": "toyuser",
                "DESK_DEMO": "1",
                "BACKUP_DIR": str(self._logs / "backups"),
                **variables,
            }
        )
        log = self._logs / f"{arguments[0]}-{len(self._started)}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "manage.py", *arguments],
                env=env,
                cwd=settings.BASE_DIR,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        self._started.append(FeedProcess(process, log))
        return self._started[-1]

    def kill(self, program: FeedProcess) -> None:
        """kill -9 of the whole group."""
        with suppress(ProcessLookupError):
            os.killpg(program.process.pid, signal.SIGKILL)
        program.process.wait(20)

    def end(self) -> None:
        for program in self._started:
            self.kill(program)
