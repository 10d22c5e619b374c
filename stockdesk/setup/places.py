"""Where the desk keeps what it makes: everything under ``var/`` of the checkout."""

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from stockdesk import private

ROOT = Path(__file__).resolve().parent.parent.parent

# A unix socket's path has room for 107 bytes; supervisord binds "supervisor.sock.<pid>" first and renames it.
LONGEST_SOCKET_PATH = 107
LONGEST_SOCKET_NAME = len("supervisor.sock.4194304")


class Trouble(Exception):
    """Something an operator can mend; the text says what and how."""


@dataclass(frozen=True, slots=True)
class Places:
    """The files of one run of the desk: the desk itself in ``var/``, a test run in ``var/test/``."""

    var: Path

    @property
    def run(self) -> Path:
        return self.var / "run"

    @property
    def logs(self) -> Path:
        return self.var / "log"

    @property
    def sockets(self) -> Path:
        return socket_directory(self.run)

    @property
    def database_socket(self) -> Path:
        return self.sockets / "mariadb.sock"

    @property
    def supervisor_socket(self) -> Path:
        return self.sockets / "supervisor.sock"

    @property
    def supervisor_config(self) -> Path:
        return self.run / "supervisord.conf"

    @property
    def supervisor_pid(self) -> Path:
        return self.run / "supervisord.pid"

    @property
    def prepared(self) -> Path:
        """There once the tables are as this version wants them: until then the manager starts nobody."""
        return self.run / "prepared"

    @property
    def state(self) -> Path:
        """What the running desk tells other terminals: address and kind."""
        return self.run / "desk.json"

    @property
    def admin_password(self) -> Path:
        return self.var / "admin-password"

    @property
    def mark(self) -> str:
        """Carried by every process of this run in its environment (``processes.MARK``)."""
        return str(self.var)

    def make(self) -> None:
        for directory in (self.var, self.run, self.logs):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.sockets != self.run:
            make_private(self.sockets)


DESK = Places(ROOT / "var")
TEST = Places(ROOT / "var" / "test")


def socket_directory(run: Path) -> Path:
    """``run`` itself, or a short private directory under /tmp where the path is too long for a socket.

    /tmp and not XDG_RUNTIME_DIR: ``./desk down`` from cron or ssh must come to the same answer.
    """
    if len(os.fsencode(run)) + 1 + LONGEST_SOCKET_NAME <= LONGEST_SOCKET_PATH:
        return run
    digest = hashlib.sha256(os.fsencode(run)).hexdigest()[:10]
    return Path("/tmp") / f"stockdesk-{os.getuid()}-{digest}"  # noqa: S108  make_private() makes sure whose it is


def make_private(directory: Path) -> None:
    """Make a directory that is ours alone; refuse one that somebody else put there first."""
    directory.mkdir(mode=0o700, exist_ok=True)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077:
        raise Trouble(f"{directory} exists and is not a private directory of yours: remove it and start again.")


def write_private(path: Path, text: str) -> None:
    """Replace a file whole; nobody but its owner ever sees the new one."""
    private.write(path, text.encode())
