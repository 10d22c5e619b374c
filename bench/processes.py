"""The processes of a desk that a benchmark runs: starting and ending them, what they take, what waits before them."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

from stockdesk.programs import BY_NAME, PROGRAMS
from stockdesk.setup.processes import all_pids, stat_fields

STOP_WITHIN = 30.0  # seconds
_ESTABLISHED = "01"


class Memory(NamedTuple):
    """MB of one process: in RAM, its share of what it shares, and its own alone."""

    rss: float
    pss: float
    uss: float


def daemons() -> list[str]:
    """Whatever manage.py runs for a desk, the broker's stand-in left out."""
    return [p.name for p in PROGRAMS if "manage.py" in p.command and p.only != "simulated"]


@contextmanager
def running(names: Sequence[str], environment: Mapping[str, str]) -> Iterator[dict[str, int]]:
    """These programs of the desk, each leading a process group of its own; gives the groups."""
    started: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name in names:
            command = [sys.executable, *BY_NAME[name].command[1:]]
            started[name] = subprocess.Popen(command, env=environment, cwd=settings.BASE_DIR, start_new_session=True)
        yield {name: process.pid for name, process in started.items()}
    finally:
        for process in started.values():
            process.send_signal(signal.SIGTERM)
        for process in started.values():
            try:
                process.wait(STOP_WITHIN)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def largest(group: int) -> Memory:
    """The largest process of a process group; the worker is five of them."""
    found = [memory_of(pid) for pid in _members(group)]
    if not found:
        raise AssertionError("a daemon has ended")
    return max(found)


def cpu_seconds(group: int) -> float:
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


def queued_bytes(port: int) -> int:
    """What the kernel holds of all that was sent from a port of this machine and has not been read.

    Between two processes of one machine a byte waits with the sender or with the receiver, and both are looked at.
    """
    waiting = 0
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        local, remote, state, queues = line.split()[1:5]
        if state == _ESTABLISHED and port in (_port(local), _port(remote)):
            sent, received = (int(part, 16) for part in queues.split(":"))
            waiting += sent if _port(local) == port else received
    return waiting


def _port(address: str) -> int:
    return int(address.rpartition(":")[2], 16)


def _members(group: int) -> list[int]:
    return [pid for pid in all_pids() if (stat_fields(pid) or [""] * 3)[2] == str(group)]
