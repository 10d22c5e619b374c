"""Which processes are ours, and ending those and no others.

Every process of a run carries a mark in its environment, inherited by whatever it starts. A pid file may be
stale and its number may belong to a stranger by now; the mark cannot be.
"""

import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

MARK = "STOCKDESK_RUN"


def marked(mark: str) -> list[int]:
    """Living processes of this user that carry the mark, this one and its ancestors left out."""
    ours = lineage(os.getpid())
    return [pid for pid in all_pids() if pid not in ours and carries(pid, mark)]


def carries(pid: int, mark: str) -> bool:
    """Whether a living process (no zombie: those have no environment) was started with the mark."""
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False
    return os.fsencode(f"{MARK}={mark}") in environment.split(b"\0")


def all_pids() -> list[int]:
    return [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]


def stat_fields(pid: int) -> list[str]:
    """Fields of /proc/PID/stat after the name: state, parent, group, session ...; empty when it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return []
    return text.rpartition(")")[2].split()


def lineage(pid: int) -> set[int]:
    """The process and its ancestors."""
    found: set[int] = set()
    while pid > 0 and pid not in found:
        found.add(pid)
        fields = stat_fields(pid)
        pid = int(fields[1]) if fields else 0
    return found


def descendants(pid: int) -> list[int]:
    """Living processes below this one, zombies left out."""
    children: dict[int, list[int]] = {}
    for other in all_pids():
        if (fields := stat_fields(other)) and fields[0] != "Z":
            children.setdefault(int(fields[1]), []).append(other)
    found: list[int] = []
    wanted = [pid]
    while wanted:
        below = children.get(wanted.pop(), [])
        found += below
        wanted += below
    return found


def alive(pid: int) -> bool:
    fields = stat_fields(pid)
    return bool(fields) and fields[0] not in "ZX"


def name_of(pid: int) -> str:
    """The program's name; not its arguments, which are nobody's business on a screen."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return "?"


def recorded(pid_file: Path, mark: str) -> int | None:
    """The process a pid file names, if it lives and carries our mark."""
    try:
        pid = int(pid_file.read_text())
    except (OSError, ValueError):
        return None
    return pid if carries(pid, mark) else None


def end(pids: Iterable[int], *, patience: float) -> list[int]:
    """SIGTERM, and SIGKILL for those still there after ``patience`` seconds; gives back who needed it."""
    waiting = list(pids)
    for pid in waiting:
        send(pid, signal.SIGTERM)
    waiting = still_alive(waiting, patience)
    for pid in waiting:
        send(pid, signal.SIGKILL)
    still_alive(waiting, 5.0)
    return waiting


def still_alive(pids: Iterable[int], patience: float) -> list[int]:
    """Those of the processes that outlive the patience, in seconds."""
    until = time.monotonic() + patience
    waiting = [pid for pid in pids if alive(pid)]
    while waiting and time.monotonic() < until:
        time.sleep(0.05)
        waiting = [pid for pid in waiting if alive(pid)]
    return waiting


def send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
