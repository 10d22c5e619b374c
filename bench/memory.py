"""What every daemon of the registry keeps in RAM: a moment after its start, and after a minute of a busy market."""

import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from bench.table import Measured, Row
from stockdesk import grants, roles
from stockdesk.programs import PROGRAMS, Program
from stockdesk.setup.processes import all_pids, stat_fields
from stockdesk.simulator.testing import new_key

BUDGET_MB = 90.0
IDLE_SECONDS, LOAD_SECONDS = 10.0, 60.0
SYMBOLS, TICKS = 500, 2_000
SESSIONS = 5
ACCOUNT, HTS_ID = "12345678-01", "toyuser1"


class Memory(NamedTuple):
    """MB of one process: in RAM, its share of what it shares, and its own alone."""

    rss: float
    pss: float
    uss: float


def run(seconds: float = LOAD_SECONDS) -> list[Row]:
    """Real processes on a stand-in broker, as the demo has them. About two minutes."""
    with _broker() as (rest_url, ws_url):
        environment = _environment(rest_url, ws_url)
        for command in (["seed_demo", "--symbols", str(SYMBOLS)], ["database_users"]):
            subprocess.run(
                [sys.executable, "manage.py", *command],
                env=environment, cwd=settings.BASE_DIR, check=True, stdout=subprocess.DEVNULL,
            )  # fmt: skip
        try:
            with _running(environment) as groups:
                time.sleep(IDLE_SECONDS)
                idle = {name: largest(group) for name, group in groups.items()}
                time.sleep(seconds)
                busy = {name: largest(group) for name, group in groups.items()}
        finally:
            with connection.cursor() as cursor:
                user = environment["DATABASE_TRADING_USER"]
                cursor.execute(f"DROP USER IF EXISTS {grants.account(user, roles.own_host())}")
    return [_row(name, idle[name], busy[name]) for name in groups]


def _row(name: str, idle: Memory, busy: Memory) -> Row:
    title = f"{name}: PSS {busy.pss:.0f}, own {busy.uss:.0f}, at the start {idle.rss:.0f} MB"
    measured = Measured(busy.rss, BUDGET_MB, busy.rss / BUDGET_MB)
    return Row(title, "MB in RAM", "budget of 90 MB", measured, at_most=1.0)


def daemons() -> list[Program]:
    """Whatever manage.py runs for a desk, the broker's stand-in left out."""
    return [p for p in PROGRAMS if "manage.py" in p.command and p.only != "simulated"]


def largest(group: int) -> Memory:
    """The largest process of a process group; the worker is five of them."""
    found = [memory_of(pid) for pid in all_pids() if (stat_fields(pid) or [""] * 3)[2] == str(group)]
    if not found:
        raise AssertionError("a daemon has ended")
    return max(found)


def memory_of(pid: int) -> Memory:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return Memory(0.0, 0.0, 0.0)
    kilobytes = {name: int(number) for name, number in re.findall(r"^(\w+):\s+(\d+) kB", text, re.MULTILINE)}
    own = kilobytes["Private_Clean"] + kilobytes["Private_Dirty"]
    return Memory(kilobytes["Rss"] / 1024, kilobytes["Pss"] / 1024, own / 1024)


@contextmanager
def _running(environment: Mapping[str, str]) -> Iterator[dict[str, int]]:
    started: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for program in daemons():
            command = [sys.executable, *program.command[1:]]
            started[program.name] = subprocess.Popen(
                command, env=environment, cwd=settings.BASE_DIR, start_new_session=True
            )
        yield {name: process.pid for name, process in started.items()}
    finally:
        for process in started.values():
            process.send_signal(signal.SIGTERM)
        for process in started.values():
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@contextmanager
def _broker() -> Iterator[tuple[str, str]]:
    command = [sys.executable, "-m", "stockdesk.simulator", "--rest-port", "0", "--ws-port", "0"]
    command += ["--symbols", str(SYMBOLS), "--ticks-per-second", str(TICKS)]
    with subprocess.Popen(command, cwd=settings.BASE_DIR, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"REST (http://[^,]+), WebSocket (ws://\S+)", process.stdout.readline())
            if found is None:
                raise AssertionError("the simulator did not start")
            yield found[1], found[2].rstrip(".,")
        finally:
            process.terminate()


def _environment(rest_url: str, ws_url: str) -> dict[str, str]:
    at = connection.settings_dict
    socket = at["OPTIONS"].get("unix_socket", "")
    place = f"{at['HOST'] or 'localhost'}{':' if at['PORT'] else ''}{at['PORT']}"
    url = f"mysql://{quote(at['USER'])}@{place}/{at['NAME']}"
    variables = {
        "DATABASE_URL": f"{url}?unix_socket={quote(socket, safe='')}" if socket else url,
        "DATABASE_PASSWORD": at["PASSWORD"],
        "DATABASE_TRADING_USER": f"{at['NAME']}_trading",
        "DATABASE_TRADING_PASSWORD": secrets.token_hex(16),
        "KIS_REST_URL": rest_url,
        "KIS_WS_URL": ws_url,
        "KIS_ACCOUNT": ACCOUNT,
        "KIS_HTS_ID": HTS_ID,
        "KIS_CALLS_PER_SECOND": "20",
        "KIS_MASTER_URL": f"{rest_url}/common/master",
        "DART_URL": f"{rest_url}/dart/api",
        "DATA_GO_KR_URL": f"{rest_url}/datagokr/1160100/service",
        "DESK_MODE": "mock",
        "DESK_DEMO": "1",
    }
    for number in range(1, SESSIONS + 1):
        suffix = "" if number == 1 else f"_{number}"
        variables[f"KIS_APP_KEY{suffix}"], variables[f"KIS_APP_SECRET{suffix}"] = new_key()
    return {**os.environ, **variables}
