"""TCP ports on loopback: free or taken, and by whom."""

import socket
from pathlib import Path

from stockdesk.setup.processes import all_pids, name_of

LISTEN = "0A"


def is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # Old connections in TIME_WAIT do not count, as they do not for the server that will bind here.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def choose(preferred: int, *, taken: frozenset[int] = frozenset()) -> int:
    """The preferred port, or the next free one above it."""
    for port in range(preferred, min(preferred + 200, 65536)):
        if port not in taken and is_free(port):
            return port
    raise OSError(f"no free port from {preferred} on")


def listener(port: int) -> str:
    """Who listens there, as "name (pid n)"; "another user's process" where the kernel does not tell us."""
    inodes = {inode for table in ("tcp", "tcp6") for inode in listening_inodes(table, port)}
    links = {f"socket:[{inode}]" for inode in inodes}
    for pid in all_pids():
        try:
            descriptors = list(Path(f"/proc/{pid}/fd").iterdir())
        except OSError:
            continue
        for descriptor in descriptors:
            try:
                if str(descriptor.readlink()) in links:
                    return f"{name_of(pid)} (pid {pid})"
            except OSError:
                continue
    return "another user's process"


def listening_inodes(table: str, port: int) -> list[str]:
    try:
        lines = Path(f"/proc/net/{table}").read_text().splitlines()[1:]
    except OSError:
        return []
    rows = [line.split() for line in lines]
    return [row[9] for row in rows if row[3] == LISTEN and int(row[1].rpartition(":")[2], 16) == port]
