"""What the process tests of ``run_trading`` share: a quiet market, a prepared user, copies that start fast."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings

from stockdesk import roles
from stockdesk.simulator.testing import RunningSimulator, running_simulator
from tests.trading.processes.copies import Copies
from tests.trading.processes.world import CASH, SETTINGS, World


@pytest.fixture
def simulator() -> Iterator[RunningSimulator]:
    with running_simulator(symbols=400, ticks_per_second=0.0, token_seconds=0.0, cash=CASH) as running:
        yield running


@pytest.fixture
def copies(
    simulator: RunningSimulator,
    trading_role: roles.Account,
    process_environment: Callable[..., dict[str, str]],
    tmp_path: Path,
) -> Iterator[Copies]:
    log = tmp_path / "trading.log"
    log.touch()
    env = process_environment(
        KIS_REST_URL=simulator.rest_url, KIS_WS_URL=simulator.ws_url, TRADING_LOG=str(log), **SETTINGS
    )
    command, pipe = [sys.executable, "-m", "tests.trading.processes.forker"], subprocess.PIPE
    process = subprocess.Popen(
        command, env=env, cwd=settings.BASE_DIR, text=True, stdin=pipe, stdout=pipe, start_new_session=True
    )
    yield Copies(process, log, World(simulator))
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
