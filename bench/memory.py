"""What every daemon takes of RAM and CPU: in a market that stands still, in a busy one, and in a large one."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
from django.conf import settings
from django.db import connection

from bench.broker import demo_environment, running_broker
from bench.table import Measured, Row
from market.models import Instrument, Quote
from stockdesk import grants, roles
from stockdesk.programs import PROGRAMS, Program
from stockdesk.setup.processes import all_pids, stat_fields

BUDGET_MB = 90.0
STARTING_SECONDS, IDLE_SECONDS, LOAD_SECONDS = 15.0, 15.0, 60.0
TICKS = 2_000.0  # a second, in the busy market


class Memory(NamedTuple):
    """MB of one process: in RAM, its share of what it shares, and its own alone."""

    rss: float
    pss: float
    uss: float


class Taken(NamedTuple):
    """RAM of a daemon's largest process, and what all its processes took of one core since the look before."""

    memory: Memory
    cpu: float


def run(seconds: float = LOAD_SECONDS, sizes: Sequence[int] = (200, 2_500)) -> list[Row]:
    """Real processes on a stand-in broker, as the demo has them, once per number of issues. About four minutes."""
    found = [_measure(symbols, seconds) for symbols in sizes]
    small, large = found[0][1], found[-1][1]
    return [_row(name, sizes, found[-1][0][name], small[name], large[name]) for name in large]


def _measure(symbols: int, seconds: float) -> tuple[dict[str, Taken], dict[str, Taken]]:
    """Every daemon while nothing trades, and after so many seconds of a busy market."""
    with connection.cursor() as cursor:  # another number of issues is another world, with other symbols
        cursor.execute(f"DELETE FROM {settings.DESK.gnuboard.table}")
    Instrument.objects.all().delete()
    Quote.objects.all().delete()
    with running_broker(symbols) as (rest_url, ws_url):
        environment = demo_environment(rest_url, ws_url)
        for command in (["seed_demo", "--symbols", str(symbols)], ["database_users"]):
            subprocess.run(
                [sys.executable, "manage.py", *command],
                env=environment, cwd=settings.BASE_DIR, check=True, stdout=subprocess.DEVNULL,
            )  # fmt: skip
        try:
            with _running(environment) as groups:
                time.sleep(STARTING_SECONDS)
                idle = _look(groups, IDLE_SECONDS)
                options = {"ticks_per_second": TICKS}
                httpx.post(f"{rest_url}/_simulator/options", json=options, trust_env=False).raise_for_status()
                return idle, _look(groups, seconds)
        finally:
            with connection.cursor() as cursor:
                user = environment["DATABASE_TRADING_USER"]
                cursor.execute(f"DROP USER IF EXISTS {grants.account(user, roles.own_host())}")


def _look(groups: Mapping[str, int], seconds: float) -> dict[str, Taken]:
    before, began = {name: _cpu_seconds(group) for name, group in groups.items()}, time.monotonic()
    time.sleep(seconds)
    passed = time.monotonic() - began
    return {
        name: Taken(largest(group), (_cpu_seconds(group) - before[name]) / passed) for name, group in groups.items()
    }


def _row(name: str, sizes: Sequence[int], idle: Taken, small: Taken, large: Taken) -> Row:
    title = (
        f"{name}: own {large.memory.uss:.0f} MB, {large.memory.rss - small.memory.rss:+.1f} from {sizes[0]:,} to"
        f" {sizes[-1]:,} issues; CPU {idle.cpu:.1%} idle, {large.cpu:.1%} busy"
    )
    measured = Measured(large.memory.rss, BUDGET_MB, large.memory.rss / BUDGET_MB)
    return Row(title, "MB in RAM", "budget of 90 MB", measured, at_most=1.0)


def daemons() -> list[Program]:
    """Whatever manage.py runs for a desk, the broker's stand-in left out."""
    return [p for p in PROGRAMS if "manage.py" in p.command and p.only != "simulated"]


def largest(group: int) -> Memory:
    """The largest process of a process group; the worker is five of them."""
    found = [memory_of(pid) for pid in _members(group)]
    if not found:
        raise AssertionError("a daemon has ended")
    return max(found)


def _members(group: int) -> list[int]:
    return [pid for pid in all_pids() if (stat_fields(pid) or [""] * 3)[2] == str(group)]


def _cpu_seconds(group: int) -> float:
    """What its processes took since they started, user and system, those that ended and were waited for too."""
    fields = [stat_fields(pid) for pid in _members(group)]
    return sum(int(tick) for one in fields for tick in one[11:15]) / os.sysconf("SC_CLK_TCK")


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
